"""The choice of the model for new sessions: what each is like, and fetching one that is not here.

The choice holds as long as the page is open, for the sessions that are made on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from app.messages import KNOWN_ERRORS
from app.service import Service
from app.service.model_offers import Fetching, ModelOffer
from app.web.events import QUIET
from app.web.formatting import bar_html
from app.web.notify import notify

POLL_SECONDS = 1.5
LABEL = "Model"
INFO = (
    "Sessions that exist keep theirs. Reading one again with another model takes a command: reread."
)
FETCH_LABEL = "Fetch the chosen model"


@dataclass(frozen=True)
class ModelChoice:
    """The components of the choice.

    Args:
        about: what each model is like.
        fetch: fetches the chosen model; hidden unless that can be fetched.
        timer: runs only while one is being fetched.
    """

    model: gr.Radio
    about: gr.HTML
    fetch: gr.Button
    progress: gr.HTML
    timer: gr.Timer

    @property
    def state(self) -> list[Any]:
        """The outputs of `ModelChoiceActions.state`."""
        return [self.about, self.fetch, self.progress, self.timer]


class ModelChoiceActions:
    """The handlers of the choice's events."""

    def __init__(self, service: Service) -> None:
        self._offers = service.model_offers

    def state(self, model: str | None) -> tuple[Any, ...]:
        """What each model is like, the button that fetches one, the progress, and the timer.

        Args:
            model: the chosen one; the button is there only if it can be fetched.
        """
        offers, fetching = self._offers.list(), self._offers.fetching()
        is_running = fetching is not None and not fetching.error
        can_fetch = any(offer.download and offer.name == model for offer in offers)
        return (
            offers_html(offers, self._offers.reason()),
            gr.Button(visible=can_fetch, interactive=not is_running),
            progress_html(fetching),
            gr.Timer(active=is_running),
        )

    def fetch(self, model: str | None) -> tuple[Any, ...]:
        """Fetch a model in the background; returns `state`."""
        try:
            self._offers.fetch(model or "")
        except KNOWN_ERRORS as error:
            notify(error)
        return self.state(model)


def offers_html(offers: Iterable[ModelOffer], reason: str) -> str:
    """What each model is like, and why new sessions take the one that they take."""
    lines = "".join(map(_offer, offers))
    return f'<div class="facts">Taken unless another is chosen: {escape(reason)}.</div>{lines}'


def _offer(offer: ModelOffer) -> str:
    where = (
        f"Not on this machine yet: {offer.download}. Choose it above to fetch it."
        if offer.download
        else ""
    )
    said = " ".join(filter(None, (offer.about, where)))
    title = f", {escape(offer.title)}" if offer.title != offer.name else ""
    return f'<p class="facts"><b>{escape(offer.name)}</b>{title}. {escape(said)}</p>'


def progress_html(fetching: Fetching | None) -> str:
    """The progress of a fetch as a notice and a bar, or why it failed."""
    if fetching is None:
        return ""
    if fetching.error:
        return f'<div class="notice" role="status">{escape(fetching.error)}</div>'
    return (
        f'<div class="notice" role="status">{escape(fetching.title)} is being fetched: '
        f"{fetching.done} of {fetching.total} parts.</div>"
        f"{bar_html('Fetching the model', fetching.done / fetching.total)}"
    )


def lay_out_model_choice(service: Service) -> ModelChoice:
    """Place the components in the open gradio block."""
    offers = service.model_offers.list()
    own = next((offer.name for offer in offers if offer.is_default), None)
    choices = [(_label(offer), offer.name) for offer in offers]
    model = gr.Radio(choices, value=own, label=LABEL, info=INFO)
    about = gr.HTML(elem_classes="part")
    fetch = gr.Button(FETCH_LABEL, size="md", visible=False)
    progress = gr.HTML(elem_classes="part")
    return ModelChoice(model, about, fetch, progress, gr.Timer(POLL_SECONDS, active=False))


def _label(offer: ModelOffer) -> str:
    return offer.name if offer.title == offer.name else f"{offer.name}: {offer.title}"


def wire_model_choice(choice: ModelChoice, act: ModelChoiceActions, tab: gr.Tab) -> None:
    """Connect the choice's events.

    Args:
        tab: the settings tab, whose selection renews what is shown.
    """
    tab.select(act.state, choice.model, choice.state, **QUIET)
    choice.model.change(act.state, choice.model, choice.state, **QUIET)
    choice.timer.tick(act.state, choice.model, choice.state, **QUIET)
    choice.fetch.click(act.fetch, choice.model, choice.state, **QUIET)
