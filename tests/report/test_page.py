from html.parser import HTMLParser

from devaflow.report.page import as_page

MARKDOWN = """Mean ± deviation.

## official, test

| | MAE |
|---|---|
| best | 0.580 [0.500, 0.660] |
| a<b> & c | - |
"""


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.within, self.found = "", []

    def handle_starttag(self, tag, attrs):
        self.within = tag

    def handle_endtag(self, tag):
        self.within = ""

    def handle_data(self, data):
        if self.within in ("title", "p", "h2", "th", "td"):
            self.found.append((self.within, data))


def test_a_table_of_markdown_becomes_one_of_html_and_no_text_becomes_markup():
    page = Cells()
    page.feed(as_page(MARKDOWN, "table </title> <1>"))
    assert page.found == [
        ("title", "table </title> <1>"),
        ("p", "Mean ± deviation."),
        ("h2", "official, test"),
        ("th", "MAE"),
        ("td", "best"),
        ("td", "0.580 [0.500, 0.660]"),
        ("td", "a<b> & c"),
        ("td", "-"),
    ]
