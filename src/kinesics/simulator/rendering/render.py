"""Images of a simulated person: the shaded mesh (OpenGL, without a window), or a drawn skeleton."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from kinesics.simulator.camera import Camera, shaken
from kinesics.simulator.person.appearance import Appearance, Colour, Light
from kinesics.simulator.person.body import Body, Pose, Shape, rest_pose
from kinesics.simulator.person.skin import PART, TEXTURE, SkinPoints, masks, paint
from kinesics.simulator.rendering.backgrounds import draw_wall
from kinesics.simulator.rendering.shaders import BACKDROP, SHADED, SHADOW, UNWRAP
from kinesics.skeleton.drawing import draw_skeleton, with_gaps
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Image

_BLUR_STEP = 3.0  # pixels between two of the images that a blurred one is made of
_BLUR_MOST = 3
_COARSE = 300  # lines up to which skin of half the resolution is enough
_SHADOWS = 512  # width of the shadow map, which spans a metre and a half
_PAPER = (246, 245, 242)
_GRAINS = 2  # images of grain across and down in the field from which each frame takes a piece


class NoGraphicsError(RuntimeError):
    """No OpenGL context can be had on this machine."""


@dataclass(frozen=True)
class Cuboid:
    """A piece of furniture: two opposite corners (world metres) and its colour."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    colour: Colour = (0.52, 0.40, 0.29)


_Solid = tuple[Any, Any, Any]  # paint, shaded and shadow
_PEN = Cuboid((-0.085, -0.012, -0.004), (0.085, -0.004, 0.004), (0.75, 0.10, 0.08))


