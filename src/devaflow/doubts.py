"""What a run tells of its data before the first job; none of it stops the run."""

from pathlib import Path

from devaflow.corpus.excerpts import without_table
from devaflow.corpus.index import absences
from devaflow.corpus.labels import doubted_scale
from devaflow.plan import Plan


def doubts(plan: Plan) -> list[str]:
    """A sentence each on label.csv, and on segments without a clip or frame table."""
    said = [doubted_scale(plan.labels, plan.segments), _lost_split(plan), _lone_video(plan)]
    said += [absences(plan.clip_folder, plan.clips, plan.config["corpus"]["layout"])]
    said += [without_table(Path(table), plan.excerpts) for table in plan.features("vision")]
    return [sentence for sentence in said if sentence]


def _lost_split(plan: Plan) -> str:
    """What becomes of a split of label.csv that should be trained on and cannot be."""
    reason = plan.untrainable.get("official", "")
    if plan.config["model"] or not reason or not any(segment.mode for segment in plan.segments):
        return ""
    return (
        f"{plan.labels}: the protocol official, the split of the column mode, is left out "
        f"({reason}); the others draw their own from all rows, those with the mode test too"
    )


def _lone_video(plan: Plan) -> str:
    """What is lost where all test or all valid rows have one video_id."""
    if plan.config["model"] or "official" not in plan.protocols:
        return ""
    for mode in ("test", "valid"):
        videos = [s.video_id for s in plan.segments if s.mode == mode and s.label is not None]
        if len(videos) > 1 and len(set(videos)) == 1:
            return (
                f"{plan.labels}: all rows with the mode {mode} have the video_id {videos[0]!r}, so "
                "that there are no intervals and no p; it should name the recording or the speaker "
                "(docs/data.md, Other corpora)"
            )
    return ""
