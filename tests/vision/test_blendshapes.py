import numpy as np
import pandas as pd
import pytest

from devaflow.vision.blendshapes import ACTION_UNITS, action_units
from devaflow.vision.frames import INTENSITIES, PRESENCE_UNITS, PRESENCES

NAMES = sorted({name for made in ACTION_UNITS.values() for group in made.shapes for name in group})


def face(frames: int = 20, **levels: float | list[float]) -> pd.DataFrame:
    """Blendshapes that are 0 but for those named; a name without a side stands for both."""
    shapes = pd.DataFrame(0.0, index=range(frames), columns=NAMES)
    for name, level in levels.items():
        for column in (c for c in NAMES if c.removesuffix("Left").removesuffix("Right") == name):
            shapes[column] = level
    return shapes


def test_every_unit_of_openface_has_its_columns_and_two_are_never_active():
    assert list(action_units(face()).columns) == [*INTENSITIES, *PRESENCES]
    everything = action_units(pd.DataFrame({name: [0.0] * 10 + [1.0] * 10 for name in NAMES}))
    never = {unit for unit in PRESENCE_UNITS if not everything[f"{unit}_c"].any()}
    assert never == {"AU09", "AU23"}


def test_a_resting_face_shows_nothing():
    assert (action_units(face()) == 0).all(axis=None)


@pytest.mark.parametrize(
    ("unit", "shape"),
    [
        ("AU01", "browInnerUp"),
        ("AU02", "browOuterUp"),
        ("AU04", "browDown"),
        ("AU05", "eyeWide"),
        ("AU07", "eyeSquint"),
        ("AU12", "mouthSmile"),
        ("AU14", "mouthDimple"),
        ("AU15", "mouthFrown"),
        ("AU17", "mouthShrugLower"),
        ("AU20", "mouthStretch"),
        ("AU45", "eyeBlink"),
    ],
)
def test_an_expression_of_half_a_clip_is_its_own_unit_and_no_other(unit, shape):
    units = action_units(face(**{shape: [0.0] * 10 + [0.7] * 10}))
    assert list(units.columns[units.any()]) == [f"{unit}_r", f"{unit}_c"]
    assert units[f"{unit}_c"].tolist() == [0.0] * 10 + [1.0] * 10


def test_intensity_is_gain_times_what_exceeds_the_baseline():
    brows = [0.0] + [0.1] * 9 + [0.5] * 10  # one frame is no baseline
    made = action_units(face(browInnerUp=brows))["AU01_r"]
    assert made.tolist() == [0.0] * 10 + [round(5 * 1.25 * 0.4, 2)] * 10


def test_intensity_stays_within_five():
    assert action_units(face(mouthSmile=1.0))["AU12_r"].max() == 5


def test_a_trait_of_the_face_is_taken_off():
    assert (action_units(face(browDown=0.2, eyeSquint=0.45))[PRESENCES] == 0).all(axis=None)


@pytest.mark.parametrize(("unit", "shape"), [("AU12", "mouthSmile"), ("AU01", "browInnerUp")])
def test_an_expression_held_through_the_clip_does_not_vanish(unit, shape):
    assert (action_units(face(**{shape: 0.8}))[f"{unit}_c"] == 1).all()


def test_a_cheek_raises_only_in_a_smile_that_reaches_the_eyes():
    def present(**levels: float) -> bool:
        return bool(action_units(face(**levels))["AU06_c"].any())

    assert present(mouthSmile=0.7, eyeSquint=0.6)
    assert not present(mouthSmile=0.7)
    assert not present(eyeSquint=0.6)


def test_lips_are_sucked_in_where_both_are():
    assert (action_units(face(mouthRollLower=0.7, mouthRollUpper=0.7))["AU28_c"] == 1).all()
    assert (action_units(face(mouthRollLower=0.7))["AU28_c"] == 0).all()
    assert (action_units(face(mouthRollUpper=0.7))["AU28_c"] == 0).all()


def test_an_upper_lip_that_a_smile_lifts_a_little_is_not_raised():
    lips = action_units(face(mouthUpperUp=[0.2, 0.24], frames=2))
    assert lips["AU10_r"].tolist() == [1.25, 1.5]
    assert lips["AU10_c"].tolist() == [0, 1]


def test_lips_part_before_the_jaw_drops():
    units = action_units(face(jawOpen=[0.0] * 10 + [0.15] * 5 + [0.6] * 5))
    assert units["AU25_c"].tolist() == [0.0] * 10 + [1.0] * 10
    assert units["AU26_c"].tolist() == [0.0] * 15 + [1.0] * 5


def test_one_frame_is_enough():
    assert np.isfinite(action_units(face(frames=1, mouthSmile=0.5))).all(axis=None)
