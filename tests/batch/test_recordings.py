"""What a folder, a list, a pattern and an address mean."""

import pytest
from support.batches import landmarks

from kinesics.batch.recordings import find_recordings, of_shard
from kinesics.errors import KinesicsError


@pytest.fixture
def videos(tmp_path):
    root = tmp_path / "videos"
    for name in ("b.mp4", "day1/a.MOV", "day1/notes.txt", ".hidden.mp4", "day2/.git/c.mp4", "done/overlay.mp4"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (root / "done" / ".kinesics.json").write_text("{}")
    landmarks(root / "day2" / "x.skeleton.npz")
    (root / "poses").mkdir()
    for frame in range(3):
        (root / "poses" / f"v_{frame:012d}_keypoints.json").write_text("{}")
    return root


def names(*inputs):
    return [item.name for item in find_recordings([str(one) for one in inputs])]


def test_a_folder_is_walked_without_results_and_hidden_files(videos):
    assert names(videos) == ["b.mp4", "day1/a.MOV", "day2/x.skeleton.npz", "poses"]


def test_names_stay_when_something_is_added(videos):
    before = names(videos)
    (videos / "a.mp4").write_bytes(b"")
    assert set(before) < set(names(videos))


def test_a_pattern_names_from_its_fixed_part_on(videos, monkeypatch):
    monkeypatch.chdir(videos.parent)
    assert names("videos/day*/*") == ["day1/a.MOV", "day1/notes.txt", "day2/x.skeleton.npz"]
    assert names("videos/**/*.mp4") == ["b.mp4", "done/overlay.mp4"]


def test_a_single_recording_and_a_folder_of_openpose(videos):
    assert names(videos / "b.mp4", videos / "day1" / "a.MOV") == ["a.MOV", "b.mp4"]
    item = find_recordings([str(videos / "poses")])[0]
    assert (item.name, item.size) == ("poses", 6)


def test_a_list_tells_of_what_is_missing(videos):
    (videos / "list.txt").write_text("# of today\n\nb.mp4\nday1/a.MOV\ngone.mp4\n")
    items = find_recordings([str(videos / "list.txt")])
    assert [item.name for item in items] == ["b.mp4", "day1/a.MOV", "gone.mp4"]
    assert items[2].size == 0


def test_an_address_is_read_by_fsspec(videos):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/v/day1/a.mp4", b"12345")
    memory.pipe("/bucket/v/readme.md", b"1")
    try:
        for address in ("memory://bucket/v", "memory://bucket/v/**/*.mp4", "memory://bucket/v/day1/a.mp4"):
            (item,) = find_recordings([address])
            assert item.name in ("day1/a.mp4", "a.mp4")
            assert item.size == 5
            assert item.modified > 1e18
            assert memory.cat(item.source) == b"12345"
        with pytest.raises(KinesicsError, match="expected a folder, file or pattern"):
            find_recordings(["memory://bucket/none"])
    finally:
        memory.rm("/bucket", recursive=True)


def test_addresses_that_nothing_reads():
    with pytest.raises(KinesicsError, match="nosuch://a: expected an address that fsspec knows"):
        find_recordings(["nosuch://a"])


def test_mistakes_are_told(videos, tmp_path):
    with pytest.raises(KinesicsError, match="no such file or folder"):
        names(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KinesicsError, match="found none"):
        names(tmp_path / "empty")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.MOV").write_bytes(b"")
    with pytest.raises(KinesicsError, match=r"found a.MOV twice"):
        names(videos / "day1", tmp_path / "more")
    (videos / "poses" / "in.mp4").write_bytes(b"")
    (videos / "list.txt").write_text("poses\nposes/in.mp4\n")
    with pytest.raises(KinesicsError, match="one inside of another"):
        names(videos / "list.txt")


def test_shards_are_disjoint_whole_and_of_about_one_size(tmp_path):
    for i in range(20):
        (tmp_path / f"{i}.mp4").write_bytes(bytes(1000 * i))
    items = find_recordings([str(tmp_path)])
    parts = [of_shard(items, number, 3) for number in (1, 2, 3)]
    assert sorted(item.name for part in parts for item in part) == [item.name for item in items]
    sizes = [sum(item.size for item in part) for part in parts]
    assert max(sizes) < 1.3 * min(sizes)
