"""Keep what MediaPipe 0.10.21 sees, as numbers, and render the people whose truth is known.

    python benchmarks/landmarks_reference.py OUT --samples FOLDER [--people 12] [--seconds 8] [--task FACE_LANDMARKER]

    python benchmarks/landmarks_reference.py OUT --tests tests/reference/landmarks.npz --samples FOLDER --task FILE

OUT/people holds the rendered videos and their truth, OUT/mediapipe one npz a video: MediaPipe Holistic as anybody would
run it (`smooth`), without smoothing (`raw`), and where `face_landmarker.task` is given its face and its 52 actions.
The second form keeps a few single frames for the tests, each looked at by itself, without a frame before it.
Needs mediapipe 0.10.21, and OpenGL for the people.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.perception.observe import MAX_SIDE, analysis_rate
from kinesics.video import Image, probe, read_frames

FloatArray = NDArray[np.float32]
PARTS = {
    "pose_landmarks": 33, "pose_world_landmarks": 33, "face_landmarks": 478, "left_hand_landmarks": 21,
    "right_hand_landmarks": 21,
}  # fmt: skip


def frames_of(path: Path) -> list[Image]:
    """The images that `observe` looks at."""
    rate = analysis_rate(probe(path).fps)
    return [frame.image for frame in read_frames(path, fps=rate, max_side=MAX_SIDE)]


def run_holistic(images: list[Image], *, smooth: bool, single: bool = False) -> dict[str, FloatArray]:
    """name: (T, N, 4) x, y, z in pixels (world: metres) and visibility, NaN where there is nothing.

    single: every image by itself.
    """
    import mediapipe

    found = {name: np.full((len(images), count, 4), np.nan, np.float32) for name, count in PARTS.items()}
    options = {"smooth_landmarks": smooth, "static_image_mode": single, "refine_face_landmarks": True}
    with mediapipe.solutions.holistic.Holistic(**options) as holistic:
        for i, image in enumerate(images):
            result = holistic.process(image)
            height, width = image.shape[:2]
            for name, points in found.items():
                seen = getattr(result, name)
                if seen is not None:
                    rows = [(one.x, one.y, one.z, one.visibility) for one in seen.landmark]
                    points[i] = np.array(rows) * ((1, 1, 1, 1) if "world" in name else (width, height, width, 1))
    return found


def run_face_task(images: list[Image], task: Path, *, single: bool = False) -> dict[str, FloatArray]:
    """`face` (T, 478, 3) pixels and `actions` (T, 52), of the first face; NaN where there is none."""
    import mediapipe

    vision = mediapipe.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(task)),
        running_mode=vision.RunningMode.IMAGE if single else vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    face = np.full((len(images), 478, 3), np.nan, np.float32)
    actions = np.full((len(images), 52), np.nan, np.float32)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for i, image in enumerate(images):
            given = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
            result = landmarker.detect(given) if single else landmarker.detect_for_video(given, round(40 * i))
            height, width = image.shape[:2]
            if result.face_landmarks:
                rows = [(one.x, one.y, one.z) for one in result.face_landmarks[0]]
                face[i] = np.array(rows) * (width, height, width)
                actions[i] = [one.score for one in result.face_blendshapes[0]]
    return {"face": face, "actions": actions}


def keep(video: Path, out: Path, task: Path | None) -> None:
    images, fps = frames_of(video), analysis_rate(probe(video).fps)
    arrays: dict[str, FloatArray] = {}
    for way in ("smooth", "raw"):
        found = run_holistic(images, smooth=way == "smooth")
        arrays |= {f"{way}_{name}": points for name, points in found.items()}
    if task is not None:
        arrays |= run_face_task(images, task)
    height, width = images[0].shape[:2]
    np.savez_compressed(out, size=np.array([width, height]), fps=np.array(fps), **arrays)
    shares = [f"{name} {np.isfinite(points[:, 0, 0]).mean():.0%}" for name, points in found.items()]
    print(f"{video.name}: {len(images)} frames, {', '.join(shares)}", flush=True)


SINGLE = {"signing_webcam.mp4": (0, 20, 40), "folding_arms.gif": (0, 20, 40), "woman_covers_face.mp4": (70, 150, 300)}


def keep_for_tests(samples: Path, task: Path, out: Path) -> None:
    """`VIDEO/frames` and what MediaPipe sees of each of them alone, as half floats."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, numbers in SINGLE.items():
        images = [image for i, image in enumerate(frames_of(samples / name)) if i in numbers]
        found = run_holistic(images, smooth=False, single=True) | run_face_task(images, task, single=True)
        arrays |= {f"{name}/{part}": values[..., :4].astype(np.float16) for part, values in found.items()
                   if part != "face_landmarks"}  # fmt: skip
        arrays[f"{name}/actions"] = found["actions"].astype(np.float16)
        arrays[f"{name}/frames"] = np.array(numbers)
    np.savez_compressed(out, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--task", type=Path, help="face_landmarker.task")
    parser.add_argument("--tests", type=Path, help="keep single frames for the tests here, and nothing else")
    options = parser.parse_args()
    if options.tests is not None:
        return keep_for_tests(options.samples, options.task, options.tests)
    people, mediapipe = options.out / "people", options.out / "mediapipe"
    for folder in (people, mediapipe):
        folder.mkdir(parents=True, exist_ok=True)
    samples = [] if options.samples is None else sorted(options.samples.iterdir())
    for video in samples:
        if video.suffix in (".mp4", ".gif"):
            keep(video, mediapipe / f"{video.stem}.npz", options.task)
    from landmarks_people import render_person

    for number in range(options.people):
        video = render_person(number, options.seconds, people)
        keep(video, mediapipe / f"{video.stem}.npz", options.task)


if __name__ == "__main__":
    main()
