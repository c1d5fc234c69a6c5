"""The service behind a command, with the progress of fetching a model on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.fetching import AUTO, fetch_model, print_progress
from app.settings import ModelOptions, Retention, Settings, default_data_dir, home_expanded

if TYPE_CHECKING:
    from ahn_runtime import Runtime
    from app.service import Service


@contextmanager
def open_service(
    data_dir: Path | None,
    options: dict[str, Any],
    name: str | None,
    retention: Retention | None = None,
    load: Callable[[ModelOptions], Runtime] | None = None,
    notes: bool | None = None,
) -> Iterator[Service]:
    """Open the service of a data directory, and close it afterwards.

    Args:
        data_dir: None: the default one.
        options: of the model, for new sessions; an existing session keeps its own.
        name: a session that the command uses; it is refused if it was made with other options.
        retention: the checkpoints to keep; None: as the environment says.
        load: makes the model; None: it is loaded when it is needed.
        notes: whether notes are taken on what is read; None: as the environment says.

    Raises:
        ValueError: `options` holds one that the session was not made with.
    """
    from app.service import Service

    settings = Settings(data_dir=home_expanded(data_dir or default_data_dir()))
    settings = replace(settings, model=chosen_model(options))
    if retention is not None:
        settings = replace(settings, retention=retention)
    if notes is not None:
        settings = replace(settings, notes=notes)
    service = Service(settings, load or load_model)
    try:
        if name:
            _refuse_other_options(service, name, options)
        yield service
    finally:
        service.close()


def chosen_model(options: dict[str, Any]) -> ModelOptions:
    """The options of a model; if none is named, or "auto", of the one that suits this machine.

    Args:
        options: those that were given.
    """
    from app.service.default_model import default_model

    model = ModelOptions(**options)
    if options.get("model", AUTO) == AUTO:
        model = replace(model, model=default_model().preset.name)
    return model


def load_model(options: ModelOptions) -> Runtime:
    """Load a model and compile its loops, with progress on standard error.

    Raises:
        AhnError: it cannot be loaded, with the reason.
    """
    from ahn_runtime import Runtime

    fetch_model(options.model)
    runtime = Runtime.load(**options.as_dict(), progress=print_progress)
    runtime.warm_up()
    return runtime


def _refuse_other_options(service: Service, name: str, given: dict[str, Any]) -> None:
    """Refuse options that an existing session was not made with: it cannot change them.

    Raises:
        ValueError: there is such an option.
    """
    row = service.sessions.find(name)
    made = service.sessions.options_of(row).as_dict() if row else given
    for option, value in given.items():
        if value != made[option] and value != "auto":
            raise ValueError(
                f"The session {name!r} was made with --{option.replace('_', '-')} "
                f"{_typed(made[option])}, not {_typed(value)}; leave the option out, read into a "
                "new session, or read this one again: reread NAME with the option."
            )


def _typed(value: str | int | None) -> str:
    """The value of an option as it is typed."""
    return "none" if value is None else str(value)
