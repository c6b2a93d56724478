"""InterFusion's promises: any stream may be missing, empty or long; moments tell what decided; and EmotionNet's."""

import pytest
import torch

from kinesics.errors import KinesicsError
from kinesics.models.emotion.interfusion import Closeness, GatedCrossAttention
from kinesics.models.emotion.net import EMOTION_PRESETS, HEADS, build_emotion_net, build_head
from kinesics.models.emotion.streams import Embedded, EmotionConfig, Gestures, Stream
from kinesics.models.face.swinface import SwinFace, SwinFaceTokens

N = 3
each_head = pytest.mark.parametrize("head", HEADS)


def fusion(head="full", **sizes):
    torch.manual_seed(0)
    sizes = {"width": 32, "heads": 4, "blocks": 2, "drop": 0.0} | sizes
    return build_head(head, EmotionConfig(12, 16, 5, face_actions=7, text=6, **sizes)).eval()


def recording(length=6, seed=1):
    """All streams of N recordings of a minute, everything real."""
    draw = torch.Generator().manual_seed(seed)

    def uniform():
        return torch.rand(N, length, generator=draw)

    everything = torch.ones(N, length, dtype=torch.bool)
    return {
        "face": Stream(torch.randn(N, length, 12, generator=draw), 60 * uniform(), everything),
        "context": Stream(torch.randn(N, length, 16, generator=draw), 60 * uniform(), everything.clone()),
        "gestures": Gestures(
            torch.randint(5, (N, length), generator=draw), uniform(), 60 * uniform(), 4 * uniform(), everything.clone()
        ),
        "face_actions": Stream(torch.rand(N, length, 7, generator=draw), 60 * uniform(), everything.clone()),
        "text": Stream(torch.rand(N, length, 6, generator=draw), 60 * uniform(), everything.clone()),
    }


def without(streams, name, samples=slice(None)):
    """The recordings with one stream masked in some of them."""
    mask = streams[name].mask.clone()
    mask[samples] = False
    return streams | {name: streams[name]._replace(mask=mask)}


@each_head
def test_a_recording_without_anything_gets_a_number_and_leaves_the_others_alone(head):
    network, streams = fusion(head), recording()
    empty = streams
    for name in streams:
        empty = without(empty, name, 1)
    with torch.no_grad():
        out, whole = network(**empty), network(**streams)
    assert out.logit.isfinite().all()
    torch.testing.assert_close(out.logit[[0, 2]], whole.logit[[0, 2]])
    for name in streams:
        logits, moments = getattr(out.stream_logits, name), getattr(out.moments, name)
        assert logits[1] == 0
        torch.testing.assert_close(moments.sum(1), torch.tensor([1.0, 0.0, 1.0]))


@each_head
@pytest.mark.parametrize("name", ["face", "context", "gestures", "face_actions", "text"])
def test_a_stream_that_is_masked_everywhere_is_a_stream_that_is_missing(head, name):
    network, streams = fusion(head), recording()
    with torch.no_grad():
        masked, missing = network(**without(streams, name)), network(**(streams | {name: None}))
        no_places = {name: type(streams[name])(*(part[:, :0] for part in streams[name]))}
        nowhere = network(**(streams | no_places))
    torch.testing.assert_close(masked.logit, missing.logit)
    torch.testing.assert_close(nowhere.logit, missing.logit)
    assert getattr(missing.stream_logits, name) is None
    assert getattr(nowhere.moments, name) is None


@each_head
def test_what_masked_tokens_hold_does_not_matter(head):
    network, streams = fusion(head), recording()
    streams = {name: stream._replace(mask=torch.arange(6).expand(N, 6) < 4) for name, stream in streams.items()}
    junk = {name: type(stream)(*(part.clone() for part in stream)) for name, stream in streams.items()}
    for stream in junk.values():
        for part in stream[:-1]:
            part[:, 4:] = torch.nan if part.is_floating_point() else 999
    cut = {name: type(stream)(*(part[:, :4] for part in stream)) for name, stream in streams.items()}
    with torch.no_grad():
        first, second, third = network(**streams), network(**junk), network(**cut)
    torch.testing.assert_close(first.logit, second.logit)
    torch.testing.assert_close(first.logit, third.logit)
    assert all((moments[:, 4:] == 0).all() for moments in second.moments if moments is not None)


@each_head
def test_the_order_of_tokens_does_not_matter_but_their_time_does(head):
    network, streams = fusion(head), recording()
    order = torch.randperm(6, generator=torch.Generator().manual_seed(0))
    shuffled = {name: type(stream)(*(part[:, order] for part in stream)) for name, stream in streams.items()}
    later = streams | {"face": streams["face"]._replace(seconds=streams["face"].seconds.flip(1))}
    with torch.no_grad():
        first, second, third = network(**streams), network(**shuffled), network(**later)
    torch.testing.assert_close(first.logit, second.logit)
    torch.testing.assert_close(first.moments.face[:, order], second.moments.face)
    if head != "mean":  # without attention the mean of the times is all that is left of them
        assert (first.logit - third.logit).abs().max() > 1e-5


@pytest.mark.parametrize("length", [1, 700])
def test_any_length(length):
    with torch.no_grad():
        out = fusion()(**recording(length))
    assert out.logit.isfinite().all()
    assert out.moments.face.shape == (N, length)


def test_no_mask_means_that_all_is_real():
    network, streams = fusion(), recording()
    bare = {name: stream._replace(mask=None) for name, stream in streams.items()}
    with torch.no_grad():
        assert torch.equal(network(**bare).logit, network(**streams).logit)


