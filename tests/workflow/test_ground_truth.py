"""What was rendered into the demo corpus is what is measured: ranks agree, faults are found."""

import re
from pathlib import Path

import pandas as pd
import pytest

from devaflow.vision.frames import read_frames

ROOT = Path(__file__).parents[2]
KEY = ["video_id", "clip_id"]
ACTION_UNITS = "results/vision/mediapipe/action_units.parquet"
FUNCTIONALS = "results/audio/opensmile/functionals.parquet"
AUDIO_TEXTS = "results/audio/descriptions/official.parquet"
VISION_TEXTS = "results/vision/descriptions.parquet"
TRANSCRIPTS = "results/text/context-0.parquet"
QUALITY = "results/data_quality.md"
README = (ROOT / "README.md").read_text()
# What each fault ends as: modality -> status. The other modality is ok.
STATUS = {
    "no_face": {"vision": "no_face"},
    "no_audio": {"audio": "no_sound"},
    "silence": {"audio": "no_speech"},
    "unvoiced": {"audio": "no_speech"},
    "truncated": {"audio": "truncated", "vision": "truncated"},
    "garbage": {"audio": "unreadable", "vision": "unreadable"},
    "missing": {"audio": "missing", "vision": "missing"},
    "unlabelled": {},
}


@pytest.fixture(scope="module")
def run(new_run):
    run = new_run("whole", lambda row: True)
    run.snakemake(ACTION_UNITS, FUNCTIONALS, AUDIO_TEXTS, VISION_TEXTS, TRANSCRIPTS, QUALITY)
    return run


@pytest.fixture(scope="module")
def truth(demo):
    ids = dict.fromkeys([*KEY, "fault", "voice"], str)
    table = pd.read_csv(demo / "ground_truth.csv", dtype=ids, keep_default_na=False)
    numbers = table.columns.difference(list(ids))
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce")
    return table.set_index(KEY)


@pytest.fixture(scope="module")
def sound(truth):
    """The clips without a fault of picture or sound."""
    return truth[truth["fault"].isin(["", "unlabelled"])]


@pytest.fixture(scope="module")
def intensity(run):
    """Mean intensity of every action unit over the frames with a face of a clip."""
    files = (run.folder / "results/vision/mediapipe/frames").glob("*.csv")
    frames = pd.concat([read_frames(file) for file in files])
    frames = frames[frames["success"] == 1]
    return frames.groupby(KEY)[[c for c in frames if c.endswith("_r")]].mean()


@pytest.fixture(scope="module")
def table(run):
    """Read one result, indexed by segment."""
    return lambda path: pd.read_parquet(run.folder / path).set_index(KEY)


def rank_correlation(rendered, measured):
    """Spearman's correlation over the clips that are in both."""
    together = pd.concat([rendered, measured], axis=1, join="inner").dropna()
    assert len(together) > 120
    return together.iloc[:, 0].corr(together.iloc[:, 1], method="spearman")


@pytest.mark.parametrize(
    ("unit", "rendered", "floor"),
    [
        ("AU12", "smile", 0.9),
        ("AU06", "smile", 0.8),
        ("AU01", "brow_raise", 0.8),
        ("AU02", "brow_raise", 0.6),
        ("AU04", "brow_lower", 0.6),
        ("AU45", "blinks", 0.75),
    ],
)
def test_an_action_unit_rises_with_its_expression(sound, intensity, unit, rendered, floor):
    assert rank_correlation(sound[rendered], intensity[f"{unit}_r"]) > floor


def test_a_frown_pulls_the_lip_corners_down(sound, intensity):
    assert rank_correlation(sound["smile"], intensity["AU15_r"]) < -0.7


def test_smiles_are_described_and_frowns_are_not_called_smiles(sound, table):
    texts = table(VISION_TEXTS)["text"].reindex(sound.index)
    smiling = texts.str.contains("pull lip corner")
    assert smiling[sound["smile"] > 0.3].mean() > 0.9
    assert smiling[sound["smile"] < -0.3].mean() < 0.1


@pytest.mark.parametrize(
    ("value", "rendered", "floor"), [("f0_hz", "pitch", 0.65), ("loudness", "volume", 0.85)]
)
def test_a_voice_value_rises_with_what_was_spoken(sound, table, value, rendered, floor):
    assert rank_correlation(sound[rendered], table(FUNCTIONALS)[value]) > floor


def test_within_one_voice_pitch_is_nearly_alone_in_setting_f0(sound, table):
    f0 = table(FUNCTIONALS)["f0_hz"].reindex(sound.index)
    correlations = [
        clips["pitch"].corr(f0[clips.index], method="spearman")
        for _, clips in sound.groupby("voice")
        if len(clips) >= 15
    ]
    assert correlations
    assert min(correlations) > 0.85


@pytest.mark.parametrize(("word", "rendered"), [("pitch", "pitch"), ("loudness", "volume")])
def test_levels_are_in_the_order_of_what_was_spoken(sound, table, word, rendered):
    texts = table(AUDIO_TEXTS)["text"].reindex(sound.index)
    level = texts.str.extract(rf"(low|normal|high) {word}")[0]
    mean = sound[rendered].groupby(level).mean()
    assert mean["low"] < mean["normal"] < mean["high"]
    assert level.value_counts().min() > 20


@pytest.mark.parametrize("fault", STATUS)
def test_a_fault_ends_as_a_status_with_a_reason(truth, table, fault):
    (key,) = truth.index[truth["fault"] == fault]
    for modality, path in (("vision", ACTION_UNITS), ("audio", FUNCTIONALS)):
        row = table(path).loc[key]
        assert row["status"] == STATUS[fault].get(modality, "ok")
        assert bool(row["reason"]) == (row["status"] != "ok")


def test_no_segment_is_lost_and_none_but_the_faulty_ones_is_masked(truth, table):
    for path in (ACTION_UNITS, FUNCTIONALS):
        measured = table(path)
        assert list(measured.index) == list(truth.index)
        assert set(measured.index[measured["status"] != "ok"]) <= set(
            truth.index[truth["fault"] != ""]
        )


def test_the_docs_show_the_data_quality_of_the_demo_corpus(run):
    lines = (run.folder / QUALITY).read_text().splitlines()
    shown = [line for line in lines if line.startswith(("| all", "| official"))]
    assert len(shown) == 5
    assert "\n".join(shown) in (ROOT / "docs/data.md").read_text()


def test_the_readme_shows_what_an_encoder_reads_of_a_clip(table):
    key = re.search(r"of one clip, video `(.+?)`, clip `(.+?)`", README).groups()
    for what, path in (("text", TRANSCRIPTS), ("face", VISION_TEXTS), ("voice", AUDIO_TEXTS)):
        assert f"\n| {what} | {table(path).loc[key, 'text']} |\n" in README


def test_the_readme_shows_what_became_of_faulty_clips(table):
    lines = re.search(r"^\| clip \| face \| voice \|\n.+\n((?:\| .+\n)+)", README, re.M)[1]
    for line in lines.splitlines():
        clip, *shown = line.strip("| ").split(" | ")
        key = tuple(clip.split(",")[0].split())
        for path, words in zip((ACTION_UNITS, FUNCTIONALS), shown, strict=True):
            row = table(path).loc[key]
            assert f"{row['status']}: {row['reason']}".startswith(words)
