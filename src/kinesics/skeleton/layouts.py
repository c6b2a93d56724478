"""The joint layouts that Kinesics reads, by name, and `UPPER_BODY`, into which all of them convert.

Sources: OpenPose output documentation (BODY_25, face 70, hand 21), the MediaPipe Holistic landmark
maps, COCO-WholeBody (Jin et al., ECCV 2020), NTU RGB+D (Shahroudy et al., CVPR 2016), and the
iMiGUE distribution for `light_hand`.
"""

from __future__ import annotations

from kinesics.skeleton.layout import SkeletonLayout, make_layout

FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def _upper_body() -> SkeletonLayout:
    tree: dict[str, str | None] = {"neck": None, "pelvis": "neck", "head": "neck"}
    for joint, parent in (("shoulder", None), ("elbow", "shoulder"), ("wrist", "elbow"), ("hip", None)):
        for side in ("left", "right"):
            root = "neck" if joint == "shoulder" else "pelvis"
            tree[f"{side}_{joint}"] = f"{side}_{parent}" if parent else root
    for side in ("left", "right"):
        # every tip hangs on the wrist: a source without knuckles keeps all its finger bones
        for tip in (*(f"{finger}_tip" for finger in FINGERS), "index_knuckle", "pinky_knuckle"):
            tree[f"{side}_{tip}"] = f"{side}_wrist"
    tree |= {"nose": "head", "forehead": "nose", "chin": "nose"}
    tree |= {"left_eye": "nose", "right_eye": "nose", "left_ear": "head", "right_ear": "head"}
    tree |= {"left_brow": "left_eye", "right_brow": "right_eye"}
    tree |= {"upper_lip": "nose", "lower_lip": "chin"}
    tree |= {"left_mouth_corner": "upper_lip", "right_mouth_corner": "upper_lip"}
    tree |= {"upper_lip_inner": "upper_lip", "lower_lip_inner": "lower_lip"}
    tree |= {"left_cheek": "nose", "right_cheek": "nose"}
    return make_layout("upper_body", tree)


def _hand(side: str, wrist: str) -> dict[str, str | None]:
    """21 hand points as OpenPose and MediaPipe number them; names carry the side."""
    tree: dict[str, str | None] = {f"{side}_hand_wrist": wrist}
    for finger in FINGERS:
        parent = f"{side}_hand_wrist"
        for joint in ("knuckle", "middle_joint", "last_joint", "tip"):
            name = f"{side}_{finger}_{joint}"
            tree[name] = parent
            parent = name
    return tree


def _body_25() -> dict[str, str | None]:
    tree: dict[str, str | None] = {"nose": "neck", "neck": "pelvis"}
    for side in ("right", "left"):
        tree |= {f"{side}_shoulder": "neck", f"{side}_elbow": f"{side}_shoulder", f"{side}_wrist": f"{side}_elbow"}
    tree["pelvis"] = None
    for side in ("right", "left"):
        tree |= {f"{side}_hip": "pelvis", f"{side}_knee": f"{side}_hip", f"{side}_ankle": f"{side}_knee"}
    tree |= {"right_eye": "nose", "left_eye": "nose", "right_ear": "right_eye", "left_ear": "left_eye"}
    for side in ("left", "right"):
        tree |= {f"{side}_big_toe": f"{side}_ankle", f"{side}_small_toe": f"{side}_ankle"}
        tree[f"{side}_heel"] = f"{side}_ankle"
    return tree


def _face_68(root: str) -> dict[str, str | None]:
    """The 68 points of the iBUG scheme, numbered; each hangs on the body's nose."""
    return {f"face_{i}": root for i in range(68)}


def _with_face_pairs(layout: SkeletonLayout) -> SkeletonLayout:
    """Add the left-right pairs of numbered iBUG points (the person's right has the lower numbers)."""
    swaps = [(16 - i, i) for i in range(8)] + [(26 - i, 17 + i) for i in range(5)]
    swaps += [(35, 31), (34, 32)]
    swaps += [(45, 36), (44, 37), (43, 38), (42, 39), (47, 40), (46, 41)]
    swaps += [(54, 48), (53, 49), (52, 50), (55, 59), (56, 58), (64, 60), (63, 61), (65, 67)]
    return _with_pairs(layout, [(f"face_{left}", f"face_{right}") for left, right in swaps])


def _with_pairs(layout: SkeletonLayout, names: list[tuple[str, str]]) -> SkeletonLayout:
    pairs = tuple((layout.index(left), layout.index(right)) for left, right in names)
    return SkeletonLayout(layout.name, layout.joints, layout.parents, layout.pairs + pairs)


