"""What this machine does in a second: every network in every way it can run here, beside a plain baseline.

The plain baseline is the network in eager float32, written the published way. All ways of one network are measured in
turn, round after round, after one round that does not count; told are medians, and half the distance between quartiles.
"""

from __future__ import annotations

import copy
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from kinesics.deploy.baselines import published
from kinesics.deploy.export import finish, write_onnx
from kinesics.deploy.prepared import Prepared, PreparedFaces, PreparedGestures, PreparedSkeleton, PreparedVideo
from kinesics.models.gesture.net import GESTURE_PRESETS, build_gesture_net
from kinesics.models.optimised import best_dtype, optimised
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.progress import Progress
from kinesics.skeleton import UPPER_BODY
from kinesics.weights.exported import ONNX, OPENVINO, read_exported, threads
from kinesics.weights.specification import Specification

Work = Callable[[], Any]
CLASSES, FRAMES = 33, 32
ROUNDS, QUICK = 9, 3
TOKENS = 512, 300, 100  # of ten minutes: faces, windows of two seconds, micro-gestures
_PLAIN = Specification("bench", "", {}, (), "", "", "", "")


@dataclass(frozen=True)
class Row:
    """One way to do one thing. milliseconds: the median, and its spread, for what `each` names.

    speed: the plain baseline's time over this one. share: of the processor's measured peak in the same precision.
    peak_mb: the process's largest resident memory meanwhile, all told.
    """

    what: str
    how: str
    each: str
    milliseconds: float
    spread: float
    speed: float | None = None
    share: float | None = None
    peak_mb: float | None = None


@dataclass(frozen=True)
class Case:
    """Ways of doing one thing, the plain baseline first. count: how many of what `each` names one run does."""

    what: str
    each: str
    count: int
    ways: Mapping[str, Work]
    gflop: float = 0.0  # of one run
    plain_gflop: float | None = None  # of the plain baseline, where it does more
    slow: bool = False  # it is measured in `QUICK` rounds at most


@dataclass(frozen=True)
class Machine:
    """Peaks are measured: GFLOP/s of a matrix product by precision, and GB/s of copying."""

    processor: str
    threads: int
    gpu: str
    versions: Mapping[str, str]
    gflops: Mapping[str, float]
    gigabytes: float


