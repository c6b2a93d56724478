"""Exported networks must answer as torch does, carry what they are, and run where there is no torch."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from kinesics.cli import main
from kinesics.deploy import export as exporting
from kinesics.deploy.export import TOLERANCE, export
from kinesics.deploy.prepared import NormaliseJoints
from kinesics.errors import KinesicsError
from kinesics.inference.skeleton import exported_skeleton_scorer, skeleton_scorer
from kinesics.models.face.swinface import SwinFace
from kinesics.models.gesture.net import GESTURE_PRESETS, build_gesture_net
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.models.video.mvit import VideoEncoder
from kinesics.preprocessing.normalise import normalise
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, save_skeletons
from kinesics.weights.exported import read_exported
from kinesics.weights.load import load_weights, save_weights
from kinesics.weights.specification import DEFAULT, NONE, Specification

SMALL = AGCNConfig(classes=3, channels=4, persons=1, widths=(8, 16), strides=(1, 2))
SPECIFICATION = Specification(
    "t", "two_stream_agcn", asdict(SMALL), ("a", "b", NONE), "", "", "", "", "upper_body", 12.5, 32, temperature=2.0
)


def recording(frames=150):
    rng = np.random.default_rng(0)
    seen = (rng.random((frames, 42)) > 0.2).astype(np.float32)
    xyz = rng.normal(size=(frames, 42, 3)).astype(np.float32) * 0.2 * seen[..., None]
    return SkeletonSequence(xyz, seen, 25.0, UPPER_BODY, person=1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_weights(path, TwoStreamAGCN(UPPER_BODY, SMALL).eval(), SPECIFICATION, half=False)
    return path


@pytest.fixture(scope="module", params=["onnx", "openvino"])
def exported(weights, request):
    path = weights.with_suffix(f".{request.param}")
    assert export(path, request.param, weights=weights).difference <= TOLERANCE
    return path


def test_normalisation_inside_is_that_outside():
    """Also for windows in which the neck, the shoulders, or everything is lost, for odd counts and for even ones."""
    windows = np.stack([part for part in np.split(recording(160).score, 5)])
    xyz = np.stack([part for part in np.split(recording(160).xyz, 5)])
    neck, shoulder = UPPER_BODY.index("neck"), UPPER_BODY.index("left_shoulder")
    windows[1, :, neck] = 0
    windows[2, 1:, shoulder] = 0
    windows[3] = 0
    windows[4, ::2, neck] = 0
    xyz = xyz * (windows > 0)[..., None]
    inside = NormaliseJoints(UPPER_BODY)(torch.from_numpy(xyz), torch.from_numpy(windows))
    for got, one, seen in zip(inside, xyz, windows, strict=True):
        np.testing.assert_allclose(got[..., 0].permute(1, 2, 0), normalise(one, seen), rtol=1e-4, atol=1e-4)


def test_an_exported_network_scores_a_recording_as_torch_does(weights, exported):
    network, specification, _ = load_weights(weights)
    runs = read_exported(exported, "f32")
    assert json.loads(json.dumps(asdict(runs.specification))) == json.loads(json.dumps(asdict(specification)))
    assert len(runs.sha256) == 64
    scorers = skeleton_scorer(network, specification), exported_skeleton_scorer(runs)
    one, other = (scorer.score_person(recording()) for scorer in scorers)
    np.testing.assert_allclose(other.probability, one.probability, atol=1e-4)
    np.testing.assert_allclose(other.by_modality["bone"], one.by_modality["bone"], atol=1e-4)


def test_analysis_without_torch(exported, tmp_path):
    save_skeletons(tmp_path / "p.skeleton.npz", [recording()])
    code = (
        "import sys; sys.modules.update(torch=None, torchvision=None)\n"
        "from kinesics.cli import main\n"
        "assert main(['analyze', sys.argv[1], '--weights', sys.argv[2], '--out', sys.argv[3]]) == 0\n"
        "assert main(['analyze', sys.argv[1], '--out', sys.argv[3]]) == 0\n"  # the shipped weights are exported
        "assert main(['analyze', sys.argv[1], '--weights', sys.argv[4], '--out', sys.argv[3]]) == 2\n"
    )
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(DEFAULT.read_bytes())
    arguments = [tmp_path / "p.skeleton.npz", exported, tmp_path / "out", alone]
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").exists()
    assert "pip install 'kinesics[torch]'" in done.stderr


def skeleton(preset):
    config = replace(GESTURE_PRESETS[preset].skeleton, classes=3)
    return TwoStreamAGCN(UPPER_BODY, config), asdict(config)


def video(preset):
    config = GESTURE_PRESETS[preset].video
    return VideoEncoder(config), asdict(config)


def fused(preset):
    return build_gesture_net(preset, 3), {"preset": preset, "mode": "full"}


EXPORTABLE = [
    *(("two_stream_agcn", skeleton, preset) for preset in GESTURE_PRESETS),
    *(("gesture_net", fused, preset) for preset in GESTURE_PRESETS),  # 18 s of processor time at the paper's size
    *(("mvit", video, preset) for preset in ("small", "tiny")),  # the paper's is inside its GestureNet
    ("swinface", lambda _: (SwinFace(), {}), "paper"),
]


@pytest.mark.parametrize(("network", "build", "preset"), EXPORTABLE, ids=[f"{one[0]}-{one[2]}" for one in EXPORTABLE])
def test_every_preset_agrees_with_torch(network, build, preset, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "COMPARED_SAMPLES", 1)
    torch.manual_seed(0)
    module, config = build(preset)
    described = replace(SPECIFICATION, network=network, config=config)
    save_weights(tmp_path / "w.safetensors", module.eval(), described, half=False)
    for runtime in ("onnx",) if preset == "paper" else ("onnx", "openvino"):
        found = export(tmp_path / f"n.{runtime}", runtime, weights=tmp_path / "w.safetensors")
        assert found.difference <= TOLERANCE


def test_networks_that_see_pictures_are_not_made_int8(tmp_path):
    module, config = video("tiny")
    save_weights(tmp_path / "w.safetensors", module, replace(SPECIFICATION, network="mvit", config=config))
    with pytest.raises(KinesicsError, match="--int8 is for skeleton networks"):
        export(tmp_path / "n.onnx", "onnx", weights=tmp_path / "w.safetensors", int8=True)


def test_int8_agrees_or_is_not_written(weights, tmp_path, monkeypatch):
    few = [next(iter_windows(seed)) for seed in range(2)]
    monkeypatch.setattr(exporting, "simulated_windows", lambda *_, **__: iter(few))
    monkeypatch.setattr(exporting, "AGREEMENT", 0.5)
    made = export(tmp_path / "small.onnx", "onnx", weights=weights, int8=True)
    assert made.agreement is not None
    assert read_exported(made.path).specification.name == "t-int8"
    monkeypatch.setattr(exporting, "AGREEMENT", 1.01)
    with pytest.raises(KinesicsError, match="nothing was written"):
        export(tmp_path / "refused.onnx", "onnx", weights=weights, int8=True)
    assert not (tmp_path / "refused.onnx").exists()


def iter_windows(seed):
    one = recording()
    yield one.xyz[seed : seed + 64].reshape(2, 32, 42, 3), one.score[seed : seed + 64].reshape(2, 32, 42)


def test_a_result_that_differs_is_not_written(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "TOLERANCE", 0.0)
    with pytest.raises(KinesicsError, match="nothing was written"):
        export(tmp_path / "n.onnx", "onnx", weights=weights)
    assert not list(tmp_path.iterdir())


def test_mistakes_are_told(capsys, tmp_path):
    assert main(["export", "--to", "onnx", "--out", str(tmp_path / "n.bin")]) == 2
    assert ".onnx" in capsys.readouterr().err
    for name in ("n.onnx", "n.openvino"):
        (tmp_path / name).write_bytes(b"hello")
        with pytest.raises(KinesicsError, match="written by `kinesics export`"):
            read_exported(tmp_path / name)
    with pytest.raises(KinesicsError, match="no such weights"):
        read_exported(tmp_path / "none.onnx")
