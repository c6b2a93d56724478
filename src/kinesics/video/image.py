"""The type of images: (H, W, 3) uint8 RGB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
