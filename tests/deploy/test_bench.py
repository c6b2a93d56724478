import json

import torch

from kinesics.cli import main
from kinesics.deploy.baselines import published
from kinesics.models.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.skeleton import UPPER_BODY


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
