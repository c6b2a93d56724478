import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.paths import SAMPLES

from kinesics.errors import KinesicsError
from kinesics.inference import Expressions, analyze, frame_pass
from kinesics.inference.expressions import read_expressions, smooth
from kinesics.inference.face_model import (
    SWINFACE_CLASSES,
    FaceExpressionModel,
    face_model,
    fer_model,
    swinface_model,
)
from kinesics.models.face.swinface import SwinFace
from kinesics.perception import Observation, observe
from kinesics.preprocessing.face_crop import FaceCrop
from kinesics.skeleton import UPPER_BODY
from kinesics.video import read_frames, write_video
from kinesics.weights.load import Specification, save_weights

RATE = 23.976


@pytest.fixture(scope="module")
def woman(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Observation]:
    """A woman who looks sad, then brings a hand before her mouth; then, half a second later, laughs: 1.2 s of each."""
    if not SAMPLES.exists():
        pytest.skip("needs the footage in ../shared/samples")
    folder = tmp_path_factory.mktemp("woman")
    source, video, cache = SAMPLES / "woman_covers_face.mp4", folder / "woman.mp4", folder / "landmarks.skeleton.npz"
    parts = ((36, 80), (330, 360))
    images = [
        frame.image
        for first, last in parts
        for frame in read_frames(source, start=(first - 0.1) / RATE, end=(last - 0.1) / RATE)
    ]
    write_video(video, images, 25)
    return video, cache, observe(video, cache=cache)


def between(found: Expressions, start: float, end: float) -> np.ndarray:
    return found.probability[(found.times >= start - 1e-3) & (found.times <= end)]


