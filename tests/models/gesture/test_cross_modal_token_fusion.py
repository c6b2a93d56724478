"""The five steps of the fusion, each by what it promises."""

import pytest
import torch

from kinesics.models.gesture.cross_modal_token_fusion import resample_time, sample_at_joints
from kinesics.models.gesture.fusion import FusionConfig
from kinesics.models.gesture.net import FUSIONS
from kinesics.models.video.encoder import ClipTokens

N, V, CLASSES = 3, 6, 5
CENTRE = torch.full((N, 8, V, 2), 0.5)
OUTSIDE = torch.full((N, 8, V, 2), 1.5)
LOST, SEEN = torch.zeros(N, 8, V), torch.ones(N, 8, V)


def fusion(name="full", **sizes):
    torch.manual_seed(0)
    config = FusionConfig(CLASSES, 16, 12, V, width=32, heads=4, steps=4, **{"drop": 0.0} | sizes)
    return FUSIONS[name](config).eval()


def tokens(seed=1):
    draw = torch.Generator().manual_seed(seed)
    video = ClipTokens(torch.randn(N, 2, 3, 3, 16, generator=draw), torch.randn(N, 16, generator=draw))
    return video, torch.randn(N, 4, V, 12, generator=draw)


def always_useless(scorer):
    with torch.no_grad():
        scorer[-1].weight.zero_()
        scorer[-1].bias.fill_(-20)


def test_resampling_averages_neighbouring_steps():
    x = torch.arange(8.0).view(1, 8, 1).expand(1, 8, 3)
    assert resample_time(x, 4)[0, :, 0].tolist() == [0.5, 2.5, 4.5, 6.5]
    assert resample_time(x, 8) is x
    assert resample_time(x[:, :2], 4)[0, :, 2].tolist() == [0, 0, 1, 1]


def test_sampling_reads_the_map_where_the_joint_is():
    patches = torch.arange(2 * 3.0).view(1, 1, 2, 3, 1)  # two rows of three cells
    places = torch.tensor([[0.5 / 3, 0.25], [2.5 / 3, 0.25], [0.5, 0.75], [0.5, 0.5]]).view(1, 1, 4, 2)
    torch.testing.assert_close(sample_at_joints(patches, places)[0, 0, :, 0], torch.tensor([0.0, 2.0, 4.0, 2.5]))


def test_a_useless_joint_is_replaced_by_what_the_image_shows_at_its_place():
    network, (video, joints) = fusion("exchange"), tokens()
    exchange = network.tokens.exchange
    always_useless(exchange.joint_scorer)
    always_useless(exchange.patch_scorer)
    with torch.no_grad():
        answer = network(video, joints, CENTRE, SEEN).logits
        other_joints = network(video, tokens(2)[1], CENTRE, SEEN).logits
        video.tokens[:, :, 0] += 1  # no joint stands there
        other_corner = network(video, joints, CENTRE, SEEN).logits
        video.tokens[:, :, 1, 1] += torch.arange(16.0)
        other_centre = network(video, joints, CENTRE, SEEN).logits
    torch.testing.assert_close(answer, other_joints)
    torch.testing.assert_close(answer, other_corner)
    assert (answer - other_centre).abs().max() > 1e-3


def test_a_joint_without_a_partner_stays_as_useless_as_it_is():
    network, (video, joints) = fusion(), tokens()
    always_useless(network.tokens.exchange.joint_scorer)
    with torch.no_grad():
        for places in (OUTSIDE, None):
            first = network(video, joints, places, SEEN).logits
            assert (first - network(video, tokens(2)[1], places, SEEN).logits).abs().max() > 1e-3


def test_useless_patches_are_gone():
    network, (video, joints) = fusion(), tokens()
    always_useless(network.tokens.exchange.patch_scorer)
    with torch.no_grad():
        first = network(video, joints, OUTSIDE, SEEN).logits
        video.tokens.copy_(tokens(2)[0].tokens)
        torch.testing.assert_close(first, network(video, joints, OUTSIDE, SEEN).logits)


def test_confidence_moves_the_usefulness_of_its_own_joint_alone():
    network, (video, joints) = fusion(), tokens()
    confidence = SEEN.clone().requires_grad_()
    network(video, joints, CENTRE, confidence).joint_usefulness[0, 1, 2].backward()
    moved = confidence.grad.nonzero()
    assert moved.tolist() == [[0, 2, 2], [0, 3, 2]]  # step 1 of 4 sees frames 2 and 3 of 8


