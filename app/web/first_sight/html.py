"""What is shown while there is nothing to show, as escaped HTML: a drop zone, a sample, pasting."""

from __future__ import annotations

from html import escape

from app.samples import SAMPLE_TITLE
from app.settings import URLS_VARIABLE
from app.web.formatting import size
from app.web.sidebar.html import BRAND

UNKNOWN = '<div class="unknown"></div>'
"""Before the server has said what there is to show."""
KINDS = (
    "PDF, EPUB, Word, PowerPoint, Excel, OpenDocument, RTF, HTML, Markdown, text, CSV, e-mail, "
    "notebooks, subtitles, logs, source code"
)
_WITH_ADDRESSES = "An address of the web can be pasted anywhere on this page."
_WITHOUT_ADDRESSES = (
    "Addresses of the web are not read here. Whoever runs Ammon allows it by starting it with "
    f"<code>{URLS_VARIABLE}=1</code>."
)


def zone_html(is_alone: bool, max_bytes: int, reads_addresses: bool) -> str:
    """The drop zone with what it takes, and below it the sample, pasting and the rest.

    Args:
        is_alone: there is no session at all, so nothing stands beside it.
        max_bytes: of a file.
        reads_addresses: whether pages of the web may be added.
    """
    brand, alone = (BRAND, " alone") if is_alone else ("", "")
    addresses = _WITH_ADDRESSES if reads_addresses else _WITHOUT_ADDRESSES
    return (
        f'<div class="zone{alone}">{brand}<button class="drop" data-do="choose">{_ICON}'
        "<b>Drop books, documents or logs here</b><span>or click to choose files</span></button>"
        f'<p class="takes">{KINDS} · up to {size(max_bytes)} a file</p>'
        '<div class="instead"><button data-do="sample">or try a sample: '
        f"<i>{escape(SAMPLE_TITLE)}</i></button>"
        '<button data-do="paste">or paste text</button></div>'
        f'<p class="quiet">{addresses}</p>'
        '<p class="quiet"><button data-do="ways">Other ways to begin</button></p></div>'
    )


_ICON = (
    '<svg width="40" height="40" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
    'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
    '<path d="M6 3h8l4 4v14H6z"/><path d="M14 3v4h4"/><path d="M12 18v-7M9 14l3-3 3 3"/></svg>'
)
