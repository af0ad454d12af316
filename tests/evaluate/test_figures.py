from devaflow.evaluate.figures import svg


def test_a_figure_is_the_same_file_each_time_with_its_words_as_text(tmp_path):
    files = [tmp_path / name for name in ("a.svg", "b.svg")]
    for file in files:
        with svg(file, 2, (4, 2)) as (left, right):
            left.plot([0, 1], [1, 0])
            right.set_title("what it shows")
    drawn, again = (file.read_text() for file in files)
    assert drawn == again
    assert ">what it shows<" in drawn
