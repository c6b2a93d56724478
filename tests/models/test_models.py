"""What every network must do, whatever it computes. A new network is one more `Case` here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from kinesics.models.emotion.hypergraph import HypergraphTransformer
from kinesics.models.emotion.hypergraph_time import HypergraphConfig
from kinesics.models.emotion.hypergraph_units import HyperAttention
from kinesics.models.emotion.net import HEADS as EMOTION_HEADS
from kinesics.models.emotion.net import build_emotion_net, build_head
from kinesics.models.emotion.streams import POSE_FRAMES, EmotionConfig, Gestures, Stream
from kinesics.models.face.mini_xception import MiniXception, MiniXceptionTokens
from kinesics.models.face.swinface import HEADS, SwinFace
from kinesics.models.gesture.fusion import FusionConfig
from kinesics.models.gesture.net import FUSIONS, build_gesture_net
from kinesics.models.skeleton.agcn import AGCN, AGCNConfig, TwoStreamAGCN
from kinesics.models.skeleton.lifter import Lifter, LifterConfig
from kinesics.models.video.encoder import ClipTokens
from kinesics.models.video.i3d import I3D
from kinesics.models.video.mvit import TINY, VideoEncoder
from kinesics.skeleton import UPPER_BODY

N = 2
AGCN_TINY = AGCNConfig(classes=5, channels=4, persons=1, widths=(8, 8, 16), strides=(1, 2, 2))
# why some parameters rightly get no gradient, by a part of their names
THETA_BIAS = {".theta.bias": "adds the same to all logits of a softmax"}
KEY_BIAS = {".pool_k.norm_act.0.bias": "adds the same to all logits of a softmax"}
CLASS_TOKEN_ALONE = {
    f"blocks.2.attn.{name}": "of the last block, which serves the patches' queries, only the class token is read"
    for name in ("rel_pos_h", "rel_pos_w", "rel_pos_t", "pool_q.pool.weight")
}
OWN_HEADS = {f"skeleton.{stream}.fc.": "the fusion has a head of its own" for stream in ("joint", "bone")}


@dataclass(frozen=True, eq=False)
class Case:
    """How to build a network (small where it can be), feed it, and what to expect.

    inputs: keyword arguments of `forward`, all with the samples first. shapes: of the outputs, by name, without the
    samples. without: sets of inputs that may be missing together. no_gradient: parts of parameter names, with why.
    settings: keyword arguments that are not split by sample.
    """

    name: str
    build: Callable[[], nn.Module]
    inputs: Callable[[], Mapping[str, Any]]
    shapes: Mapping[str, tuple[int, ...]]
    without: tuple[tuple[str, ...], ...] = ()
    no_gradient: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, network: nn.Module, inputs: Mapping[str, Any]) -> dict[str, Tensor]:
        """The named outputs, heads of their own included; those that are absent are left out."""
        out = network(**inputs, **self.settings)
        found = {name: out.heads[name] if name in HEADS else attrgetter(name)(out) for name in self.shapes}
        return {name: value for name, value in found.items() if value is not None}

    def fed(self) -> Mapping[str, Any]:
        torch.manual_seed(1)
        return self.inputs()


def made(case: Case, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return case.build().eval()


common = cache(made)  # for tests that leave the network as it is


def mapped(change: Callable[[Tensor], Tensor], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with every tensor changed, those in tuples too."""
    return {
        name: type(x)(*(change(part) for part in x)) if isinstance(x, tuple) else change(x)
        for name, x in inputs.items()
    }


def as_double(x: Tensor) -> Tensor:
    """Numbers only: masks and labels stay what they are."""
    return x.double() if x.is_floating_point() else x


def skeleton() -> Tensor:
    """(N, 4, 16, V, 1), scores in 0..1."""
    return torch.rand(N, 4, 16, len(UPPER_BODY), 1)


