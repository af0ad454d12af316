import numpy as np
import pytest

pytest.importorskip("skimage")

from devaflow.demo.face import (
    LANDMARKS,
    SIZE,
    Camera,
    Expression,
    Pose,
    displacement,
    draw,
    empty_room,
    photograph,
    portrait,
)

SMILE = Expression(smile=1)
FROWN = Expression(smile=-1)


def place_of(landmark, expression, pose=None):
    """Where a white dot on the landmark ends up in the rendered frame: (column, row)."""
    picture = np.zeros((512, 512, 3), np.uint8)
    x, y = np.round(LANDMARKS[landmark]).astype(int)
    picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    weight = draw(picture, expression, pose or Pose())[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    return (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()


def test_a_smile_lifts_and_widens_the_corners_of_the_mouth():
    for landmark, outwards in (("corner_right", -1), ("corner_left", 1)):
        smile, frown = place_of(landmark, SMILE), place_of(landmark, FROWN)
        assert smile[1] < frown[1] - 8
        assert outwards * (smile[0] - frown[0]) > 3


@pytest.mark.parametrize(
    ("landmark", "expression", "pixels"),
    [
        ("brow_left_inner", Expression(brow_raise=1), -6),
        ("brow_right_inner", Expression(brow_lower=1), 6),
        ("lower_lip", Expression(mouth_open=1), 8),
        ("chin", Expression(mouth_open=1), 3),
    ],
)
def test_an_expression_moves_its_landmark_by_at_least(landmark, expression, pixels):
    moved = place_of(landmark, expression)[1] - place_of(landmark, Expression())[1]
    assert np.sign(moved) == np.sign(pixels)
    assert abs(moved) >= abs(pixels)


def test_a_blink_pulls_the_upper_lid_down_and_leaves_the_cheek():
    _, down = displacement(Expression(blink=1), (512, 512))
    x, y = (round(value) for value in LANDMARKS["lid_right"])
    assert down[y + 5, x] > 4
    assert abs(down[y + 15, x]) < 0.5


def test_half_an_expression_moves_less_than_a_whole_one():
    rest, half, whole = (
        place_of("brow_left_inner", Expression(brow_raise=amount))[1] for amount in (0, 0.5, 1)
    )
    assert whole < half < rest


def test_a_mirrored_face_has_its_right_on_the_other_side():
    plain = place_of("corner_right", Expression())[0]
    mirrored = place_of("corner_right", Expression(), Pose(mirrored=True))[0]
    assert plain < SIZE / 2 < mirrored


def test_a_photograph_is_the_same_for_the_same_seed_and_darker_with_less_light():
    face = draw(portrait(), SMILE, Pose())
    assert face.shape == (SIZE, SIZE, 3)
    first, again, dark = (
        photograph(face, Camera(light=light), np.random.default_rng(0)) for light in (1, 1, 0.7)
    )
    assert (first == again).all()
    assert dark.mean() < 0.8 * first.mean()
    assert empty_room().shape == face.shape