def _openpose_137() -> SkeletonLayout:
    tree = _body_25() | _face_68("nose") | {"right_pupil": "nose", "left_pupil": "nose"}
    tree |= _hand("left", "left_wrist") | _hand("right", "right_wrist")
    return _with_face_pairs(make_layout("openpose_137", tree))


def _light_hand() -> SkeletonLayout:
    tree = _body_25()
    for side in ("left", "right"):
        tree |= {f"{side}_{finger}_tip": f"{side}_wrist" for finger in FINGERS}
    return make_layout("light_hand", tree)


def _coco_body() -> dict[str, str | None]:
    tree: dict[str, str | None] = {"nose": None}
    for joint, parent in (
        ("eye", None), ("ear", "eye"), ("shoulder", None), ("elbow", "shoulder"), ("wrist", "elbow"),
        ("hip", "shoulder"), ("knee", "hip"), ("ankle", "knee"),
    ):  # fmt: skip
        for side in ("left", "right"):
            tree[f"{side}_{joint}"] = f"{side}_{parent}" if parent else "nose"
    return tree


def _coco_wholebody() -> SkeletonLayout:
    tree = _coco_body()
    for side in ("left", "right"):
        for foot in ("big_toe", "small_toe", "heel"):
            tree[f"{side}_{foot}"] = f"{side}_ankle"
    tree |= _face_68("nose") | _hand("left", "left_wrist") | _hand("right", "right_wrist")
    return _with_face_pairs(make_layout("coco_wholebody", tree))


def _holistic() -> SkeletonLayout:
    """MediaPipe Holistic: pose 33, face mesh 468 (`mesh_N`), left hand 21, right hand 21."""
    tree: dict[str, str | None] = {"nose": None}
    for side in ("left", "right"):
        tree |= {f"{side}_eye_inner": "nose", f"{side}_eye": f"{side}_eye_inner"}
        tree[f"{side}_eye_outer"] = f"{side}_eye"
    tree |= {"left_ear": "left_eye_outer", "right_ear": "right_eye_outer", "left_mouth": "nose", "right_mouth": "nose"}
    for joint, parent in (
        ("shoulder", None), ("elbow", "shoulder"), ("wrist", "elbow"), ("pinky", "wrist"), ("index", "wrist"),
        ("thumb", "wrist"), ("hip", "shoulder"), ("knee", "hip"), ("ankle", "knee"), ("heel", "ankle"),
        ("foot_index", "heel"),
    ):  # fmt: skip
        for side in ("left", "right"):
            tree[f"{side}_{joint}"] = f"{side}_{parent}" if parent else "nose"
    tree |= {f"mesh_{i}": "nose" for i in range(468)}
    tree |= _hand("left", "left_wrist") | _hand("right", "right_wrist")
    # of the mesh, only the points that Kinesics converts know their mirror image
    sides = ((263, 33), (362, 133), (454, 234), (334, 105), (291, 61), (425, 205))
    return _with_pairs(make_layout("holistic", tree), [(f"mesh_{left}", f"mesh_{right}") for left, right in sides])


def _ntu_25() -> SkeletonLayout:
    tree: dict[str, str | None] = {
        "pelvis": "mid_spine", "mid_spine": "neck", "neck_top": "neck", "head": "neck_top",
    }  # fmt: skip
    for side in ("left", "right"):
        tree |= {f"{side}_shoulder": "neck", f"{side}_elbow": f"{side}_shoulder"}
        tree |= {f"{side}_wrist": f"{side}_elbow", f"{side}_hand": f"{side}_wrist"}
    for side in ("left", "right"):
        tree |= {f"{side}_hip": "pelvis", f"{side}_knee": f"{side}_hip"}
        tree |= {f"{side}_ankle": f"{side}_knee", f"{side}_foot": f"{side}_ankle"}
    tree["neck"] = None  # "spine shoulder" in the Kinect's words
    for side in ("left", "right"):
        # tip on thumb on hand: the links of the published NTU graph, kept so that its checkpoints fit
        tree |= {f"{side}_hand_tip": f"{side}_thumb", f"{side}_thumb": f"{side}_hand"}
    return make_layout("ntu_25", tree)


UPPER_BODY = _upper_body()
BODY_25 = make_layout("body_25", _body_25())
OPENPOSE_137 = _openpose_137()
LIGHT_HAND = _light_hand()
HOLISTIC = _holistic()
COCO_WHOLEBODY = _coco_wholebody()
NTU_25 = _ntu_25()

LAYOUTS: dict[str, SkeletonLayout] = {
    layout.name: layout for layout in (UPPER_BODY, BODY_25, OPENPOSE_137, LIGHT_HAND, HOLISTIC, COCO_WHOLEBODY, NTU_25)
}
