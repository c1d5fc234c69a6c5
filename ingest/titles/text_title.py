"""What a plain text says at its beginning that it is called.

A book of Project Gutenberg has a header with the line "Title: ...". A Markdown file has its title
in its front matter, or as its first heading; so has reStructuredText.
"""

import html
import re
from collections.abc import Iterator

_MAX_LINES = 400
_MAX_LINE_CHARS = 600
_GUTENBERG = re.compile(r"Project\s+Gutenberg", re.IGNORECASE)
_GUTENBERG_TITLE = re.compile(r"^Title:[ \t]*(\S.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_GUTENBERG_CHARS = 8192
_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r"(?P<sign>[=*#~^-])(?P=sign){2,}[ \t]*")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
# Inline marks, of which the text stays: pictures go, links and emphasis lose their marks.
_PICTURE = re.compile(r"\[?!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])(?:\]\([^)]*\))?")
_LINK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_EMPHASIS = re.compile(r"(\*{1,3}|`+|~~|(?<!\w)_{1,3}(?=\S))(.+?)\1(?!\w)")


def gutenberg_title(text: str) -> str | None:
    """Return the title in the header of a book of Project Gutenberg, None without one.

    >>> gutenberg_title("The Project Gutenberg eBook of Emma\\n\\nTitle: Emma\\n  A Novel\\n")
    'Emma A Novel'
    """
    head = text[:_GUTENBERG_CHARS].replace("\r\n", "\n")
    if not _GUTENBERG.search(head):
        return None
    found = _GUTENBERG_TITLE.search(head)
    return " ".join(found[1].split()) if found else None


def markdown_titles(text: str) -> Iterator[str]:
    """Yield what may be the title of a Markdown or reStructuredText file, the best first.

    It is the title of its front matter, its first heading of the first level, and a lower heading
    if the text begins with it.
    """
    text = text.replace("\r\n", "\n")
    front = _FRONT_MATTER.match(text)
    if front:
        stated = _FRONT_TITLE.search(front[1])
        if stated:
            yield stated[1].strip("\"'")
        text = text[front.end() :]
    headings = list(_headings(_COMMENT.sub("", text).split("\n")[:_MAX_LINES]))
    first = [title for level, title, _ in headings if level == 1]
    at_once = [title for _, title, is_first in headings if is_first]
    yield from dict.fromkeys([*first[:1], *at_once])


def _headings(lines: list[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield the level, the text, and whether nothing comes before it, of each heading."""
    is_first, in_fence, before = True, False, ""
    for line in lines:
        line = line[:_MAX_LINE_CHARS].rstrip()
        under = None if in_fence else _UNDERLINE.fullmatch(line)
        if under and before:
            yield (1 if under["sign"] in "=*#" else 2), without_marks(before), is_first
            is_first, before = False, ""
            continue
        if before:  # it was text, as no underline follows it
            is_first, before = False, ""
        if _FENCE.match(line):
            is_first, in_fence = False, not in_fence
        elif in_fence or under:
            continue
        elif heading := _ATX.fullmatch(line):
            if shown := without_marks(heading[2]):
                yield len(heading[1]), shown, is_first
                is_first = False
        elif without_marks(line):  # a line of pictures is no text
            before = line


def without_marks(line: str) -> str:
    """Return a line of Markdown without its inline marks.

    >>> without_marks("The *Great* [Book](http://a.example) of `code` ![badge](b.svg)")
    'The Great Book of code'
    """
    line = _LINK.sub(r"\1", _PICTURE.sub("", line[:_MAX_LINE_CHARS]))
    line = html.unescape(_TAG.sub("", line))
    for _ in range(3):  # bold inside italics
        line = _EMPHASIS.sub(r"\2", line)
    return " ".join(re.sub(r"\\([^\w\s])", r"\1", line).split())
