from pathlib import Path

import pytest

from devaflow.corpus.labels import Segment, doubted_scale, read_labels, segment_table
from devaflow.errors import InputError
from devaflow.schemas import load_schema

ROOT = Path(__file__).parents[2]
SCHEMA = load_schema(ROOT / "workflow/schemas/label.schema.yaml")
HEADER = "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode\n"


@pytest.fixture
def read(tmp_path):
    def read_content(content):
        path = tmp_path / "label.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_labels(path, SCHEMA)

    return read_content


def test_a_row_becomes_a_segment(read):
    (segment,) = read(HEADER + '_a-b,3,"GOOD, VERY",-1.8,,,,Negative,train\n')
    assert segment.key == ("_a-b", "3")
    assert segment.text == "GOOD, VERY"
    assert segment.label == -1.8
    assert segment.label_T is None
    assert segment.mode == "train"


@pytest.mark.parametrize("identifier", ["1e5", "007", "NaN", "-x", "null", "True", "a b", "é"])
def test_ids_stay_as_they_are_written(read, identifier):
    (segment,) = read(f"video_id,clip_id,text,label\n{identifier},{identifier},hm,0\n")
    assert segment.key == (identifier, identifier)


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        *((word, "valid") for word in ("valid", "VAL", "dev", "validation")),
        ("Train", "train"),
        (" TEST ", "test"),
        ("", ""),
    ],
)
def test_a_mode_may_be_written_in_any_letter_case_and_bear_another_name(read, word, mode):
    (segment,) = read(f"video_id,clip_id,text,label,mode\nv,1,t,0,{word}\n")
    assert segment.mode == mode


def test_columns_may_stand_in_any_order(read):
    (segment,) = read("mode,label,text,clip_id,video_id\nVALID,1,t,c,v\n")
    assert (segment.key, segment.label, segment.mode) == (("v", "c"), 1.0, "valid")


@pytest.mark.parametrize(
    ("minus", "encoding"), [("-", "cp1252"), ("\N{MINUS SIGN}", "utf-8-sig"), ("-", "utf-16")]
)
def test_a_german_spreadsheet_is_read_as_it_is_meant(read, minus, encoding):
    table = f"video_id;clip_id;text;label;;\r\nv;c; „Spaß“;{minus}1,5;;\r\n;;;;;\r\n"
    (segment,) = read(table.encode(encoding))
    assert (segment.key, segment.text, segment.label) == (("v", "c"), " „Spaß“", -1.5)


def test_times_in_the_video_are_seconds(read):
    segments = read("video_id,clip_id,text,label,start,end\nv,1,t,1,0,2.5\nv,2,t,1,,\n")
    assert [(s.start, s.end) for s in segments] == [(0.0, 2.5), (None, None)]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ("2.5,", "row 2 has only one of start and end"),
        ("2.5,2.5", r"row 2: end 2\.5 is not after start 2\.5"),
        ("0,soon", "row 2: end 'soon' is not a number; write seconds"),
        ("-1,2", "row 2 .*start"),
    ],
)
def test_impossible_times_are_refused(read, times, message):
    with pytest.raises(InputError, match=message):
        read(f"video_id,clip_id,text,label,start,end\nv,1,t,1,{times}\n")


@pytest.mark.parametrize("empty", ["", "NA", "NaN", "nan", " "])
def test_an_empty_label_is_a_segment_without_label(read, empty):
    segments = read(HEADER + f"v,1,t,{empty},{empty},,,,train\nv,2,t,0.4,,,,,test\n")
    assert segments[0].label_T is None
    table = segment_table(segments)
    assert table["label"].isna().tolist() == [True, False]
    assert table["clip_id"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ("v,1,t,3.5,,,,,train\n", ["row 2", "'v'", "'1'", "label", "3.5", "3"]),
        ("v,1,t,good,,,,,train\n", ["row 2", "label 'good' is not a number"]),
        ("v,1,t,1_0,,,,,train\n", ["row 2", "not a number"]),
        ("v,1,t,1e400,,,,,train\n", ["row 2", "label"]),
        (" v,1,t,0,,,,,train\n", ["row 2", "' v'", "no blank at its ends"]),
        ("v,1,t,0,,,,,train\n,,,,,,,,\nv,1,u,0,,,,,train\n", ["row 4 repeats row 2", "keep one"]),
        ("../v,1,t,0,,,,,train\n", ["row 2", "video_id"]),
        ("..,1,t,0,,,,,train\n", ["row 2", "video_id"]),
        ("v,.,t,0,,,,,train\n", ["row 2", "clip_id"]),
        ("v,../../etc/passwd,t,0,,,,,train\n", ["row 2", "clip_id"]),
        ("/etc/passwd,1,t,0,,,,,train\n", ["row 2", "video_id"]),
        ("C:\\v,1,t,0,,,,,train\n", ["row 2", "video_id"]),
        ('"v\nw",1,t,0,,,,,train\n', ["row 2", "video_id"]),
        ("v\x9b31m,1,t,0,,,,,train\n", ["row 2", "video_id", "control character"]),
        ("v\u2028w,1,t,0,,,,,train\n", ["row 2", "video_id", "line separator"]),
        ("v\0,1,t,0,,,,,train\n", ["row 2", "video_id"]),
        (",1,t,0,,,,,train\n", ["row 2", "video_id"]),
        ("v,1,t,0,,,,,tset\n", ["row 2", "mode", "'tset'", "'test'"]),
        ("v,1,a, b,0,,,,,train\n", ["row 2 has 10 fields", "quotes"]),
        ('v,1,"t,0,,,,,train\n', ["mend the quotes"]),
    ],
)
def test_a_bad_row_is_named_with_the_remedy(read, rows, named):
    with pytest.raises(InputError) as caught:
        read(HEADER + rows)
    for part in ["label.csv", *named]:
        assert part in str(caught.value)


