"""A batch through Ray: a real one of one node, which this test starts and ends."""

import builtins

import pytest
from support.batches import in_this_process, landmarks, tree

from kinesics.batch.cluster import run_on_cluster
from kinesics.batch.run import run_study
from kinesics.batch.settings import Settings
from kinesics.cli import main

SETTINGS = Settings("openvino")


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch, capsys):
    landmarks(tmp_path / "in" / "a.skeleton.npz", 3.0)
    whole = builtins.__import__

    def without(name, *more, **options):
        if name == "ray":
            raise ImportError("no ray")
        return whole(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["batch", str(tmp_path / "in"), "--out", str(tmp_path / "study"), "--ray", "auto"]) == 2
    assert "pip install 'kinesics[ray]'" in capsys.readouterr().err


def test_a_cluster_gives_the_same_bytes(tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="the ray extra is not installed")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    for i in range(2):
        landmarks(tmp_path / "in" / f"{i}.skeleton.npz", 3.0)
    (tmp_path / "in" / "bad.mp4").write_bytes(b"no video")
    run_study([str(tmp_path / "in")], str(tmp_path / "here"), SETTINGS, in_this_process)

    def run(pending, task, board, peak):
        return run_on_cluster(pending, task, board, peak, address="local")

    _, rows = run_study([str(tmp_path / "in")], str(tmp_path / "there"), SETTINGS, run)
    assert sorted(row.state for row in rows.values()) == ["done", "done", "failed"]
    assert tree(tmp_path / "here") == tree(tmp_path / "there")
