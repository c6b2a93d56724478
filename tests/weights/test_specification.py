"""Specifications: stable names for how an input is made, and what files said before they had them."""

import json
from dataclasses import asdict

import pytest
from support.paths import DOCS

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.weights.ledger import ledger
from kinesics.weights.load import load_network, load_weights
from kinesics.weights.specification import NORMALISATIONS, Specification, read_specification

PLAIN = {"name": "", "classes": (), "training_data": "", "licence": "", "limits": "", "config": {}}


def described(network: str, **fields: object) -> Specification:
    return Specification(**(PLAIN | {"network": network, "normalisation": ""} | fields))


@pytest.mark.parametrize(
    ("earlier", "stable"),
    [
        ("kinesics.skeleton.normalise", "joints-v1"),
        ("kinesics.models.lifter.plane", "image-plane-v1"),
        ("kinesics.tasks.emotion_tokens", "emotion-streams-v1"),
        ("joints-v1", "joints-v1"),
        ("RGB in −1..1", "RGB in −1..1"),
    ],
)
def test_earlier_module_paths_are_read_as_stable_names(earlier, stable):
    text = json.dumps(asdict(described("agcn", normalisation=earlier)))
    assert read_specification(text).normalisation == stable


def test_classes_with_earlier_names_have_those_of_today():
    figures = {"thresholds": {"touch face": 0.5}, "metrics": {"tracked/class/touch face": 0.7, "top1": 0.9}}
    read = read_specification(
        json.dumps(asdict(described("agcn", classes=("touch face", "My Class", "none"), **figures)))
    )
    name = "touching or scratching head"
    assert read.classes == (name, "My Class", "none")
    assert read.thresholds == {name: 0.5}
    assert read.metrics == {f"tracked/class/{name}": 0.7, "top1": 0.9}


def test_shipped_weights_tell_the_classes_of_imigue_by_their_names():
    _, specification, _ = load_weights()
    assert specification.classes == (*CLASSES, "none")
    assert set(specification.thresholds) <= set(CLASSES)


def test_the_docs_name_them_all():
    page = (DOCS / "weights.md").read_text("utf-8")
    assert all(f"| `{name}` |" in page for name in NORMALISATIONS)


def test_shipped_weights_are_read_with_stable_names():
    shipped = {name: load_network(one.path)[1].normalisation for name, one in ledger().items() if one.shipped}
    assert {name: found for name, found in shipped.items() if found in NORMALISATIONS} == {
        "gesture-skeleton": "joints-v1",
        "lifter": "image-plane-v1",
        "emotion-face-gestures": "emotion-streams-v1",
    }


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("two_stream_agcn", (0.32, 0, 0)),
        ("gesture_net", (1, 0, 0)),
        ("emotion_net", (0, 2.5, 60)),
        ("lifter", (0, 0, 0)),
    ],
)
def test_files_that_do_not_say_how_they_are_served_are_served_as_before(network, expected):
    text = json.dumps(PLAIN | {"network": network, "normalisation": "", "fps": 12.5, "frames": 32})
    found = read_specification(text)
    assert found.serving == pytest.approx(expected)


def test_how_weights_are_served_travels_with_them():
    own = described("emotion_net", face_rate=5.0, stretch=20.0)
    found = read_specification(json.dumps(asdict(own)))
    assert found.serving == (0, 5.0, 20.0)
    assert read_specification(json.dumps(asdict(described("gesture_net", stride=0.5)))).serving.stride == 0.5


@pytest.mark.parametrize("prior", ["/etc/passwd", "shares.json", 3, ["even"]])
def test_weights_name_a_prior_and_no_file(prior):
    assert read_specification(json.dumps(asdict(described("agcn", prior="interview")))).prior == "interview"
    with pytest.raises(ValueError, match="the prior"):
        read_specification(json.dumps(asdict(described("agcn", prior=prior))))
