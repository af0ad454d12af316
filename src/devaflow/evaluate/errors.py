"""Where a variant errs: segment by segment with its words, and video by video."""

from collections.abc import Mapping

import pandas as pd

from devaflow.corpus.clips import KEY
from devaflow.evaluate.predictions import JUDGED, ensemble


def segment_errors(
    runs: Mapping[int, pd.DataFrame], words: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The labelled test and valid rows of a protocol, test rows first, the largest error first.

    runs: training seed -> predictions, as `devaflow.model.predict.predict` gives them. words:
    modality -> video_id, clip_id, status, text. Columns split, video_id, clip_id, label, prediction
    (mean over seeds), sd (over seeds; NaN of one), error (prediction minus label), of each modality
    its words, and `MODALITY_status`. Raises InputError as `ensemble`.
    """
    together = ensemble({f"seed {seed}": run for seed, run in runs.items()})
    sd = pd.concat(runs.values()).groupby(KEY)["prediction"].std().rename("sd")
    judged = together[together["split"].isin(JUDGED) & together["label"].notna()]
    table = judged[["split", *KEY, "label", "prediction"]].merge(sd, on=KEY, validate="one_to_one")
    table["error"] = table["prediction"] - table["label"]
    for modality, read in words.items():
        columns = {"text": modality, "status": f"{modality}_status"}
        own = read[[*KEY, *columns]].rename(columns=columns)
        table = table.merge(own, on=KEY, how="left", validate="one_to_one")
    return _ordered(table, table["error"].abs())


def video_errors(segments: pd.DataFrame) -> pd.DataFrame:
    """The same by video: test rows first, the largest MAE first.

    Columns split, video_id, segments (how many), label and prediction (means), MAE, and bias
    (mean of prediction minus label): what is off in one direction is often a speaker, a voice or a
    camera.
    """
    videos = segments.assign(MAE=segments["error"].abs()).groupby(["split", "video_id"])
    table = videos.agg(
        segments=("error", "size"),
        label=("label", "mean"),
        prediction=("prediction", "mean"),
        MAE=("MAE", "mean"),
        bias=("error", "mean"),
    ).reset_index()
    return _ordered(table, table["MAE"])


def _ordered(table: pd.DataFrame, size: pd.Series) -> pd.DataFrame:
    """Test rows before valid rows, the largest size first."""
    order = pd.DataFrame({"place": table["split"].map(JUDGED.index), "size": -size})
    return table.loc[order.sort_values(["place", "size"], kind="stable").index].reset_index(
        drop=True
    )
