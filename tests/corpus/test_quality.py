import pandas as pd
import pytest

from devaflow.corpus.quality import as_markdown, assess
from devaflow.report.page import as_page


def table(*statuses, **columns):
    return pd.DataFrame(
        {
            "video_id": ["v", "v", "w"],
            "clip_id": ["1", "2", "1"],
            "status": statuses,
            "reason": ["" if status == "ok" else f"it is {status}" for status in statuses],
            **columns,
        }
    )


TEXT = table("ok", "ok", "empty")
AUDIO = table("ok", "no_speech", "unreadable", duration_s=[2.0, 3.0, None])
VISION = table("ok", "no_face", "missing", frames=[50, 30, None], face_frames=[40, 0, None])
SPLITS = pd.DataFrame(
    {"video_id": ["v", "v", "w"], "clip_id": ["1", "2", "1"], "split": ["train", "test", "test"]}
)


def report(**changes):
    modalities = {"text": TEXT, "audio": AUDIO, "vision": VISION} | changes
    return assess(modalities, {"official": SPLITS})


def test_statuses_are_counted_per_modality():
    assert report()["overall"]["status"] == {
        "text": {"empty": 1, "ok": 2},
        "audio": {"no_speech": 1, "ok": 1, "unreadable": 1},
        "vision": {"missing": 1, "no_face": 1, "ok": 1},
    }


def test_rates_are_over_what_was_measured():
    overall = report()["overall"]
    assert overall["face_rate"] == 0.5, "40 of 80 frames"
    assert overall["voiced_rate"] == 0.5
    assert overall["duration_s"] == {"total": 5.0, "mean": 2.5, "min": 2.0, "max": 3.0}


def test_a_voice_that_was_cut_short_is_a_voice():
    audio = AUDIO.assign(status=["truncated", "no_speech", "unreadable"])
    assert report(audio=audio)["overall"]["voiced_rate"] == 0.5


def test_every_split_has_its_own_counts():
    train = report()["splits"]["official"]["train"]
    assert (train["segments"], train["face_rate"]) == (1, 0.8)
    assert train["status"]["vision"] == {"ok": 1}


def test_a_split_in_which_a_modality_is_masked_is_spoken_of():
    assert report()["gaps"] == [
        "official, test: text can be used in 1 of 2 segments and is masked in the others",
        "official, test: audio can be used in 0 of 2 segments and is masked in the others",
        "official, test: vision can be used in 0 of 2 segments and is masked in the others",
    ]


@pytest.mark.parametrize(("masked", "spoken_of"), [(1, False), (2, True)])
def test_a_tenth_of_a_split_may_be_masked(masked, spoken_of):
    rows = pd.DataFrame({"video_id": "v", "clip_id": list("0123456789"), "reason": ""})
    rows["status"] = ["missing"] * masked + ["ok"] * (10 - masked)
    modalities = dict.fromkeys(("text", "audio", "vision"), rows)
    assert bool(assess(modalities, {"official": rows.assign(split="test")})["gaps"]) == spoken_of


def test_of_segments_by_which_nothing_is_judged_no_gap_is_spoken_of():
    splits = {"official": SPLITS.assign(split=["train", "unlabelled", "unassigned"])}
    found = assess({"text": TEXT, "audio": AUDIO, "vision": VISION}, splits)
    assert found["gaps"] == []


def test_every_segment_that_is_not_ok_is_named_with_its_reason():
    rows = report()["not_ok"]
    assert len(rows) == 5
    assert {
        "video_id": "v",
        "clip_id": "2",
        "modality": "vision",
        "status": "no_face",
        "reason": "it is no_face",
    } in rows


def test_precomputed_tables_have_no_frames_and_no_duration():
    vision = VISION.assign(frames=pd.NA, face_frames=pd.NA)
    overall = report(vision=vision, audio=AUDIO.drop(columns="duration_s"))["overall"]
    assert overall["face_rate"] is None
    assert overall["duration_s"] is None


def lines_of(quality, start):
    return [line for line in as_markdown(quality).splitlines() if line.startswith(start)]


def test_the_table_has_a_line_over_all_and_one_for_each_split_in_their_order():
    assert lines_of(report(), "| all") == [
        "| all |  | 3 | 2.50 | 0.500 | 0.500 | 1 empty, 2 ok "
        "| 1 no_speech, 1 ok, 1 unreadable | 1 missing, 1 no_face, 1 ok |"
    ]
    train, test = lines_of(report(), "| official")
    assert train.startswith("| official | train | 1 | 2.00 | 0.800 | 1.000 | 1 ok | 1 ok |")
    assert test.startswith("| official | test | 2 |")


def test_the_page_tells_of_gaps_and_of_what_is_not_ok():
    assert len(lines_of(report(), "Mind: official, test: ")) == 3
    assert r"| v | 2 | vision | no\_face | it is no\_face |" in as_markdown(report())
    whole = table("ok", "ok", "ok")
    assert "not ok" not in as_markdown(report(text=whole, audio=whole, vision=whole))


def test_ids_and_reasons_are_shown_as_they_are():
    odd = VISION.assign(reason=["", "a|b\n_c_ *d* <e> \\f", ""])
    page = as_page(as_markdown(report(vision=odd)), "quality")
    assert "<td>no_face</td>\n<td>a|b _c_ *d* &lt;e&gt; \\f</td>" in page


def test_what_was_not_measured_is_left_blank():
    bare = report(audio=table("ok", "ok", "ok"), vision=table("ok", "ok", "ok"))
    (line,) = lines_of(bare, "| all")
    assert line.startswith("| all |  | 3 |  |  | 1.000 |")
