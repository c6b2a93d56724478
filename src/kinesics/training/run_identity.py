"""A run folder remembers what it trains on: another data set, other classes or another config are refused in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kinesics.data.dataset import ClipInfo
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.weights.run_folder import RunFolder

# where and how fast a run goes on is free; how long it lasts is not, since the learning rate was planned for that
_KEPT = ("task", "seed_everything", "model", "data", "max_epochs", "max_steps", "accumulate_grad_batches")
_FREE = frozenset(("data.root", "data.workers"))
_MOST = 3  # differences that are named


def remember_run(out: Path, now: Mapping[str, Any], *, resumes: bool, writes: bool = True) -> None:
    """Write what the run in a folder is, or compare it with what is written there if the run resumes.

    Parameters
    ----------
    out : the run's folder
    now : what `run_identity` gives
    resumes : whether there is a checkpoint to resume from
    writes : whether this process is the one that writes

    Raises
    ------
    KinesicsError : where the run that began there is another; it names what differs
    """
    path = RunFolder(out).identity
    try:
        before = json.loads(path.read_text(encoding="utf-8")) if resumes and path.exists() else now
    except ValueError:  # cut off, or another's
        before = now
    differences = list(_differences(before, now))
    if differences:
        raise KinesicsError(
            f"{out}: expected the data and config that the run in this folder began with, found "
            f"{'; '.join(differences[:_MOST])}; give another --out, or remove the folder to begin anew"
        )
    if writes:
        out.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(now, indent=2, ensure_ascii=False) + "\n")


def run_identity(classes: Sequence[str], clips: Sequence[ClipInfo], config: Mapping[str, Any]) -> dict[str, Any]:
    """What tells one run from another, as JSON.

    Parameters
    ----------
    classes : their names in order
    clips : all that are used, of all splits
    config : all options, in sections

    Returns
    -------
    classes, number and fingerprint of the clips, and the options that make a run what it is
    """
    chosen = {key: value for key, value in _flat(config) if _is_kept(key)}
    return {"classes": list(classes), "clips": len(clips), "fingerprint": _fingerprint(clips), "config": chosen}


def _is_kept(key: str) -> bool:
    return key not in _FREE and key.removeprefix("trainer.").split(".")[0] in _KEPT


def _fingerprint(clips: Sequence[ClipInfo]) -> str:
    """Of the clips' names, labels, splits, subjects and times, and of their files' names and sizes."""
    sizes: dict[Path | None, str] = {None: ""}
    digest = hashlib.sha256()
    for clip in clips:
        for path in (clip.skeleton, clip.video):
            if path not in sizes and path is not None:
                sizes[path] = f"{path.name} {path.stat().st_size if path.is_file() else ''}"
        facts = clip.id, clip.label, clip.split, clip.subject, clip.start, clip.end
        digest.update(repr((*facts, sizes[clip.skeleton], sizes[clip.video])).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if before["classes"] != now["classes"]:
        yield f"the classes {', '.join(now['classes'])} in place of {', '.join(before['classes'])}"
    if before["clips"] != now["clips"]:
        yield f"{now['clips']} clips in place of {before['clips']}"
    elif before["fingerprint"] != now["fingerprint"]:
        yield "clips with other labels, splits, times or files"
    for key in sorted({*before["config"], *now["config"]}):
        old, new = before["config"].get(key), now["config"].get(key)
        if old != new:
            yield f"{key} {new} in place of {old}"
