"""Where a study lies: results take their place whole, whoever is quicker."""

import pytest

from kinesics.batch.places import LocalPlace, RemotePlace, as_file, place_of
from kinesics.batch.study import Row

DONE = Row("day1/a.mp4", "done", length=2.0, settings="x")


@pytest.fixture(params=["local", "remote"])
def place(request, tmp_path):
    if request.param == "local":
        yield LocalPlace(tmp_path / "study")
        return
    memory = pytest.importorskip("fsspec").filesystem("memory")
    yield RemotePlace("memory://places/study")
    memory.rm("/places", recursive=True)


def write(place, row, **files):
    with place.temporary(row.recording) as folder:
        for name, text in files.items():
            (folder / name).write_text(text)
        place.commit(folder, row)
    return folder


def test_results_are_put_and_replaced_whole(place):
    assert place.rows() == {}
    assert place.read("study.csv") is None
    folder = write(place, DONE, report="1", overlay="1")
    assert not folder.exists()
    assert place.rows() == {DONE.recording: DONE}
    assert place.read(f"{DONE.folder}/report") == b"1"
    other = Row("day1/a.mp4", "failed", "broken", settings="y")
    write(place, other)
    assert place.rows() == {DONE.recording: other}
    assert place.read(f"{DONE.folder}/report") is None
    place.correct(DONE)
    assert place.rows() == {DONE.recording: DONE}


def test_of_two_that_did_the_same_the_first_stays(place):
    write(place, DONE, report="the first")
    write(place, DONE, report="the second")
    assert place.read(f"{DONE.folder}/report") == b"the first"


def test_landmarks_are_taken_over(place, tmp_path):
    name = "landmarks.skeleton.npz"
    place.reuse(DONE.recording, tmp_path)
    assert not (tmp_path / name).exists()
    write(place, DONE, **{name: "points"})
    place.reuse(DONE.recording, tmp_path)
    assert (tmp_path / name).read_text() == "points"


def test_only_the_named_recordings_are_cleaned(tmp_path):
    place = LocalPlace(tmp_path)
    write(place, DONE, report="1")
    left = [place.temporary(name) for name in ("day1/b.mp4", "day1/c.mp4")]
    folders = [one.__enter__() for one in left]
    place.clean(["day1/b.mp4", "day1/a.mp4", "day2/d.mp4"])
    assert [folder.exists() for folder in folders] == [False, True]
    assert place.rows() == {DONE.recording: DONE}


def test_a_recording_at_an_address_is_there_while_it_is_needed():
    memory = pytest.importorskip("fsspec").filesystem("memory")
    memory.pipe("/far/a b.mp4", b"123")
    try:
        with as_file("memory://far/a b.mp4", 1_700_000_000_000_000_000) as path:
            assert (path.name, path.read_bytes()) == ("a b.mp4", b"123")
            assert path.stat().st_mtime == 1_700_000_000
        assert not path.exists()
    finally:
        memory.rm("/far", recursive=True)


def test_a_place_is_found_by_what_was_given(tmp_path):
    assert place_of(str(tmp_path)) == LocalPlace(tmp_path)
    assert place_of("s3://bucket/study") == RemotePlace("s3://bucket/study")
