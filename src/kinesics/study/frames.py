"""Data frames whose columns have a type even where there is no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TEXT, WHOLE, REAL = "object", "int64", "float64"
WHO = {"recording": TEXT, "person": WHOLE}  # of every table of people


def typed_frame(rows: Sequence[tuple[Any, ...]], columns: Mapping[str, str]) -> pd.DataFrame:
    """A data frame of rows, perhaps none, whose columns have the names and types of `columns`."""
    import pandas as pd  # heavy, and only wanted here

    return pd.DataFrame(rows, columns=list(columns)).astype(dict(columns))


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables of the same columns below each other; the empty ones, which would blur the types, are left out."""
    import pandas as pd

    filled = [table for table in tables if len(table)]
    return pd.concat(filled or tables[:1], ignore_index=True)
