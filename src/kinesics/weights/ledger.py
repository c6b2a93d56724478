"""The ledger of weights: what each is, under which licence, where from, with which sha256. No torch is loaded."""

from __future__ import annotations

import importlib.util
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.files import cache_folder, sha256_of

HERE = Path(__file__).parent


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
        """Whether the file is here."""
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
        check_commercial(one)
    if not one.here:
        raise KinesicsError(
            f"{name}: these weights are not here; get them with `kinesics weights get {name}{fetch_hint(one)}`"
        )
    return one.path


def verify(one: Entry) -> None:
    """Raises KinesicsError where the file of weights that are here is not what was shipped or converted."""
    if one.shipped:
        expected = one.sha256
    else:
        try:
            expected = sums_path(one.path).read_text().split()[0]
        except (OSError, IndexError) as error:
            raise KinesicsError(
                f"{sums_path(one.path)}: expected the sha256 of {one.path.name}, found none; "
                f"get it again with `kinesics weights get {one.name}{fetch_hint(one)}`"
            ) from error
    if (found := sha256_of(one.path)) != expected:
        again = "install Kinesics again" if one.shipped else f"`kinesics weights get {one.name}{fetch_hint(one)}`"
        raise KinesicsError(f"{one.path}: expected sha256 {expected}, found {found}; get it again: {again}")


def check_commercial(one: Entry) -> None:
    """Raise KinesicsError where the licence of these weights forbids commercial use."""
    if not one.commercial:
        raise KinesicsError(f"{one.name}: not for commercial use ({one.terms}); `kinesics weights list` shows others")


def fetch_hint(one: Entry) -> str:
    """Give what `kinesics weights get` needs besides the name."""
    return "" if one.shipped or one.url or one.packaged else " --from FILE_OR_FOLDER"


def sums_path(path: Path) -> Path:
    """Give the file beside converted weights that holds their sha256, as `sha256sum` writes it."""
    return path.with_name(path.name + ".sha256")
