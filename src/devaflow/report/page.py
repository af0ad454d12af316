"""A table of results as a page that a browser shows."""

from html import escape

from markdown_it import MarkdownIt

STYLE = (
    "body { font: 15px/1.5 sans-serif; margin: 2em; } table { border-collapse: collapse; } "
    "th, td { padding: .2em .6em; border-bottom: 1px solid #ccc; text-align: left; "
    "white-space: nowrap; }"
)


def as_page(markdown: str, title: str) -> str:
    """Turn Markdown into one HTML file that needs no other; HTML in it is shown as text."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n{body}</body>\n</html>\n"
    )
