"""Clips with pictures: the right moments, the box around the person, joints that lie where the picture shows them."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.paths import SAMPLES

from kinesics.data.cache import frames as frame_cache_room
from kinesics.data.cache.frames import cache_frames
from kinesics.data.clips import read_clip
from kinesics.data.sets.clip_folder import ClipFolder
from kinesics.errors import KinesicsError
from kinesics.preprocessing.person_crop import joint_places, person_box
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, save_skeletons
from kinesics.video import write_video

WIDTH, HEIGHT, FPS, T = 192, 96, 10, 30
DOT = (np.array([120.0, 40.0]), np.array([0.5, 0.3]))  # a white dot: where it starts, pixels a frame


def dot(t):
    return DOT[0] + DOT[1] * t


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A video of a dot that moves, with its time as grey level, and a skeleton whose nose is the dot."""
    folder = tmp_path_factory.mktemp("set")
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    frames = []
    for t in range(T):
        image = np.full((HEIGHT, WIDTH, 3), 20 + 4 * t, np.uint8)
        image[np.hypot(x - dot(t)[0], y - dot(t)[1]) < 4] = 255
        frames.append(image)
    write_video(folder / "v.mp4", frames, FPS)
    score = np.zeros((T, 42), np.float32)
    image_xy = np.zeros((T, 42, 2), np.float32)
    for joint, shift in (("nose", (0, 0)), ("left_wrist", (20, 24)), ("right_wrist", (-20, 24))):
        j = UPPER_BODY.index(joint)
        score[:, j] = 1
        image_xy[:, j] = [(dot(t) + shift) / (WIDTH, HEIGHT) for t in range(T)]
    xyz = np.concatenate([image_xy, np.zeros((T, 42, 1))], -1).astype(np.float32)
    save_skeletons(folder / "v.skeleton.npz", [SkeletonSequence(xyz, score, FPS, UPPER_BODY, image_xy, is_3d=False)])
    rows = ["clip,label,split,video,start,end,skeleton"]
    rows += ["a,x,train,v.mp4,0.5,2.5,v.skeleton.npz", "b,x,train,,0,1,v.skeleton.npz", "c,x,train,v.mp4,1,,"]
    rows += ["late,x,train,v.mp4,9,10,", "gone,x,train,w.mp4,0,1,"]
    (folder / "manifest.csv").write_text("\n".join(rows))
    (folder / "classes.txt").write_text("x")
    return folder


@pytest.fixture
def data(folder):
    return ClipFolder(folder)


@pytest.mark.parametrize("size", [32, 64, 100])
@pytest.mark.parametrize("faces", [False, True])
def test_the_nose_is_where_the_picture_shows_it(data, size, faces):
    read = read_clip(data, data.clips[0], frames=8, size=size, faces=faces)
    assert read.frames.shape == (8, size, size, 3)
    assert read.frames.dtype == np.uint8
    assert len(read.skeleton) == 20
    np.testing.assert_allclose(read.times, 0.5 + (np.arange(8) + 0.5) * 0.25)
    rows = np.round(read.times * FPS).astype(int) - 5
    nose = read.skeleton.image_xy[rows, UPPER_BODY.index("nose")]
    for image, place in zip(read.frames, nose, strict=True):
        y, x = np.nonzero(image[..., 0] > 200)
        assert np.hypot(*((np.array([x.mean(), y.mean()]) + 0.5) / size - place)) < 1.5 / size + 0.01
    shown = read.skeleton.image_xy[read.skeleton.score > 0]
    assert 0.02 < shown.min() < shown.max() < 0.98
    assert np.ptp(shown[:, 0]) > 0.6  # the person fills the box
    grey = np.median(read.frames[..., 0], (1, 2))
    np.testing.assert_allclose(grey, 20 + 4 * np.round(read.times * FPS), atol=6)  # and the moments are right


def test_without_video_there_is_a_skeleton_and_without_skeleton_the_whole_picture(data):
    bare, whole = read_clip(data, data.clips[1]), read_clip(data, data.clips[2], frames=4, size=48)
    assert bare.frames is bare.times is bare.faces is None
    assert len(bare.skeleton) == 10
    assert whole.skeleton is whole.faces is None
    assert whole.box == (0, -48, 192)
    assert not whole.frames[:, :11].any()  # black above and below a wide picture
    assert whole.frames[:, 13:35].min() > 15
    np.testing.assert_allclose(whole.times, 1 + (np.arange(4) + 0.5) / 2)


