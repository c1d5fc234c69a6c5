"""Renews an open page: its script looks for changes, and one event shows all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.web.events import QUIET, Handler, row_number, sent

SCRIPT = Path(__file__).with_name("update.js")
_CHOSEN = "() => { document.dispatchEvent(new Event('chosen')); }"
_MARK = re.compile(r"[0-9a-f]{1,16}-[0-9]{1,16}")


def lay_out_update() -> gr.HTML:
    """Place the component, which is never seen, in the open gradio block.

    Its text says up to which change the page shows everything, and for which of its choices.
    """
    script = SCRIPT.read_text(encoding="utf-8")
    return gr.HTML("", js_on_load=script, apply_default_css=False, elem_id="update")


def wire_update(
    update: gr.HTML,
    renew: Handler,
    choices: Sequence[Callable[..., Any]],
    is_settled: Callable[[Sequence[Any]], bool],
    note_open: Callable[[str], None],
) -> None:
    """Renew the page when something has changed, or when an update did not see a choice.

    An event of the framework costs a browser ten milliseconds and more, so there is none while
    nothing changes, and one for all changes together. It is sent until its answer has come, because
    the framework drops an event while the one before is under way.

    Args:
        renew: reads and shows everything.
        choices: events that change what is to be shown, such as the choice of a session.
        is_settled: whether the values that `renew` returned leave nothing for another look.
        note_open: is told the id of each page that is renewed, which is every open page now and
            then, whether or not anybody uses it.
    """

    def call(event: gr.EventData, request: gr.Request, *values: Any) -> tuple[Any, ...]:
        note_open(str(request.session_hash))
        results = renew.function(*values)
        return (*results, shown_html(sent(event), is_settled(results)))

    gr.on(list(choices), None, js=_CHOSEN)
    update.tick(call, renew.inputs, [*renew.outputs, update], **QUIET)


def shown_html(asked: Any, is_settled: bool) -> str:
    """What the script reads: the change up to which everything is shown, and the choice.

    Args:
        asked: as the script sent it. The change is the one it had seen before the page was renewed,
            so that a later one is not missed.
    """
    mark, choice = asked.get("mark"), row_number(asked.get("choice"))
    is_mark = is_settled and isinstance(mark, str) and _MARK.fullmatch(mark)
    return f'<span data-mark="{mark if is_mark else ""}" data-choice="{choice or 0}"></span>'
