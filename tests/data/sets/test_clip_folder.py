"""Anybody's own clips: the manifest, its faults, declared layouts, and paths that must not lead out."""

import math

import numpy as np
import pytest
from support.crab import CRAB, HEADER, PAIRS, TREE, make

from kinesics.data.cache.skeletons import cache_skeletons
from kinesics.data.dataset import DatasetNotFoundError
from kinesics.data.sets.clip_folder import ClipFolder, manifest_problems
from kinesics.errors import KinesicsError
from kinesics.skeleton import LAYOUTS, UPPER_BODY, SkeletonSequence, save_skeletons
from kinesics.training.inputs.clip_windows import ClipWindows


def skeleton(layout, frames=50, fps=25.0, person=1, start=0.0):
    xyz = np.random.default_rng(person).normal(size=(frames, len(layout), 3)).astype(np.float32)
    return SkeletonSequence(xyz, np.ones(xyz.shape[:2], np.float32), fps, layout, person=person, start=start)


def test_a_recording_with_clips_and_people(tmp_path):
    folder = make(
        tmp_path,
        "a,walk,train,s1,v.mp4,0.4,1.2,one.skeleton.npz,",
        "b,snap,test,s2,v.mp4,1.2,,one.skeleton.npz,2",
        'c,,test,s2,"/somewhere, else/v.mp4",0,1,,',
        header=HEADER + ",person",
    )
    people = [skeleton(UPPER_BODY, person=1), skeleton(UPPER_BODY, person=2)]
    save_skeletons(folder / "one.skeleton.npz", people)
    assert ClipFolder.recognises(folder)
    data = ClipFolder(folder)
    a, b, c = data.clips
    assert data.classes == ("snap", "walk")
    assert [(clip.label, clip.split, clip.subject) for clip in (a, b, c)] == [
        (1, "train", "s1"),
        (0, "test", "s2"),
        (None, "test", "s2"),
    ]
    assert a.video == folder / "v.mp4"
    assert str(c.video) == "/somewhere, else/v.mp4"
    assert b.end == math.inf
    np.testing.assert_array_equal(data.read_skeleton(a).xyz, people[0].xyz[10:30])
    assert data.read_skeleton(a).start == pytest.approx(0.4)
    np.testing.assert_array_equal(data.read_skeleton(b).xyz, people[1].xyz[30:])
    with pytest.raises(KinesicsError, match="clip c has no skeleton"):
        data.read_skeleton(c)


def test_known_layouts_convert_into_upper_body(tmp_path):
    folder = make(tmp_path, "a,walk,train,s1,,0,1,one.skeleton.npz")
    save_skeletons(folder / "one.skeleton.npz", [skeleton(LAYOUTS["ntu_25"])])
    one = ClipFolder(folder).read_skeleton(ClipFolder(folder).clips[0])
    assert one.layout == UPPER_BODY
    assert one.xyz.shape == (25, 42, 3)


@pytest.mark.parametrize("pairs", [None, PAIRS, []])
def test_an_unknown_layout_is_read_as_declared(tmp_path, pairs):
    layout = {"name": "crab", "joints": TREE} | ({} if pairs is None else {"pairs": pairs})
    folder = make(tmp_path, "a,walk,train,s1,,0,1,one.skeleton.npz", layout=layout)
    data = ClipFolder(folder)
    assert data.layout.parents == CRAB.parents
    assert data.layout.pairs == (() if pairs == [] else CRAB.pairs)
    save_skeletons(folder / "one.skeleton.npz", [skeleton(data.layout)])
    assert data.read_skeleton(data.clips[0]).layout == data.layout
    save_skeletons(folder / "one.skeleton.npz", [skeleton(UPPER_BODY)])
    with pytest.raises(KinesicsError, match="expected the layout crab, found upper_body"):
        ClipFolder(folder).read_skeleton(data.clips[0])


