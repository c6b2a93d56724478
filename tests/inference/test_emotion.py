"""InterFusion's prediction of a person, on weights that have learned nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from kinesics.deploy.export import export
from kinesics.evaluation import EMOTION
from kinesics.inference import emotion
from kinesics.inference.analyze import event_rule
from kinesics.inference.emotion import predict_outcomes
from kinesics.inference.events import find_events
from kinesics.inference.results import Expressions
from kinesics.inference.scores import Scores
from kinesics.models.emotion.net import build_emotion_net
from kinesics.models.face.mini_xception import MiniXception, MiniXceptionTokens
from kinesics.timeline import Event
from kinesics.weights.exported import OPENVINO
from kinesics.weights.load import Specification, load_network, load_weights, save_weights

EVENTS = [Event("touching or scratching neck", 11, start, start + 1, 0.8, person=1) for start in (3.0, 65.0, 100.0)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    network = build_emotion_net("tiny", 32, "full", (MiniXceptionTokens(MiniXception()), None)).eval()
    path = tmp_path_factory.mktemp("weights") / "emotion.safetensors"
    config = {"preset": "tiny", "gestures": 32, "mode": "full", "face": "small", "video": None}
    return saved(path, network, Specification("e", "emotion_net", config, EMOTION, "", "", "", ""))


def saved(path, network, specification):
    """The weights file, with its export beside it, as the shipped ones have."""
    save_weights(path, network, specification)
    export(path.with_suffix(OPENVINO), "openvino", weights=path)
    return path


def predict(face, events, duration, weights):
    """Of one person."""
    found = predict_outcomes((face,), events, duration, weights)
    return found[0] if found else None


def faces(seconds, seed=0):
    times = np.arange(0, seconds, 0.2, dtype=np.float32)
    rng = np.random.default_rng(seed)
    tokens = rng.normal(size=(len(times), 128)).astype(np.float32)
    return Expressions(times, np.full((len(times), 7), 1 / 7, np.float32), ("x",) * 7, 1, {}, tokens)


def test_a_person_is_predicted_in_stretches(weights):
    found = predict(faces(130), EVENTS, 130.0, weights)
    assert found.person == 1
    assert 0 < found.positive < 1
    assert set(found.alone) == {"face", "gestures"}
    assert (found.faces, found.gestures) == (325, 3)
    first = replace(faces(130), times=faces(130).times[:325], probability=faces(130).probability[:325],
                    tokens=faces(130).tokens[:325])  # fmt: skip
    half = predict(first, EVENTS[:1], 65.0, weights)
    assert half.positive != found.positive
    assert found.model["sha256"]


def test_it_abstains_where_no_face_can_be_read_and_tells_what_leaned_most(weights):
    seen = faces(180)
    tokens = seen.tokens.copy()
    tokens[(seen.times >= 60) & (seen.times < 120)] = np.nan
    found = predict(replace(seen, tokens=tokens), [], 180.0, weights)
    assert [(start, end) for start, end, _ in found.by_stretch] == [(0, 60), (60, 120), (120, 180)]
    assert found.by_stretch[1][2] is None
    known = [found.by_stretch[0][2], found.by_stretch[2][2]]
    assert found.positive == pytest.approx(np.mean(known))
    assert found.strongest[2] == max(known, key=lambda positive: abs(positive - 0.5))
    told = found.to_dict()
    assert (told["stretches"], told["abstained"]) == (3, 1)


def test_faces_are_as_many_as_the_weights_say(tmp_path, weights):
    network, specification, _ = load_network(weights)
    fast = saved(tmp_path / "fast.safetensors", network, replace(specification, face_rate=5.0))
    assert predict(faces(60), [], 60.0, weights).faces == 150
    assert predict(faces(60), [], 60.0, fast).faces == 300


def test_gestures_change_the_prediction(weights):
    with_them, without = (predict(faces(60), events, 60.0, weights) for events in (EVENTS[:1], []))
    assert with_them.positive != without.positive
    assert set(without.alone) == {"face"}


def test_moments_without_a_face_are_left_out(weights):
    face = faces(60)
    face.tokens[100:200] = np.nan
    found = predict(face, EVENTS[:1], 60.0, weights)
    assert found.faces == 100
    assert np.isfinite(found.positive)
    face.tokens[40:] = np.nan
    assert predict(face, [], 60.0, weights) is None
    assert predict(replace(face, tokens=None), [], 60.0, weights) is None


def test_weights_are_loaded_once_for_everybody(weights, monkeypatch):
    opened = []
    read = emotion.read_exported
    monkeypatch.setattr(emotion, "read_exported", lambda path, *how: opened.append(path) or read(path, *how))
    people = [replace(faces(60, seed=number), person=number) for number in (1, 2, 3)]
    found = predict_outcomes(people, EVENTS, 60.0, weights)
    assert [one.person for one in found] == [1, 2, 3]
    assert [one.gestures for one in found] == [3, 0, 0], "everybody's own"
    assert opened == [weights.with_suffix(OPENVINO)]


def test_the_shipped_network_predicts_from_what_an_analysis_holds():
    _, specification, _ = load_weights()
    times = np.arange(0, 60, 0.32, dtype=np.float32)
    probability = np.zeros((len(times), 33), np.float32)
    probability[:, 32] = 1
    probability[50:60, 11], probability[50:60, 32] = 0.9, 0.1
    scores = Scores(times, probability, specification.classes, 1)
    events = list(find_events(scores, event_rule(specification), start=0.0, end=60.0, source=""))
    (found,) = predict_outcomes((faces(60),), events, 60.0)
    assert (found.person, found.faces, found.gestures) == (1, 150, 1)
    assert found.model["name"] == "emotion-face-gestures"
    assert 0.5 < found.model["metrics"]["accuracy"] < 1
    assert "not a finding about a person" in found.model["limits"]
