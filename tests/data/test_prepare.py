"""From coded videos to a ClipFolder that can be trained on."""

from contextlib import contextmanager

import numpy as np
import pytest
from support.paths import SAMPLES

from kinesics.cli import main
from kinesics.data.clips import read_clip
from kinesics.data.doctor import find_problems
from kinesics.data.prepare import prepare
from kinesics.data.registry import open_dataset
from kinesics.data.sets.clip_folder import ClipFolder
from kinesics.errors import KinesicsError
from kinesics.perception.engine import Landmarks
from kinesics.skeleton import UPPER_BODY
from kinesics.video import read_frames, write_video


class SquareEngine:
    """Sees a bright square as a person, so that many videos cost nothing; counts how many it was shown."""

    name, layout, is_3d = "squares 1", UPPER_BODY, True

    def __init__(self):
        self.videos = 0

    @contextmanager
    def finder(self):
        yield self

    @contextmanager
    def follower(self):
        self.videos += 1
        yield self

    def find(self, image):
        return []

    def begin(self, image):
        seen = self.see(image)
        return lambda: seen

    def see(self, image):
        bright = np.argwhere(image[..., 0] > 128)
        if len(bright) == 0:
            return None
        y, x = bright.mean(0)
        points, score = np.zeros((42, 3), np.float32), np.zeros(42, np.float32)
        for joint, dx, dy in (("nose", 0, 0), ("left_shoulder", 9, 12), ("right_shoulder", -9, 12)):
            points[UPPER_BODY.index(joint)], score[UPPER_BODY.index(joint)] = (x + dx, y + dy, 0.1), 0.9
        return Landmarks(points, score, np.array([0.02, np.nan], np.float32))


def video(path, bright=True, frames=30):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.zeros((48, 64, 3), np.uint8)
    image[20:26, 30:36] = 255 * bright
    write_video(path, [image] * frames, 10)


@pytest.fixture
def videos(tmp_path):
    for name in ("a", "b", "c", "d", "unused"):
        video(tmp_path / "videos" / f"{name}.mp4")
    (tmp_path / "coding.csv").write_text(
        "video,label,start,end,subject\n"
        "a.mp4,touch neck,0.5,1.5,Anna\na.mp4,bite lip,1.5,2,Anna\nb,touch neck,0,3.2,Bert\n"
        "C.MP4,bite lip,1,2,\nd.mp4,touch neck,0,1,Anna\n"
    )
    return tmp_path


def test_a_clip_folder_comes_out(videos):
    shares = []
    made = prepare(
        videos / "videos", [videos / "coding.csv"], videos / "out", progress=shares.append, engine=SquareEngine()
    )
    assert made.classes == ("bite lip", "touch neck")
    assert made.left_out == ()
    assert shares == sorted(shares)
    assert shares[-1] == 1
    data = open_dataset(videos / "out")
    assert isinstance(data, ClipFolder)
    assert [clip.id for clip in data.clips] == ["a_0", "a_1", "b_0", "c_0", "d_0"]
    assert [clip.label for clip in data.clips] == [1, 0, 1, 0, 1]
    assert [clip.subject for clip in data.clips] == ["Anna", "Anna", "Bert", "c", "Anna"]
    split = {clip.id: clip.split for clip in data.clips}
    assert split["a_0"] == split["a_1"] == split["d_0"]
    assert len(set(split.values())) == 3
    read = read_clip(data, data.clips[0], frames=2, size=32)
    assert len(read.skeleton) == 10
    assert read.frames.shape == (2, 32, 32, 3)
    assert not list(find_problems(data, lambda _: None))


def test_it_goes_on_and_new_labels_cost_nothing(videos):
    engine = SquareEngine()

    def stop(share):
        if share > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(videos / "videos", [videos / "coding.csv"], videos / "out", progress=stop, engine=engine)
    assert engine.videos == 3
    assert not (videos / "out" / "manifest.csv").exists()
    prepare(videos / "videos", [videos / "coding.csv"], videos / "out", engine=engine)
    assert engine.videos == 5  # the third again, and the fourth
    (videos / "more.csv").write_text("video,label,start,end\na,yawn,0,1\n")
    made = prepare(videos / "videos", [videos / "coding.csv", videos / "more.csv"], videos / "out", engine=engine)
    assert engine.videos == 5
    assert made.classes == ("bite lip", "touch neck", "yawn")


