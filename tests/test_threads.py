"""How many threads there are."""

from kinesics.threads import cores, threads


def test_threads_are_those_that_are_asked_for_or_all(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    for unset in ("", "0", "many"):
        monkeypatch.setenv("OMP_NUM_THREADS", unset)
        assert threads() == cores() >= 1
