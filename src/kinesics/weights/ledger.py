"""The ledger of weights: what each is, under which licence, where from, with which sha256; and fetching them.

A published checkpoint is verified before it is read, read without free unpickling, and kept as one safetensors file
with its specification inside, in the user's weights folder; beside it stands its own sha256 as `sha256sum` writes it.
No torch is loaded before a checkpoint is converted.
"""

from __future__ import annotations

import importlib.util
import os
import re
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.files import cache_folder, sha256_of, write_text
from kinesics.progress import Progress

HERE = Path(__file__).parent
CHUNK = 1 << 20
TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class Entry:
    """One set of weights; `sha256` ("" where its project tells none) and `size` (bytes, 0 if unknown) of its `file`."""

    name: str
    what: str
    network: str
    licence: str
    commercial: bool
    source: str
    file: str
    sha256: str = ""
    size: int = 0
    shipped: str = ""
    package: str = ""
    url: str = ""
    notes: str = ""

    @property
    def terms(self) -> str:
        """The licence, and what else stands in the way or in favour of a use."""
        return f"{self.licence}; {self.notes}" if self.notes else self.licence

    @property
    def path(self) -> Path:
        """Where Kinesics keeps these weights, whether they are there or not."""
        return HERE / self.shipped if self.shipped else weights_folder() / f"{self.name}.safetensors"

    @property
    def here(self) -> bool:
        return self.path.is_file()

    @property
    def packaged(self) -> Path | None:
        """The published file inside an installed package; the package is not imported."""
        found = importlib.util.find_spec(self.package) if self.package else None
        for folder in (found.submodule_search_locations or ()) if found else ():
            if (file := Path(folder) / self.file).is_file():
                return file
        return None


@cache
def ledger() -> dict[str, Entry]:
    """Every set of weights that Kinesics knows, by name."""
    rows = tomllib.loads((HERE / "ledger.toml").read_text())
    return {name: Entry(name, **row) for name, row in rows.items()}


def entry(name: str) -> Entry:
    """Raises KinesicsError for a name that the ledger does not hold."""
    if name not in ledger():
        raise KinesicsError(f"{name}: no weights of this name; the ledger knows {', '.join(ledger())}")
    return ledger()[name]


def weights_folder() -> Path:
    """`$KINESICS_WEIGHTS`, else `kinesics/weights` in the user's cache folder."""
    if folder := os.environ.get("KINESICS_WEIGHTS"):
        return Path(folder)
    return cache_folder() / "weights"


def weights_path(name: str, *, commercial: bool = False) -> Path:
    """The safetensors file of these weights.

    Raises KinesicsError where they are not here, and with `commercial` where their licence forbids commercial use.
    """
    one = entry(name)
    if commercial:
        _guard(one)
    if not one.here:
        raise KinesicsError(
            f"{name}: these weights are not here; get them with `kinesics weights get {name}{_hint(one)}`"
        )
    return one.path


def verify(one: Entry) -> None:
    """Raises KinesicsError where the file of weights that are here is not what was shipped or converted."""
    if one.shipped:
        expected = one.sha256
    else:
        try:
            expected = _sums(one.path).read_text().split()[0]
        except (OSError, IndexError) as error:
            raise KinesicsError(
                f"{_sums(one.path)}: expected the sha256 of {one.path.name}, found none; "
                f"get it again with `kinesics weights get {one.name}{_hint(one)}`"
            ) from error
    if (found := sha256_of(one.path)) != expected:
        again = "install Kinesics again" if one.shipped else f"`kinesics weights get {one.name}{_hint(one)}`"
        raise KinesicsError(f"{one.path}: expected sha256 {expected}, found {found}; get it again: {again}")


def get(
    name: str,
    origin: str | None = None,
    *,
    sha256: str = "",
    commercial: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Fetch, verify and convert one set of weights; gives the safetensors file.

    origin: a web address, the published file, or a folder that holds it; by default the package or the address that
    the ledger names. sha256: of the published file, needed where the ledger knows none. A broken download goes on when
    it is called again. Raises KinesicsError where nothing can be had, and for a file that is not the one expected: then
    nothing of it is kept.
    """
    one = entry(name)
    if commercial:
        _guard(one)
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
    download(origin, part, progress or (lambda share: None))
    try:
        _check(part, one, expected)
        return _convert(one, part, expected)
    finally:
        part.unlink(missing_ok=True)


def download(url: str, part: Path, progress: Progress) -> None:
    """Fetch `url` into `part`, from where an earlier try broke off if the server can.

    Raises KinesicsError when it cannot be reached or breaks off; what came so far is kept for the next try.
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
    _sums(one.path).unlink(missing_ok=True)
    save_weights(one.path, network, specification, half=False)
    write_text(_sums(one.path), f"{sha256_of(one.path)}  {one.path.name}\n")
    return one.path


def _guard(one: Entry) -> None:
    if not one.commercial:
        raise KinesicsError(f"{one.name}: not for commercial use ({one.terms}); `kinesics weights list` shows others")


def _hint(one: Entry) -> str:
    return "" if one.shipped or one.url or one.packaged else " --from FILE_OR_FOLDER"


def _nowhere(one: Entry) -> str:
    if one.package:
        return f"install the Python package {one.package.replace('_', '-')}, or name the file with --from"
    return f"download {one.file} from {one.source}, then name it with --from FILE_OR_FOLDER"


def _sums(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