def test_a_lost_joints_place_does_not_pull_on_where_it_was_seen():
    network, (video, joints) = fusion(), tokens()
    confidence = SEEN.clone()
    confidence[:, ::2] = 0
    guessed = CENTRE.clone()
    guessed[:, ::2] = 0.45
    with torch.no_grad():
        answer = network(video, joints, guessed, confidence).logits
        torch.testing.assert_close(answer, network(video, joints, CENTRE, confidence).logits, atol=1e-3, rtol=1e-3)
        assert (answer - network(video, joints, guessed, LOST).logits).abs().max() > 1e-3


def test_training_and_inference_agree_where_nothing_is_cut():
    network, (video, joints) = fusion(threshold=0.01), tokens()
    trained = network.train()(video, joints, CENTRE, SEEN)
    assert trained.joint_usefulness.min() > 0.01
    torch.testing.assert_close(trained.logits, network.eval()(video, joints, CENTRE, SEEN).logits)


def test_in_training_scores_below_the_threshold_keep_a_gradient():
    network = fusion(threshold=0.99).train()
    video, joints = (ClipTokens(*(part.repeat(8, *[1] * (part.dim() - 1)) for part in tokens()[0])), tokens()[1])
    joints, places, seen = (x.repeat(8, *[1] * (x.dim() - 1)) for x in (joints, CENTRE, SEEN))
    out = network(video, joints, places, seen)
    assert out.joint_usefulness.max() < 0.99
    out.logits.square().sum().backward()
    for scorer in (network.tokens.exchange.joint_scorer, network.tokens.exchange.patch_scorer):
        assert all(p.grad.abs().max() > 0 for p in scorer.parameters())


def test_sparsity_is_the_mean_usefulness_of_samples_with_both_modalities():
    network, (video, joints) = fusion(), tokens()
    has_video = torch.tensor([True, False, True])
    out = network(video, joints, CENTRE, SEEN, has_video)
    each = (out.joint_usefulness.mean((1, 2)) + out.patch_usefulness.mean((1, 2, 3))) / 2
    torch.testing.assert_close(out.sparsity, each[has_video].mean())
    none = network(video, joints, CENTRE, SEEN, torch.zeros(N, dtype=torch.bool))
    assert none.sparsity == 0
    assert fusion("late")(video, joints).sparsity == 0


def test_late_fusion_averages_the_two_heads():
    out = fusion("late")(*tokens())
    torch.testing.assert_close(out.logits, (out.video_logits + out.skeleton_logits) / 2)


def test_without_cross_attention_the_modalities_do_not_see_each_other():
    network, apart = fusion("cross-attention"), fusion("exchange")
    joints, video, other = torch.rand(N, 4, 32), torch.rand(N, 5, 32), torch.rand(N, 5, 32)
    masks = torch.ones(N, 4), torch.ones(N, 5)
    with torch.no_grad():
        for attend, same in ((network.tokens.attend, False), (apart.tokens.attend, True)):
            assert torch.equal(attend(joints, video, *masks)[:, :4], attend(joints, other, *masks)[:, :4]) is same


def test_weights_with_an_earlier_name_of_a_part_are_read():
    network = fusion()
    earlier = {key.replace("tokens.attend.", "tokens.talk."): value for key, value in network.state_dict().items()}
    assert earlier.keys() != network.state_dict().keys()
    again = FUSIONS["full"](network.config)
    again.load_state_dict(earlier)
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in again.state_dict().items())


@pytest.mark.parametrize("name", FUSIONS)
def test_a_sample_without_one_modality_gets_the_answer_of_the_others_head(name):
    network, (video, joints) = fusion(name), tokens()
    has_video, has_skeleton = torch.tensor([True, False, True]), torch.tensor([True, True, False])
    with torch.no_grad():
        mixed = network(video, joints, CENTRE, SEEN, has_video, has_skeleton).logits
        whole = network(video, joints, CENTRE, SEEN).logits
        torch.testing.assert_close(mixed[0], whole[0])
        torch.testing.assert_close(mixed[1], network(None, joints).logits[1])
        torch.testing.assert_close(mixed[2], network(video, None).logits[2])
        assert network(None, joints).video_logits is None
    with pytest.raises(ValueError, match="video tokens, joint tokens, or both"):
        network(None, None)
