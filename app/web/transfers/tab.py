"""The component and the events of imports and exports: a notice for each, above the tabs."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.web import javascript
from app.web.events import QUIET, Handler
from app.web.sidebar.tab import Sidebar
from app.web.transfers.actions import TransferActions


@dataclass(frozen=True)
class TransferNotices:
    """The components.

    Args:
        notices: one for each that is at work, failed, or has a file to be saved.
        view: what the page shows of them.
        begun: what the page began to import; only uploads change it.
        arrived: the imported session that is to be selected.
        followed: the upload of the last one that was selected so.
    """

    notices: gr.HTML
    view: gr.State
    begun: gr.State
    arrived: gr.State
    followed: gr.State

    @property
    def list(self) -> builtins.list[Any]:
        """The outputs of `TransferActions.tick`."""
        return [self.notices, self.view, self.arrived]


def lay_out_transfers() -> TransferNotices:
    """Place the component in the open gradio block."""
    notices = gr.HTML(
        elem_classes="status transfers", js_on_load=javascript.BUTTONS, apply_default_css=False
    )
    return TransferNotices(notices, *(gr.State() for _ in range(4)))


def wire_transfers(
    transfers: TransferNotices, act: TransferActions, sidebar: Sidebar, show: Handler
) -> None:
    """Connect the events.

    Args:
        show: shows the selected session in all tabs.
    """
    shown = [transfers.notices, transfers.view]
    sidebar.export.click(act.export, sidebar.sessions, shown, **QUIET)
    transfers.notices.click(act.end, None, shown, **QUIET)
    arriving = [transfers.arrived, sidebar.sessions, transfers.followed]
    selecting = [*sidebar.list, sidebar.search, transfers.followed]
    transfers.arrived.change(act.select, arriving, selecting, **QUIET).then(*show)