@dataclass(frozen=True)
class Bench:
    machine: Machine
    clock: str
    rounds: int
    rows: tuple[Row, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def bench(
    clip: Path | None = None,
    *,
    weights: Path | None = None,
    quick: bool = False,
    processor_time: bool = False,
    only: str = "",
    progress: Progress = lambda _: None,
) -> Bench:
    """Measure everything, or what has `only` in its name; `clip`: a video for decoding, landmarks and `analyze`.

    weights: with which to analyse the clip beside the shipped ones; else GestureNets that have learned nothing, which
    take as long as others. quick: fewer rounds, and the small networks alone. processor_time: count the processor's
    seconds instead of the clock's, for a machine that is busy with other things; tell it one thread (OMP_NUM_THREADS=1)
    then. Raises KinesicsError for a clip or weights that cannot be read.
    """
    clock = time.process_time if processor_time else time.perf_counter
    rounds = QUICK if quick else ROUNDS
    torch.set_num_threads(threads())
    machine = _machine(clock)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        made = [make for name, make in _cases(clip, weights, Path(folder), quick).items() if only in name]
        for number, make in enumerate(made):
            for case in make():
                rows += _measure(case, machine, rounds, clock)
            progress((number + 1) / len(made))
    return Bench(machine, "processor" if processor_time else "wall", rounds, tuple(rows))


def _measure(case: Case, machine: Machine, rounds: int, clock: Callable[[], float]) -> Iterator[Row]:
    took: dict[str, list[float]] = {how: [] for how in case.ways}
    peak: dict[str, float | None] = {}
    with torch.inference_mode():
        for how, work in case.ways.items():
            _forget_peak()
            work()
            peak[how] = _peak()
        for _ in range(min(rounds, QUICK) if case.slow else rounds):
            for how, work in case.ways.items():
                begin = clock()
                work()
                took[how].append(clock() - begin)
    plain = statistics.median(next(iter(took.values())))
    for how, seconds in took.items():
        middle = statistics.median(seconds)
        first, _, last = statistics.quantiles(seconds, n=4)
        known = bool(case.gflop) and not how.startswith("GPU")  # whose peak is another
        gflop = case.plain_gflop if case.plain_gflop and how.startswith("plain") else case.gflop
        share = gflop / middle / machine.gflops[_precision(how)] if known else None
        each = 1000 / case.count
        yield Row(
            case.what, how, case.each, middle * each, (last - first) / 2 * each,
            plain / middle if len(took) > 1 else None, share, peak[how],
        )  # fmt: skip


def _precision(how: str) -> str:
    return "bf16" if "bf16" in how else "f32"


def _cases(
    clip: Path | None, weights: Path | None, folder: Path, quick: bool
) -> dict[str, Callable[[], Iterator[Case]]]:
    """By name, so that nothing is built that is not measured."""
    sizes = ("small",) if quick else ("small", "paper")
    cases: dict[str, Callable[[], Iterator[Case]]] = {}
    if clip is not None:
        cases |= {"decode": partial(_decode, clip), "landmarks": partial(_landmarks, clip)}
        cases["analyze"] = partial(_analyze, clip, weights, folder, sizes)
    for size in sizes:
        cases[f"2s-agcn {size}"] = partial(_skeleton, size, folder)
        cases[f"mvitv2 {size}"] = partial(_video, size, folder)
        cases[f"gesture net {size}"] = partial(_gestures, size, folder)
        cases[f"fusion {size}"] = partial(_fusions, size)
        cases[f"interfusion {size}"] = partial(_interfusion, size)
    if not quick:
        cases["swinface"] = partial(_faces, folder)
    return cases


def _decode(clip: Path) -> Iterator[Case]:
    from kinesics.perception.observe import MAX_SIDE
    from kinesics.video import read_frames

    count = sum(1 for _ in read_frames(clip, end=4.0))
    yield Case("decode", "frame", count, {"as it is": lambda: [frame.time for frame in read_frames(clip, end=4.0)]})
    yield Case(
        "decode", "frame", count,
        {f"to {MAX_SIDE} pixels": lambda: [frame.time for frame in read_frames(clip, end=4.0, max_side=MAX_SIDE)]},
    )  # fmt: skip


def _landmarks(clip: Path) -> Iterator[Case]:
    from kinesics.perception.mediapipe_engine import MediaPipeEngine
    from kinesics.perception.observe import MAX_SIDE
    from kinesics.video import read_frames

    images = [frame.image for frame in read_frames(clip, end=1.0, max_side=MAX_SIDE)]
    with MediaPipeEngine().follower() as follower:

        def follow() -> None:
            for answer in [follower.begin(image) for image in images]:
                answer()

        yield Case("landmarks", "frame", len(images), {"mediapipe": follow})


def _analyze(clip: Path, weights: Path | None, folder: Path, sizes: Sequence[str]) -> Iterator[Case]:
    from kinesics.inference import analyze
    from kinesics.video import probe

    files: dict[str, Path | None] = {"shipped weights": None}
    if weights is None:
        files |= {f"GestureNet, {size}": _untrained(size, folder) for size in sizes}
    else:
        files[weights.name] = weights
    seconds = max(1, round(probe(clip).duration))
    for name, file in files.items():
        whole = partial(analyze, clip, weights=file)
        yield Case(f"analyze, {name}", "second of video", seconds, {"whole": whole}, slow=True)


def _untrained(size: str, folder: Path) -> Path:
    """Weights of a GestureNet that looks at windows as long as those of the shipped network."""
    from kinesics.weights.load import save_weights

    torch.manual_seed(0)
    network = build_gesture_net(size, CLASSES)
    config = {"preset": size, "mode": "full", "video": {"network": "mvit", **asdict(GESTURE_PRESETS[size].video)}}
    classes = tuple(f"gesture {number}" for number in range(CLASSES))
    path = folder / f"{size}.safetensors"
    described = replace(
        _PLAIN, network="gesture_net", config=config, classes=classes, layout=UPPER_BODY.name, fps=12.5, frames=FRAMES
    )
    save_weights(path, network, described)
    return path


def _skeleton(size: str, folder: Path) -> Iterator[Case]:
    torch.manual_seed(0)
    count = 16 if size == "small" else 4
    network = TwoStreamAGCN(UPPER_BODY, replace(GESTURE_PRESETS[size].skeleton, classes=CLASSES)).eval()
    x = torch.randn(count, 4, FRAMES, len(UPPER_BODY), 1)
    plain = published(network)
    ways = _ways(network, plain, lambda run: partial(run, x))
    ways |= _runtimes(PreparedSkeleton(network, FRAMES), count, folder)
    yield Case(f"2s-AGCN, {size}", "window", count, ways, _gflop(plain, x))


def _video(size: str, folder: Path) -> Iterator[Case]:
    from kinesics.models.video.mvit import VideoEncoder

    torch.manual_seed(0)
    encoder = VideoEncoder(GESTURE_PRESETS[size].video).eval()
    clip = torch.randn(1, 3, encoder.frames, encoder.size, encoder.size)
    ways = _ways(encoder, encoder, lambda run: partial(run, clip))
    ways |= _runtimes(PreparedVideo(optimised(encoder, torch.float32)), 1, folder)
    yield Case(f"MViTv2, {size}", "clip", 1, ways, _gflop(encoder, clip))


def _gestures(size: str, folder: Path) -> Iterator[Case]:
    torch.manual_seed(0)
    network = build_gesture_net(size, CLASSES).eval()
    video: Any = network.video
    clip = torch.randn(1, 3, video.frames, video.size, video.size)
    given = {"video": clip, "skeleton": torch.rand(1, 4, FRAMES, len(UPPER_BODY), 1)}
    given["places"] = torch.rand(1, FRAMES, len(UPPER_BODY), 2)
    plain = build_gesture_net(size, CLASSES).eval()
    plain.load_state_dict(network.state_dict())
    plain.skeleton = published(network.skeleton)
    ways = _ways(network, plain, lambda run: lambda: run(**given))
    network.register_module("video", optimised(video, torch.float32))
    ways |= _runtimes(PreparedGestures(network, FRAMES), 1, folder)
    yield Case(f"GestureNet, {size}: both streams, video, fusion", "clip", 1, ways, _gflop(plain, **given))


def _fusions(size: str) -> Iterator[Case]:
    from kinesics.models.gesture.net import FUSIONS
    from kinesics.models.video.encoder import ClipTokens

    for name in FUSIONS:
        torch.manual_seed(0)
        network = build_gesture_net(size, CLASSES, fusion=name).eval()
        video: Any = network.video
        tokens = ClipTokens(torch.randn(1, *video.grid, video.width), torch.randn(1, video.width))
        joints = torch.randn(1, FRAMES // 4, len(UPPER_BODY), network.fusion.config.joint_width)
        places = torch.rand(1, FRAMES, len(UPPER_BODY), 2)
        given = (tokens, joints, places)
        ways = _ways(network.fusion, network.fusion, lambda run, given=given: partial(run, *given))  # type: ignore[misc]
        yield Case(f"Cross-Modal Token Fusion, {size}, {name}", "clip", 1, ways, _gflop(network.fusion, *given))


def _interfusion(size: str) -> Iterator[Case]:
    from kinesics.models.emotion.net import build_emotion_net
    from kinesics.models.emotion.streams import Gestures, Stream

    torch.manual_seed(0)
    fusion = build_emotion_net(size, gestures=32).fusion.eval()
    config = fusion.config
    times = [torch.rand(1, count) * 600 for count in TOKENS]
    streams = [
        Stream(torch.randn(*seconds.shape, width), seconds)
        for seconds, width in zip(times, (config.face_width, config.context_width), strict=False)
    ]
    label = torch.randint(0, config.gestures, times[2].shape)
    given = (*streams, Gestures(label, torch.rand_like(times[2]), times[2], torch.ones_like(times[2])))
    ways = _ways(fusion, fusion, lambda run: partial(run, *given))
    yield Case(f"InterFusion, {size}", "ten minutes", 1, ways, _gflop(fusion, *given))


def _faces(folder: Path) -> Iterator[Case]:
    from kinesics.models.face.swinface import HEADS, SwinFace

    torch.manual_seed(0)
    network = SwinFace().eval()
    count = 4
    x = torch.randn(count, 3, 112, 112)
    ways: dict[str, Work] = {"plain: all eleven branches, eager f32": partial(network, x, wanted=HEADS)}
    rest = _ways(network, network, lambda run: partial(run, x))
    ways |= {how: work for how, work in rest.items() if not how.startswith("plain")}
    ways |= {"expression, eager f32": partial(network, x)} | _runtimes(PreparedFaces(network), count, folder)
    yield Case("SwinFace", "face", count, ways, _gflop(network, x), _gflop(network, x, wanted=HEADS))


def _ways(network: nn.Module, plain: nn.Module, feed: Callable[[nn.Module], Work]) -> dict[str, Work]:
    """The plain baseline, then the network as Kinesics runs it, on the processor and on a GPU where there is one."""
    ways = {"plain: eager f32": feed(plain), "optimised f32": feed(optimised(network, torch.float32))}
    if best_dtype() is torch.bfloat16:
        ways["optimised bf16"] = feed(optimised(network, torch.bfloat16))
    if torch.cuda.is_available():
        ways |= {"GPU: plain f32": feed(_OnGPU(plain, torch.float32, fast=False))}
        ways |= {"GPU: compiled bf16": feed(_OnGPU(network, torch.bfloat16, fast=True))}
    return ways


class _OnGPU(nn.Module):
    """On the GPU, waited for. fast: channels last, compiled, and replayed as CUDA graphs, for shapes stay."""

    def __init__(self, network: nn.Module, dtype: torch.dtype, *, fast: bool) -> None:
        super().__init__()
        self.dtype = dtype
        network = copy.deepcopy(network).eval().cuda()
        if fast:
            for module in network.modules():
                if isinstance(module, nn.Conv2d):
                    module.to(memory_format=torch.channels_last)
        self.run: Any = torch.compile(network, mode="reduce-overhead") if fast else network

    def forward(self, *inputs: Any, **named: Any) -> None:
        there = torch.utils._pytree.tree_map(lambda x: x.cuda() if isinstance(x, torch.Tensor) else x, (inputs, named))
        with torch.autocast("cuda", self.dtype, enabled=self.dtype is not torch.float32):
            self.run(*there[0], **there[1])
        torch.cuda.synchronize()


def _runtimes(prepared: Prepared, count: int, folder: Path) -> dict[str, Work]:
    """The network with its preprocessing inside, exported; none where a runtime is not installed."""
    try:
        onnx_file, other = folder / f"bench{ONNX}", folder / f"bench{OPENVINO}"
        write_onnx(onnx_file, prepared.eval(), _told())
        finish(onnx_file, other, _told())
        runs = {"ONNX Runtime f32": read_exported(onnx_file), "OpenVINO f32": read_exported(other, "f32")}
        if best_dtype() is torch.bfloat16:
            runs["OpenVINO bf16"] = read_exported(other, "bf16")
    except ModuleNotFoundError:
        return {}
    given = {name: x.numpy() for name, x in zip(prepared.inputs, prepared.example(count), strict=True)}
    return {how: partial(run, **given) for how, run in runs.items()}


def _told() -> str:
    return json.dumps(asdict(_PLAIN))


def _gflop(network: nn.Module, *inputs: Any, **named: Any) -> float:
    """Of one run: two for each multiply-add, counted."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*inputs, **named)
    return float(counter.get_total_flops()) / 1e9


def _machine(clock: Callable[[], float]) -> Machine:
    size = 1536
    gflops = {}
    for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        x = torch.randn(size, size).to(dtype)
        gflops[name] = 2 * size**3 / 1e9 / _best(lambda x=x: x @ x, clock)  # type: ignore[misc]
    block = np.ones(1 << 25, np.float32)  # 128 MB: more than any cache
    there = np.empty_like(block)
    gigabytes = 2 * block.nbytes / 1e9 / _best(lambda: np.copyto(there, block), clock)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    names = ("kinesics", "torch", "torchvision", "onnxruntime", "openvino", "mediapipe", "av")
    versions = {name: found for name in names if (found := _version(name))}
    return Machine(_processor(), threads(), gpu, versions, gflops, gigabytes)


def _best(work: Work, clock: Callable[[], float], tries: int = 7) -> float:
    """Seconds of the quickest try after one that does not count: a peak is what can be reached."""
    work()
    took = []
    for _ in range(tries):
        begin = clock()
        work()
        took.append(clock() - begin)
    return min(took)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _forget_peak() -> None:
    """Begin a new count of the largest resident memory, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> float | None:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