def test_faces_are_cut_out_upright():
    """A real face: the landmark engine finds the person, and a face lies where the template wants it."""
    if not (SAMPLES / "signing_webcam.mp4").exists():
        pytest.skip("needs ../shared/samples")
    from kinesics.data.dataset import ClipInfo
    from kinesics.perception import observe

    video = SAMPLES / "signing_webcam.mp4"
    person = observe(video, fps=5).people[0]

    class One(ClipFolder):
        def __init__(self):
            pass

        def read_skeleton(self, clip):
            return person

    read = read_clip(One(), ClipInfo("a", 0, "train", "", 0, 2, video, video), frames=4, size=96, faces=True)
    assert read.faces.shape == (4, 112, 112, 3)
    assert read.face_seen.all()
    assert read.faces[:, 30:100, 30:80].std() > 15
    assert (read.frames.reshape(4, -1).std(1) > 15).all()


@pytest.mark.parametrize(("clip", "says"), [(3, "late begins at 9.00 s, found a video of 3.00 s"), (4, "no such file")])
def test_faults_name_the_video(data, clip, says):
    with pytest.raises(KinesicsError, match=rf"\.mp4: .*{says}"):
        read_clip(data, data.clips[clip])


@given(
    st.integers(40, 400), st.integers(40, 400), st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 1), st.integers(0, 9)
)
def test_the_box_is_square_holds_the_person_and_stays_inside_if_it_can(width, height, x, y, extent, seed):
    rng = np.random.default_rng(seed)
    image_xy = (np.array([x, y]) + rng.uniform(-0.5, 0.5, (6, 42, 2)) * extent).astype(np.float32)
    score = np.ones((6, 42), np.float32)
    skeleton = SkeletonSequence(np.zeros((6, 42, 3), np.float32), score, 25, UPPER_BODY, image_xy)
    box = person_box(skeleton, (width, height))
    assert 0 < box.side <= max(width, height)
    for start, end in ((box.left, width), (box.top, height)):
        inside = start >= -1e-3 and start + box.side <= end + 1e-3
        covers = start <= 1e-3 and start + box.side >= end - 1e-3
        assert inside or covers
    seen = np.clip(image_xy, 0, 1)
    held = box.inside(seen, (width, height))
    assert ((held > -0.01) & (held < 1.01)).all(-1).mean() > 0.9


def test_lost_joints_have_a_place_to_look_at():
    score = np.zeros((5, 42), np.float32)
    image_xy = np.zeros((5, 42, 2), np.float32)
    wrist, tip, elbow = UPPER_BODY.indices("left_wrist", "left_index_tip", "right_elbow")
    score[[1, 3], wrist] = 1
    image_xy[1, wrist], image_xy[3, wrist] = (0.2, 0.4), (0.4, 0.8)
    places = joint_places(image_xy, score, UPPER_BODY)
    np.testing.assert_allclose(places[:, wrist, 0], [0.2, 0.2, 0.3, 0.4, 0.4])
    np.testing.assert_allclose(places[:, tip], places[:, wrist])  # never seen: it is with its wrist
    np.testing.assert_allclose(places[2, elbow], [0.3, 0.6], atol=1e-6)  # no ancestor seen: in the middle
    assert (joint_places(image_xy, np.zeros_like(score), UPPER_BODY) == 0.5).all()


def test_pictures_are_decoded_once(data, tmp_path, monkeypatch):
    data = ClipFolder(shutil.copytree(data.folder, tmp_path / "three"))
    lines = (data.folder / "manifest.csv").read_text().splitlines()
    (data.folder / "manifest.csv").write_text("\n".join(lines[:4]))
    data = ClipFolder(data.folder)
    reads = []

    def counted(*arguments, **options):
        reads.append(arguments[1].id)
        if reads == ["a", "b"]:
            raise KeyboardInterrupt
        return read_clip(*arguments, **options)

    monkeypatch.setattr(frame_cache_room, "read_clip", counted)
    with pytest.raises(KeyboardInterrupt):
        cache_frames(data, tmp_path / "cache", frames=4, size=32)
    kept = cache_frames(data, tmp_path / "cache", frames=4, size=32)
    assert reads == ["a", "b", "b", "c"]
    kept = cache_frames(data, tmp_path / "cache", frames=4, size=32, clips=data.clips[::-1])
    assert reads == ["a", "b", "b", "c"]
    assert kept.read(1) is None
    fresh = read_clip(data, data.clips[0], frames=4, size=32)
    np.testing.assert_array_equal(kept.read(2), fresh.frames)
    np.testing.assert_allclose(
        kept.positions_in_crop(2, data.read_skeleton(data.clips[0]).image_xy), fresh.skeleton.image_xy, atol=1e-4
    )
    cache_frames(data, tmp_path / "cache", frames=4, size=24)
    assert len(reads) == 7
