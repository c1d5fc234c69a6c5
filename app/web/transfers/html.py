"""What the page shows of imports and exports, as escaped HTML: bars, sentences and links."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from app.messages import sentence
from app.service import Transfer
from app.web.formatting import bar_html, size

WAITS = "waits for its turn"
STOPS = "is being stopped"


def transfers_html(transfers: Iterable[Transfer]) -> str:
    """All that have not ended, failed, or wrote a file that can be saved."""
    return "".join(_notice(each) for each in transfers if each.session is None)


def saved_path(number: int) -> str:
    """The path below the page under which an exported file is saved."""
    return f"exports/{number}"


def _notice(transfer: Transfer) -> str:
    what = escape(transfer.what)
    if transfer.error is not None:
        text = f"{what}: {escape(sentence(transfer.error))}"
        return f'<div class="notice" role="alert">{text}{_button(transfer, "Close")}</div>'
    if transfer.file is not None:
        return (
            f'<div class="notice" role="status">{_link(transfer)}{_button(transfer, "Close")}</div>'
        )
    if transfer.is_stopping:
        return f'<div class="notice">{what}: {STOPS}</div>'
    step = escape(str(transfer.step)) if transfer.step else WAITS
    return f'<div class="notice">{what}: {step}{_button(transfer, "Stop")}{_bar(transfer)}</div>'


def _link(transfer: Transfer) -> str:
    """What saves an exported file; the browser asks for it, and writes it while it comes."""
    file = transfer.file
    if file is None:
        return ""
    try:
        byte_count = size(file.path.stat().st_size)
    except OSError:  # it was deleted meanwhile
        return ""
    name = escape(file.name)
    return f'<a href="{saved_path(transfer.id)}" download="{name}">Save {name}</a> ({byte_count})'


def _bar(transfer: Transfer) -> str:
    share = transfer.step.share if transfer.step else None
    return "" if share is None else bar_html(transfer.what, share)


def _button(transfer: Transfer, label: str) -> str:
    return (
        f' <button data-do="end" data-id="{transfer.id}" '
        f'aria-label="{label}: {escape(transfer.what)}">{label}</button>'
    )