def test_a_sad_then_hidden_then_laughing_face(woman: tuple[Path, Path, Observation]) -> None:
    _, _, observation = woman
    assert observation.video is not None
    shares: list[float] = []
    (found,) = read_expressions(observation.video, observation.people, fer_model(), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert found.person == 1
    assert np.diff(found.times) == pytest.approx(0.2)
    assert found.times[-1] == pytest.approx(observation.video.duration, abs=0.21)
    sad, hidden, laughing = between(found, 0, 0.7), between(found, 1.2, 1.7), between(found, 2.0, 3)
    assert found.classes[sad.mean(0).argmax()] == "sadness"
    assert np.isnan(hidden).all()
    assert found.classes[laughing.mean(0).argmax()] == "happiness"
    assert laughing.mean(0).max() > 0.8
    known = found.probability[~np.isnan(found.probability[:, 0])]
    np.testing.assert_allclose(known.sum(1), 1, atol=1e-5)
    assert found.readable == pytest.approx(len(known) / len(found.times))
    means = found.shares()
    assert list(means.values()) == sorted(means.values(), reverse=True)
    assert sum(means.values()) == pytest.approx(1, abs=1e-4)
    assert found.tokens is not None
    assert found.tokens.shape == (len(found.times), 128)
    np.testing.assert_array_equal(np.isnan(found.tokens[:, 0]), np.isnan(found.probability[:, 0]))


def test_a_second_run_does_not_read_the_video_again(
    woman: tuple[Path, Path, Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    video, cache, _ = woman
    first = analyze(video, cache=cache)
    kept = cache.with_name("landmarks.expressions.npz")
    made = kept.stat().st_mtime_ns

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("read the video again")

    monkeypatch.setattr(frame_pass, "read_frames_at", refuse)
    again = analyze(video, cache=cache, person="all")
    np.testing.assert_array_equal(again.expressions[0].probability, first.expressions[0].probability)
    np.testing.assert_array_equal(again.expressions[0].tokens, first.expressions[0].tokens)
    assert kept.stat().st_mtime_ns == made
    assert analyze(video, cache=cache, expressions=False).expressions == ()
    other = replace(fer_model(), facts={"name": "another"})
    with pytest.raises(AssertionError, match="again"):  # what another model saw is of no use
        analyze(video, cache=cache, expressions=other)
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(AssertionError, match="again"):  # nor is a damaged file
        analyze(video, cache=cache)


def test_another_network_gets_the_crop_that_it_wants(woman: tuple[Path, Path, Observation]) -> None:
    _, _, observation = woman
    assert observation.video is not None
    given: list[np.ndarray] = []

    def classify(faces: np.ndarray) -> tuple[np.ndarray, None]:
        given.append(faces)
        return np.tile(np.float32([0.0, 1.0]), (len(faces), 1)), None

    template = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)
    model = FaceExpressionModel(classify, ("no", "yes"), FaceCrop(template, 96), {"name": "constant"})
    (found,) = read_expressions(observation.video, observation.people, model)
    assert {faces.shape[1:] for faces in given} == {(96, 96, 3)}
    assert {faces.dtype for faces in given} == {np.dtype(np.uint8)}
    assert sum(map(len, given)) == (~np.isnan(found.probability[:, 0])).sum()
    assert found.classes[1] == "yes"
    assert np.nanmax(np.abs(found.probability[:, 1] - 1 / (1 + np.exp(-1)))) < 1e-5


def test_a_recording_without_a_readable_face_is_not_opened(
    woman: tuple[Path, Path, Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, observation = woman
    assert observation.video is not None
    (person,) = observation.people
    faceless = person.score.copy()
    faceless[:, UPPER_BODY.index("chin")] = 0
    monkeypatch.setattr(frame_pass, "read_frames_at", None)
    (found,) = read_expressions(observation.video, [replace(person, score=faceless)], fer_model())
    assert found.readable == 0
    assert found.shares() == {}


def test_a_video_that_is_gone_is_named(woman: tuple[Path, Path, Observation], tmp_path: Path) -> None:
    _, _, observation = woman
    assert observation.video is not None
    gone = replace(observation.video, path=tmp_path / "gone.mp4")
    with pytest.raises(KinesicsError, match=r"gone\.mp4: no such file"):
        read_expressions(gone, observation.people, fer_model())


def test_swinface_serves_as_well() -> None:
    torch.manual_seed(0)
    network = SwinFace().eval()
    model = swinface_model(network, {"name": "random"})
    faces = np.random.default_rng(0).integers(0, 256, (2, model.crop.size, model.crop.size, 3), np.uint8)
    with torch.no_grad():
        found, _ = model.classify(faces)
        x = torch.from_numpy((faces.transpose(0, 3, 1, 2) / 255 - 0.5) / 0.5).float()
        expected = network(x).expression
    assert found.shape == (2, len(model.classes))
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4, rtol=1e-4)


def test_smoothing_keeps_gaps_and_does_not_invent() -> None:
    rows = np.array([[1.0, 0.0]] * 6 + [[np.nan, np.nan]] * 2 + [[0.0, 1.0]] * 6, np.float32)
    smoothed = smooth(rows)
    assert np.isnan(smoothed[6:8]).all()
    assert smoothed[0].tolist() == [1, 0]
    assert smoothed[-1].tolist() == [0, 1]
    np.testing.assert_allclose(np.delete(smoothed, [6, 7], 0).sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(smoothed[2:5], [[1, 0]] * 3)
    alone = np.full((5, 2), np.nan, np.float32)
    alone[2] = 0.3, 0.7
    np.testing.assert_allclose(smooth(alone)[2], [0.3, 0.7], atol=1e-6)


@pytest.mark.parametrize("moments", [1, 3, 4])
def test_smoothing_takes_the_shortest_clips(moments: int) -> None:
    rows = np.tile(np.array([0.3, 0.7], np.float32), (moments, 1))
    np.testing.assert_allclose(smooth(rows), rows, atol=1e-6)


def test_analysing_does_not_load_torchvision():
    """It would take seconds and 170 MB, and no shipped network needs it."""
    code = "import sys, kinesics.inference; sys.exit('torchvision' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_swinface_is_taken_where_its_weights_are(tmp_path, monkeypatch):
    monkeypatch.setenv("KINESICS_WEIGHTS", str(tmp_path))
    assert face_model().facts["name"] == fer_model().facts["name"]
    described = Specification("swinface", "swinface", {}, SWINFACE_CLASSES, "", "", "MIT", "looks alone")
    save_weights(tmp_path / "swinface.safetensors", SwinFace(), described)
    model = face_model()
    assert model.facts["name"] == "swinface"
    logits, _ = model.classify(np.zeros((1, model.crop.size, model.crop.size, 3), np.uint8))
    assert logits.shape == (1, len(model.classes))
