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
from kinesics.data.sets.imigue.classes import TRAIN_CLIPS, VALIDATION_CLIPS, class_id
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.perception.engines import DEFAULT_ENGINE
from kinesics.progress import Progress
from kinesics.simulator.camera import Camera
from kinesics.simulator.clips import worker_pool
from kinesics.simulator.detector.openpose import LIGHT_HAND_COLUMNS, detect_openpose, openpose_points
from kinesics.simulator.detector.tracked import track_openpose
from kinesics.simulator.emotion import ASSUMED, emotion_link
from kinesics.simulator.motion.programs import Motion, interview
from kinesics.simulator.person.appearance import Appearance, random_appearance
from kinesics.simulator.person.body import Body, Shape, random_shape
from kinesics.simulator.rendering.motion_video import dressed_for, portrait_camera, render_motion
from kinesics.simulator.rendering.render import moved_as
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray, save_skeletons
from kinesics.video import write_video

Prior = Literal["uniform", "imigue"]
Landmarks = Literal["kinematic", "tracked"]
_FPS = 25.0
_VIDEOS_EACH = 5  # of a subject, as in iMiGUE
_MOST = 9999  # videos have four digits
_LEAST, _WIDEST = 48, 4096  # pixels
_VAL, _TEST = 0.1, 0.2  # shares of the subjects


@dataclass(frozen=True)
class InterviewRecipe:
    """All that the bytes of a data set of interviews depend on.

    videos: how many, 3 to 9999, counted from 1.
    seed: another seed is another set.
    seconds: the length of each video, at least 2.
    size: the frames' width and height, even numbers of 48 to 4096 pixels.
    prior: all classes alike, or as often as in iMiGUE.
    view: the OpenPose files hold the true points as a model of a detector disturbs them ("kinematic"), or those that
        the real landmark engine finds in the video ("tracked").
    camera_fps: frames that the camera takes in a second, 25 or a whole part of it; each is held until the next one.
    engine: the landmark engine of a tracked view, by its name.
    link: the setting of `emotion.yaml` that says how an emotion shows.
    """

    videos: int
    seed: int
    seconds: float = 12.0
    size: tuple[int, int] = (480, 270)
    prior: Prior = "uniform"
    view: Landmarks = "kinematic"
    camera_fps: float = _FPS
    engine: str = DEFAULT_ENGINE
    link: str = ASSUMED

    def check(self) -> None:
        """Raise KinesicsError for a value out of range."""
        emotion_link(self.link)
        (width, height), step = self.size, _FPS / self.camera_fps if self.camera_fps > 0 else 0.0
        even = width % 2 == height % 2 == 0 and min(self.size) >= _LEAST and max(self.size) <= _WIDEST
        for fits, expected, found in (
            (3 <= self.videos <= _MOST, f"3 to {_MOST} videos, one a split at least", self.videos),
            (self.seconds >= 2, "videos of at least 2 seconds", f"{self.seconds:g}"),
            (even, f"even sizes of {_LEAST} to {_WIDEST} pixels", f"{width}x{height}"),
            (
                step >= 1 and abs(step - round(step)) <= 1e-6,
                "a camera of 25, 12.5, 5 … frames a second",
                f"{self.camera_fps:g}",
            ),
        ):
            if not fits:
                raise KinesicsError(f"simulate: expected {expected}, found {found}")

    def subject(self, video: int) -> int:
        """Number the person of a video, 1, 2, …; everybody has as many videos, and there are three people at least."""
        return (video - 1) // min(_VIDEOS_EACH, self.videos // 3) + 1

    def split(self, video: int) -> Split:
        """Give the split of a video; no subject is in two."""
        people, subject = self.subject(self.videos), self.subject(video)
        test, val = (max(1, round(share * people)) for share in (_TEST, _VAL))
        return "test" if subject > people - test else "val" if subject > people - test - val else "train"

    def won(self, video: int) -> int:
        """Give the emotion of a video: 1 after a match that was won, 0 after one lost."""
        return int(np.random.default_rng((self.seed, 2002, video)).integers(2))


def simulate_videos(out: Path, recipe: InterviewRecipe, *, workers: int = 2, progress: Progress | None = None) -> None:
    """Write interviews at 25 frames a second as `IMiGUE` reads them.

    Beside the official files stand `subjects.csv`, the marker `kinesics.json`, and in `truth` all emotions and, as
    `<VID>.skeleton.npz`, the true joints (camera axes, metres; `image_xy` as the trembling camera had them). The same
    recipe writes the same labels and skeletons.

    Parameters
    ----------
    out : the folder to write; videos that an interrupted call has finished are kept
    recipe : what to simulate
    workers : processes to simulate in, at least 1
    progress : called with the share done

    Raises
    ------
    KinesicsError : for a recipe out of range, no workers, or a folder that holds something else
    """
    recipe.check()
    if workers < 1:
        raise KinesicsError(f"simulate: expected at least 1 worker, found {workers}")
    open_set(out, recipe)
    count = recipe.videos
    waiting = [(out, recipe, video) for video in range(1, count + 1) if not _truth(out, video).exists()]
    with worker_pool(workers) as pool:
        for done, _ in enumerate(pool.imap_unordered(_write_job, waiting), count - len(waiting) + 1):
            if progress is not None:
                progress(done / count)


