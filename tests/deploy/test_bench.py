import json

import numpy as np
import torch

from kinesics.cli import main
from kinesics.deploy.baselines import published
from kinesics.deploy.cases import CLASSES, untrained_weights
from kinesics.inference import analyze
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, save_skeletons


def test_the_plain_baseline_gives_the_same_numbers():
    torch.manual_seed(0)
    network = TwoStreamAGCN(UPPER_BODY, AGCNConfig(5, 4, 1, (8, 16), (1, 2))).eval()
    x = torch.rand(2, 4, 16, 42, 1)
    with torch.no_grad():
        torch.testing.assert_close(published(network)(x), network(x), rtol=1e-4, atol=1e-5)


def test_every_way_is_measured_and_told(capsys):
    assert main(["bench", "--quick", "--only", "2s-agcn", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["how"]: row for row in told["rows"]}
    assert {"plain: eager f32", "optimised f32", "ONNX Runtime f32", "OpenVINO f32"} <= set(rows)
    assert rows["plain: eager f32"]["speed"] == 1
    assert all(row["milliseconds"] > 0 and row["share"] > 0 for row in rows.values())
    assert told["machine"]["gflops"]["f32"] > 0


def test_fusions_of_whole_recordings_are_measured(capsys):
    assert main(["bench", "--quick", "--only", "interfusion", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["what"] for row in rows} == {"InterFusion, small"}
    assert all(row["each"] == "ten minutes" and row["milliseconds"] > 0 and row["share"] > 0 for row in rows)


def test_networks_that_have_learned_nothing_can_analyse(tmp_path):
    still = np.ones((100, len(UPPER_BODY), 3), np.float32)
    save_skeletons(tmp_path / "p.skeleton.npz", [SkeletonSequence(still, still[..., 0], 25.0, UPPER_BODY)])
    (scores,) = analyze(tmp_path / "p.skeleton.npz", weights=untrained_weights("tiny", tmp_path)).scores
    assert scores.probability.shape == (4, CLASSES)


def test_missing_weights_are_told(capsys, tmp_path):
    assert main(["bench", "--weights", str(tmp_path / "none.safetensors")]) == 2
    assert "none.safetensors: no such file" in capsys.readouterr().err
