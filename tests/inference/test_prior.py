from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.inference.prior import learned_ratio, prior_ratio, with_ratio
from kinesics.weights.specification import NONE

ALL = (*CLASSES, NONE)


def test_even_shares_change_nothing() -> None:
    probability = np.random.default_rng(0).dirichlet(np.ones(len(ALL)), 5).astype(np.float32)
    assert with_ratio(probability, prior_ratio("even", ALL)) == pytest.approx(probability, abs=1e-6)


def test_interviews_show_shrugs_more_often_than_bitten_nails() -> None:
    ratio = prior_ratio("interview", ALL)
    assert ratio[30] > 10 * ratio[9]
    assert ratio[-1] == 1
    assert ratio[:-1].mean() == pytest.approx(1)


def test_a_file_names_shares_and_what_it_leaves_out_is_impossible(tmp_path: Path) -> None:
    path = tmp_path / "shares.json"
    path.write_text(json.dumps({"touching hat": 3, "moving torso": 1}))
    ratio = prior_ratio(str(path), ALL)
    assert ratio[2] == pytest.approx(3 * ratio[19])
    assert np.count_nonzero(ratio[:-1]) == 2


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"touching hat": -1}', '{"touching hat": "many"}', "no json", '{"touching hat": NaN}']
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shares.json"
    path.write_text(text)
    with pytest.raises(KinesicsError, match="expected a prior, one of") as refused:
        prior_ratio(str(path), ALL)
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_other_classes_are_refused() -> None:
    with pytest.raises(KinesicsError, match="found no such file"):
        prior_ratio("nowhere.json", ALL)
    with pytest.raises(KinesicsError, match="found 2 others"):
        prior_ratio("interview", ("wave", "nod"))


def test_shares_are_learned_from_what_a_recording_shows() -> None:
    """Of two classes that a network confuses, one occurs: it learns which, and none stays as it was."""
    rng = np.random.default_rng(1)
    probability = np.full((400, len(ALL)), 1e-3, np.float32)
    sure = rng.uniform(0.3, 0.9, 400)
    probability[:, 19], probability[:, 20] = sure, 0.95 - sure
    probability /= probability.sum(1, keepdims=True)
    first = prior_ratio("even", ALL)
    ratio = learned_ratio(probability, first, ALL)
    assert ratio[19] > 5 * ratio[20] > 0
    assert ratio[-1] == 1
    assert learned_ratio(probability[:0], first, ALL) == pytest.approx(first)