def fusion_inputs() -> dict[str, Any]:
    return {
        "video": ClipTokens(torch.randn(N, 4, 3, 3, 16), torch.randn(N, 16)),
        "joint_tokens": torch.randn(N, 4, 6, 12),
        "places": torch.rand(N, 16, 6, 2) * 1.2 - 0.1,
        "confidence": torch.rand(N, 16, 6),
    }


def fusion_cases() -> Iterator[Case]:
    for name, fusion in FUSIONS.items():
        config = FusionConfig(5, 16, 12, 6, width=32, heads=4, steps=4, cross_blocks=1, self_blocks=1)
        yield Case(
            f"fusion-{name}",
            lambda fusion=fusion, config=config: fusion(config),
            fusion_inputs,
            {name: (5,) for name in ("logits", "video_logits", "skeleton_logits")},
            without=(("video",), ("joint_tokens", "places", "confidence"), ("places",), ("confidence",)),
        )


def gesture_inputs() -> dict[str, Any]:
    places = torch.rand(N, 16, len(UPPER_BODY), 2) * 1.2 - 0.1
    return {"video": torch.randn(N, 3, 4, 64, 64), "skeleton": skeleton(), "places": places}


def stream(*shape: int) -> Stream:
    """Five tokens a sample, of which the second sample lacks the last two."""
    return Stream(torch.randn(N, 5, *shape), torch.rand(N, 5) * 60, torch.arange(5) < torch.tensor([[5], [3]]))


def gestures() -> Gestures:
    score, start, length = torch.rand(3, N, 4)
    return Gestures(torch.tensor([[0, 1, 2, 3], [4, 0, 0, 0]]), score, 60 * start, length, torch.eye(N, 4) < 1)


EMOTION_SHAPES = {
    "logit": (),
    "stream_logits.face": (),
    "stream_logits.context": (),
    "stream_logits.gestures": (),
    "moments.face": (5,),
    "moments.context": (5,),
    "moments.gestures": (4,),
}
FURTHER_SHAPES = {
    f"{kind}.{name}": shape for name in ("poses", "text") for kind, shape in (("stream_logits", ()), ("moments", (5,)))
}
ONE_OR_TWO_STREAMS = (("face",), ("context",), ("gestures",), ("face", "context"), ("context", "gestures"))
JOINTS = 22
# of the head's own small network: two units encode anew, and four take the hyperedges of the one before
HYPERGRAPH_UNREAD = {
    ".attn.w1": "stored by the published code, never read",
    **{f"encoder.l{n}.vit1.pe_proj": "takes the hyperedges of the unit before" for n in (2, 3, 5)},
    **{f"encoder.l{n}.vit1.attn.beta": "no unit takes its hyperedges" for n in (3, 5, 6)},
    **{f"decoder.l{n}.vit1.attn.beta": "no unit takes its hyperedges" for n in (1, 2)},
}


def opened(network: nn.Module) -> nn.Module:
    """Open the gates of the hypergraph's attention, which start closed, and give its batch norms their statistics.

    Behind closed gates nothing learns, and without statistics the numbers grow from unit to unit.
    """
    for module in network.modules():
        if isinstance(module, HyperAttention):
            nn.init.constant_(module.alpha, 0.5)
            nn.init.constant_(module.beta, 0.5)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = None
    for module in network.modules():
        if isinstance(module, HypergraphTransformer):
            module.train()
            with torch.no_grad():
                module(torch.randn(4, 3, module.config.frames, JOINTS))
    return network


