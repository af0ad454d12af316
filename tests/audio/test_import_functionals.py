import pandas as pd
import pytest

from devaflow.audio.import_functionals import BACKEND, read_functionals
from devaflow.audio.tables import VALUES, functional_table
from devaflow.errors import InputError

HEADER = (
    "video_id,clip_id,loudness_sma_amean,jitterLocal_sma_amean,"
    "shimmerLocal_sma_amean,F0final_sma_amean\n"
)


def table(tmp_path, *rows, header=HEADER):
    path = tmp_path / "voice.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return path


def test_values_are_taken_for_the_segments_asked(tmp_path):
    path = table(tmp_path, "a,007,0.3,0.1,0.2,180", "a,7,0.4,0.1,0.2,90", "x,1,1,1,1,1")
    values = read_functionals(path, [("a", "7"), ("a", "007"), ("b", "1")])
    assert values["f0_hz"].tolist()[:2] == [90, 180]
    assert values["status"].tolist() == ["ok", "ok", "missing"]
    assert values.loc[2, "reason"] == "no row in voice.csv"
    assert set(values["backend"]) == {"precomputed"}


def test_opensmiles_own_name_of_the_loudness_is_known(tmp_path):
    header = HEADER.replace("loudness", "pcm_loudness")
    values = read_functionals(table(tmp_path, "a,1,0.3,0.1,0.2,180", header=header), [("a", "1")])
    assert values.loc[0, VALUES].tolist() == [0.3, 0.1, 0.2, 180]


def test_the_table_of_a_run_is_read_as_it_was_written(tmp_path):
    voice = {"video_id": "a", "clip_id": "1", "status": "ok", "reason": "", "backend": BACKEND}
    voice |= {"loudness": 0.3, "jitter": 0.1, "shimmer": 0.2, "f0_hz": 180.0}
    noise = {"clip_id": "2", "status": "no_speech", "reason": "unvoiced"}
    noise |= dict.fromkeys(["jitter", "shimmer", "f0_hz"])
    measured = functional_table([voice, voice | noise])
    path = tmp_path / "functionals.parquet"
    measured.to_parquet(path)
    pd.testing.assert_frame_equal(read_functionals(path, [("a", "1"), ("a", "2")]), measured)


@pytest.mark.parametrize(
    ("row", "status", "reason"),
    [
        ("a,1,0.3,0,0,0", "no_speech", "unvoiced"),
        ("a,1,0,0,0,0", "no_speech", "digital silence"),
        ("a,1,,,,", "too_short", "too little sound to measure"),
        ("a,1,nan,nan,nan,nan", "too_short", "too little sound to measure"),
    ],
)
def test_what_is_no_voice_is_not_a_low_one(tmp_path, row, status, reason):
    values = read_functionals(table(tmp_path, row), [("a", "1")]).iloc[0]
    assert (values["status"], values["reason"]) == (status, reason)
    assert values[["jitter", "shimmer", "f0_hz"]].isna().all()


def test_a_status_in_the_table_is_kept_but_for_a_voice_that_is_none(tmp_path):
    rows = [
        "a,1,,,,,no_sound,no audio track",
        "a,2,0.3,0.1,0.2,180,truncated,cut",
        "a,3,0,0,0,0,truncated,",
        "a,4,0,0,0,0,,",
    ]
    path = table(tmp_path, *rows, header=HEADER.strip() + ",status,reason\n")
    values = read_functionals(path, [("a", clip) for clip in "1234"])
    assert values["status"].tolist() == ["no_sound", "truncated", "no_speech", "no_speech"]
    assert values["reason"].tolist() == ["no audio track", "cut", *["digital silence"] * 2]


def test_an_impossible_value_is_named(tmp_path):
    path = table(tmp_path, "a,1,0.3,0.1,0.2,180", "a,2,0.3,-0.1,0.2,180")
    with pytest.raises(InputError, match=r"row 3 \(a, 2\): jitterLocal_sma_amean is '-0.1'"):
        read_functionals(path, [("a", "1")])


def test_a_missing_column_is_named_with_its_spellings(tmp_path):
    path = table(tmp_path, header="video_id,clip_id\n")
    spellings = "pcm_loudness_sma_amean / loudness_sma_amean / loudness"
    with pytest.raises(InputError, match=f"no column {spellings}; add it"):
        read_functionals(path, [("a", "1")])
    path = table(tmp_path, header=f"pcm_loudness_sma_amean,{HEADER}")
    with pytest.raises(InputError, match=f"several columns {spellings}; keep one"):
        read_functionals(path, [("a", "1")])
