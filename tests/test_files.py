"""Files are written whole or not at all; the cache folder is where the user wants it."""

import hashlib
from pathlib import Path

import pytest

from kinesics.errors import KinesicsError
from kinesics.files import cache_folder, replacing, sha256_of, write_text, written_on


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def write_half():
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["手" * 83 + ".csv", "x" * 251 + ".csv", "a:b%20.c"])
def test_any_name_that_the_file_system_takes(tmp_path, name):
    write_text(tmp_path / name, "whole")
    assert (tmp_path / name).read_text() == "whole"


def test_line_ends_stay_as_they_are(tmp_path):
    write_text(tmp_path / "t", "a\r\nb\n")
    assert (tmp_path / "t").read_bytes() == b"a\r\nb\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(KinesicsError, match=r"missing.t: cannot be written \(No such file or directory\)"):
        write_text(tmp_path / "missing" / "t", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(KinesicsError, match=r"folder: cannot be written \(Is a directory\)"):
        write_text(tmp_path / "folder", "x")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_sha256(tmp_path):
    (tmp_path / "t").write_bytes(b"bytes")
    assert sha256_of(tmp_path / "t") == hashlib.sha256(b"bytes").hexdigest()


@pytest.mark.parametrize(
    ("chosen", "expected"), [("/chosen", "/chosen/kinesics"), ("", "/home/x/.cache/kinesics"), (None, None)]
)
def test_the_cache_folder(monkeypatch, chosen, expected):
    monkeypatch.setenv("HOME", "/home/x")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if chosen is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", chosen)
    assert cache_folder() == Path(expected or "/home/x/.cache/kinesics")


def test_files_bear_the_date_that_is_given(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert written_on().isoformat() == "2023-11-14T22:13:20+00:00"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert written_on().year >= 2026
