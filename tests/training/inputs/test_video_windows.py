import torch

from kinesics.skeleton import UPPER_BODY
from kinesics.training.inputs.video_augment import ClipTransform
from kinesics.training.inputs.video_windows import transform_joints


def test_a_transform_moves_frames_and_joints_together():
    torch.manual_seed(0)
    skeleton, places = torch.randn(4, 8, len(UPPER_BODY), 1), torch.rand(8, len(UPPER_BODY), 2)
    cropped = ClipTransform((0.25, 0.5, 0.5), False, (1, 1, 1), 0, None)
    same, moved = transform_joints(cropped, skeleton, places, UPPER_BODY)
    assert torch.equal(same, skeleton)
    torch.testing.assert_close(moved, (places - torch.tensor([0.25, 0.5])) * 2)
    mirrored, moved = transform_joints(ClipTransform((0, 0, 1), True, (1, 1, 1), 0, None), skeleton, places, UPPER_BODY)
    left, right = UPPER_BODY.indices("left_wrist", "right_wrist")
    torch.testing.assert_close(
        mirrored[:, :, left], skeleton[:, :, right] * torch.tensor([-1.0, 1, 1, 1])[:, None, None]
    )
    torch.testing.assert_close(moved[:, left, 0], 1 - places[:, right, 0])
    torch.testing.assert_close(moved[:, left, 1], places[:, right, 1])
