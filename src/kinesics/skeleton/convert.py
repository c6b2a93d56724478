"""From any known layout into `UPPER_BODY`.

Each joint of `UPPER_BODY` is the mean of one or more source joints; where several recipes are given,
the first one whose points were all seen in that frame is taken. A joint without a recipe is missing
(score 0) in every frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kinesics.skeleton.layouts import FINGERS, UPPER_BODY
from kinesics.skeleton.sequence import SkeletonSequence

Recipe = tuple[str, ...]
Recipes = dict[str, tuple[Recipe, ...]]

_SHARED = (
    "neck", "pelvis", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist", "left_hip", "right_hip", "nose", "left_eye", "right_eye", "left_ear", "right_ear",
)  # fmt: skip


def _sides(recipes: Mapping[str, Recipe]) -> Recipes:
    """Write `SIDE` once for both sides."""
    return {
        joint.replace("SIDE", side): (tuple(source.replace("SIDE", side) for source in sources),)
        for joint, sources in recipes.items()
        for side in ("left", "right")
    }


_MIDDLES: Recipes = {
    "neck": (("left_shoulder", "right_shoulder"),),
    "pelvis": (("left_hip", "right_hip"),),
    "head": (("left_ear", "right_ear"),),
}
_FINGERS = _sides(
    {f"SIDE_{finger}_tip": (f"SIDE_{finger}_tip",) for finger in FINGERS}
    | {"SIDE_index_knuckle": ("SIDE_index_knuckle",), "SIDE_pinky_knuckle": ("SIDE_pinky_knuckle",)}
)
# iBUG 68: the person's right has the lower numbers
_IBUG: Recipes = {
    "nose": (("face_30",), ("nose",)),
    "chin": (("face_8",),),
    "left_eye": (("face_42", "face_45"), ("left_eye",)),
    "right_eye": (("face_36", "face_39"), ("right_eye",)),
    "left_brow": (("face_24",),),
    "right_brow": (("face_19",),),
    "upper_lip": (("face_51",),),
    "lower_lip": (("face_57",),),
    "left_mouth_corner": (("face_54",),),
    "right_mouth_corner": (("face_48",),),
    "upper_lip_inner": (("face_62",),),
    "lower_lip_inner": (("face_66",),),
}
# canonical face mesh indices of MediaPipe (468 points; person's left has the higher of each pair)
_MESH: Recipes = {
    "nose": (("mesh_1",), ("nose",)),
    "forehead": (("mesh_10",),),
    "chin": (("mesh_152",),),
    "left_eye": (("mesh_263", "mesh_362"), ("left_eye",)),
    "right_eye": (("mesh_33", "mesh_133"), ("right_eye",)),
    "left_ear": (("mesh_454",), ("left_ear",)),
    "right_ear": (("mesh_234",), ("right_ear",)),
    "head": (("mesh_454", "mesh_234"), ("left_ear", "right_ear")),
    "left_brow": (("mesh_334",),),
    "right_brow": (("mesh_105",),),
    "upper_lip": (("mesh_0",),),
    "lower_lip": (("mesh_17",),),
    "left_mouth_corner": (("mesh_291",), ("left_mouth",)),
    "right_mouth_corner": (("mesh_61",), ("right_mouth",)),
    "upper_lip_inner": (("mesh_13",),),
    "lower_lip_inner": (("mesh_14",),),
    "left_cheek": (("mesh_425",),),
    "right_cheek": (("mesh_205",),),
}
_IDENTITY: Recipes = {joint: ((joint,),) for joint in UPPER_BODY.joints}
_BODY: Recipes = {joint: ((joint,),) for joint in _SHARED} | _MIDDLES

RECIPES: dict[str, Recipes] = {
    "upper_body": _IDENTITY,
    "body_25": _BODY,
    "light_hand": _BODY | _FINGERS,
    "openpose_137": _BODY | _FINGERS | _IBUG,
    "coco_wholebody": _BODY | _FINGERS | _IBUG,
    "holistic": _BODY | _FINGERS | _MESH,
    "ntu_25": {joint: ((joint,),) for joint in _SHARED if joint not in ("nose",)}
    | _sides({"SIDE_middle_tip": ("SIDE_hand_tip",), "SIDE_thumb_tip": ("SIDE_thumb",)}),
}


def to_upper_body(sequence: SkeletonSequence) -> SkeletonSequence:
    """The same movement in `UPPER_BODY`; raises ValueError for a layout that has no recipes."""
    source = sequence.layout
    if source == UPPER_BODY:
        return sequence
    if source.name not in RECIPES:
        raise ValueError(f"no conversion from layout {source.name} to upper_body; known: {', '.join(sorted(RECIPES))}")
    frames = len(sequence)
    xyz = np.zeros((frames, len(UPPER_BODY), 3), np.float32)
    score = np.zeros((frames, len(UPPER_BODY)), np.float32)
    image_xy = None if sequence.image_xy is None else np.zeros((frames, len(UPPER_BODY), 2), np.float32)
    for joint, alternatives in RECIPES[source.name].items():
        target = UPPER_BODY.index(joint)
        for recipe in alternatives:
            if any(name not in source.joints for name in recipe):
                continue
            columns = source.indices(*recipe)
            seen = sequence.score[:, columns].min(1)
            take = (score[:, target] == 0) & (seen > 0)
            score[take, target] = seen[take]
            xyz[take, target] = sequence.xyz[take][:, columns].mean(1)
            if image_xy is not None and sequence.image_xy is not None:
                image_xy[take, target] = sequence.image_xy[take][:, columns].mean(1)
    return replace(sequence, xyz=xyz, score=score, image_xy=image_xy, layout=UPPER_BODY)
