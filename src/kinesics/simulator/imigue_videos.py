"""A data set of simulated interviews in the layout in which the MiGA challenge distributes iMiGUE."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import Split
from kinesics.data.sets.imigue import files
from kinesics.data.sets.imigue.classes import CLASSES, TRAIN_CLIPS, VALIDATION_CLIPS, class_id
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.progress import Progress
from kinesics.simulator.camera import Camera, shaken
from kinesics.simulator.clips import film, portrait_camera, processes
from kinesics.simulator.detector.openpose import LIGHT_HAND_COLUMNS, detect_openpose, openpose_points
from kinesics.simulator.detector.tracked import track_openpose
from kinesics.simulator.motion.programs import Motion, interview
from kinesics.simulator.person.body import Body, Shape, random_shape
from kinesics.simulator.person.looks import Look, random_look
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray, save_skeletons
from kinesics.video import write_video

Prior = Literal["uniform", "imigue"]
Way = Literal["kinematic", "seen"]
_FPS = 25.0
_VIDEOS_EACH = 5  # of a subject, as in iMiGUE
_MOST = 9999  # videos have four digits
_LEAST, _WIDEST = 48, 4096  # pixels
_VAL, _TEST = 0.1, 0.2  # shares of the subjects
# weak, as in life: how much likelier a class becomes, and the mean tones of face and bearing, whose deviation is 1
_LIKELIER, _FACE, _BEARING = 1.8, 0.7, 0.6
_LOST = ("touch face", "touch forehead", "cover face", "rub eyes", "touch neck", "rub hands", "fold arms", "bite lip")
_WON = ("sit straight", "head up", "shake shoulders", "illustrative")


@dataclass(frozen=True)
class _Recipe:
    """All that the bytes of a data set depend on."""

    videos: int
    seed: int
    seconds: float
    size: tuple[int, int]
    prior: Prior = "uniform"
    view: Way = "kinematic"
    camera_fps: float = _FPS

    def subject(self, video: int) -> int:
        """1, 2, … of a video, which count from 1; everybody has as many, and there are three people at least."""
        return (video - 1) // min(_VIDEOS_EACH, self.videos // 3) + 1

    def split(self, video: int) -> Split:
        people, subject = self.subject(self.videos), self.subject(video)
        test, val = (max(1, round(share * people)) for share in (_TEST, _VAL))
        return "test" if subject > people - test else "val" if subject > people - test - val else "train"

    def won(self, video: int) -> int:
        return int(np.random.default_rng((self.seed, 2002, video)).integers(2))


def simulate_videos(
    out: Path,
    count: int,
    seed: int,
    *,
    seconds: float = 12.0,
    size: tuple[int, int] = (480, 270),
    prior: Prior = "uniform",
    view: Way = "kinematic",
    camera_fps: float = _FPS,
    workers: int = 2,
    progress: Progress | None = None,
) -> None:
    """Write `count` interviews of `seconds` at 25 frames a second into the folder `out`, as `IMiGUE` reads them.

    size: the pictures' width and height, even numbers. prior: all classes alike, or as often as in iMiGUE. view: the
    OpenPose files hold the true points as a model of a detector disturbs them, or what the real landmark engine sees
    in the video. camera_fps: pictures that the camera takes in a second, 25 or a whole part of it; each is shown, and
    the person in it seen, until the next one.
    Beside the official files: `subjects.csv`, the marker `kinesics.json`, and in `truth` all emotions and, as
    `<VID>.skeleton.npz`, the true joints (camera axes, metres; `image_xy` as the trembling camera saw them). Splits
    have no subject in common. The same recipe writes the same labels and skeletons; videos that an interrupted call
    has finished are kept. Raises KinesicsError for less than 3 or more than 9999 videos, videos of less than 2 seconds,
    odd or tiny sizes, another rate of the camera, no workers, or a folder that holds something else.
    """
    if not 3 <= count <= _MOST:
        raise KinesicsError(f"simulate: expected 3 to {_MOST} videos, one a split at least, found {count}")
    if not seconds >= 2:
        raise KinesicsError(f"simulate: expected videos of at least 2 seconds, found {seconds:g}")
    if min(size) < _LEAST or max(size) > _WIDEST or size[0] % 2 or size[1] % 2:
        width, height = size
        raise KinesicsError(f"simulate: expected even sizes of {_LEAST} to {_WIDEST} pixels, found {width}x{height}")
    if not camera_fps > 0 or abs(_FPS / camera_fps - round(_FPS / camera_fps)) > 1e-6:
        raise KinesicsError(f"simulate: expected a camera of 25, 12.5, 5 … pictures a second, found {camera_fps:g}")
    if workers < 1:
        raise KinesicsError(f"simulate: expected at least 1 worker, found {workers}")
    recipe = _Recipe(count, seed, seconds, size, prior, view, camera_fps)
    _open(out, recipe)
    waiting = [(out, recipe, video) for video in range(1, count + 1) if not _truth(out, video).exists()]
    with processes(workers) as pool:
        for done, _ in enumerate(pool.imap_unordered(_write, waiting), count - len(waiting) + 1):
            if progress is not None:
                progress(done / count)


def _open(out: Path, recipe: _Recipe) -> None:
    """The folder with all that is not of one video, unless an earlier call of the same recipe has made it."""
    note = {"simulated": True, "version": version("kinesics"), **asdict(recipe)}
    text = json.dumps(note, indent=2) + "\n"
    marker = out / files.SIMULATED_FILE
    if marker.exists() and marker.read_text() == text:
        return
    if out.exists() and any(out.iterdir()):
        raise KinesicsError(f"{out}: expected an empty folder or the same simulated set, found others; choose another")
    (out / "truth").mkdir(parents=True)
    videos = range(1, recipe.videos + 1)
    files.write_subjects(out / files.SUBJECTS_FILE, {f"{video:04d}": str(recipe.subject(video)) for video in videos})
    files.write_emotions(out / files.TRUE_EMOTIONS_FILE, {f"{video:04d}": recipe.won(video) for video in videos})
    for split, name in files.EMOTION_FILES.items():
        mine = {f"{video:04d}": recipe.won(video) for video in videos if recipe.split(video) == split}
        files.write_emotions(out / name, mine)
    write_text(marker, text)  # last: the files above are whole


def _truth(out: Path, video: int) -> Path:
    return out / "truth" / f"{video:04d}.skeleton.npz"


def _write(job: tuple[Path, _Recipe, int]) -> None:
    """One video and its files; the truth comes last and says that the video is finished."""
    out, recipe, video = job
    rng, name, split = np.random.default_rng((recipe.seed, 2000, video)), f"{video:04d}", recipe.split(video)
    shape, look = _person(recipe, video)
    motion, events = _interview(recipe, video, shape, rng)
    width, height = recipe.size
    camera, look = portrait_camera(motion, rng, width / height), _today(look, random_look(rng, shape))
    step = round(_FPS / recipe.camera_fps)
    pose = motion.pose[::step]
    shown = np.arange(len(motion.pose)) // step  # the picture that is to be seen in each frame
    shots = shaken(camera, look.shake, len(pose), look.seed)
    cameras = [shots[i] for i in shown]
    body = Body(shape)
    joints = body.joints(pose)[shown]
    path = out / files.VIDEO_FOLDERS[split] / name / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = film(motion, camera, look, recipe.size, rows=slice(None, None, step))
    frames = (picture for picture in pictures for _ in range(step))
    write_video(path, itertools.islice(frames, len(shown)), _FPS, crf=look.crf)
    if recipe.view == "seen":
        found = track_openpose(path)
    else:
        points = openpose_points(body, pose)[shown]
        found = detect_openpose(joints, points, cameras, recipe.size, rng, fps=_FPS, table=motion.table)

    folder = out / files.SKELETON_FOLDERS[split] / name
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(class_id(label), round(start * _FPS), round(end * _FPS) - 1) for label, start, end in events]
    files.write_labels(folder / f"{name}_label.csv", rows)
    files.write_light(folder / f"{name}_light.csv", found[:, :25])
    files.write_light_hand(folder / f"{name}_light_hand.csv", found[:, LIGHT_HAND_COLUMNS])
    files.write_openpose_xlsx(folder / f"{name}_openpose.xlsx", found)
    save_skeletons(_truth(out, video), [_true(joints, camera, cameras)])


def _person(recipe: _Recipe, video: int) -> tuple[Shape, Look]:
    rng = np.random.default_rng((recipe.seed, 2001, recipe.subject(video)))
    shape = random_shape(rng)
    return shape, random_look(rng, shape)


def _today(person: Look, today: Look) -> Look:
    """The clothes and the place of one day on a person who stays the same."""
    return replace(
        today,
        skin=person.skin,
        hair=person.hair,
        iris=person.iris,
        hair_thickness=person.hair_thickness,
        hair_style=person.hair_style,
        beard=person.beard,
    )


def _interview(
    recipe: _Recipe, video: int, shape: Shape, rng: np.random.Generator
) -> tuple[Motion, list[tuple[int, float, float]]]:
    """After a match won or lost, which shows a little in what somebody does, in the face and in the bearing."""
    sign = 1.0 if recipe.won(video) else -1.0
    expressive = np.exp(np.random.default_rng((recipe.seed, 2003, recipe.subject(video))).normal(0, 0.3))
    face, bearing = expressive * rng.normal((sign * _FACE, sign * _BEARING), 1.0)
    return interview(
        rng, duration=recipe.seconds, fps=_FPS, shape=shape, odds=_odds(recipe, video), tones=(face, bearing)
    )


def _odds(recipe: _Recipe, video: int) -> NDArray[np.float64]:
    """(32,) how likely each class is in this video."""
    likelier = _WON if recipe.won(video) else _LOST
    odds: NDArray[np.float64] = np.array([_LIKELIER if name in likelier else 1.0 for name in CLASSES])
    if recipe.prior == "imigue":
        odds *= np.add(TRAIN_CLIPS, VALIDATION_CLIPS)
    odds /= odds.sum()
    return odds


def _true(joints: FloatArray, camera: Camera, cameras: list[Camera]) -> SkeletonSequence:
    image = np.stack([one.project(at) for one, at in zip(cameras, joints, strict=True)])
    score = np.ones(joints.shape[:2], np.float32)
    return SkeletonSequence(camera.to_camera(joints), score, _FPS, UPPER_BODY, image)
