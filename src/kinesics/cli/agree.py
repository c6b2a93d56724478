"""`kinesics agree`: how far coders agree, with one another and with Kinesics."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.common import Verb, code_mapping, describe_mapping, make_folder, plain_console, say
from kinesics.errors import KinesicsError, printable

if TYPE_CHECKING:
    from kinesics.data.codings import CodedTier
    from kinesics.evaluation.agreement import Agreement, PairAgreement
    from kinesics.metrics import Interval

_SHOWN = 10  # disagreements
_LONGEST = 60.0  # seconds of a unit or a tolerance


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "coders",
        nargs="+",
        metavar="CODER",
        help="what each coder has coded: a file (ELAN, BORIS, VIA, Datavyu, a table, or timeline.json of Kinesics), a "
        "folder of them, or a folder of analyses; NAME=PATH gives the coder another name than the file's",
    )
    describe_mapping(verb)
    verb.add_argument("--unit", type=float, default=0.1, metavar="S", help="seconds of a unit of time (default 0.1)")
    verb.add_argument(
        "--tolerance", type=float, default=0.5, metavar="S", help="seconds that an edge may be off (default 0.5)"
    )
    verb.add_argument(
        "--overlap",
        type=float,
        default=0.6,
        metavar="X",
        help="share of the longer event that two must share to be one, above 0 and up to 1 (default 0.6)",
    )
    verb.add_argument("--out", type=Path, metavar="DIR", help="also write agreement.json and two tables there")
    verb.add_argument("--json", action="store_true", help="print all figures as JSON instead of tables")


NOTES = """\
compares units of time (kappa without and with a tolerance), events (kappa after Holle and Rein's EasyDIAg, and of
aligned events after Bakeman and Quera), F1 at several overlaps, onsets and offsets, and all coders together
(Krippendorff's alpha); 95 % intervals are by recording. --out writes agreement.json, agreement.csv and
disagreements.csv.

examples:
  kinesics agree anna.eaf ben.eaf
  kinesics agree anna/ ben/ Kinesics=results/ --map codes.csv --out agreement
  kinesics agree anna.boris interview_kinesics/timeline.json --tolerance 1"""


def _agree(options: argparse.Namespace) -> None:
    if len(options.coders) < 2:
        raise KinesicsError(f"agree: expected two or more coders, found {options.coders[0]} alone; name another")
    for name in ("unit", "tolerance"):
        if not (name == "tolerance" or getattr(options, name) > 0) or not 0 <= getattr(options, name) <= _LONGEST:
            raise KinesicsError(f"--{name} {getattr(options, name):g}: expected seconds, up to {_LONGEST:g}")
    if not 0 < options.overlap <= 1:
        raise KinesicsError(f"--overlap {options.overlap:g}: expected a number above 0 and up to 1")
    mapping = code_mapping(options)
    from kinesics.evaluation.agreement import AgreementRule, compare_tiers
    from kinesics.files import write_text

    tiers = [_tier(text, mapping) for text in options.coders]
    found = compare_tiers(tiers, AgreementRule(options.unit, options.tolerance, options.overlap))
    text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False)
    if options.out is not None:
        make_folder(options.out)
        write_text(options.out / "agreement.json", text + "\n")
        write_text(options.out / "agreement.csv", found.to_dataframe().to_csv(index=False), "utf-8-sig")
        write_text(options.out / "disagreements.csv", found.disagreements_dataframe().to_csv(index=False), "utf-8-sig")
    if options.json:
        say(text)
        return
    _show(found)
    for note in [*(f"{tier.name}: {note}" for tier in tiers for note in tier.notes), *found.notes]:
        say(f"note: {note}")
    for name in ("agreement.json", "agreement.csv", "disagreements.csv") if options.out is not None else ():
        say(f"  {options.out / name}")


def _tier(text: str, mapping: dict[str, str]) -> CodedTier:
    from dataclasses import replace

    from kinesics.data.codings import read_tier

    name, equals, path = text.partition("=")
    if not equals or Path(text).exists():
        return read_tier(Path(text), mapping)
    return replace(read_tier(Path(path), mapping), name=name)


def _show(found: Agreement) -> None:
    for pair in found.pairs:
        _show_pair(pair)
    coders = ", ".join(found.coders)
    say(f"Krippendorff's alpha of {coders}, units of {found.rule.unit:g} s: {_number(found.alpha)}")
    if found.disagreements:
        say(f"\nThe longest of {len(found.disagreements)} disagreements:")
    for one in found.disagreements[:_SHOWN]:
        left, right = one.first_label or "nothing", one.second_label or "nothing"
        say(f"  {one.recording}, {one.start:.2f} to {one.end:.2f} s: {one.first}: {left}; {one.second}: {right}")


def _show_pair(pair: PairAgreement) -> None:
    from rich.table import Table

    recordings = "1 recording" if pair.recordings == 1 else f"{pair.recordings} recordings"
    heading = f"{printable(pair.first)} and {printable(pair.second)}, {recordings}"
    table = Table(title=heading, title_justify="left")
    for column in (
        "",
        "events",
        "both",
        "kappa, time",
        "with tolerance",
        "kappa, events",
        "F1 at 0.3",
        "onset",
        "offset",
    ):
        table.add_column(column, justify="left" if not column else "right")
    for name, one in {"all classes": pair.overall, **pair.by_class}.items():
        table.add_row(
            printable(name),
            f"{one.first}, {one.second}",
            str(one.linked),
            _number(one.time_kappa),
            _number(one.tolerant_kappa),
            _number(one.event_kappa),
            _number(one.f1[0.3]),
            *(f"{mean:+.2f} s" if mean == mean else "–" for mean, _ in (one.onset, one.offset)),
        )
    plain_console().print(table)


def _number(one: Interval) -> str:
    if one.value != one.value:
        return "–"
    return f"{one.value:.2f}" + (f" ({one.low:.2f} to {one.high:.2f})" if one.low == one.low else "")


AGREE = Verb("how far coders agree, with one another and with Kinesics", NOTES, _agree, _describe)