def emotion_cases() -> Iterator[Case]:
    for head in EMOTION_HEADS:
        config = EmotionConfig(12, 16, 5, width=32, heads=4, blocks=2, poses=JOINTS, text=6)
        yield Case(
            f"emotion_head-{head}",
            lambda head=head, config=config: opened(build_head(head, config)),
            lambda: {
                "face": stream(12),
                "context": stream(16),
                "gestures": gestures(),
                "poses": stream(3 * POSE_FRAMES * JOINTS),
                "text": stream(6),
            },
            EMOTION_SHAPES | FURTHER_SHAPES,
            without=(*ONE_OR_TWO_STREAMS, ("poses",), ("poses", "gestures", "text")),
            no_gradient=HYPERGRAPH_UNREAD,
        )
        yield Case(
            f"emotion_net-{head}",
            lambda head=head: build_emotion_net("tiny", 5, head),
            lambda: {"face": stream(1, 64, 64), "context": stream(3, 4, 64, 64), "gestures": gestures()},
            EMOTION_SHAPES,
            without=ONE_OR_TWO_STREAMS,
            no_gradient=KEY_BIAS | CLASS_TOKEN_ALONE | {"face.network.head.": "features are read before it"},
        )


CASES = [
    Case(
        "agcn",
        lambda: AGCN(UPPER_BODY, AGCN_TINY),
        lambda: {"x": skeleton()},
        {"logits": (5,), "tokens": (4, 42, 16)},
        no_gradient=THETA_BIAS,
    ),
    Case(
        "two_stream_agcn",
        lambda: TwoStreamAGCN(UPPER_BODY, AGCN_TINY),
        lambda: {"x": skeleton()},
        {"logits": (5,), "tokens": (4, 42, 32)},
        no_gradient=THETA_BIAS,
    ),
    Case(
        "swinface",
        SwinFace,
        lambda: {"x": torch.randn(N, 3, 112, 112)},
        {"embedding": (512,), "tokens": (2, 512), "Expression": (7,)},
        settings={"wanted": HEADS},
    ),
    Case(
        "mini_xception",
        lambda: MiniXception(4, (8, 16)),
        lambda: {"x": torch.randn(N, 1, 64, 64)},
        {"real": (7,)},
    ),
    Case(
        "mini_xception_tokens",
        lambda: MiniXceptionTokens(MiniXception(4, (8, 16))),
        lambda: {"faces": torch.randn(N, 1, 64, 64)},
        {"real": (16,)},
        no_gradient={"network.head.": "features are read before it"},
    ),
    Case(
        "lifter",
        lambda: Lifter(LifterConfig(width=16, dilations=(1, 2))),
        lambda: {"flat": torch.randn(N, 20, len(UPPER_BODY), 3)},
        {"real": (20, len(UPPER_BODY), 3)},
    ),
    Case(
        "video_encoder",
        lambda: VideoEncoder(TINY),
        lambda: {"clip": torch.randn(N, 3, 4, 64, 64)},
        {"tokens": (2, 4, 4, 64), "pooled": (64,)},
        no_gradient=KEY_BIAS,
    ),
    Case(
        "i3d",
        I3D,
        lambda: {"clip": torch.randn(N, 3, 16, 64, 64)},
        {"tokens": (2, 2, 2, 1024), "pooled": (1024,)},
        no_gradient={"head.": "only `classify` uses it"},
    ),
    *fusion_cases(),
    *(
        Case(
            f"gesture_net-{name}",
            lambda name=name: build_gesture_net("tiny", 5, fusion=name),
            gesture_inputs,
            {name: (5,) for name in ("logits", "video_logits", "skeleton_logits")},
            without=(("video",), ("skeleton", "places"), ("places",)),
            no_gradient=THETA_BIAS
            | KEY_BIAS
            | OWN_HEADS
            | (CLASS_TOKEN_ALONE if name in ("concatenation", "late") else {}),
        )
        for name in FUSIONS
    ),
    *emotion_cases(),
    Case(
        "hypergraph",
        lambda: opened(HypergraphTransformer(HypergraphConfig(frames=12, channels=36, strides=(1, 2), ups=(True,)))),
        lambda: {"clip": torch.randn(N, 3, 12, JOINTS)},
        {"logits": (2,), "reconstruction": (3, 12, JOINTS), "pooled": (36,)},
        no_gradient={
            name: why
            for name, why in HYPERGRAPH_UNREAD.items()
            if not any(part in name for part in ("l3", "l5", "l6", "decoder.l2"))
        }
        | {"encoder.l2.vit1.attn.beta": "no unit takes its hyperedges"},
    ),
]