@pytest.mark.parametrize("channels", ["xy", "xyc", "xyz", "xyzc"])
@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_plain_arrays(tmp_path, channels, suffix):
    layout = {"name": "crab", "joints": TREE, "channels": channels, "fps": 10}
    folder = make(tmp_path, f"a,walk,train,s1,,0.5,1.5,one{suffix}", layout=layout)
    values = np.random.default_rng(1).random((20, 4, len(channels)), np.float32) + 0.1
    values[7, 2] = 0
    values[8, 1] = np.nan
    if suffix == ".npy":
        np.save(folder / "one.npy", values)
    else:
        np.savetxt(folder / "one.csv", values.reshape(20, -1), delimiter=",")
    data = ClipFolder(folder)
    one = data.read_skeleton(data.clips[0])
    assert (len(one), one.fps, one.is_3d) == (10, 10, "z" in channels)
    assert one.score[2, 2] == one.score[3, 1] == 0
    assert np.isfinite(one.xyz).all()
    assert not one.xyz[one.score == 0].any()
    np.testing.assert_allclose(one.xyz[0, :, :2], values[5, :, :2], atol=1e-6)
    if not one.is_3d:
        assert not one.xyz[..., 2].any()
    expected = np.clip(values[5, :, -1], 0, 1) if channels.endswith("c") else np.ones(4)
    np.testing.assert_allclose(one.score[0], expected, atol=1e-6)


def test_an_unknown_layout_trains(tmp_path):
    """Two ways to move a claw, told apart by the network after a few steps; joints that nobody ever heard of."""
    import torch

    from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN

    rng = np.random.default_rng(0)
    pose, rows = rng.normal(size=(4, 2)), []
    folder = make(tmp_path, layout={"name": "crab", "joints": TREE, "channels": "xy", "fps": 10})
    for i in range(24):
        values = pose + rng.normal(size=(1, 4, 2)) * 0.1 + rng.normal(size=(20, 4, 2)) * 0.02
        values[:, 1 + i % 2, 1] += np.sin(np.arange(20))
        np.save(folder / f"{i}.npy", values)
        rows.append(f"c{i},{('snap', 'walk')[i % 2]},{'train' if i < 16 else 'test'},s{i},,,,{i}.npy")
    data = ClipFolder(make(folder, *rows))
    sets = {
        split: ClipWindows(
            cache_skeletons(data, tmp_path / "cache", clips=data.split(split)), frames=12, fps=10, augment=False
        )
        for split in ("train", "test")
    }
    torch.manual_seed(0)
    network = TwoStreamAGCN(data.layout, AGCNConfig(classes=2, channels=4, persons=1, widths=(8, 8), strides=(1, 2)))
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    x, label = (torch.stack(parts) for parts in zip(*(sets["train"][i] for i in range(16)), strict=True))
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(x).logits, label).backward()
        optimizer.step()
    x, label = (torch.stack(parts) for parts in zip(*(sets["test"][i] for i in range(8)), strict=True))
    assert (network.eval()(x).logits.argmax(1) == label).float().mean() > 0.8


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("b,run,train,s1,v.mp4,0,1,", "line 3: expected a class of classes.txt or nothing, found 'run'"),
        ("b,walk,dev,s1,v.mp4,0,1,", "line 3: expected the split train, val, test, found 'dev'"),
        ("b,walk,train,s1,v.mp4,2,1,", "line 3: expected 0 ≤ start < end .seconds., found 2.0..1.0"),
        ("b,walk,train,s1,v.mp4,now,1,", "line 3: .*'now'"),
        ("b,walk,train,s1,,0,1,", "line 3: expected a video, a skeleton file, or both, found neither"),
        ("a,walk,train,s1,v.mp4,0,1,", "line 3: expected every clip once, found 'a' for the second time"),
        (",walk,train,s1,v.mp4,0,1,", "line 3: expected a name in the column clip"),
        ("b,walk,train,s1,../v.mp4,0,1,", r"line 3: expected a video file inside the folder, found '../v.mp4'"),
        ("b,walk,train,s1,x/../../v.mp4,0,1,", "leads out"),
        ("b,walk,train,s1,,0,1,/etc/passwd", "line 3: expected a skeleton file inside the folder"),
        ("b,walk", "line 3: expected a video"),
    ],
)
def test_faults_of_the_manifest_name_the_line(tmp_path, row, says):
    folder = make(tmp_path / "set", "a,walk,train,s1,v.mp4,0,1,", row)
    data = ClipFolder(folder)
    with pytest.raises(KinesicsError, match=rf"manifest\.csv: .*{says}") as error:
        data.split("train")
    (problem,) = manifest_problems(data, lambda _: None)
    assert problem.file == folder / "manifest.csv"
    assert problem.fault in str(error.value)
    assert "\n" not in str(error.value)