@dataclass
class PersonRenderer:
    """Draws one person on one backdrop, frame by frame; make it once for a clip.

    Raises NoGraphicsError where no OpenGL context can be had.
    """

    body: Body
    appearance: Appearance = field(default_factory=Appearance)
    furniture: tuple[Cuboid, ...] = ()
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
        self._corners = _corners(self.body)
        self._unwrap()
        # drawn at twice the size: cheaper here than multisampling, which shades each of many tiny triangles four times
        double = (2 * self.width, 2 * self.height)
        self._drawn = gl.texture(double, 4)
        self._target = gl.framebuffer([self._drawn], gl.depth_renderbuffer(double))
        self._flat = gl.framebuffer([gl.renderbuffer((self.width, self.height))])
        self._shadow_map = gl.depth_texture((_SHADOWS, _SHADOWS))
        self._shadow_map.compare_func = "<="
        self._shadow_target = gl.framebuffer(depth_attachment=self._shadow_map)
        self._program: Any = gl.program(*SHADED)
        self._shadow_program: Any = gl.program(*SHADOW)
        self._make_buffers()
        self._steady: NDArray[np.float64] | None = None  # the first frame's rotation

    def close(self) -> None:
        """Give the OpenGL context back."""
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
        part, lips, ears = masks()
        column, row = (np.clip(self._uv * (1, -1) + (0, 1), 0, 0.999) * TEXTURE).astype(int).T
        points = SkinPoints(rest[self._vertex], part[row, column], lips[row, column], ears[row, column])
        eye = points.at[(points.part == PART["eye"]) & (points.at[:, 0] > 0)]
        eyeball = (eye.min(0) + eye.max(0)) / 2
        coarse = paint(points, marks, eyeball, self.appearance)
        step = 2 if self.height <= _COARSE else 1
        used, vertices, shares = (array[::step, ::step] for array in _texels())
        part, lips, ears = (mask[::step, ::step][used] for mask in (part, lips, ears))
        places = np.einsum("ni,nic->nc", shares[used], rest[vertices[used]])
        fine = paint(SkinPoints(places, part, lips, ears), marks, eyeball, self.appearance)
        image = np.zeros((*used.shape, 4), np.uint8)
        image[used] = np.clip(fine.colour, 0, 1) * 255
        self._texture = self._gl.texture(used.shape, 4, image[::-1].tobytes())
        self._texture.build_mipmaps()
        self._texture.filter = (self._gl.LINEAR_MIPMAP_NEAREST, self._gl.LINEAR)
        # the seams' twins must move alike, or the mesh would tear
        hair, clothed = np.zeros((2, len(rest)), np.float32)
        np.maximum.at(hair, self._vertex, coarse.puff)
        np.maximum.at(clothed, self._vertex, coarse.cloth)
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
        self._backdrop_program = gl.program(*BACKDROP)
        self._backdrop_program["drawn"].value = 1
        wall = draw_wall(self.appearance, self.width, self.height)
        self._wall = gl.texture((self.width, self.height), 3, wall[::-1].tobytes(), alignment=1)
        self._wall.repeat_x = self._wall.repeat_y = False
        corners = np.array([-1, -1, 3, -1, -1, 3], np.float32)
        self._backdrop = gl.vertex_array(self._backdrop_program, [(gl.buffer(corners.tobytes()), "2f", "corner")])

    def _solid(self, corners: Any, colour: Colour) -> _Solid:
        """Paint, shaded and shadow of a box whose corners are in a buffer."""
        paint = self._gl.texture((1, 1), 4, bytes(int(255 * c) for c in (*colour, 0.2)))
        shaded = self._gl.vertex_array(self._program, [(corners, "3f 3f 2f", "at", "normal", "uv")])
        shadow = self._gl.vertex_array(self._shadow_program, [(corners, "3f 20x", "at")])
        return paint, shaded, shadow

    def _thing_at(self, place: FloatArray) -> _Solid:
        corners = _box_corners(_PEN)
        corners[:, :3] += place
        self._thing_corners.write(corners.tobytes())
        return self._thing

    def draw(
        self, vertices: FloatArray, camera: Camera, thing: FloatArray | None = None, moved: FloatArray | None = None
    ) -> Image:
        """Draw a posed mesh.

        Parameters
        ----------
        vertices : (13718, 3) world metres
        camera : where it is rendered from
        thing : (3,) where a pen lies or is held
        moved : (13718, 3) the way that the mesh goes while the shutter is open, for motion blur

        Returns
        -------
        (H, W, 3)
        """
        normals = self._normals(vertices)
        vertices = vertices + normals * self._puff[:, None]
        sun = _towards(self.appearance.light)
        light = _from_the_sun(sun, vertices).T.astype(np.float32).tobytes()
        boxes = self._boxes if thing is None else [*self._boxes, self._thing_at(thing)]
        self._set_camera(camera, sun, light)
        self._place(vertices, normals)
        self._cast_shadows(boxes, light)
        images = 1 if moved is None else self._images_of_blur(moved, camera, vertices)
        if moved is None or images == 1:
            return self._image(boxes)
        summed = np.zeros((self.height, self.width, 3), np.uint16)
        for share in (np.arange(images) + 0.5) / images - 0.5:
            self._place(vertices + np.float32(share) * moved, normals)
            summed += self._image(boxes)
        return (summed // images).astype(np.uint8)

    def _images_of_blur(self, moved: FloatArray, camera: Camera, vertices: FloatArray) -> int:
        distance = float(np.linalg.norm(vertices.mean(0) - camera.position))
        pixels = float(np.sqrt((moved**2).sum(-1).max())) * camera.focal * self.height / distance
        return int(np.clip(np.ceil(pixels / _BLUR_STEP), 1, _BLUR_MOST))

    def _place(self, vertices: FloatArray, normals: FloatArray) -> None:
        data = np.concatenate([vertices[self._vertex], normals[self._vertex]], 1)
        self._mesh.write(np.ascontiguousarray(data, np.float32).tobytes())

    def _cast_shadows(self, boxes: list[_Solid], light: bytes) -> None:
        self._shadow_program["light"].write(light)
        self._shadow_target.use()
        self._shadow_target.clear()
        self._gl.enable_only(self._gl.DEPTH_TEST | self._gl.CULL_FACE)
        self._person_shadow.render()
        for _, _, shadow in boxes:
            shadow.render()

    def _image(self, boxes: list[_Solid]) -> Image:
        self._target.use()
        self._target.clear()
        self._gl.enable_only(self._gl.DEPTH_TEST | self._gl.CULL_FACE)
        self._shadow_map.use(1)
        self._texture.use(0)
        self._person.render()
        for colour, shaded, _ in boxes:
            colour.use(0)
            shaded.render()
        self._flat.use()
        self._gl.enable_only(self._gl.NOTHING)
        self._wall.use(0)
        self._drawn.use(1)
        self._backdrop.render()
        image = np.frombuffer(self._flat.read(components=3, alignment=1), np.uint8)
        return np.ascontiguousarray(image.reshape(self.height, self.width, 3)[::-1])

    def _set_camera(self, camera: Camera, sun: FloatArray, light: bytes) -> None:
        lamp = self.appearance.light
        values = {"paint": 0, "shadow": 1, "focal": camera.focal, "aspect": camera.aspect}
        for name, value in (values | {"sun": tuple(sun.tolist()), "key": lamp.key, "sky": lamp.sky}).items():
            self._program[name].value = value
        self._program["axes"].write(camera.rotation.T.astype(np.float32).tobytes())
        self._program["eye"].value = tuple(camera.position)
        self._program["light"].write(light)
        # the wall is far away: only a turn of the camera moves it
        self._steady = camera.rotation if self._steady is None else self._steady
        x, y, z = camera.rotation @ self._steady[2]
        self._backdrop_program["shift"].value = (-camera.focal * x / z / camera.aspect, camera.focal * y / z)

    def _normals(self, vertices: FloatArray) -> FloatArray:
        """(V, 3) area-weighted."""
        columns = np.ascontiguousarray(vertices.T)
        a, b, c = (columns[:, corner] for corner in self.body.faces.T)
        (ux, uy, uz), (vx, vy, vz) = b - a, c - a
        crosses = np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], 1)
        summed = self._corners @ crosses
        lengths = np.sqrt(np.einsum("vi,vi->v", summed, summed))
        normals: FloatArray = summed / np.maximum(lengths, 1e-9)[:, None]
        return normals


