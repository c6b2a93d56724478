"""A search that is led by the coverage of a reader's own code, with atheris where that is installed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random


def search(name: str, minutes: float, keep: Path) -> None:
    """Change what atheris gives as `mutate` does, until the time is over or a reader does worse than refuse.

    name: of the reader. minutes: of time. keep: for the input that ends the search.
    """
    import atheris

    from support.fuzz.mutate import mutated

    with atheris.instrument_imports(include=["kinesics"]):
        from kinesics.errors import KinesicsError
        from support.fuzz.readers import READERS

        with tempfile.TemporaryDirectory() as folder:
            seeds = READERS[name].seeds(Path(folder))

    def test(data: bytes) -> None:
        file = sorted(seeds)[data[0] % len(seeds)] if data else sorted(seeds)[0]
        content = mutated(seeds[file], Random(data))
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / file).write_bytes(content)
            try:
                READERS[name].read(Path(place) / file)
            except KinesicsError:
                return
            except BaseException:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / file).write_bytes(content)
                raise

    atheris.Setup([sys.argv[0], f"-max_total_time={int(60 * minutes)}"], test)
    atheris.Fuzz()
