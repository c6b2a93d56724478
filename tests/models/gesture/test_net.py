import pytest
import torch

from kinesics.errors import KinesicsError
from kinesics.models.gesture.net import FUSIONS, GESTURE_PRESETS, GestureNet, build_gesture_net, drop_modality
from kinesics.models.video.encoder import ClipTokens
from kinesics.models.video.i3d import I3D
from kinesics.skeleton import UPPER_BODY

N = 4


def inputs():
    torch.manual_seed(1)
    places = torch.rand(N, 16, len(UPPER_BODY), 2)
    return torch.randn(N, 3, 4, 64, 64), torch.rand(N, 4, 16, len(UPPER_BODY), 1), places


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_gesture_net("tiny", 5).eval()


def test_cached_tokens_give_the_same_answer(network):
    video, skeleton, places = inputs()
    with torch.no_grad():
        clip, joints = network.video(video), network.skeleton(skeleton).tokens
        cached = network.fuse(clip, joints, places, skeleton[:, 3, ..., 0])
        torch.testing.assert_close(network(video, skeleton, places).logits, cached.logits)


def test_the_score_channel_is_the_confidence_that_the_exchange_sees(network):
    video, skeleton, places = inputs()
    with torch.no_grad():
        clip, joints = network.video(video), network.skeleton(skeleton).tokens
        scored = network(video, skeleton, places).joint_usefulness
        assert (scored - network.fuse(clip, joints, places).joint_usefulness).abs().max() > 1e-4


def test_modality_dropout_leaves_each_sample_one_modality_and_never_takes_the_last():
    torch.manual_seed(0)
    everyone = torch.ones(20_000, dtype=torch.bool)
    has_video, has_skeleton = drop_modality(0.5, everyone, everyone)
    assert (has_video | has_skeleton).all()
    assert (~has_video).float().mean() == pytest.approx(0.25, abs=0.02)
    assert (~has_skeleton).float().mean() == pytest.approx(0.25, abs=0.02)
    without_video, with_skeleton = drop_modality(0.5, ~everyone, everyone)
    assert with_skeleton.all()
    assert not without_video.any()


def test_modality_dropout_acts_in_training_alone(network):
    network.modality_dropout = 1.0  # in training no sample keeps both
    video, skeleton, places = inputs()
    out = network.train()(video, skeleton, places)
    alone = torch.stack([out.video_logits, out.skeleton_logits])
    assert (out.logits == alone).all(-1).any(0).all()
    out = network.eval()(video, skeleton, places)
    assert not (out.logits == torch.stack([out.video_logits, out.skeleton_logits])).all(-1).any()


@pytest.mark.parametrize("preset", GESTURE_PRESETS)
def test_parts_of_every_preset_fit_together(preset):
    network = build_gesture_net(preset, 33).eval().to("meta")
    encoder = network.video
    with torch.device("meta"):
        clip = ClipTokens(torch.empty(N, *encoder.grid, encoder.width), torch.empty(N, encoder.width))
        joints = network.skeleton(torch.empty(N, 4, 64, len(UPPER_BODY), 1)).tokens
        out = network.fuse(clip, joints, torch.empty(N, 64, len(UPPER_BODY), 2))
    assert out.logits.shape == (N, 33)


def test_another_video_encoder_fits_as_well():
    torch.manual_seed(0)
    tiny = build_gesture_net("tiny", 5)
    video, encoder = torch.randn(1, 3, 16, 64, 64), I3D(16, 64)
    config = type(tiny.fusion.config)(5, encoder.width, 32, len(UPPER_BODY), width=32, heads=4, steps=4)
    network = GestureNet(encoder, tiny.skeleton, FUSIONS["full"](config)).eval()
    _, skeleton, places = inputs()
    with torch.no_grad():
        assert network(video, skeleton[:1], places[:1]).logits.shape == (1, 5)


def test_an_unknown_preset_is_refused():
    with pytest.raises(KeyError):
        build_gesture_net("huge", 5)


def test_an_unknown_fusion_is_refused_with_the_names_of_those_that_are_known():
    with pytest.raises(KinesicsError, match="fusion early: expected full, exchange"):
        build_gesture_net("tiny", 5, fusion="early")