@cache
def _texels() -> tuple[NDArray[np.bool_], NDArray[np.int32], FloatArray]:
    """What each texel of the unwrapped skin shows, the same on all bodies.

    (1024, 1024) whether anything, and (1024, 1024, 3) the corners of its triangle and their shares in it.
    """
    import moderngl

    body = Body(Shape())
    settings: dict[str, Any] = {"backend": "egl"}
    gl: Any = moderngl.create_context(standalone=True, **settings)
    texture = gl.texture((TEXTURE, TEXTURE), 4, dtype="f4")
    target = gl.framebuffer([texture])
    target.use()
    target.clear()
    program = gl.program(*UNWRAP)
    count = len(body.faces)
    number = np.repeat(np.arange(1, count + 1), 3)[:, None]  # of the triangle; 0 is none
    data = np.concatenate([body.uv[body.uv_faces.ravel()], np.tile(np.eye(3)[:, :2], (count, 1)), number], 1)
    array = gl.vertex_array(program, [(gl.buffer(data.astype(np.float32).tobytes()), "2f 3f", "uv", "at")])
    # a rim around each island keeps filtering from leaking; the true place comes last
    around = ((-1, -1), (1, -1), (-1, 1), (1, 1), (-1, 0), (1, 0), (0, -1), (0, 1))
    for dx, dy in [(width * dx, width * dy) for width in (4, 2, 1) for dx, dy in around] + [(0, 0)]:
        program["shift"].value = (2 * dx / TEXTURE, 2 * dy / TEXTURE)
        array.render()
    found = np.frombuffer(texture.read(), np.float32).reshape(TEXTURE, TEXTURE, 4)[::-1]
    gl.release()
    face = np.rint(found[..., 2]).astype(int) - 1
    shares = np.stack([found[..., 0], found[..., 1], 1 - found[..., 0] - found[..., 1]], -1)
    return face >= 0, body.faces[np.maximum(face, 0)].astype(np.int32), shares.astype(np.float32)


def _corners(body: Body) -> csr_matrix:
    """(V, F) one where a vertex is a corner of a face."""
    faces = len(body.faces)
    ones, columns = np.ones(3 * faces, np.float32), np.repeat(np.arange(faces), 3)
    return csr_matrix((ones, (body.faces.ravel(), columns)), shape=(len(body.rest_vertices), faces))


def _box_corners(box: Cuboid) -> FloatArray:
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


