"""All of the shipped training at once, on a clip a class."""

import pytest

pytest.importorskip("lightning", reason="the train extra is not installed")

from kinesics.models.skeleton.lifter import Lifter
from kinesics.training.shipped import event_thresholds
from kinesics.training.shipped.gesture_weights import ShippedRecipe
from kinesics.training.shipped.recipe import SimulatedCounts, train_shipped_weights
from kinesics.weights.load import load_as, load_weights


def test_people_are_simulated_and_both_networks_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(event_thresholds, "SECONDS", 4.0)
    recipe = ShippedRecipe(epochs=1, batch=16, recordings=2)
    figures = train_shipped_weights(tmp_path, SimulatedCounts(clips=1, tracked=0), recipe)
    assert {"top1", "event_f1", "mm_simulated"} <= set(figures)
    assert not any(name.startswith("tracked/") for name in figures)
    _, specification, _ = load_weights(tmp_path / "gesture-skeleton.safetensors")
    assert "34 of simulated detections;" in specification.training_data
    assert load_as(Lifter, tmp_path / "lifter" / "lifter.safetensors")[1].network == "lifter"