def test_nothing_at_all_is_refused():
    with pytest.raises(ValueError, match="faces, context, gestures"):
        fusion()()


RELATING = {"full", "jmt", "subject_context", "folded"}


def test_some_heads_relate_streams_before_they_pool_them():
    """There the moments of the face depend on what the hands do, and in the others they do not."""
    streams, other = recording(), recording(seed=2)
    for head in HEADS:
        network = fusion(head)
        with torch.no_grad():
            first = network(**streams).moments.face
            second = network(**(streams | {"gestures": other["gestures"]})).moments.face
        assert torch.equal(first, second) is (head not in RELATING), head


def test_a_stream_alone_is_not_told_by_the_others():
    network, streams, other = fusion(), recording(), recording(seed=2)
    with torch.no_grad():
        first = network(**streams).stream_logits.face
        second = network(**(streams | {"gestures": other["gestures"], "context": None})).stream_logits.face
    assert torch.equal(first, second)


def test_a_closed_gate_lets_nothing_in():
    torch.manual_seed(0)
    cross = GatedCrossAttention(32, 4, 0.0).eval()
    own = Embedded(torch.randn(2, 5, 32), torch.ones(2, 5).bool(), torch.rand(2, 5))
    other = Embedded(torch.randn(2, 3, 32), torch.ones(2, 3).bool(), torch.rand(2, 3))
    with torch.no_grad():
        assert (cross(own, [other]).tokens - own.tokens).abs().max() > 1e-2
        cross.gate[1].weight.zero_()
        cross.gate[1].bias.fill_(-30)
        torch.testing.assert_close(cross(own, [other]).tokens, own.tokens)
        cross.gate[1].bias.fill_(30)
        block = cross.block(own.tokens, other.tokens, other.mask, cross.closeness(own.seconds, other.seconds))
        torch.testing.assert_close(cross(own, [other]).tokens, block)


def test_cross_attention_looks_near_in_some_heads_and_far_in_others():
    bias = Closeness(4)(torch.tensor([[10.0]]), torch.tensor([[10.0, 12.0, 7.0]]))[0, :, 0]
    expected = torch.tensor([0.0, -2.0, -3.0]) / torch.tensor([1.0, 10.0, 100.0, 1000.0])[:, None]
    torch.testing.assert_close(bias, expected)


def test_late_fusion_averages_the_streams_that_are_there():
    network, streams = fusion("late"), recording()
    with torch.no_grad():
        out = network(**without(streams, "context", 0))
    face, context, *others = (logits for logits in out.stream_logits if logits is not None)
    torch.testing.assert_close(out.logit[0], (face[0] + sum(others)[0]) / 4)
    torch.testing.assert_close(out.logit[1], (face[1] + context[1] + sum(others)[1]) / 5)


def test_stream_dropout_takes_one_stream_of_those_that_have_several():
    network = fusion(stream_dropout=1.0).train()
    first = torch.zeros(40, dtype=torch.int64)
    streams = {name: type(stream)(*(part[first] for part in stream)) for name, stream in recording().items()}
    torch.manual_seed(0)
    with torch.no_grad():
        out = network(**streams)
        lost = torch.stack([moments.sum(1) < 0.5 for moments in out.moments if moments is not None], 1)
        assert (lost.sum(1) == 1).all()
        assert lost.any(0).all()
        alone = network(face=streams["face"])
    torch.testing.assert_close(alone.moments.face.sum(1), torch.ones(40))
    for logits in filter(torch.is_tensor, out.stream_logits):  # each stream's own head still learns from all samples
        torch.testing.assert_close(logits, logits[:1].expand(40))


def test_emotion_net_encodes_only_what_is_real():
    torch.manual_seed(0)
    network = build_emotion_net("tiny", gestures=5).eval()
    seconds, real = torch.rand(2, 3) * 60, torch.tensor([[True, False, True], [False, False, False]])
    pictures, clips = torch.randn(2, 3, 1, 64, 64), torch.randn(2, 3, 3, 4, 64, 64)
    pictures[~real], clips[~real] = torch.nan, torch.nan
    with torch.no_grad():
        out = network(Stream(pictures, seconds, real), Stream(clips, seconds, real))
        nobody = network(Stream(pictures, seconds, torch.zeros_like(real)), Stream(clips, seconds, real))
        faces, context = network.face(pictures[0, [0, 2]]), network.video(clips[0, [0, 2]]).pooled
        times = seconds[:1, [0, 2]]
        cached = network.fuse(Stream(faces[None], times), Stream(context[None], times))
    assert out.logit.isfinite().all()
    torch.testing.assert_close(out.logit[:1], cached.logit)
    assert nobody.logit.isfinite().all()
    assert nobody.moments.face.abs().max() == 0


def test_swinface_serves_as_face_encoder():
    torch.manual_seed(0)
    network = SwinFace().eval()
    encoder, faces = SwinFaceTokens(network), torch.randn(2, 3, 112, 112)
    with torch.no_grad():
        out, tokens = network(faces), encoder(faces)
    assert tokens.shape == (2, encoder.width)
    assert torch.equal(tokens[:, 512:], out.embedding)
    trained = {name.split(".")[2] for name, p in encoder.named_parameters() if "branches" in name and p.requires_grad}
    assert trained == {"2"}


def test_an_unknown_preset_is_refused():
    assert set(EMOTION_PRESETS) == {"paper", "small", "tiny"}
    with pytest.raises(KeyError):
        build_emotion_net("huge")


def test_an_unknown_head_is_refused_with_the_names_of_those_that_are_known():
    with pytest.raises(KinesicsError, match="emotion head median: expected full, mean"):
        build_emotion_net("tiny", head="median")
