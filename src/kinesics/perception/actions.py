"""Facial actions: how strongly somebody shows each of 52 movements of brows, eyes, nose, lips and jaw."""

from __future__ import annotations

# the names that Apple's ARKit gave them, in the order of the network that reads them
ACTIONS = (
    "neutral",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip

# those that people read, in plain words; each is the mean of its parts, left and right
MAIN_ACTIONS: dict[str, tuple[str, ...]] = {
    "brows up": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows down": ("browDownLeft", "browDownRight"),
    "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "squint": ("eyeSquintLeft", "eyeSquintRight"),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "lip press": ("mouthPressLeft", "mouthPressRight"),
    "lip roll": ("mouthRollLower", "mouthRollUpper"),
    "pucker": ("mouthPucker",),
    "jaw open": ("jawOpen",),
    "sneer": ("noseSneerLeft", "noseSneerRight"),
}
