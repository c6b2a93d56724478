import numpy as np

from kinesics.evaluation.agreement import Disagreement
from kinesics.inference.events import EventRule
from kinesics.inference.scores import Scores
from kinesics.training.adapt.label_next import suggest_next


def scores(peaks):
    """A class a peak, each for two seconds, ten seconds apart."""
    times = np.arange(0, 10 * len(peaks), 0.32, dtype=np.float32)
    probability = np.zeros((len(times), len(peaks) + 1), np.float32)
    for place, peak in enumerate(peaks):
        probability[(times > 10 * place + 2) & (times < 10 * place + 4), place] = peak
    return Scores(times, probability, (*(f"class {place}" for place in range(len(peaks))), "none"), 1)


def test_uncertain_rare_and_disputed_come_in_their_order():
    counts = {"class 0": 9, "class 1": 9, "class 2": 9, "class 3": 0}
    found = suggest_next([("talk", scores([0.52, 0.95, 0.2, 0.9]), 40.0)], EventRule(), counts)
    assert [(one.label, one.reason) for one in found] == [("class 3", "rare"), ("class 0", "uncertain")]
    assert all(0 < one.worth <= 1 for one in found)
    assert 1.5 < found[1].start < 2.5
    disputed = [
        Disagreement("other", 3.0, 9.0, "Anna", "Ben", "neck", ""),
        Disagreement("other", 1.0, 2.0, "a", "b", "x", "y"),
    ]
    found = suggest_next([], EventRule(), counts, disputed)
    assert [(one.label, one.reason, round(one.worth, 2)) for one in found] == [
        ("neck", "disputed", 1.0),
        ("x or y", "disputed", 0.17),
    ]
