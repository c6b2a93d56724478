"""Windows of skeletons together with the video of their clips."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from kinesics.data.cache.frames import FrameCache
from kinesics.data.cache.skeletons import SkeletonCache
from kinesics.models.video.encoder import ClipEncoder, prepare_clip
from kinesics.preprocessing.person_crop import joint_places
from kinesics.skeleton import SkeletonLayout
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.inputs.batches import Batch
from kinesics.training.inputs.clip_windows import ClipWindows
from kinesics.training.inputs.video_augment import ClipTransform, VideoAugmentation, random_transform
from kinesics.training.inputs.video_tokens import TokenCache


class VideoWindows(Dataset[Batch]):
    """Windows of skeletons with the video of their clips, and each joint's place in what the video encoder is shown.

    Either is of the whole clip.

    Parameters
    ----------
    windows : of the skeletons; they span their clips.
    skeletons : the clips' whole skeletons, in the same order.
    video : tokens of a frozen encoder, which are never augmented, or frames.
    encoder : of the video.
    augment : how far frames may stray, all frames of a clip alike and its skeleton with them; None: not at all.
    """

    def __init__(
        self,
        windows: ClipWindows,
        skeletons: SkeletonCache,
        video: TokenCache | FrameCache,
        encoder: ClipEncoder,
        augment: VideoAugmentation | None,
    ) -> None:
        self.windows, self.skeletons, self.video = windows, skeletons, video
        self.encoder, self.augment = encoder, augment

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, i: int) -> Batch:
        skeleton, label = self.windows[i]
        draws = self.windows.draws(i)
        places = torch.from_numpy(self._places(i)[self.windows.rows(i, draws)])
        if isinstance(self.video, TokenCache):
            tokens = self.video.read(i)
            video = {"tokens": tokens.tokens, "pooled": tokens.pooled}
        else:
            frames = self.video.read(i)
            assert frames is not None
            frames = frames.copy()  # the file's own pages cannot be written to
            if self.augment is not None:
                transform = random_transform(draws, self.augment)
                frames = transform.frames(frames)
                skeleton, places = transform_joints(transform, skeleton, places, self.skeletons.layout)
            video = {"video": prepare_clip(frames, self.encoder)}
        return {"skeleton": skeleton, "label": label, "places": places, **video}

    def _places(self, i: int) -> FloatArray:
        image_xy = self.skeletons.read_image_xy(i)
        if image_xy is None:  # nobody knows where: the middle
            return np.full((self.skeletons.length(i), len(self.skeletons.layout), 2), 0.5, np.float32)
        _, score = self.skeletons.read(i, np.arange(self.skeletons.length(i)))
        return joint_places(self.video.positions_in_crop(i, image_xy), score, self.skeletons.layout)


def transform_joints(
    transform: ClipTransform, skeleton: Tensor, places: Tensor, layout: SkeletonLayout
) -> tuple[Tensor, Tensor]:
    """Move a window's joints as a transform moves the frames under them.

    Parameters
    ----------
    transform : of the clip.
    skeleton : (4, T, V, 1) normalised positions and scores.
    places : (T, V, 2) in 0..1 across the frame.
    layout : of the joints.

    Returns
    -------
    Both as the transformed clip shows them.
    """
    left, top, side = transform.crop
    places = (places - torch.tensor([left, top])) / side
    if not transform.mirrored:
        return skeleton, places.float()
    order = list(layout.mirror)
    mirrored = skeleton[:, :, order] * torch.tensor([-1.0, 1, 1, 1])[:, None, None, None]
    return mirrored, (torch.tensor([1.0, 0]) + places[:, order] * torch.tensor([-1.0, 1])).float()
