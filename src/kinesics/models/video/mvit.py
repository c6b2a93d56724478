"""`VideoEncoder`: MViTv2 (Li et al., CVPR 2022) as torchvision builds it, giving all of its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn
from torchvision.models.video.mvit import MSBlockConfig, MViT

from kinesics.models.video.encoder import ClipTokens

MEAN, STD, FPS = 0.45, 0.225, 7.5  # of torchvision's Kinetics weights: 16 frames span 2.1 seconds


@dataclass(frozen=True)
class VideoEncoderConfig:
    """Sizes; the defaults are MViTv2-S.

    frames: of the clips.
    size: of their frames, in pixels.
    width: of the first stage, doubled with each further one.
    depths: blocks of each stage.
    heads: of the first stage, doubled with each further one.
    drop: the last block's stochastic depth.
    """

    frames: int = 16
    size: int = 224
    width: int = 96
    depths: tuple[int, ...] = (1, 2, 11, 2)
    heads: int = 1
    drop: float = 0.2


PAPER = VideoEncoderConfig()
SMALL = VideoEncoderConfig(size=128, width=48, depths=(1, 2, 5, 2), drop=0.1)
TINY = VideoEncoderConfig(frames=4, size=64, width=16, depths=(1, 1, 1), drop=0.0)


class VideoEncoder(nn.Module):
    """A `ClipEncoder` on torchvision's MViT, whose parameter names it keeps (its head is left out)."""

    kind, mean, std, fps = "mvit", MEAN, STD, FPS

    def __init__(self, config: VideoEncoderConfig = PAPER) -> None:
        super().__init__()
        self.config = config
        self.frames, self.size = config.frames, config.size
        stages = len(config.depths)
        self.width = config.width * 2 ** (stages - 1)
        side = config.size // 4 // 2 ** (stages - 1)
        self.grid = (config.frames // 2, side, side)
        # these switches are what makes a MViT a MViTv2
        self.network = MViT(
            spatial_size=(config.size, config.size),
            temporal_size=config.frames,
            block_setting=_blocks(config),
            residual_pool=True,
            residual_with_cls_embed=False,
            rel_pos_embed=True,
            proj_after_attn=True,
            stochastic_depth_prob=config.drop,
            num_classes=1,
        )
        self.network.head = nn.Identity()

    def sizes(self) -> dict[str, Any]:
        """Give the fields of `VideoEncoderConfig`."""
        return asdict(self.config)

    def forward(self, clip: Tensor) -> ClipTokens:
        """Encode clips.

        Parameters
        ----------
        clip : (N, 3, T, H, W), RGB in 0..1 less `mean` over `std`.

        Returns
        -------
        The token grid; `pooled` is the class token.
        """
        network = self.network
        x = network.pos_encoding(network.conv_proj(clip).flatten(2).transpose(1, 2))
        size = (network.pos_encoding.temporal_size, *network.pos_encoding.spatial_size)
        for block in network.blocks:
            x, size = block(x, size)
        x = network.norm(x)
        return ClipTokens(x[:, 1:].unflatten(1, size), x[:, 0])

    def load_torchvision(self, state: Mapping[str, Tensor]) -> None:
        """Take over the weights of torchvision's `mvit_v2_s`; its classifier is left out.

        Parameters
        ----------
        state : torchvision's tensors by name.

        Raises
        ------
        RuntimeError : where names or shapes differ.
        """
        self.network.load_state_dict({name: value for name, value in state.items() if not name.startswith("head.")})


def _blocks(config: VideoEncoderConfig) -> list[MSBlockConfig]:
    """A stage's first block doubles the channels and halves the map; keys and values are pooled to the last grid."""
    blocks = []
    for stage, depth in enumerate(config.depths):
        width = config.width * 2**stage
        pooled = 2 ** (len(config.depths) - 1 - stage)
        for number in range(depth):
            first = number == 0 and stage > 0
            blocks.append(
                MSBlockConfig(
                    num_heads=config.heads * 2**stage,
                    input_channels=width // 2 if first else width,
                    output_channels=width,
                    kernel_q=[3, 3, 3],
                    kernel_kv=[3, 3, 3],
                    stride_q=[1, 2, 2] if first else [1, 1, 1],
                    stride_kv=[1, pooled, pooled],
                )
            )
    return blocks
