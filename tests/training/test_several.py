"""Two processes learn what one learns, and say so when one of them dies."""

import os
import signal
import socket

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.several import GESTURE, losses, natops, train

from kinesics.training.several import WholeBatchNorms


def halves(rank: int, port: int, folder: str) -> None:
    """One of two processes: its half of a batch through batch norms of each kind, forward and backward."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    dist.init_process_group("gloo", rank=rank, world_size=2)
    found = passed(WholeBatchNorms().apply(norms()), slice(rank, None, 2))
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def norms() -> nn.ModuleList:
    torch.manual_seed(0)
    found = nn.ModuleList([nn.BatchNorm1d(3), nn.BatchNorm2d(3, momentum=None), nn.BatchNorm3d(3, affine=False)])
    nn.init.normal_(found[0].weight)
    return found


def passed(modules: nn.ModuleList, rows: slice) -> list[torch.Tensor]:
    """Outputs, gradients of inputs, and statistics."""
    found = []
    for i, (norm, sizes) in enumerate(zip(modules, [(), (4, 5), (4, 2, 3)], strict=True)):
        torch.manual_seed(i)
        whole = torch.randn(8, 3, *sizes) * 3 + 5
        x = whole[rows].clone().requires_grad_(True)
        out = norm(x)
        (out**3).sum().backward()
        found += [out.detach(), x.grad, norm.running_mean, norm.running_var, norm.num_batches_tracked]
    return found


def test_batch_norms_count_the_whole_batch(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.start_processes(halves, (port, str(tmp_path)), nprocs=2, start_method="fork")
    expected = passed(norms(), slice(None))
    parts = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    for number, whole in enumerate(expected):
        if number % 5 < 2:  # the rows of both halves
            for rank in range(2):
                torch.testing.assert_close(parts[rank][number], whole[rank::2], rtol=1e-4, atol=1e-4)
        else:
            torch.testing.assert_close(parts[0][number], whole)


def test_batch_norms_are_turned_back():
    modules = norms()
    kinds = [type(module) for module in modules]
    turned = WholeBatchNorms().apply(modules)
    assert [type(module) for module in turned] != kinds
    assert list(turned.state_dict()) == list(norms().state_dict())
    assert [type(module) for module in WholeBatchNorms().revert(turned)] == kinds


def test_two_processes_learn_what_one_learns_and_resume_after_one_is_killed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data, config = natops(tmp_path / "natops.npz"), tmp_path / "c.yaml"
    config.write_text(GESTURE % 2)
    one, two = tmp_path / "one", tmp_path / "two"
    assert train(config, data, one, 1, 8) == [0]
    fatal = ["--trainer.callbacks+=support.several.Fatal", "--trainer.callbacks.step=7"]
    codes = train(config, data, two, 2, 8, fatal)
    said = (two / "errors0").read_text()
    assert codes == [2, -signal.SIGKILL], said
    lines = [line for line in said.splitlines() if line.startswith("kinesics: ")]
    assert len(lines) == 1
    assert "expected 2 processes that train together" in lines[0]
    assert "Traceback" not in said
    assert train(config, data, two, 2, 8) == [0, 0]
    assert len(losses(one)) == 12
    assert losses(two)[-1] < losses(two)[0] * 1.5  # it has gone on, not begun anew
    np.testing.assert_allclose(losses(two)[-6:], losses(one)[-6:], rtol=0.02)  # rounding, which AdamW makes larger
