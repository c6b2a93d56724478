import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from kinesics.data.sets.utd_mhad import KINECT_20, UTDMHAD
from kinesics.models.skeleton.lifter import Lifter
from kinesics.simulator.clips import ClipRecipe, simulate_dataset
from kinesics.skeleton import UPPER_BODY
from kinesics.training.lifter.data import KinectMovements, LiftingWindows, SimulatedMovements
from kinesics.training.lifter.task import judge_lifter, train_lifter
from kinesics.weights.load import load_as


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    for split in ("train", "test"):
        simulate_dataset(folder / split, ClipRecipe(1, split, 3), workers=1)
    return folder


@pytest.fixture(scope="module")
def kinect(tmp_path_factory):
    """Four clips of two made people who lift an arm, in the archive's form."""
    folder = tmp_path_factory.mktemp("kinect")
    rest = {
        "head": (0, 0.25, 0), "neck": (0, 0, 0), "spine": (0, -0.3, 0), "pelvis": (0, -0.5, 0),
        "shoulder": (0.18, 0, 0), "elbow": (0.22, -0.28, 0), "wrist": (0.24, -0.52, -0.05), "hand": (0.24, -0.6, -0.06),
        "hip": (0.1, -0.55, 0), "knee": (0.1, -1.0, 0), "ankle": (0.1, -1.4, 0), "foot": (0.1, -1.45, -0.1),
    }  # fmt: skip
    pose = np.zeros((20, 3))
    for i, joint in enumerate(KINECT_20.joints):
        side, _, part = joint.rpartition("_")
        # the sensor's x points to its left, which is the right of one who faces it
        pose[i] = np.array(rest[part if side else joint]) * ((-1 if side == "left" else 1), 1, 1) + (0, 0, 2.5)
    lifted = np.linspace(0, 0.4, 45)[:, None]
    clip = np.repeat(pose[None], 45, 0)
    clip[:, KINECT_20.indices("left_wrist", "left_hand"), 1] += lifted
    np.savez(
        folder / "utd_mhad.npz",
        positions=np.concatenate([clip] * 4).astype(np.float32),
        length=np.full(4, 45),
        label=np.arange(4),
        subject=np.array([1, 1, 2, 2]),
        trial=np.ones(4, int),
    )
    return UTDMHAD(folder)


def test_projections_come_with_the_truth_from_the_camera(simulated, kinect):
    for movements in (SimulatedMovements.open(simulated / "train"), KinectMovements(kinect, ("s1",))):
        xy, score, truth, known = movements.project(0, np.random.default_rng(0))
        assert xy.shape == (*score.shape, 2) == (*truth.shape[:2], 2)
        left, right, nose, head = UPPER_BODY.indices("left_shoulder", "right_shoulder", "neck", "head")
        assert not truth[:, UPPER_BODY.index("neck")].any()
        assert truth[:, left, 0].mean() > 0 > truth[:, right, 0].mean(), (
            "who faces the camera has the left at its right"
        )
        assert (truth[:, head, 1] < 0).all(), "y points down"
        seen = (score[:, left] > 0) & (score[:, nose] > 0)
        assert (xy[seen, left, 0] > xy[seen, nose, 0]).mean() > 0.9
        assert known[left]
    assert len(KinectMovements(kinect, ("s1",))) == 2
    assert len(KinectMovements(None, ("s1",))) == 0


def test_windows_depend_on_seed_epoch_and_index_alone(simulated):
    sources = [SimulatedMovements.open(simulated / "train")]
    first, second = (LiftingWindows(sources, 16, seed=5) for _ in range(2))
    for a, b in zip(first[3], second[3], strict=True):
        torch.testing.assert_close(a, b)
    second.epoch = 1
    assert not torch.equal(first[3][0], second[3][0])
    assert not first[3][2][:, UPPER_BODY.index("neck")].any(), "the origin is nothing to learn"


def test_training_lifts_better_than_chance_saves_and_goes_on(simulated, kinect, tmp_path):
    torch.manual_seed(1)
    before = judge_lifter(Lifter().eval(), SimulatedMovements.open(simulated / "test"))
    figures = train_lifter(simulated, tmp_path, real=kinect, epochs=10, batch=8)
    assert figures["mm_simulated"] < 0.6 * before["mm"]
    assert figures["upper_arm_simulated"] < 1e-3
    assert figures["forearm_real"] < 1e-3
    network = load_as(Lifter, tmp_path / "lifter.safetensors")[0]
    assert judge_lifter(network, SimulatedMovements.open(simulated / "test"))["mm"] == pytest.approx(
        figures["mm_simulated"], rel=0.01
    ), "half precision loses next to nothing"
    kept = (tmp_path / "lifter.safetensors").read_bytes()
    train_lifter(simulated, tmp_path, real=kinect, epochs=10, batch=8)  # nothing left to do
    assert (tmp_path / "lifter.safetensors").read_bytes() == kept
