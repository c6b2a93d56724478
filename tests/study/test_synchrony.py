import numpy as np
import pytest
from support.recordings import event, person
from support.studies import write_recording

from kinesics.skeleton.sequence import save_skeletons
from kinesics.study.recordings import read_recording
from kinesics.study.synchrony import (
    cross_correlate,
    gestures,
    movement,
    overall_p,
    synchrony_of,
    synchrony_table,
)


def noise(rng, count=600, memory=0.8):
    steps = rng.normal(size=count)
    for i in range(1, count):
        steps[i] += memory * steps[i - 1]
    return steps


def test_the_lag_is_found_and_its_sign_says_who_follows():
    one = noise(np.random.default_rng(0))
    found = cross_correlate(one, np.roll(one, 7))
    assert found.lag == pytest.approx(1.4)
    assert found.peak == pytest.approx(1.0, abs=0.02)
    assert found.p == pytest.approx((2 * 7 + 1) / 600)  # shifts that meet the same peak at a smaller lag are higher
    assert found.z > 3
    assert cross_correlate(np.roll(one, 7), one).lag == pytest.approx(-1.4)


def test_the_peak_is_the_correlation_of_the_shifted_signals():
    rng = np.random.default_rng(1)
    one, other = noise(rng), noise(rng)
    found = cross_correlate(one, other)

    def straight(signal):
        times = np.arange(len(signal))
        return signal - np.polyval(np.polyfit(times, signal, 1), times)

    shifts = {k: np.corrcoef(straight(one), np.roll(straight(other), -k))[0, 1] for k in range(-15, 16)}
    best = max(shifts, key=shifts.get)
    assert found.lag == pytest.approx(best / 5)
    assert found.peak == pytest.approx(shifts[best])


def test_what_is_too_short_flat_or_unknown_is_not_compared():
    rng = np.random.default_rng(2)
    one = noise(rng)
    assert cross_correlate(one[:290], one[:290]) is None
    assert cross_correlate(one, np.zeros(600)) is None
    away = one.copy()
    away[:400] = np.nan
    assert cross_correlate(one, away) is None
    away[:100] = one[:100]
    away[100:200] = one[100:200]
    assert cross_correlate(one, away).peak == pytest.approx(1.0)


def test_level_and_power_on_a_small_scale():
    def study(seed, planted):
        rng = np.random.default_rng(seed)
        pairs = []
        for _ in range(6):
            one = noise(rng)
            pairs.append(cross_correlate(one, noise(rng) + planted * np.roll(one, 5)))
        return pairs

    null = [study(seed, 0.0) for seed in range(200)]
    assert 3 <= sum(pairs[0].p < 0.05 for pairs in null) <= 20
    assert 3 <= sum(overall_p(pairs, draws=199) < 0.05 for pairs in null) <= 20
    assert all(overall_p(study(seed, 0.4), draws=199) < 0.05 for seed in range(10))
    assert np.isnan(overall_p([]))


def test_movement_is_measured_in_widths_of_the_shoulders():
    still, lifting = person(8.0), person(8.0, (event("touching ears", 3, 5),))
    assert movement(lifting, 8.0).shape == (40,)
    assert movement(lifting, 8.0)[16:24].mean() > 1.5 * movement(still, 8.0)[16:24].mean()
    away = person(8.0)
    away.score[:100] = 0
    assert np.isnan(movement(away, 8.0)[:19]).all()
    assert np.isfinite(movement(away, 8.0)[21:]).all()


def test_two_people_of_a_recording(tmp_path):
    rng = np.random.default_rng(3)
    starts = np.sort(rng.uniform(0, 110, 20))
    events = [event("touching ears", s, s + 1.5) for s in starts]
    events += [event("moving torso", s + 1, s + 2.5, person=2) for s in starts]
    folder = write_recording(tmp_path / "talk", events, duration=120, seen={1: 1.0, 2: 1.0})
    one = read_recording(folder, "talk")
    ((first, second, signal, found),) = synchrony_of(one)
    assert (first, second, signal) == (1, 2, "gestures")
    assert found.lag == pytest.approx(1.0, abs=0.2)
    assert found.p < 0.06
    assert 15 < gestures(one, 1).sum() / 5 <= 20 * 1.5 + 8
    own = [tuple(e for e in events if e.person == n) for n in (1, 2)]
    save_skeletons(folder / "landmarks.skeleton.npz", [person(120.0, own[0], 1), person(120.0, own[1], 2)])
    found = [("talk", *rest) for rest in synchrony_of(one)]
    table = synchrony_table(found)
    assert table["signal"].tolist() == ["movement", "gestures"]
    assert (table["p"] < 0.06).all()


def test_one_person_is_no_pair(tmp_path):
    folder = write_recording(tmp_path / "alone", [])
    assert list(synchrony_of(read_recording(folder, "alone"))) == []