def open_set(out: Path, recipe: InterviewRecipe) -> None:
    """Write all that is not of one video, unless an earlier call of the same recipe has.

    Raises KinesicsError if the folder holds something else.
    """
    facts = {"simulated": True, "version": version("kinesics"), **asdict(recipe)}
    if recipe.view != "tracked":
        del facts["engine"]  # nothing depends on it
    if recipe.link == ASSUMED:
        del facts["link"]  # as in sets from before there was another
    text = json.dumps(facts, indent=2) + "\n"
    marker = out / files.SIMULATED_FILE
    if marker.exists() and marker.read_text().replace('"view": "seen"', '"view": "tracked"') == text:
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


def _write_job(job: tuple[Path, InterviewRecipe, int]) -> None:
    write_video_files(*job)


@dataclass(frozen=True, eq=False)
class Interview:
    """One interview: the motion, who makes it, the camera in each frame, and what each frame of the video shows.

    shown: (T,) the frame of the camera that is seen in each frame of the video; cameras: (T,) where it stands then.
    """

    motion: Motion
    appearance: Appearance
    camera: Camera
    shown: NDArray[np.int64]
    cameras: list[Camera]
    rng: np.random.Generator


def make_interview(recipe: InterviewRecipe, video: int) -> Interview:
    """Draw the interview of one video, which depends on the recipe and its number alone."""
    rng = np.random.default_rng((recipe.seed, 2000, video))
    shape, person = make_person(recipe, video)
    motion = make_motion(recipe, video, shape, rng)
    camera = portrait_camera(motion, rng, recipe.size[0] / recipe.size[1])
    appearance = dressed_for(motion, _today(person, random_appearance(rng, shape)))
    step = round(_FPS / recipe.camera_fps)
    shown = np.arange(len(motion.pose)) // step
    shots = moved_as(camera, appearance, len(motion.pose[::step]))
    return Interview(motion, appearance, camera, shown, [shots[i] for i in shown], rng)


def write_video_files(out: Path, recipe: InterviewRecipe, video: int) -> None:
    """Write one video and its files; the truth comes last and says that the video is finished.

    Parameters
    ----------
    out : the folder of the set, see `open_set`
    recipe : of the set
    video : its number, from 1
    """
    made, name, split = make_interview(recipe, video), f"{video:04d}", recipe.split(video)
    motion, step = made.motion, round(_FPS / recipe.camera_fps)
    pose, body = motion.pose[::step], Body(motion.shape)
    joints = body.joints(pose)[made.shown]
    path = out / files.VIDEO_FOLDERS[split] / name / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    taken = render_motion(motion, made.camera, made.appearance, recipe.size, rows=slice(None, None, step))
    frames = (image for image in taken for _ in range(step))
    write_video(path, itertools.islice(frames, len(made.shown)), _FPS, crf=made.appearance.crf)
    if recipe.view == "tracked":
        found = track_openpose(path, recipe.engine)
    else:
        points = openpose_points(body, pose)[made.shown]
        found = detect_openpose(joints, points, made.cameras, recipe.size, made.rng, fps=_FPS, table=motion.table)
    _write_labels_and_points(out / files.SKELETON_FOLDERS[split] / name, name, motion, found)
    save_skeletons(_truth(out, video), [_true(joints, made.camera, made.cameras)])


def _write_labels_and_points(folder: Path, name: str, motion: Motion, found: FloatArray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(class_id(label), round(start * _FPS), round(end * _FPS) - 1) for label, start, end in motion.events]
    files.write_labels(folder / f"{name}_label.csv", rows)
    files.write_light(folder / f"{name}_light.csv", found[:, :25])
    files.write_light_hand(folder / f"{name}_light_hand.csv", found[:, LIGHT_HAND_COLUMNS])
    files.write_openpose_xlsx(folder / f"{name}_openpose.xlsx", found)


def make_person(recipe: InterviewRecipe, video: int) -> tuple[Shape, Appearance]:
    """Draw who is in a video, the same person in all videos of a subject."""
    rng = np.random.default_rng((recipe.seed, 2001, recipe.subject(video)))
    shape = random_shape(rng)
    return shape, random_appearance(rng, shape)


def _today(person: Appearance, today: Appearance) -> Appearance:
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


def make_motion(
    recipe: InterviewRecipe, video: int, shape: Shape, rng: np.random.Generator, fps: float = _FPS
) -> Motion:
    """Draw an interview after a match won or lost, which shows a little in gestures, face and bearing.

    Parameters
    ----------
    recipe : of the set
    video : its number, from 1
    shape : of the body
    rng : draws everything
    fps : frames a second

    Returns
    -------
    the motion
    """
    link = emotion_link(recipe.link)
    own = np.random.default_rng((recipe.seed, 2003, recipe.subject(video)))
    face, bearing = np.exp(own.normal(0, link.expressive)) * rng.normal(link.tones(bool(recipe.won(video))), 1.0)
    odds = class_odds(recipe, video)
    return interview(rng, duration=recipe.seconds, fps=fps, shape=shape, odds=odds, tones=(face, bearing))


def class_odds(recipe: InterviewRecipe, video: int) -> NDArray[np.float64]:
    """Say how likely each class is in this video, (32,) summing to 1."""
    odds = emotion_link(recipe.link).odds(bool(recipe.won(video)))
    if recipe.prior == "imigue":
        odds *= np.add(TRAIN_CLIPS, VALIDATION_CLIPS)
    odds /= odds.sum()
    return odds


def _true(joints: FloatArray, camera: Camera, cameras: list[Camera]) -> SkeletonSequence:
    image = np.stack([one.project(at) for one, at in zip(cameras, joints, strict=True)])
    score = np.ones(joints.shape[:2], np.float32)
    return SkeletonSequence(camera.to_camera(joints), score, _FPS, UPPER_BODY, image)