def test_a_link_that_leads_out_is_refused(tmp_path):
    folder = make(tmp_path / "set", "a,walk,train,s1,,0,1,in.npy")
    (tmp_path / "secret.npy").write_bytes(b"")
    (folder / "in.npy").symlink_to(tmp_path / "secret.npy")
    with pytest.raises(KinesicsError, match="leads out"):
        _ = ClipFolder(folder).clips


def test_problems_name_every_faulty_line_or_file(tmp_path):
    folder = make(tmp_path, "a,run,train,s1,v.mp4,0,1,", "b,walk,test,s1,,0,1,", "c,walk,val,s2,,0,1,c.skeleton.npz")
    problems = manifest_problems(ClipFolder(folder), lambda _: None)
    assert [problem.fault[:7] for problem in problems] == [
        "line 2:",
        "line 3:",
    ]
    make(
        folder, "a,walk,train,s1,v.mp4,0,1,", "b,walk,test,s1,,0,1,b.skeleton.npz", "c,walk,val,s2,,9,10,c.skeleton.npz"
    )
    save_skeletons(folder / "b.skeleton.npz", [skeleton(UPPER_BODY)])
    save_skeletons(folder / "c.skeleton.npz", [skeleton(UPPER_BODY)])
    shares = []
    problems = {problem.file.name: problem.fault for problem in manifest_problems(ClipFolder(folder), shares.append)}
    assert set(problems) == {folder.name, "v.mp4", "c.skeleton.npz"}
    assert "subject s1" in problems[folder.name]
    assert "begins at 9.00 s" in problems["c.skeleton.npz"]
    assert shares[-1] == 1


@pytest.mark.parametrize(
    ("layout", "says"),
    [
        ({"name": "octopus"}, "no joints for 'octopus'"),
        ({"joints": TREE}, "no 'name'"),
        ({"name": "crab", "joints": {"claw": "shell"}}, "the parent 'shell'"),
        ({"name": "crab", "joints": {"a": "b", "b": "a"}}, "circle"),
        ({"name": "crab", "joints": TREE, "pairs": [["left_claw", "tail"]]}, "tail"),
        ({"name": "crab", "joints": TREE, "channels": "zyx"}, "channels 'zyx'"),
    ],
)
def test_faults_of_the_layout(tmp_path, layout, says):
    folder = make(tmp_path, "a,walk,train,s1,v.mp4,0,1,", layout=layout)
    with pytest.raises(KinesicsError, match=rf"layout\.json: expected a layout.*{says}"):
        ClipFolder(folder)


@pytest.mark.parametrize(
    ("name", "content", "layout", "says"),
    [
        ("one.npy", b"", {"channels": "xy", "fps": 10}, "expected frames of 4 joints × 2"),
        ("one.csv", b"1,2,3\n", {"channels": "xy", "fps": 10}, "expected frames of 4 joints × 2"),
        ("one.csv", b"x,y\n", {"channels": "xy", "fps": 10}, "expected frames of 4 joints × 2"),
        ("one.csv", b"1,2,3\n", {}, "must say its channels"),
        ("one.csv", b"1,2,3,4,5,6,7,8\n", {"channels": "xy", "fps": 10}, "begins at 5.00 s, found 0.10 s"),
    ],
)
def test_faults_of_a_skeleton_file(tmp_path, name, content, layout, says):
    folder = make(tmp_path, f"a,walk,train,s1,,5,6,{name}", layout={"name": "crab", "joints": TREE} | layout)
    (folder / name).write_bytes(content)
    data = ClipFolder(folder)
    with pytest.raises(KinesicsError, match=rf"{name}: .*{says}"):
        data.read_skeleton(data.clips[0])


def test_nothing_there(tmp_path):
    assert not ClipFolder.recognises(tmp_path)
    with pytest.raises(DatasetNotFoundError, match=r"manifest\.csv and classes\.txt"):
        ClipFolder(tmp_path)
    with pytest.raises(KinesicsError, match="found no split"):
        _ = ClipFolder(make(tmp_path, "a,walk", header="clip,label")).clips
    with pytest.raises(KinesicsError, match="a clip a line, found none"):
        _ = ClipFolder(make(tmp_path)).clips
    (tmp_path / "classes.txt").write_text("walk\nwalk\n")
    with pytest.raises(KinesicsError, match="'walk' twice"):
        ClipFolder(tmp_path)
