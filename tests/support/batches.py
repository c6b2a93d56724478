"""Small studies: landmarks of somebody who moves, and recordings that are broken in many ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from kinesics.batch.work import analyse_recording, prepare
from kinesics.skeleton import save_skeletons
from support.recordings import TALK, person


def landmarks(path: Path, seconds: float = 6.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_skeletons(path, [person(seconds, TALK)])
    return path


def in_this_process(pending, task, board, peak=0.0):
    """A runner without processes of its own."""
    prepare(task)
    for item, before in pending:
        board.begin(item.name)
        yield analyse_recording(task, item, before, lambda share: None)


def _openpose(path: Path) -> None:
    path.mkdir()
    (path / "a_000000000000_keypoints.json").write_text('{"people": [{"pose_keypoints_2d": [1, 2')


BROKEN: dict[str, Callable[[Path, Path], object]] = {  # by name: from a whole video, to a path that ends in its suffix
    "empty.mp4": lambda video, path: path.write_bytes(b""),
    "text.mp4": lambda video, path: path.write_text("The recording is on the other disk.\n" * 50),
    "noise.mkv": lambda video, path: path.write_bytes(np.random.default_rng(0).bytes(20_000)),
    "cut.mp4": lambda video, path: path.write_bytes(video.read_bytes()[: video.stat().st_size // 2]),
    "headless.mp4": lambda video, path: path.write_bytes(video.read_bytes()[2000:]),
    "zeros.mp4": lambda video, path: path.write_bytes(video.read_bytes()[:200] + bytes(video.stat().st_size - 200)),
    "link.mp4": lambda video, path: path.symlink_to("nowhere.mp4"),
    "text.skeleton.npz": lambda video, path: path.write_text("no landmarks"),
    "cut.skeleton.npz": lambda video, path: path.write_bytes(landmarks(path).read_bytes()[:3000]),
    "openpose": lambda video, path: _openpose(path),
}


def tree(folder: Path) -> dict[str, bytes]:
    """The results of a study by path: all files but those that tell how long it took."""
    return dict(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".batch" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_bytes()
