"""Markdown as a reader shows it."""

from html.parser import HTMLParser

from markdown_it import MarkdownIt


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags = "", set[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def shown_page(markdown: str) -> tuple[str, set[str]]:
    """The text of Markdown, its white space collapsed, and the names of its elements."""
    page = _Page(MarkdownIt("gfm-like", {"linkify": False}).render(markdown))
    return " ".join(page.text.split()), page.tags


def plain_text(markdown: str) -> str:
    """The text that a reader of Markdown shows, its white space collapsed."""
    return shown_page(markdown)[0]
