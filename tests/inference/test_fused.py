"""A GestureNet over a whole recording must answer as its training would have let it: on the same windows, cut alike."""

import csv
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from support.engines import EverybodyInTheMiddle

pytest.importorskip("lightning", reason="the train extra is not installed")

from kinesics.cli import main
from kinesics.deploy.export import export
from kinesics.errors import KinesicsError
from kinesics.inference import analyze, classify
from kinesics.inference.fused import read_clips
from kinesics.inference.scorer import SCORERS, open_scorer
from kinesics.models import optimised as inference
from kinesics.models.gesture.net import build_gesture_net
from kinesics.models.skeleton.agcn import AGCN, AGCNConfig, TwoStreamAGCN
from kinesics.models.video.mvit import TINY
from kinesics.perception import Observation, observe
from kinesics.perception.engines import DEFAULT_ENGINE, ENGINES
from kinesics.preprocessing.person_crop import plan_crop
from kinesics.skeleton import LAYOUTS, UPPER_BODY, SkeletonSequence, load_metadata, save_skeletons
from kinesics.training.gesture.data import GestureData
from kinesics.video import probe, write_video
from kinesics.weights.load import load_network, save_weights
from kinesics.weights.specification import NONE, Specification, layout_fields

FPS, T, WIDTH, HEIGHT = 12.5, 75, 96, 64  # six seconds
FRAMES, SECONDS = 8, 2.0  # of a window
SPECIFICATION = Specification(
    "gesture-both", "gesture_net", {"preset": "tiny", "mode": "full", "video": {"network": "mvit", **asdict(TINY)}},
    ("a", "b", NONE), "", "", "", "", "upper_body", FRAMES / SECONDS, FRAMES, temperature=1.5,
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _engine():
    """Recordings come with their landmarks: what is drawn is nobody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENGINES, DEFAULT_ENGINE, EverybodyInTheMiddle)
        yield


@pytest.fixture(autouse=True)
def _exact(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(inference, "best_dtype", lambda: torch.float32)


def a_person(number=1):
    """Somebody small who walks to the right and waves, with joints that are lost now and then."""
    rng = np.random.default_rng(number)
    at = rng.uniform(0.1, 0.35, (1, len(UPPER_BODY), 2)) + np.linspace(0, 0.5, T)[:, None, None] * [1, 0.2]
    at[:, :4] += 0.03 * np.sin(np.arange(T) / 3)[:, None, None]
    score = (rng.random((T, len(UPPER_BODY))) > 0.1).astype(np.float32)
    xyz = np.concatenate([at - 0.5, np.zeros((T, len(UPPER_BODY), 1))], -1) * (score > 0)[..., None]
    return SkeletonSequence(
        xyz.astype(np.float32), score, FPS, UPPER_BODY, at.astype(np.float32), is_3d=False, person=number
    )


class Recording:
    """A drawn video, the landmarks of its people, and weights of a tiny network."""

    def __init__(self, folder, people, **described):
        self.folder, self.people = folder, people
        self.video, self.cache = folder / "v.mp4", folder / "landmarks.skeleton.npz"
        images = np.random.default_rng(0).integers(0, 256, (T, 8, 12, 3), np.uint8)
        write_video(self.video, (image.repeat(8, 0).repeat(8, 1) for image in images), FPS)
        specification = replace(SPECIFICATION, **described)
        observe(self.video, least=specification.fps or None, cache=self.cache)
        save_skeletons(self.cache, people, load_metadata(self.cache))  # as if the engine had found them
        self.weights = folder / "w.safetensors"
        torch.manual_seed(0)
        save_weights(self.weights, build_gesture_net("tiny", 3), specification, half=False)

    def scores(self, **options):
        found = analyze(self.video, weights=self.weights, cache=self.cache, expressions=False, person="all", **options)
        return found.scores

    def batch(self, *spans):
        """These stretches (seconds) as the training's data module gives them, were they clips of a data set."""
        with (self.folder / "manifest.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["clip", "label", "split", "video", "start", "end", "skeleton"])
            rows.writerows((f"c{i}", "a", "test", "v.mp4", *span, self.cache.name) for i, span in enumerate(spans))
        (self.folder / "classes.txt").write_text(f"a\nb\n{NONE}")
        data = GestureData(self.folder, frames=FRAMES, batch=9, video=str(self.weights), frozen=False)
        data.prepare_data()
        return next(iter(data.test_dataloader()))

    @torch.no_grad()
    def direct(self, batch, **left_out):
        network = load_network(self.weights)[0]
        given = {name: batch[name] for name in ("video", "skeleton", "places")} | left_out
        return network(**given)


def chances(logits):
    return (logits / SPECIFICATION.temperature).softmax(1).numpy()


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return Recording(tmp_path_factory.mktemp("recording"), [a_person()])


# every second's window lies around it, and inside the recording
WINDOWS = ((0, 2), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6))


def test_windows_are_answered_as_clips_of_the_training_data(recording):
    told = []
    (found,) = recording.scores(progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert found.times.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.classes == SPECIFICATION.classes
    assert np.ptp(found.probability, 0).max() > 0.005, "windows differ, or equality would mean little"
    batch = recording.batch(*WINDOWS)
    out = recording.direct(batch)
    np.testing.assert_allclose(found.probability, chances(out.logits), atol=1e-3)  # the cache has half precision
    assert set(found.by_modality) == {"video", "skeleton"}
    np.testing.assert_allclose(found.by_modality["video"], chances(out.video_logits), atol=1e-5)
    np.testing.assert_allclose(found.by_modality["skeleton"], chances(out.skeleton_logits), atol=1e-3)
    elsewhere = recording.direct(batch, places=batch["places"].flip(-1))
    assert np.abs(found.probability - chances(elsewhere.logits)).max() > 1e-3, "places matter"


def test_a_pre_cut_clip_is_seen_whole(recording, tmp_path):
    ranked = classify(recording.video.parent / recording.cache.name, weights=recording.weights)
    out = recording.direct(recording.batch((0, 6)), video=None)
    expected = chances(out.logits)[0, :2]
    np.testing.assert_allclose(
        [one.probability for one in sorted(ranked, key=lambda one: one.index)], expected / expected.sum(), atol=1e-3
    )
    (person,) = recording.people
    both = chances(recording.direct(recording.batch((0, 6))).logits)[0, :2]
    found = open_scorer(recording.weights).classify(person, seen_alone(recording, person))
    np.testing.assert_allclose(found, both / both.sum(), atol=1e-3)


def test_landmarks_alone_are_answered_by_the_skeleton_s_head(recording):
    (found,) = analyze(recording.cache, weights=recording.weights).scores
    out = recording.direct(recording.batch(*WINDOWS), video=None)
    np.testing.assert_allclose(found.probability, chances(out.logits), atol=1e-3)
    assert set(found.by_modality) == {"skeleton"}


def test_a_network_of_pictures_alone(tmp_path):
    recording = Recording(tmp_path, [a_person()], name="gesture-video")
    (found,) = recording.scores()
    out = recording.direct(recording.batch(*WINDOWS), skeleton=None)
    np.testing.assert_allclose(found.probability, chances(out.logits), atol=1e-5)
    assert set(found.by_modality) == {"video"}
    with pytest.raises(KinesicsError, match="expected a video"):
        analyze(recording.cache, weights=recording.weights)


def gone(person, first, last):
    score = person.score.copy()
    score[first:last] = 0
    return replace(person, score=score, xyz=person.xyz * (score > 0)[..., None])


def test_where_the_skeleton_is_lost_the_pictures_answer_unless_they_show_somebody_else(tmp_path):
    recording = Recording(tmp_path, [gone(a_person(), 0, 40), a_person(2)])
    alone = scored_alone(recording, recording.people[0])
    np.testing.assert_allclose(alone.probability[:3], alone.by_modality["video"][:3], atol=1e-6)
    assert np.isnan(alone.by_modality["skeleton"][:3]).all()
    assert not np.isnan(alone.by_modality["skeleton"][4:]).any()
    assert np.abs(alone.probability[5] - alone.by_modality["video"][5]).max() > 1e-4
    first, second = recording.scores()
    assert (first.person, second.person) == (1, 2)
    assert first.probability[:3].tolist() == [[0, 0, 1]] * 3, "nobody knows whom the pictures show"
    np.testing.assert_allclose(first.probability[4:], alone.probability[4:], atol=1e-5)
    assert (second.probability[:, 2] < 0.99).all()


def seen_alone(recording, person):
    return Observation((person,), probe(recording.video))


def scored_alone(recording, person):
    return open_scorer(recording.weights).score([person], seen_alone(recording, person), lambda _: None)[0]


def test_a_video_that_ends_before_its_landmarks_leaves_the_rest_to_them(recording):
    (person,) = recording.people
    longer = replace(
        person, **{name: np.concatenate([getattr(person, name)] * 2) for name in ("xyz", "score", "image_xy")}
    )
    found = scored_alone(recording, longer)
    np.testing.assert_allclose(found.probability[8:], found.by_modality["skeleton"][8:], atol=1e-6)
    assert np.isnan(found.by_modality["video"][8:]).all()
    assert not np.isnan(found.by_modality["video"][:6]).any()


def test_only_frames_of_windows_that_have_begun_are_held(tmp_path):
    write_video(tmp_path / "v.mp4", [np.zeros((16, 16, 3), np.uint8)] * 300, 5)
    info = probe(tmp_path / "v.mp4")
    plans = [plan_crop(None, info, start, start + 2.5, 8, 8) for start in range(57)]
    clips = read_clips(info, plans)
    held = []
    for one in clips:
        assert one.shape == (8, 8, 8, 3)
        held.append(len(clips.gi_frame.f_locals["cut"]))
    assert len(held) == len(plans)
    assert max(held) <= 2, "at any time two others have begun"


def test_an_export_answers_alike(recording, tmp_path):
    path = tmp_path / "n.onnx"
    export(path, "onnx", weights=recording.weights)
    (expected,) = recording.scores()
    (found,) = analyze(recording.video, weights=path, cache=recording.cache, expressions=False).scores
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-3)
    (alone,) = analyze(recording.cache, weights=path).scores
    np.testing.assert_allclose(alone.probability, expected.by_modality["skeleton"], atol=1e-3)


def test_on_the_command_line(recording, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / recording.cache.name).write_bytes(recording.cache.read_bytes())
    given = ["--weights", str(recording.weights)]
    assert main(["analyze", str(recording.video), "--out", str(out), "--threshold", "0.2", *given]) == 0
    assert (out / "report.html").exists()
    assert "gesture-both" in (out / "timeline.json").read_text()
    assert main(["classify", str(recording.cache), "--json", *given]) == 0
    assert '"label": "a"' in capsys.readouterr().out


SIZES = AGCNConfig(classes=3, channels=4, persons=1, widths=(8, 16), strides=(1, 2))
OTHER = LAYOUTS["ntu_25"]


@pytest.mark.parametrize(
    ("network", "layout", "says"),
    [
        (AGCN, UPPER_BODY, f"expected weights of {' or '.join(SCORERS)}, found agcn"),
        (TwoStreamAGCN, OTHER, "expected weights for the joints upper_body"),
    ],
)
def test_weights_that_cannot_be_run_are_told(recording, tmp_path, capsys, network, layout, says):
    name = "agcn" if network is AGCN else "two_stream_agcn"
    described = replace(SPECIFICATION, network=name, config=asdict(SIZES), **layout_fields(layout))
    save_weights(tmp_path / "w.safetensors", network(layout, SIZES), described)
    for verb in ("analyze", "classify"):
        assert main([verb, str(recording.cache), "--weights", str(tmp_path / "w.safetensors")]) == 2
        error = capsys.readouterr().err.strip()
        assert says in error
        assert len(error.splitlines()) == 1
