import os
import re
import sys
import unicodedata
from pathlib import Path

import pytest

from devaflow.corpus.index import absences, file_name, find_clips, group_units
from devaflow.corpus.labels import Segment
from devaflow.errors import InputError

DOCS = (Path(__file__).parents[2] / "docs/data.md").read_text()
EXTENSIONS = re.findall(r"\w+", re.search(r"EXT one of (.+?) in any letter case", DOCS, re.S)[1])


def segments(*keys):
    return [Segment(video, clip, "text", 0.0) for video, clip in keys]


@pytest.fixture
def folder(tmp_path):
    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_both_layouts_are_found_with_every_extension_of_the_docs(folder, extension):
    root = folder(f"a/1.{extension}", f"_b-c_x.{extension.upper()}", "a/3.txt")
    clips = find_clips(segments(("a", "1"), ("_b-c", "x")), root)
    assert [clip.path for clip in clips] == [
        root / f"a/1.{extension}",
        root / f"_b-c_x.{extension.upper()}",
    ]


def test_a_segment_without_a_clip_keeps_its_place(folder):
    root = folder("a/1.mp4", "a/3.txt")
    clips = find_clips(segments(("a", "3"), ("a", "1")), root)
    assert [clip.path for clip in clips] == [None, root / "a/1.mp4"]


def test_another_layout_is_a_pattern(folder):
    root = folder("raw/a/clip-1.mp4")
    (clip,) = find_clips(segments(("a", "1")), root, "raw/{video_id}/clip-{clip_id}")
    assert clip.path == root / "raw/a/clip-1.mp4"


def test_two_files_for_one_segment_are_refused(folder):
    root = folder("a/1.mp4", "a/1.avi")
    with pytest.raises(InputError, match=r"2 files.*keep one"):
        find_clips(segments(("a", "1")), root)


def test_one_file_for_two_segments_is_refused(folder):
    root = folder("a_b_c.mp4")
    with pytest.raises(InputError, match="clip of two segments"):
        find_clips(segments(("a_b", "c"), ("a", "b_c")), root)


def test_what_is_no_file_is_no_clip(folder):
    root = folder("a/4.mp4")
    (root / "a/1.mp4").mkdir()
    os.mkfifo(root / "a/2.mp4")
    (root / "a/3.mp4").symlink_to("nowhere")
    (root / "a/5.mp4").symlink_to(root / "a/4.mp4")
    (root / "a/6.mp4").symlink_to("6.mp4")
    clips = find_clips(segments(*[("a", str(n)) for n in range(1, 7)]), root)
    found = [clip.path and clip.path.name for clip in clips]
    assert found == [None, None, None, "4.mp4", "5.mp4", None]


def test_a_folder_that_may_not_be_read_is_named(folder, monkeypatch):
    root = folder("a/1.mp4")
    monkeypatch.setattr(os, "listdir", raise_permission_error)
    with pytest.raises(InputError, match=r"may not be read.*chmod"):
        find_clips(segments(("a", "1")), root)


def raise_permission_error(path):
    raise PermissionError


def test_a_link_to_a_clip_elsewhere_is_the_users_choice(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "film.mp4"
    elsewhere.touch()
    root = folder("a/2.mp4")
    (root / "a/1.mp4").symlink_to(elsewhere)
    assert find_clips(segments(("a", "1")), root)[0].path == root / "a/1.mp4"


def test_an_id_too_long_for_the_file_system_has_no_clip(tmp_path):
    (clip,) = find_clips(segments(("日" * 200, "1")), tmp_path)
    assert clip.path is None


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent: no such folder; set corpus\.clips"):
        find_clips(segments(("a", "1")), tmp_path / "absent")


def absent_from(root, *keys):
    return absences(root, find_clips(segments(*keys), root))


def test_segments_without_a_clip_are_told_of_with_files_that_are_no_segments(folder):
    root = folder("a/1.mp4", "a/2.mp4", "b/x.mp4")
    assert absent_from(root, ("a", "1"), ("a", "2"), ("b", "x")) == ""
    assert absent_from(root, ("a", "1"), ("c", "9")) == (
        f"{root}: no clip of 1 of 2 segments, e.g. c/9; 2 video files there belong to no segment, "
        "e.g. a/2.mp4"
    )


@pytest.mark.parametrize(
    ("video", "clip", "name"),
    [
        ("a", "1", "a/01.mp4"),
        ("a", "010", "a_10.mp4"),
        ("a", "Clip", "a/clip.mp4"),
        ("Zoë", "1", unicodedata.normalize("NFD", "Zoë") + "/1.mp4"),
    ],
)
def test_a_file_that_is_nearly_the_clip_is_named(folder, video, clip, name):
    found = absent_from(folder("z/1.mp4", name), ("z", "1"), (video, clip))
    assert f"Is {name} that of {video}/{clip}?" in found


def test_a_file_of_a_whole_video_is_not_cut_and_told_of(folder):
    said = absent_from(folder("z/1.mp4", "a.mp4"), ("z", "1"), ("a", "1"), ("a", "2"))
    assert "a.mp4 is named like a whole video, which is not cut by start and end" in said
    said = absent_from(folder("1/1.mp4", "02/1.mp4"), ("1", "1"), ("2", "1"))
    assert "whole video" not in said, "that is the clip of another id"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no other names")
def test_the_name_of_a_file_need_not_be_utf_8(folder):
    said = absent_from(folder(os.fsdecode(b"caf\xe9.mp4")), ("caf", "1"))
    assert said.encode().endswith(rb"e.g. caf\xe9.mp4")


def test_without_a_folder_no_clip_is_lacking():
    assert absences(None, find_clips(segments(("a", "1")), None)) == ""


def test_units_hold_the_clips_of_a_video_or_one_clip(folder):
    clips = find_clips(segments(("a", "1"), ("b", "1"), ("a", "2")), None)
    by_video = group_units(clips, "video")
    assert {name: [c.clip_id for c in unit] for name, unit in by_video.items()} == {
        "a": ["1", "2"],
        "b": ["1"],
    }
    assert list(group_units(clips, "clip")) == ["a/1", "a/2", "b/1"]


def test_the_order_of_the_segments_makes_no_other_units(folder):
    clips = find_clips(segments(("a", "1"), ("b", "1"), ("a", "2")), None)
    assert group_units(clips[::-1], "video") == group_units(clips, "video")


def test_unit_names_never_collide_and_are_safe_as_files():
    ids = ["a", "a b", "a%20b", "a=20b", "é", ".hidden", "-x", "_a", "a{b}", "a'b", "a$b", "1e5"]
    names = [file_name(i) for i in ids]
    assert len(set(names)) == len(ids)
    # SLURM takes a percent sign in the name of a log for the number of a job or node.
    assert all(set(name) <= set("abcdefghinx_-=.0123456789ABCDEF'e") for name in names)
    assert not any(name.startswith(".") for name in names)


@pytest.mark.parametrize("identifier", ["0" * 24, "ab" * 20, "x" + "0" * 20])
def test_a_name_that_snakemake_would_take_for_a_recursion_is_shortened(identifier):
    name = file_name(identifier)
    assert name != identifier
    assert re.search(r"(.+)\1{19}$", name) is None


def test_long_names_stay_short_and_distinct():
    names = [file_name("y" * length) for length in range(50, 200)]
    names.append(file_name("我很喜欢这部电影" * 6))  # nine characters for each of 48
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 60
