"""`kinesics live`: a camera followed while it runs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.cli.analyze import thresholds_of
from kinesics.cli.common import Verb, describe_engine, describe_prior, engine_name, make_folder, say
from kinesics.errors import KinesicsError, printable
from kinesics.files import alone_in

if TYPE_CHECKING:
    from kinesics.inference.live import LiveUpdate


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "source", nargs="?", default="0", metavar="CAMERA|FILE|RTSP",
        help="a camera's number (default: 0), a video, which is played at its own speed, or an address rtsp://…",
    )  # fmt: skip
    verb.add_argument(
        "--out", type=Path, metavar="DIR", help="for recording, events and timeline (default: live_kinesics)"
    )
    verb.add_argument("--weights", type=Path, metavar="FILE", help="other weights of a skeleton network")
    describe_prior(verb)
    describe_engine(verb)
    verb.add_argument(
        "--threshold", action="append", default=[], metavar="X", help="as in `kinesics analyze`; repeatable"
    )
    verb.add_argument("--no-window", action="store_true", help="events as lines in the terminal alone, and no page")


NOTES = """\
shows video, skeleton, facial actions and events on a page of its own that only this machine can open
(http://127.0.0.1:…, printed at the start), and writes into --out all the while: recording.mkv, events.jsonl (a line an
event) and timeline.json; whatever stops it, what is written stays readable. Ctrl-C ends it.

Frames that come faster than this machine tracks people are dropped and counted. The delay that is shown is the median
from the end of a gesture to when it was known.

examples:
  kinesics live
  kinesics live 1 --out session_3
  kinesics live rtsp://camera.local/stream --no-window
  kinesics live interview.mp4                        a file as the camera"""


def _live(options: argparse.Namespace) -> None:
    threshold = thresholds_of(options.threshold)
    engine = engine_name(options)
    source: str = options.source
    if not source.isdigit() and "://" not in source and not Path(source).is_file():
        raise KinesicsError(
            f"{source}: expected a camera's number, an address rtsp://…, or a video file, found no such file"
        )
    out: Path = options.out or Path("live_kinesics")
    make_folder(out)
    _check_empty(out)

    from kinesics.inference.live import live
    from kinesics.inference.scorer import open_scorer
    from kinesics.weights.specification import DEFAULT

    scorer = open_scorer(options.weights or DEFAULT, options.prior)
    with alone_in(out), closing(live(source, weights=scorer, threshold=threshold, engine=engine, out=out)) as updates:  # type: ignore[type-var]
        if options.no_window:
            _in_terminal(updates)
        else:
            _on_page(updates)
    say(f"  {out}")


def _check_empty(out: Path) -> None:
    from kinesics.inference.live import EVENTS, RECORDED, TIMELINE

    for name in (RECORDED, EVENTS, TIMELINE):
        if (out / name).exists():
            raise KinesicsError(
                f"{out / name}: expected a folder without an earlier recording; name another with --out"
            )


def _on_page(updates: Iterator[LiveUpdate]) -> None:
    from kinesics.report.live_page import LivePage

    with LivePage() as page:
        say(f"open {page.address}")
        _in_terminal(page.shown(updates))


def _in_terminal(updates: Iterator[LiveUpdate]) -> None:
    """A line for every event that ends, and one at the end."""
    last: LiveUpdate | None = None
    try:
        for last in updates:
            for change in last.changes:
                if change.state == "ended":
                    event = change.event
                    print(
                        printable(f"{event.start:8.2f} {event.end:8.2f}  {event.label}  {event.score:.0%}")
                        + f"  ({change.delay:.2f} s after its end)",
                        flush=True,
                    )
    except KeyboardInterrupt:  # the way to end it
        pass
    if last is None:
        say("no frame came")
        return
    delay = "no event" if last.delay is None else f"median delay {last.delay:.2f} s"
    say(f"{last.time:.1f} s, {last.dropped} frames dropped, {delay}")


LIVE = Verb("watch a camera, and tell of micro-gestures as they come", NOTES, _live, _describe)