def _towards(light: Light) -> FloatArray:
    azimuth, elevation = np.radians(light.azimuth), np.radians(light.elevation)
    across = np.cos(elevation)
    return np.array([np.sin(azimuth) * across, -np.cos(azimuth) * across, np.sin(elevation)], np.float32)


def _from_the_sun(sun: FloatArray, vertices: FloatArray) -> NDArray[np.float64]:
    """(4, 4) world to the key light's clip space, around the upper body."""
    top = vertices[:, 2].max()
    centre = np.array([vertices[:, 0].mean(), vertices[:, 1].mean(), top - 0.45])
    right = np.cross(sun, [0, 0, 1])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(right, sun), -sun]) / np.array([[0.75], [0.75], [2.0]])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, -axes @ centre
    return matrix


def moved_as(camera: Camera, appearance: Appearance, frames: int) -> list[Camera]:
    """Say where the camera stands and looks in each frame.

    Parameters
    ----------
    camera : in the first frame
    appearance : that says how it trembles, zooms and turns
    frames : how many

    Returns
    -------
    the camera in each frame
    """
    return shaken(camera, appearance.shake, frames, appearance.seed, zoom=appearance.zoom, pan=appearance.pan)


def render(
    body: Body,
    pose: Pose,
    camera: Camera,
    *,
    appearance: Appearance | None = None,
    furniture: tuple[Cuboid, ...] = (),
    thing: FloatArray | None = None,
    width: int = 640,
    height: int = 360,
) -> Iterator[Image]:
    """Render a posed body, an image a frame.

    The camera trembles, zooms and turns as the appearance says: `moved_as` tells where it stands in each frame.

    Parameters
    ----------
    body : whom
    pose : in what poses
    camera : where it is rendered from
    appearance : of the person and the place
    furniture : around them
    thing : (T, 3) where a pen is, world metres
    width, height : pixels

    Yields
    ------
    (H, W, 3) uint8

    Raises
    ------
    NoGraphicsError : before the first image, where no OpenGL can be had
    """
    appearance = appearance or Appearance()
    stage = PersonRenderer(body, appearance, furniture, width, height)
    cameras = moved_as(camera, appearance, len(pose))
    rng = np.random.default_rng((appearance.seed, 3))
    field = np.rint(rng.normal(0, appearance.grain, (_GRAINS * height, _GRAINS * width, 1))).astype(np.int16)
    before: FloatArray | None = None
    try:
        for first in range(0, len(pose), 16):
            for t, vertices in enumerate(body.vertices(pose[first : first + 16]), first):
                moved = appearance.shutter * (vertices - before) if before is not None and appearance.shutter else None
                image = stage.draw(vertices, cameras[t], None if thing is None else thing[t], moved)
                yield _with_grain(image, field, rng) if appearance.grain else image
                before = vertices
    finally:
        stage.close()


def _with_grain(image: Image, field: NDArray[np.int16], rng: np.random.Generator) -> Image:
    """The image with a sensor's noise, the same in all channels: a random piece of a larger field of it."""
    height, width = image.shape[:2]
    top, left = rng.integers(field.shape[0] - height), rng.integers(field.shape[1] - width)
    noisy: Image = np.clip(image + field[top : top + height, left : left + width], 0, 255).astype(np.uint8)
    return noisy


# ── the drawn skeleton ───────────────────────────────────────────────────────────────────────────────────────


def render_skeleton(
    image_xy: FloatArray, score: FloatArray | None = None, *, width: int = 640, height: int = 360
) -> Iterator[Image]:
    """Draw the joints alone, where no OpenGL can be had: an image a frame.

    Parameters
    ----------
    image_xy : (T, 42, 2) joints of `UPPER_BODY`, 0..1 across the image
    score : (T, 42); joints with 0 are left out
    width, height : pixels

    Yields
    ------
    (H, W, 3) uint8
    """
    double = (2 * width, 2 * height)  # then halved: Pillow's lines have hard edges
    points = image_xy if score is None else with_gaps(image_xy, score)
    for frame in points * np.array(double):
        drawn = PIL.Image.new("RGB", double, _PAPER)
        draw_skeleton(PIL.ImageDraw.Draw(drawn), frame, width=height / 60)
        yield np.asarray(drawn.resize((width, height), PIL.Image.Resampling.LANCZOS))
