"""The sheet of keys, and the button that opens it, as HTML."""

from __future__ import annotations

from html import escape
from typing import NamedTuple


class Key(NamedTuple):
    """A key and what it does; see keys.js, which looks for the target on the page.

    Args:
        key: as the browser names it, whatever keyboard makes it.
        target: a selector. A button is pressed; of anything else the field, or the first part that
            takes the focus, gets it.
        does: for the sheet.
    """

    key: str
    target: str
    does: str


KEYS = (
    Key("/", "#question textarea", "Type a question"),
    Key("s", "#sources", "Go to the sources"),
    Key("r", "#reader", "Go to the reader"),
    Key("n", '#reader [data-do="next-passage"]', "Show the next passage"),
    Key("p", '#reader [data-do="previous-passage"]', "Show the previous passage"),
    Key("]", '#reader [data-do="next-page"]', "Turn to the next page"),
    Key("[", '#reader [data-do="previous-page"]', "Turn to the previous page"),
)
SHEET_KEY = "?"


def keys_html() -> str:
    """A button, and the sheet that it opens: a dialog, which Escape and a button close."""
    lines = [(key.key, key.does, key.target) for key in KEYS]
    rows = "".join(
        f'<div data-key="{escape(key)}" data-target="{escape(target)}"><dt><kbd>{escape(key)}</kbd>'
        f"</dt><dd>{escape(does)}</dd></div>"
        for key, does, target in (*lines, (SHEET_KEY, "Show these keys", ""))
    )
    return (
        '<button class="keys-button" type="button" aria-haspopup="dialog" title="Keys (?)" '
        f'aria-label="Keys">{SHEET_KEY}</button>'
        '<dialog class="keys-sheet" aria-labelledby="keys-title">'
        f'<h2 id="keys-title">Keys</h2><dl>{rows}</dl>'
        "<p>They work while no field is being typed in.</p>"
        '<button class="keys-close" type="button">Close</button></dialog>'
    )
