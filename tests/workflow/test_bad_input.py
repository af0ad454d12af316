"""Bad input stops a run before its first job, with one clear message."""

import pytest

TARGET = "results/metrics_optimized.json"


@pytest.fixture
def run(new_run, few_videos):
    return new_run("bad", few_videos)


def refused(run, *parts):
    printed = run.snakemake(TARGET, check=False)
    assert "Traceback" not in printed
    assert not (run.folder / "results").exists()
    for part in parts:
        assert part in printed, printed


def test_a_section_that_stands_twice_stops_the_run(run):
    with (run.folder / "config.yaml").open("a") as file:
        file.write("corpus: {clips: elsewhere}\n")
    refused(run, "config.yaml, line", "the key 'corpus' stands twice")


def test_a_label_out_of_range_stops_the_run(run):
    run.write_labels([run.rows[0] | {"label": "7"}, *run.rows[1:]])
    refused(run, "label.csv", "row 2", run.rows[0]["video_id"], "7")


def test_clips_that_are_missing_are_told_of_first(run):
    row = run.rows[0]
    (clip,) = (run.folder / "clips" / row["video_id"]).glob(f"{row['clip_id']}.*")
    clip.rename(clip.with_stem(f"0{clip.stem}"))
    printed = run.snakemake("--dry-run", TARGET)
    assert f"no clip of 1 of {len(run.rows)} segments, e.g. {row['video_id']}/" in printed
    assert f"Is {row['video_id']}/0{row['clip_id']}" in printed


def test_a_missing_encoder_stops_those_who_use_it(run):
    encoder = {"source": "path", "id": "nowhere", "max_tokens": 128}
    run.configure(encoders={"mine": encoder}, variants={"optimized": {"encoder": "mine"}})
    assert "encoder folder nowhere holds no config.json" in run.snakemake(TARGET, check=False)
    assert not (run.folder / "results").exists()
    run.snakemake("--dry-run", "results/metrics_baseline.json")
