"""Where a variant errs: segment by segment with what the encoder read of it, and video by video."""

from collections.abc import Mapping

import pandas as pd

from devaflow.corpus.clips import KEY
from devaflow.evaluate.predictions import JUDGED


def segment_errors(
    runs: Mapping[int, pd.DataFrame], words: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The labelled test and valid rows of a protocol, test rows first, the largest error first.

    runs: training seed -> video_id, clip_id, split, label, prediction. words: modality ->
    video_id, clip_id, status, text. Columns split, video_id, clip_id, label, prediction (mean over
    seeds), sd (over seeds; NaN of one), error (prediction minus label), of each modality its
    words, and `MODALITY_status`.
    """
    first = next(iter(runs.values()))
    judged = first[first["split"].isin(JUDGED) & first["label"].notna()]
    seeds = pd.concat(runs.values()).groupby(KEY)["prediction"].agg(["mean", "std"])
    table = judged[["split", *KEY, "label"]].merge(
        seeds.set_axis(["prediction", "sd"], axis=1), on=KEY, validate="one_to_one"
    )
    table["error"] = table["prediction"] - table["label"]
    for modality, read in words.items():
        columns = {"text": modality, "status": f"{modality}_status"}
        own = read[[*KEY, *columns]].rename(columns=columns)
        table = table.merge(own, on=KEY, how="left", validate="one_to_one")
    place = table["split"].map(JUDGED.index)
    order = table.assign(place=place, size=-table["error"].abs())
    return table.loc[order.sort_values(["place", "size", *KEY]).index].reset_index(drop=True)


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
    order = table.assign(place=table["split"].map(JUDGED.index), size=-table["MAE"])
    return table.loc[order.sort_values(["place", "size", "video_id"]).index].reset_index(drop=True)