each_network = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_network
def test_shapes(case: Case) -> None:
    with torch.no_grad():
        out = case(common(case), case.fed())
    assert {name: tuple(value.shape) for name, value in out.items()} == {k: (N, *v) for k, v in case.shapes.items()}
    assert all(value.isfinite().all() for value in out.values())


@each_network
def test_gradients_reach_every_parameter(case: Case) -> None:
    """In double precision, so that a gradient that only rounding made is not taken for one."""
    network = made(case).double()
    everything = network(**mapped(as_double, case.fed()), **case.settings)
    torch.manual_seed(2)
    loss = sum((part * torch.randn_like(part)).sum() for part in tensors(everything))
    loss.backward()
    unreached = {
        name
        for name, p in network.named_parameters()
        # published 2s-AGCNs start with scales of 1e-6, and gradients to match
        if p.grad is None or not p.grad.isfinite().all() or p.grad.abs().max() < 1e-13
    }
    assert unreached == {name for name in dict(network.named_parameters()) if any(k in name for k in case.no_gradient)}


def tensors(out: Any) -> Iterator[Tensor]:
    """All tensors of an output, however deep."""
    if isinstance(out, Tensor):
        yield out
    elif isinstance(out, Mapping):
        for part in out.values():
            yield from tensors(part)
    elif isinstance(out, tuple):
        for part in out:
            yield from tensors(part)
    elif hasattr(out, "__dataclass_fields__"):
        yield from tensors(vars(out))


@each_network
def test_save_and_load(case: Case, tmp_path) -> None:
    first, second, inputs = common(case), made(case, seed=1), case.fed()
    with torch.no_grad():
        before = case(first, inputs)
        assert any(not torch.equal(value, case(second, inputs)[name]) for name, value in before.items())
        save_file(first.state_dict(), tmp_path / "weights.safetensors")
        second.load_state_dict(load_file(tmp_path / "weights.safetensors"))
        after = case(second, inputs)
    assert all(torch.equal(value, after[name]) for name, value in before.items())


@each_network
def test_a_sample_alone_gives_what_it_gives_among_others(case: Case) -> None:
    network, inputs = common(case), case.fed()
    with torch.no_grad():
        together = case(network, inputs)
        for i in range(N):
            alone = case(network, mapped(lambda x, i=i: x[i : i + 1], inputs))
            for name, value in alone.items():
                torch.testing.assert_close(value[0], together[name][i], rtol=1e-5, atol=1e-5, msg=name)


@pytest.mark.parametrize(
    ("case", "missing"),
    [pytest.param(case, missing, id=f"{case.name}-{missing[0]}") for case in CASES for missing in case.without],
)
def test_a_modality_may_be_missing(case: Case, missing: tuple[str, ...]) -> None:
    inputs = {name: value for name, value in case.fed().items() if name not in missing}
    inputs |= {name: None for name in missing}
    with torch.no_grad():
        out = case(common(case), inputs)
    assert out
    for name, value in out.items():
        assert tuple(value.shape) == (N, *case.shapes[name])
        assert value.isfinite().all()


@each_network
def test_bfloat16_is_within_two_percent(case: Case) -> None:
    """Of the output; of one where it is a single log-odds, which may be near zero, where a ratio means nothing."""
    network, inputs = common(case), case.fed()
    with torch.no_grad():
        exact = case(network, inputs)
        with torch.autocast("cpu", torch.bfloat16):
            rough = case(network, inputs)
    for name, value in exact.items():
        size = value.norm() if case.shapes[name] else max(value.norm(), N**0.5)
        assert (rough[name].float() - value).norm() <= 0.02 * size, name
