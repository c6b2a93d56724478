import numpy as np
import pytest
from support.logits import CLASSES, drawn

from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions


def test_predictions_come_back_as_they_went(tmp_path):
    logits, labels = drawn(6)
    before = Predictions(tuple(f"0001_{i}" for i in range(6)), logits, labels, ("s1", "", *["s2"] * 4), CLASSES)
    before.save(tmp_path / "p.npz")
    after = Predictions.load(tmp_path / "p.npz")
    assert after.ids == before.ids
    assert after.classes == CLASSES
    assert np.array_equal(after.logits, logits)
    assert after.groups[:3] == ("s1", "0001", "s2")
    assert np.allclose(after.probability.sum(1), 1)


def test_predictions_that_are_something_else_are_told(tmp_path):
    (tmp_path / "p.npz").write_bytes(b"not a zip")
    np.savez(tmp_path / "q.npz", a=np.zeros(3))
    for name, found in (("p.npz", "expected predictions"), ("q.npz", "ids"), ("none.npz", "no such file")):
        with pytest.raises(KinesicsError, match=found):
            Predictions.load(tmp_path / name)