def test_many_bad_rows_are_counted_not_poured_out(read):
    with pytest.raises(InputError, match="and 15 more"):
        read(HEADER + "".join(f"v,{i},t,9,,,,,train\n" for i in range(20)))


@pytest.mark.parametrize("content", ["", HEADER, HEADER + ",,,,,,,,\n"])
def test_an_empty_corpus_is_refused(read, content):
    with pytest.raises(InputError, match="no segments"):
        read(content)


def test_a_missing_column_is_named(read):
    with pytest.raises(InputError, match="column 'label' is missing"):
        read("video_id,clip_id,text\nv,1,t\n")


def test_an_unknown_column_is_named(read):
    with pytest.raises(InputError, match=r"unknown column 'labell'.*did you mean 'label'"):
        read("video_id,clip_id,text,label,labell\nv,1,t,0,0\n")
    with pytest.raises(InputError, match=r"unknown column 'Split'.*did you mean 'mode'"):
        read("video_id,clip_id,text,label,Split\nv,1,t,0,test\n")
    with pytest.raises(
        InputError, match=r"'sentiment_of_it'; rename or remove it\. Known columns: "
    ):
        read("video_id,clip_id,text,label,sentiment_of_it\nv,1,t,0,0\n")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.csv: cannot read.*corpus\.labels"):
        read_labels(tmp_path / "absent.csv", SCHEMA)


@pytest.mark.parametrize(
    "text", ["😀👍🏽", "a\0b", "$(touch x) `y`; z", "{unit}", "two\nlines", ""]
)
def test_a_transcript_stays_as_it_is_written(read, text):
    (segment,) = read(f'video_id,clip_id,text,label\nv,c,"{text}",1\n')
    assert segment.text == text


def test_a_long_transcript_is_read_whole(read):
    (segment,) = read("video_id,clip_id,text,label\nv,c," + "so " * 100_000 + ",1\n")
    assert len(segment.text) == 300_000


@pytest.mark.parametrize(
    ("labels", "doubted"),
    [
        ([-1.0, 0.6, 0.2, 0.0] * 10, "no label lies outside of [-1, 1]"),
        ([-1.0, 0.0, 1.0] * 20, "no label lies outside of [-1, 1]"),
        ([1.0, 2.0, 3.0] * 10, "no label is negative"),
        ([0.0, None, 1.0] * 20, "no label is negative"),
        ([-1.0, 0.6, 0.2, 1.2] * 10, ""),
        ([-1.2, 0.6, 0.2, 1.0] * 10, ""),
        ([-1.0, 0.6, 0.2] * 3, ""),  # too few to tell
    ],
)
def test_labels_of_another_scale_are_told_of(labels, doubted):
    segments = [Segment("v", str(n), "hm", label) for n, label in enumerate(labels)]
    said = doubted_scale("my/label.csv", segments)
    assert said.startswith(f"my/label.csv: {doubted}, while" if doubted else "")
    assert bool(said) == bool(doubted)


@pytest.mark.parametrize("labels", [[-3.0, 0.0, 3.0], [-3.0, 3.0], [-2.0, 1.0, None]])
def test_labels_that_are_classes_are_told_of(labels):
    segments = [Segment("v", str(n), "hm", label) for n, label in enumerate(labels * 20)]
    given = ", ".join(f"{label:g}" for label in labels if label is not None)
    assert f"my/label.csv: the labels are {given} and nothing between" in doubted_scale(
        "my/label.csv", segments
    )
