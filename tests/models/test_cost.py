"""The table of costs: against published numbers, against counts by hand, and in the docs."""

import pytest
import torch
from support import paths
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.video import MViT_V2_S_Weights

from kinesics.cli import main
from kinesics.models.cost import Cost, costs
from kinesics.models.layers import Attention
from kinesics.models.video.mvit import TINY, VideoEncoder

DOCS = paths.DOCS / "models.md"


@pytest.fixture(scope="module")
def counted() -> dict[tuple[str, str], Cost]:
    return {(cost.network, cost.preset): cost for cost in costs()}


def test_mvit_costs_what_torchvision_says(counted):
    cost, published = counted["VideoEncoder (MViTv2)", "paper"], MViT_V2_S_Weights.KINETICS400_V1.meta
    classifier = 400 * 768 + 400
    assert cost.parameters * 1e6 + classifier == pytest.approx(published["num_params"])
    assert cost.gmac == pytest.approx(published["_ops"], rel=2e-3)


def test_swinface_has_the_published_number_of_parameters(counted):
    unused = 768 * 512 + 512  # the checkpoint's `head`
    assert counted["SwinFace, all heads", "published"].parameters + unused / 1e6 == pytest.approx(67.8, abs=0.05)
    assert counted["SwinFace, backbone", "published"].parameters + unused / 1e6 == pytest.approx(28.9, abs=0.05)
    expression, everything = (counted[f"SwinFace, {heads}", "published"] for heads in ("expression", "all heads"))
    assert expression.parameters == everything.parameters
    assert expression.gmac < everything.gmac


def test_two_streams_are_twice_one(counted):
    one, two = counted["AGCN, one stream", "published"], counted["2s-AGCN", "published"]
    assert two.parameters == pytest.approx(2 * one.parameters)
    assert two.gmac == pytest.approx(2 * one.gmac)


@pytest.mark.parametrize("preset", ["paper", "small", "tiny"])
def test_nets_cost_their_parts(counted, preset):
    video, skeleton = counted["VideoEncoder (MViTv2)", preset], counted["2s-AGCN", preset]
    fusion, net = counted["CrossModalTokenFusion", preset], counted["GestureNet", preset]
    assert net.gmac == pytest.approx(video.gmac + skeleton.gmac + fusion.gmac, rel=1e-3)
    face = counted["SwinFace, expression", "published"] if preset == "paper" else counted["MiniXception", "shipped"]
    emotion = counted["InterFusion", preset].gmac + 28 * video.gmac + 60 * face.gmac
    if preset != "tiny":  # whose face network is narrower than the shipped one
        assert counted["EmotionNet", preset].gmac == pytest.approx(emotion, rel=1e-3)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_attention_is_counted_wherever_it_runs(device):
    with torch.device(device):
        attention, x, mask = Attention(32, 4), torch.zeros(1, 10, 32), torch.ones(1, 10)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        attention(x, x, mask)
    assert counter.get_total_flops() == 2 * (4 * 10 * 32 * 32 + 2 * 10 * 10 * 32)


def test_counting_without_numbers_is_counting(counted):
    network = VideoEncoder(TINY)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, 4, 64, 64))
    assert counted["VideoEncoder (MViTv2)", "tiny"].gmac == pytest.approx(counter.get_total_flops() / 2e9)


def test_the_docs_hold_the_table_that_the_command_prints(capsys):
    assert main(["models"]) == 0
    assert capsys.readouterr().out in DOCS.read_text()
