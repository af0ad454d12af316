"""Action units out of MediaPipe's 52 blendshapes.

The blendshapes are ARKit's, so the pairs below follow the usual correspondence of ARKit's names
with the Facial Action Coding System (Apple, ARFaceAnchor.BlendShapeLocation; Ekman, Friesen and
Hager, FACS, 2002). Gains, thresholds and resting levels are this project's own. They were set on
neutral read speech (11 GRID clips, all quantities over face frames), not fitted to any label.

Two of OpenFace's units have no blendshape and are never active: for AU09 it would be noseSneer,
which is 0 in every frame; for AU23, the lip tightener, there is none (mouthPress, which b, m and p
raise in neutral speech, is AU24, the lip pressor, and that OpenFace does not have).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from devaflow.vision.frames import INTENSITIES, INTENSITY_UNITS, PRESENCES

BASELINE_QUANTILE = 0.10
STRONGEST = 5.0


@dataclass(frozen=True)
class ActionUnit:
    """How one action unit is made.

    shapes: groups of blendshapes; a group counts as its mean (left and right side).
    join: how several groups become one value, each blendshape lying in [0, 1].
    rest: the highest level that the unit may have in a face at rest. The clip's 10th percentile,
        but no more than this, is subtracted; 0 means that nothing is. It bounds the baseline so
        that an expression held through the whole clip is weakened, not lost.
    gain: intensity = 5 * gain * (value - baseline), cut to [0, 5].
    threshold: the unit is present from this intensity on.
    """

    shapes: tuple[tuple[str, ...], ...]
    rest: float
    gain: float
    threshold: float
    join: Literal["min", "max"] = "max"


def _sides(name: str) -> tuple[str, str]:
    return f"{name}Left", f"{name}Right"


SMILE, SQUINT = _sides("mouthSmile"), _sides("eyeSquint")
UPPER_LIP, LOWER_LIP = _sides("mouthUpperUp"), _sides("mouthLowerDown")

# What the resting levels rest on, "p10": the 10th percentile of a neutral clip, lowest to highest.
ACTION_UNITS = {
    # Neutral faces of other people show it (p10 up to .02 here): a person's brows set its zero.
    "AU01": ActionUnit((("browInnerUp",),), rest=0.30, gain=1.25, threshold=1.0),
    # p10 .01-.38, and often on one side: high brows are a trait, and the camera's height counts.
    "AU02": ActionUnit((_sides("browOuterUp"),), rest=0.40, gain=1.25, threshold=1.0),
    # p10 .00-.17: low brows are a trait.
    "AU04": ActionUnit((_sides("browDown"),), rest=0.30, gain=1.25, threshold=1.0),
    # p10 up to .02, and small even when it is seen: a high gain, no baseline.
    "AU05": ActionUnit((_sides("eyeWide"),), rest=0.0, gain=2.5, threshold=1.0),
    # cheekSquint is 0 in every frame. A raised cheek shows as a smile that reaches the eyes,
    # so this unit follows AU12: no evidence that a smile is felt. Without one it is 0.
    "AU06": ActionUnit((SMILE, SQUINT), rest=0.0, gain=1.5, threshold=1.5, join="min"),
    # p10 .14-.49: narrow eyes are a trait.
    "AU07": ActionUnit((SQUINT,), rest=0.50, gain=1.25, threshold=1.0),
    # It also fires on smiles; the higher threshold keeps faint ones out.
    "AU10": ActionUnit((UPPER_LIP,), rest=0.0, gain=1.25, threshold=1.5),
    # p10 0, and a smile may last a whole clip: no baseline.
    "AU12": ActionUnit((SMILE,), rest=0.0, gain=1.0, threshold=1.0),
    # p10 up to .04, below the threshold.
    "AU14": ActionUnit((_sides("mouthDimple"),), rest=0.0, gain=1.0, threshold=1.0),
    # At most .01 in neutral speech; small even when posed.
    "AU15": ActionUnit((_sides("mouthFrown"),), rest=0.0, gain=2.0, threshold=1.0),
    # p10 0.
    "AU17": ActionUnit((("mouthShrugLower",),), rest=0.0, gain=1.0, threshold=1.0),
    # At most .02 in neutral speech; small even when posed.
    "AU20": ActionUnit((_sides("mouthStretch"),), rest=0.0, gain=2.0, threshold=1.0),
    # Whatever parts them; a mouth that rests open is parted, so no baseline.
    "AU25": ActionUnit((("jawOpen",), LOWER_LIP, UPPER_LIP), rest=0.0, gain=2.0, threshold=1.0),
    # A jaw must fall further than lips part; p10 .01-.15.
    "AU26": ActionUnit((("jawOpen",),), rest=0.15, gain=1.5, threshold=1.5),
    # Both lips rolled in; mouthRollUpper alone rests at up to .18.
    "AU28": ActionUnit(
        (("mouthRollLower",), ("mouthRollUpper",)), rest=0.0, gain=1.0, threshold=1.0, join="min"
    ),
    # p10 .02-.14, lids that follow a downward look reach .4: a high threshold.
    "AU45": ActionUnit((_sides("eyeBlink"),), rest=0.20, gain=1.25, threshold=2.0),
}


def action_units(blendshapes: pd.DataFrame) -> pd.DataFrame:
    """Turn the blendshapes of one clip's face frames into OpenFace's AU columns.

    blendshapes: [face frames, blendshape names], each in [0, 1].
    Returns [face frames, 17 AUxx_r in 0-5 (2 decimals) then 18 AUxx_c, 0 or 1], same index.
    """
    columns = dict.fromkeys([*INTENSITIES, *PRESENCES], np.zeros(len(blendshapes)))
    for unit, made in ACTION_UNITS.items():
        intensity = _intensity(blendshapes, made)
        if unit in INTENSITY_UNITS:
            columns[f"{unit}_r"] = intensity
        columns[f"{unit}_c"] = (intensity >= made.threshold).astype("float64")
    return pd.DataFrame(columns, index=blendshapes.index, dtype="float64")


def _intensity(blendshapes: pd.DataFrame, made: ActionUnit) -> np.ndarray:
    groups = np.stack([blendshapes[list(g)].to_numpy("float64").mean(axis=1) for g in made.shapes])
    value = groups.min(axis=0) if made.join == "min" else groups.max(axis=0)
    baseline = min(float(np.quantile(value, BASELINE_QUANTILE)), made.rest) if len(value) else 0.0
    return np.round(np.clip(STRONGEST * made.gain * (value - baseline), 0, STRONGEST), 2)
