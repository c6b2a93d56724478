"""Where tests find reference numbers and, beside the checkout, footage and benchmarks that are not committed."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
DOCS = ROOT / "docs"
SHARED = ROOT.parent / "shared"
SAMPLES = SHARED / "samples"
BENCHMARKS = SHARED / "benchmarks"


def sample(name: str) -> Path:
    """A file of ../shared/samples; the test skips where it is absent."""
    if not (SAMPLES / name).exists():
        pytest.skip("needs the footage in ../shared/samples")
    return SAMPLES / name