def test_a_video_without_a_person_is_left_out_and_named(videos):
    video(videos / "videos" / "b.mp4", bright=False)
    (videos / "videos" / "c.mp4").write_bytes(b"no video")
    made = prepare(videos / "videos", [videos / "coding.csv"], videos / "out", engine=SquareEngine())
    assert {clip.id for clip in made.clips} == {"a_0", "a_1", "d_0"}
    assert {clip.split for clip in made.clips} == {"train"}  # one subject is left
    assert len(made.left_out) == 2
    assert any("b.mp4" in reason and "nobody" in reason for reason in made.left_out)
    assert any("c.mp4" in reason for reason in made.left_out)
    for name in ("a", "d"):
        video(videos / "videos" / f"{name}.mp4", bright=False)
    with pytest.raises(KinesicsError, match=r"a video with a person in it, found none \(.*a\.mp4"):
        prepare(videos / "videos", [videos / "coding.csv"], videos / "elsewhere", engine=SquareEngine())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("e.mp4,x,0,1,", "expected the video 'e.mp4', found only a, b, c, d, unused"),
        ("a.mp4,x,2,9,", r"a\.mp4: expected events within its 3.00 s, found 'x' from 2.00 to 9.00 s"),
    ],
)
def test_labels_that_do_not_fit(videos, line, says):
    with open(videos / "coding.csv", "a") as file:
        file.write(line + "\n")
    engine = SquareEngine()
    with pytest.raises(KinesicsError, match=says):
        prepare(videos / "videos", [videos / "coding.csv"], videos / "out", engine=engine)
    assert engine.videos == 0  # told before the long work


def test_a_person_who_is_not_there(videos):
    (videos / "coding.csv").write_text("video,label,start,end,person\na,x,0,1,2\n")
    with pytest.raises(KinesicsError, match=r"a\.mp4: expected person 2 of the labels in the video, found 1"):
        prepare(videos / "videos", [videos / "coding.csv"], videos / "out", engine=SquareEngine())


def test_the_largest_person_is_one_subject_numbered_or_not(videos):
    (videos / "coding.csv").write_text("video,label,start,end,person\na,x,0,1,1.0\na,y,1,2,\nb,x,0,1,\nc,x,0,1,\n")
    made = prepare(videos / "videos", [videos / "coding.csv"], videos / "out", engine=SquareEngine())
    assert [(clip.id, clip.subject) for clip in made.clips if clip.id.startswith("a")] == [("a_0", "a"), ("a_1", "a")]


def test_names_that_occur_twice(videos):
    video(videos / "videos" / "day 2" / "a.mp4")
    with pytest.raises(KinesicsError, match=r"'a\.mp4', found several videos of that name"):
        prepare(videos / "videos", [videos / "coding.csv"], videos / "out", engine=SquareEngine())
    (videos / "coding.csv").write_text("video,label,start,end\nb,x,0,1\n")
    assert len(prepare(videos / "videos", [videos / "coding.csv"], videos / "out", engine=SquareEngine()).clips) == 1


def test_nothing_to_prepare(videos, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(KinesicsError, match="empty: expected a video"):
        prepare(tmp_path / "empty", [videos / "coding.csv"], videos / "out")
    with pytest.raises(KinesicsError, match="empty: expected annotations"):
        prepare(videos / "videos", [tmp_path / "empty"], videos / "out")
    with pytest.raises(KinesicsError, match=r"gone\.csv: expected annotations"):
        prepare(videos / "videos", [tmp_path / "gone.csv"], videos / "out")


def test_the_command_on_a_real_video(tmp_path, capsys):
    if not (SAMPLES / "signing_webcam.mp4").exists():
        pytest.skip("needs ../shared/samples")
    images = [frame.image for frame in read_frames(SAMPLES / "signing_webcam.mp4", end=0.8)]
    write_video(tmp_path / "anna.mp4", images, 25)
    (tmp_path / "anna.csv").write_text("video,label,start,end\nanna,signing,0.1,0.7\n")
    out = tmp_path / "out"
    arguments = [
        "data",
        "prepare",
        str(tmp_path / "anna.mp4"),
        "--labels",
        str(tmp_path / "anna.csv"),
        "--out",
        str(out),
    ]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "signing" in said
    assert "no val and no test split" in said
    assert str(out) in said
    skeleton = ClipFolder(out).read_skeleton(ClipFolder(out).clips[0])
    assert (skeleton.score[:, UPPER_BODY.indices("nose", "left_shoulder", "right_shoulder")] > 0).all()
    assert main(["data", "show", str(out), "anna_0", "--out", str(tmp_path / "clip.png")]) == 0
    assert (tmp_path / "clip.png").stat().st_size > 10_000
    assert main(["data", "show", str(out), "bob_0", "--out", str(tmp_path / "clip.png")]) == 2
    assert "bob_0" in capsys.readouterr().err
