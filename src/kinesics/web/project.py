"""A project: a folder of recordings, the results beside them, and which paths belong to it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from kinesics.errors import KinesicsError, printable
from kinesics.files import visible
from kinesics.report.folder import LANDMARKS, default_folder, recording_stem
from kinesics.skeleton.sequence import SUFFIX
from kinesics.video import SUFFIXES

TIMELINE = "timeline.json"
RESULTS = "_kinesics"  # how folders of results end
_LONGEST = 200  # bytes of a file's name
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # by Windows


@dataclass(frozen=True)
class Project:
    """A folder that is served; `folder` is resolved."""

    folder: Path

    def recordings(self) -> list[str]:
        """The names of all recordings: their paths within the folder, with slashes, in order."""
        found = (path for path in visible(self.folder) if _is_recording(path) and self._holds(path))
        names = (path.relative_to(self.folder) for path in found)
        return [name.as_posix() for name in names if not any(part.endswith(RESULTS) for part in name.parts[:-1])]

    def path_of(self, name: str) -> Path:
        """The file of a recording; raises KinesicsError for a name that leads out of the folder."""
        path = self.folder / name
        if "\0" in name or not self._holds(path):
            raise KinesicsError(f"{name}: expected a file of this project, found a path that leads out of it")
        return path

    def results_of(self, name: str) -> Path:
        """The folder of a recording's results, beside it: as `analyze` calls it, unless another is called alike."""
        path = self.path_of(name)
        namesakes = [
            other
            for other in path.parent.glob(f"{_escaped(recording_stem(path))}.*")
            if other != path and _is_recording(other) and recording_stem(other) == recording_stem(path)
        ]
        folder = f"{path.name}{RESULTS}" if namesakes else default_folder(path).name
        return path.parent / folder

    def new_file(self, name: str) -> Path:
        """Where a file of this name may be put; raises KinesicsError for a name that no recording may have."""
        plain = name == Path(name).name and name == os.path.basename(name.replace("\\", "/"))
        if not plain or printable(name) != name or name.startswith((".", "~$")) or _RESERVED.fullmatch(name):
            raise KinesicsError(f"{name}: expected the plain name of a file, found another text; rename the file")
        if len(name.encode("utf-8", "replace")) > _LONGEST or any(letter in name for letter in '<>:"|?*'):
            raise KinesicsError(f'{name}: expected a shorter name without < > : " | ? *; rename the file')
        if not _is_recording(Path(name)):
            raise KinesicsError(f"{name}: expected a video such as .mp4, found another kind of file; convert it")
        return self.folder / name

    def _holds(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self.folder)
        except (OSError, ValueError, RuntimeError):
            return False


def _is_recording(path: Path) -> bool:
    is_landmarks = path.name.endswith(SUFFIX) and path.name != LANDMARKS
    return is_landmarks or path.suffix.lower() in SUFFIXES


def _escaped(stem: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", stem)
