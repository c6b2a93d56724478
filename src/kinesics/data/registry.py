"""The data sets that Kinesics knows, by name, each recognised by its files. A new one is a file and a row here."""

from __future__ import annotations

from pathlib import Path

from kinesics.data.dataset import DatasetNotFoundError, GestureDataset
from kinesics.data.sets.clip_folder import ClipFolder
from kinesics.data.sets.imigue.dataset import IMiGUE
from kinesics.data.sets.ma52 import MA52
from kinesics.data.sets.natops import NATOPS
from kinesics.data.sets.shards import Shards
from kinesics.data.sets.shrec21 import SHREC21
from kinesics.data.sets.smg import SMG
from kinesics.data.sets.utd_mhad import UTDMHAD

# a folder belongs to the first that recognises it
DATASETS: dict[str, type[GestureDataset]] = {
    dataset.name: dataset for dataset in (IMiGUE, SMG, MA52, ClipFolder, NATOPS, UTDMHAD, SHREC21, Shards)
}


def find_dataset(folder: Path) -> type[GestureDataset]:
    """The class of the data set in `folder`; raises DatasetNotFoundError that lists those that are known."""
    for dataset in DATASETS.values():
        if dataset.recognises(folder):
            return dataset
    known = ", ".join(DATASETS)
    found = "a folder that looks like none of them" if folder.is_dir() else "no such folder"
    raise DatasetNotFoundError(
        f"{folder}: expected a data set ({known}), found {found}; name the folder that holds what you unpacked"
    )


def open_dataset(folder: Path) -> GestureDataset:
    """The data set in `folder`; raises DatasetNotFoundError, or KinesicsError for a broken file."""
    return find_dataset(folder)(folder)
