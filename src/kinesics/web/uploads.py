"""Files that the page sends: never larger than they may be, never over another, and never left behind half."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.skeleton import load_skeletons
from kinesics.skeleton.sequence import SUFFIX
from kinesics.video import probe
from kinesics.web.project import Project
from kinesics.web.strings import RefusedError

MOST_VIDEO = 32_000_000_000  # bytes
MOST_CODING = 32_000_000
_ROOM = 1_000_000_000  # bytes of the disk that stay free


async def store_recording(project: Project, name: str, claimed: int, content: AsyncIterator[bytes]) -> str:
    """Write a recording into the project's folder.

    Parameters
    ----------
    project : the folder.
    name : of the file.
    claimed : how many bytes are said to come.
    content : of the file, piece by piece.

    Returns
    -------
    Its name.

    Raises
    ------
    KinesicsError
        for a name that no recording may have, and a file that is none.
    RefusedError
        for a file that is there already or too large, and one that did not arrive whole.
    """
    path = project.new_file(name)
    if path.exists():
        raise RefusedError(409, "refused.exists", name=name)
    room = shutil.disk_usage(project.folder).free - _ROOM
    if claimed > MOST_VIDEO:
        raise RefusedError(413, "refused.too_large", most=f"{MOST_VIDEO / 1e9:.0f} GB")
    if claimed > room:
        raise RefusedError(413, "refused.no_room", free=f"{max(0, room) / 1e9:.1f} GB")
    with replacing(path) as temporary:
        try:
            written = await _write(temporary, content, min(MOST_VIDEO, room))
        except ClientDisconnect:
            raise RefusedError(400, "refused.cut_off", name=name) from None
        if written != claimed and claimed:
            raise RefusedError(400, "refused.cut_off", name=name)
        await run_in_threadpool(_check, temporary, name)
        if path.exists():
            raise RefusedError(409, "refused.exists", name=name)
    return name


async def read_limited(content: AsyncIterator[bytes], most: int = MOST_CODING) -> bytes:
    """The whole of what is sent; raises RefusedError where it is more than `most` bytes."""
    parts = bytearray()
    try:
        async for part in content:
            parts += part
            if len(parts) > most:
                raise RefusedError(413, "refused.too_large", most=f"{most / 1e6:.0f} MB")
    except ClientDisconnect:
        raise RefusedError(400, "refused.cut_off", name="") from None
    return bytes(parts)


async def _write(path: Path, content: AsyncIterator[bytes], most: int) -> int:
    written = 0
    with path.open("xb") as file:
        async for part in content:
            written += len(part)
            if written > most:
                raise RefusedError(413, "refused.too_large", most=f"{most / 1e9:.0f} GB")
            await run_in_threadpool(file.write, part)
    return written


def _check(temporary: Path, name: str) -> None:
    try:
        if name.endswith(SUFFIX):
            load_skeletons(temporary)
        else:
            probe(temporary)
    except KinesicsError as error:
        raise KinesicsError(str(error).replace(str(temporary), name)) from None
