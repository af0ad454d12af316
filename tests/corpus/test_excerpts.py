import pytest

from devaflow.corpus.excerpts import find_excerpts, without_table
from devaflow.corpus.index import group_units
from devaflow.corpus.labels import Segment
from devaflow.errors import InputError


def segment(video, clip, start=None, end=None):
    return Segment(video, clip, "text", 0.0, start=start, end=end)


def tables(folder, *names, header="frame, face_id, timestamp"):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(header + "\n")
    return folder


def found(segments, folder, layout="auto"):
    return [
        e.path and e.path.relative_to(folder).as_posix()
        for e in find_excerpts(segments, folder, layout)
    ]


def test_a_table_of_a_segment_is_named_as_its_clip(tmp_path):
    tables(tmp_path, "a/1.csv", "a_2.CSV", "a/2_of_details.txt", "other.csv")
    assert found([segment("a", "1"), segment("a", "2"), segment("b", "1")], tmp_path) == [
        "a/1.csv",
        "a_2.CSV",
        None,
    ]
    assert found([segment("a", "2")], tables(tmp_path, "x-a-2.csv"), "x-{video_id}-{clip_id}") == [
        "x-a-2.csv"
    ]


def test_segments_without_a_table_are_counted_and_the_first_is_named(tmp_path):
    tables(tmp_path, "a.csv")
    given = [segment("a", "1"), segment("b", "7"), segment("c", "1")]
    said = without_table(tmp_path, find_excerpts(given, tmp_path))
    assert said == f"{tmp_path}: no table of 2 of 3 segments, e.g. b/7"
    assert without_table(tmp_path, find_excerpts(given[:1], tmp_path)) == ""


def test_a_table_of_a_video_is_divided_by_the_times_of_its_segments(tmp_path):
    tables(tmp_path, "a.csv")
    one, two = find_excerpts([segment("a", "1", 0.0, 2.5), segment("a", "2", 2.5, 4.0)], tmp_path)
    assert one.path == two.path == tmp_path / "a.csv"
    assert (one.start, one.end, two.start, two.end) == (0.0, 2.5, 2.5, 4.0)


def test_a_table_of_a_segment_is_taken_whole_whatever_its_times(tmp_path):
    tables(tmp_path, "a/1.csv", "a.csv")
    (excerpt,) = find_excerpts([segment("a", "1", 7.0, 9.0)], tmp_path)
    assert (excerpt.path, excerpt.start) == (tmp_path / "a/1.csv", None)


@pytest.mark.parametrize(
    "header",
    [
        "video_id, clip_id, backend, frame",
        '\ufeff"video_id","clip_id","backend","frame"',
        "",  # no table: the job that reads it gives the segments their status
    ],
)
def test_a_table_of_a_video_may_name_the_segments_itself(tmp_path, header):
    tables(tmp_path, "a.csv", header=header)
    assert found([segment("a", "1"), segment("a", "2")], tmp_path) == ["a.csv", "a.csv"]


@pytest.mark.parametrize("unit", ["clip", "video"])
def test_frame_tables_of_this_workflow_are_found_whatever_the_ids(tmp_path, unit):
    segments = [segment("Zoë b", "1"), segment("Zoë b", "é"), segment("日" * 200, "1")]
    names = [f"{name}.csv" for name in group_units(segments, unit)]
    tables(tmp_path, *names, header="video_id,clip_id,backend,frame")
    assert set(found(segments, tmp_path)) == set(names)


def test_a_video_of_one_segment_needs_no_times(tmp_path):
    assert found([segment("a", "1")], tables(tmp_path, "a.csv")) == ["a.csv"]


def test_a_table_of_several_segments_without_times_is_refused(tmp_path):
    tables(tmp_path, "a.csv")
    with pytest.raises(InputError, match=r"a\.csv: one table for 2 segments .*start and end"):
        find_excerpts([segment("a", "1"), segment("a", "2")], tmp_path)


def test_the_last_segment_without_a_table_does_not_get_the_whole_video(tmp_path):
    tables(tmp_path, "a/1.csv", "a.csv")
    with pytest.raises(InputError, match=r"a\.csv: one table for 2 segments"):
        find_excerpts([segment("a", "1"), segment("a", "2")], tmp_path)


def test_a_folder_without_a_table_is_refused(tmp_path):
    tables(tmp_path, "b/1.csv")
    with pytest.raises(InputError, match=r"none of the 1 segments, e\.g\. a/1\.csv"):
        find_excerpts([segment("a", "1")], tmp_path)
