"""A portrait that smiles, frowns, raises its brows, blinks and speaks, by smooth warps.

The portrait is scikit-image's `astronaut` (NASA, public domain), 512 x 512 pixels. The places of
its features were measured once with MediaPipe's Face Landmarker on the crop [0:260, 90:350],
enlarged to 480 x 480; they are written down below in pixels of the whole portrait, so that the
generator does not need MediaPipe. The numbers in the comments are indices of its face mesh.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from skimage.data import astronaut

Array = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]

SIZE = 240  # a rendered frame is SIZE x SIZE pixels
INTEROCULAR = 41.7  # pixels between the centres of the eyes
FACE_CENTRE = (225.0, 125.0)
LANDMARKS = {
    "corner_right": (202.4, 139.2),  # 61
    "corner_left": (245.2, 140.9),  # 291
    "upper_lip": (223.6, 143.4),  # 13
    "lower_lip": (223.1, 150.0),  # 14
    "chin": (221.3, 178.8),  # 152
    "brow_right_inner": (215.3, 89.9),  # 107
    "brow_right_middle": (197.5, 86.7),  # 105
    "brow_left_inner": (236.6, 90.6),  # 336
    "brow_left_middle": (255.0, 89.5),  # 334
    "lid_right": (203.2, 98.1),  # 159
    "lid_left": (247.8, 100.3),  # 386
}
BACKDROP = np.array([196.0, 190.0, 188.0], dtype=np.float32)  # RGB, about the portrait's own wall


@dataclass(frozen=True)
class Expression:
    """What a face does at one moment; 0 is neutral, 1 (or -1) as far as it goes.

    `smile` goes from -1 (corners of the mouth down) to 1, the others from 0 to 1.
    """

    smile: float = 0.0
    brow_raise: float = 0.0
    brow_lower: float = 0.0
    mouth_open: float = 0.0
    blink: float = 0.0


@dataclass(frozen=True)
class Pose:
    """How the face stands in the frame. `scale` is in output pixels per portrait pixel,
    `rotation` in degrees, `shift` in output pixels; `mirrored` swaps left and right."""

    scale: float = 1.45
    rotation: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    mirrored: bool = False


@dataclass(frozen=True)
class Camera:
    """How the camera sees: `light` and `tint` (R, G, B) multiply, `noise` is in grey levels."""

    light: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    noise: float = 1.5


class Push(NamedTuple):
    """One Gaussian displacement, all in interocular distances.

    `landmark` moves by (`right`, `down`); the push fades with `width` to the sides, and with
    `above` and `below` in those directions.
    """

    landmark: str
    right: float
    down: float
    width: float = 0.18
    above: float = 0.18
    below: float = 0.18


def pushes(face: Expression) -> list[Push]:
    """The displacements that make an expression out of the portrait.

    The portrait smiles with open lips. So the neutral face is a warp already: corners inwards and
    down, lips together; a full smile takes it back.
    """
    inwards = 0.09 - 0.11 * max(face.smile, 0.0)
    corner = 0.14 - 0.14 * face.smile
    closing = 0.07 * (1 - face.mouth_open)
    jaw = 0.22 * face.mouth_open
    brow = 0.20 * face.brow_lower - 0.17 * face.brow_raise
    knit = 0.08 * face.brow_lower
    lid = 0.14 * face.blink
    return [
        Push("corner_right", inwards, corner, 0.2, 0.24, 0.24),
        Push("corner_left", -inwards, corner, 0.2, 0.24, 0.24),
        Push("upper_lip", 0.0, closing, 0.3, 0.2, 0.06),
        Push("lower_lip", 0.0, jaw - closing, 0.3, 0.16, 0.4),
        Push("chin", 0.0, 0.4 * jaw, 0.5, 0.3, 0.3),
        Push("brow_right_inner", knit, brow, 0.2, 0.25, 0.13),
        Push("brow_right_middle", 0.0, 0.6 * brow, 0.2, 0.25, 0.13),
        Push("brow_left_inner", -knit, brow, 0.2, 0.25, 0.13),
        Push("brow_left_middle", 0.0, 0.6 * brow, 0.2, 0.25, 0.13),
        Push("lid_right", 0.0, lid, 0.22, 0.10, 0.02),
        Push("lid_left", 0.0, lid, 0.22, 0.10, 0.02),
    ]


def displacement(face: Expression, shape: tuple[int, int]) -> tuple[Array, Array]:
    """How far each point of the portrait has moved: (right, down), each `shape`, in pixels.

    The sum of separable Gaussians around where the landmarks come to lie.
    """
    rows = np.arange(shape[0], dtype=np.float32)
    columns = np.arange(shape[1], dtype=np.float32)
    right = np.zeros(shape, dtype=np.float32)
    down = np.zeros(shape, dtype=np.float32)
    for push in pushes(face):
        x, y = LANDMARKS[push.landmark]
        aside = (columns - x - push.right * INTEROCULAR) / (push.width * INTEROCULAR)
        away = rows - y - push.down * INTEROCULAR
        away = away / (np.where(away < 0, push.above, push.below) * INTEROCULAR)
        bump = np.outer(np.exp(-(away**2) / 2), np.exp(-(aside**2) / 2)).astype(np.float32)
        right += push.right * INTEROCULAR * bump
        down += push.down * INTEROCULAR * bump
    return right, down


def placement(pose: Pose) -> npt.NDArray[np.float64]:
    """The affine map (2 x 3) from a pixel of the frame to one of the portrait."""
    angle = np.deg2rad(pose.rotation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag([-1.0 if pose.mirrored else 1.0, 1.0]) @ turn / pose.scale
    middle = SIZE / 2 + np.array(pose.shift)
    return np.column_stack([linear, np.array(FACE_CENTRE) - linear @ middle])


def portrait() -> Picture:
    """The portrait: 512 x 512 x 3, RGB."""
    return astronaut()


def draw(picture: Picture, face: Expression, pose: Pose) -> Picture:
    """Render the portrait with an expression and a pose: SIZE x SIZE x 3, RGB."""
    affine = placement(pose)
    column, row = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    at = [(a * column + b * row + c).astype(np.float32) for a, b, c in affine]
    moved = [
        cv2.remap(field, at[0], at[1], cv2.INTER_LINEAR)
        for field in displacement(face, picture.shape[:2])
    ]
    x, y = at[0] - moved[0], at[1] - moved[1]
    drawn = cv2.remap(picture, x, y, cv2.INTER_CUBIC, None, cv2.BORDER_REFLECT_101)
    return drawn.astype(np.uint8)


def empty_room() -> Picture:
    """A frame without anybody in it: a wall, lighter at the top."""
    fade = np.linspace(1.05, 0.8, SIZE, dtype=np.float32)[:, None, None]
    wall = np.broadcast_to(fade * BACKDROP, (SIZE, SIZE, 3))
    return wall.clip(0, 255).astype(np.uint8)


def photograph(scene: Picture, camera: Camera, rng: np.random.Generator) -> Picture:
    """A scene as the camera sees it: light, tint and noise; same shape, RGB."""
    gain = camera.light * np.array(camera.tint, dtype=np.float32)
    noise = rng.standard_normal(scene.shape[:2], dtype=np.float32)[..., None] * camera.noise
    return (scene * gain + noise).clip(0, 255).astype(np.uint8)
