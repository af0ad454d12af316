import csv

import pytest

from devaflow.corpus.delimited import decimal, read_delimited
from devaflow.errors import InputError


@pytest.fixture
def read(tmp_path):
    def read_content(content, **options):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        columns, rows, _ = read_delimited(path, **options)
        return columns, list(rows)

    return read_content


@pytest.mark.parametrize(
    "content",
    [
        "a,b\r\n1,été\r\n".encode("utf-8-sig"),
        "a;b\n1;été\n",
        "a\tb\n1\tété\n",
        "a,b\n1,été\n".encode("cp1252"),
        "a\tb\n1\tété\n".encode("utf-16"),
        "a,b\r1,été\r",
        "sep=;\na;b\n1;été\n",
        "sep=|\r\na|b\r\n1|été\r\n".encode("utf-8-sig"),
        "\n \n;;;\na;b\n1;été\n",
        "a,b\n1,été\n,\n \n,\n",
        "a,b,,\n1,été,,\n",
        ",a,,b,\n,1,,été\n",
    ],
    ids=[
        *("BOM and CRLF", "semicolons", "tabs", "Windows-1252", "UTF-16", "CR"),
        *("sep=;", "sep=| after a BOM", "blank rows before", "blank rows after"),
        *("nameless columns at the end", "nameless columns, the last cut off"),
    ],
)
def test_what_spreadsheets_make_of_csv_reads_the_same(read, content):
    columns, [(_, row)] = read(content)
    assert columns == ["a", "b"]
    assert row == {"a": "1", "b": "été"}


@pytest.mark.parametrize(
    "text",
    [
        "I don\u2019t like it \u2014 \u201cbad\u201d",
        "„Spaß“ für alle",
        "IL EST FATIGUÉ… ÇA VA",
        "«\xa0c'est raté\xa0» dit-il",
        "¿Qué? ¡Buenísimo! 5 € § 20 °C",
        "1ª vez el 1º: 50¢ 5 µm 3½",
        "it\u2019s the iPhone™ not the naïve \u201aso\u2018",
    ],
)
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_letters_and_quotes_that_meet_do_not_hide_the_encoding(read, text, encoding):
    """In Windows-1252 ß“, É… and é with a blank and » are also the bytes of a letter in UTF-8."""
    _, [(_, row)] = read(f"a,b\n1,{text}\n".encode(encoding))
    assert row["b"] == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,\n" + "été".encode() + b"\xff", r"t\.csv: line 3 is not UTF-8 text"),
        ("a,été\n".encode("utf-8-sig") + b"1,\xe9\n", "line 2 is not UTF-8 text"),
        (b"a,b\n1,\x81\n", "line 2 is not UTF-8 text"),
        (b"\xff\xfea", "line 1 is not UTF-16 text"),
        ("a,b\n1,我很喜欢这部电影\n".encode("gbk"), "line 2 is not UTF-8 text"),
        ("a,b\n1,Мне очень понравился\n".encode("cp1251"), "line 2 is not UTF-8 text"),
        (b"a,b\n1,\xc1\xf1\xf5\xea\xfc\xf2 \xf3\xf2\xd6\xdd\xe9\xed\n", "line 2 is not UTF-8 text"),
        ("a,b\n1,這部電影真的很好看演員也漂亮\n".encode("big5"), "line 2 is not UTF-8 text"),
        ("a,b\n1,很好\n2,不行\n3,還可以\n".encode("big5"), "line 2 is not UTF-8 text"),
        ("a,b\n1,好\n2,不\n3,喜欢\n4,很差\n".encode("gbk"), "line 2 is not UTF-8 text"),
        ("a,b\n1,とても面白かったです\n".encode("shift_jis"), "line 2 is not UTF-8 text"),
        ("a,b\n1,정말 재미있는 영화였다\n".encode("cp949"), "line 2 is not UTF-8 text"),
    ],
    ids=[
        *("mixture", "mixture after a BOM", "no letter of Windows-1252", "half a letter"),
        *("Chinese", "Russian", "Greek", "Big5", "words of Big5", "words of GBK", "Japanese"),
        "Korean",
    ],
)
def test_bytes_that_are_no_text_are_refused(read, content, message):
    with pytest.raises(InputError, match=f"{message}; save the table as UTF-8"):
        read(content)


def test_rows_are_numbered_as_in_the_file(read):
    _, rows = read('\na,b\n\n1,"two\nlines"\n,\n2,x\n')
    assert [number for number, _ in rows] == [4, 6]


def test_only_what_is_wanted_is_kept(read):
    columns, rows = read(",a,b\n0,1,2\n1,3,4\n", only={"b", "c"})
    assert columns == ["a", "b"]
    assert [row for _, row in rows] == [{"b": "2"}, {"b": "4"}]


def test_blanks_after_a_delimiter_stay_unless_they_shall_not(read):
    assert read('a, b\n1, x"y\n')[1] == [(2, {"a": "1", "b": ' x"y'})]
    assert read('a, b\n1, "x, y"\n', skipinitialspace=True)[1] == [(2, {"a": "1", "b": "x, y"})]


@pytest.mark.parametrize("content", ["", "\n", " ;\n", "sep=;\n"])
def test_a_blank_table_has_no_columns(read, content):
    assert read(content) == ([], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2,3\n", "row 2 has 3 fields, the header has 2; put quotes around"),
        ("a,b\n1,2,\n", "row 2 has 3 fields.*or remove the last ones"),
        ("a;b\n1\n", "row 2 has 1 fields, the header has 2; write ';' beside an empty cell"),
        ("a,,b\n1,x,2\n", "row 2 has 'x' in a column without a name; name the column or remove"),
        ("a,b,a \n1,2,3\n", "the column 'a' stands twice in the header; keep one"),
        ('a,b\n1,"2\n', r"t\.csv: line 2: .*; mend the quotes"),
    ],
)
def test_a_table_that_can_be_read_in_two_ways_is_refused(read, content, message):
    with pytest.raises(InputError, match=message):
        read(content)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1.5), ("-1,5", -1.5), ("\N{MINUS SIGN}1,5", -1.5), (".5", 0.5), ("2e1", 20)],
)
def test_decimals_have_a_point_or_the_mark_of_their_table(text, number):
    assert decimal(text, ",") == number


@pytest.mark.parametrize("text", ["", "1_0", "nan", "1.000,5", "1 5", "0x1"])
def test_anything_else_is_no_decimal(text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        decimal(text, ",")


def test_a_comma_is_a_decimal_mark_where_it_does_not_separate_cells(tmp_path):
    path = tmp_path / "t.csv"
    for content, mark in (("a;b\n", ","), ("a\tb\n", ","), ("a,b\n", ".")):
        path.write_text(content)
        assert read_delimited(path).mark == mark
    with pytest.raises(ValueError, match="1,000"):
        decimal("1,000", ".")


def test_reading_one_table_keeps_no_other_from_being_read(read):
    before = csv.field_size_limit()
    read("a\n1\n")
    assert csv.field_size_limit() == before
    assert len(read("a\n" + before * "x" + "\n")[1][0][1]["a"]) == before
