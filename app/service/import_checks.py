"""What an import checks before it believes a file: its model, its checkpoints, its messages.

The store has checked the rows and that what should be JSON is JSON; what the JSON means is known
here. Nothing that a file names is fetched or opened: its model must be one that this data directory
uses, or a preset whose weights are on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import storage
from ahn_runtime import ModelMismatchError, ModelNotFound, Runtime
from ahn_runtime.checkpoint import check_manifest, load_checkpoint, page_hashes
from ahn_runtime.loading import hub
from ahn_runtime.loading.embedded import PackagedModel
from ahn_runtime.loading.presets import PRESETS
from ahn_runtime.model.cells import CELLS, cell_class
from ahn_runtime.runtime import UNTRAINED as UNTRAINED_CELL
from app.service.answering.citations import Citation
from app.service.session_config import SessionConfig
from app.settings import ModelOptions
from app.typed_values import check_value, typed
from storage import DamagedDatabase, Export, MessageRow, SessionRow

_MAX_TEXT_CHARACTERS = 1 << 24
_OPTION_VALUES: Mapping[str, tuple[str | None, ...]] = {
    "device": ("auto", "cpu", "cuda"),
    "dtype": ("float32", "bfloat16"),
    "kv_dtype": ("float32", "bfloat16"),
    "quantize": (None, "auto", "int8"),
    "positions": ("absolute", "cache"),
}
_USAGE = ("passages", "passage_tokens", "window_tokens", "memory_tokens")
_COUNTS = ("position", "prompt_tokens", "answer_tokens")
_SECONDS = ("waited_s", "first_word_s", "seconds")
_TEXTS = ("answer", "question", "memory_status", "as_of", "kind", "looked_at")
_FLAGS = ("found_nothing", "declined", "was_revised")
_LISTS = ("left_out", "notes")


def check_export(
    export: Export, used: Collection[ModelOptions], runtime_of: Callable[[SessionRow], Runtime]
) -> None:
    """Check that the model here can continue the session of an export, and that it is sound.

    Args:
        used: the options of the models that this data directory uses; the file may name these.
        runtime_of: loads the model of a session.

    Raises:
        DamagedDatabase: what the file holds is not what an export holds.
        ModelNotFound: its model is neither used nor on this machine.
        AhnError: it was read with another model, memory or configuration, or its state is damaged.
    """
    theirs = export.session
    config = _config(export.name, theirs)
    _check_options(export.name, config.options, used)
    for message in storage.list_messages(export.db, theirs.id):
        _check_message(export.name, message)
    checkpoints = storage.list_checkpoints(export.db, theirs.id)
    for checkpoint in checkpoints:
        check_manifest(checkpoint.manifest)
        pages = set(page_hashes(checkpoint.manifest))
        is_at = checkpoint.manifest["tokens_seen"] == checkpoint.position
        if not is_at or not pages <= export.pages_of(checkpoint.id):
            raise _damaged(export.name, "a checkpoint is not at its position, or lacks a page")
    runtime = runtime_of(theirs)
    for checkpoint in checkpoints[:1]:
        load_checkpoint(
            runtime, checkpoint.manifest, lambda page: storage.read_page(export.db, page)
        )
    _check_config(export.name, config, runtime)


def _damaged(name: str, reason: str) -> DamagedDatabase:
    return DamagedDatabase(f"{name} is damaged ({reason}); export the session again.")


def _config(name: str, row: SessionRow) -> SessionConfig:
    try:
        return SessionConfig.from_row(row)
    except DamagedDatabase as error:
        raise DamagedDatabase(
            f"{name} does not say which model it was read with; export the session again."
        ) from error


def _check_options(name: str, options: ModelOptions, used: Collection[ModelOptions]) -> None:
    """Refuse options by which loading the model would open or fetch what only the file names."""
    if options.model not in {*PRESETS, *(known.model for known in used)}:
        raise ModelNotFound(
            f"{name} was read with the model {options.model!r}, which no session here uses; if you "
            "know that model, import the file in the terminal with --model and its name."
        )
    cells = {f"{UNTRAINED_CELL}{cell}" for cell in CELLS}
    if options.ahn not in {None, "auto", *cells, *(known.ahn for known in used)}:
        raise ModelNotFound(
            f"{name} was read with the memory {options.ahn!r}, which no session here uses; if you "
            "know that memory, import the file in the terminal with --ahn and its name."
        )
    for field, values in _OPTION_VALUES.items():
        if getattr(options, field) not in values:
            raise _damaged(name, f"it asks for a {field} that there is not")
    missing = [needed for needed in _hub_ids(options) if not hub.is_on_disk(needed)]
    base = PRESETS[options.model].base if options.model in PRESETS else None
    if isinstance(base, PackagedModel) and not base.is_fetched():
        missing.append(f"the preset {options.model}")
    if missing:
        raise ModelNotFound(
            f"{name} was read with {missing[0]}, which is not on this machine, and an import "
            f"fetches nothing; read something with --model {options.model} first, then import "
            "again."
        )


def _hub_ids(options: ModelOptions) -> list[str]:
    """What loading these options would fetch from a hub if it were not on the disk."""
    preset = PRESETS.get(options.model)
    named: list[object] = [options.model, options.ahn]
    if preset is not None:
        named = [preset.base, preset.memory if options.ahn == "auto" else options.ahn]
    return [name for name in named if isinstance(name, str) and _is_fetched(name)]


def _is_fetched(name: str) -> bool:
    return hub.is_hub_id(name) and not Path(name).expanduser().exists()


def _check_config(name: str, config: SessionConfig, runtime: Runtime) -> None:
    """Compare what the file says came of its options with what comes of them here."""
    cell = runtime.stream.cell
    here = (
        runtime.config,
        replace(runtime.stream, memory_scale=1.0),
        cell_class(cell).num_gates if cell else 0,
    )
    if here != (config.model, replace(config.stream, memory_scale=1.0), config.num_gates):
        raise ModelMismatchError(
            f"{name} was read with another configuration of the model {config.options.model!r} "
            "than the one that is loaded here; load the same model, or read the documents again."
        )


def _check_message(name: str, message: MessageRow) -> None:
    """Check what is stored with a question or an answer, for the page shows it.

    Older versions stored less with an answer, so a value may be missing, but not of another type.
    """
    details = message.details
    try:
        for citation in (*message.citations, *details.get("passages", [])):
            numbers = ("document_id", "segment_id")  # None: its document was removed
            known = {
                key: 0 if value is None else value
                for key, value in citation.items()
                if key in numbers
            }
            typed(Citation, {**citation, **known}, _MAX_TEXT_CHARACTERS)
        _check_details(details)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(name, "it holds no readable details of a message") from error


def _check_details(details: Mapping[str, Any]) -> None:
    for key in _TEXTS:
        check_value(key, details.get(key, ""), str, _MAX_TEXT_CHARACTERS)
    for key in _COUNTS:
        check_value(key, details.get(key, 0), int)
    for key in _SECONDS:
        check_value(key, details.get(key, 0), float)
    for key in _FLAGS:
        check_value(key, details.get(key, False), bool)
    for key in _LISTS:
        _check_list(key, details.get(key, []), str)
    for sentence in details.get("sentences", []):
        check_value("text", sentence["text"], str, _MAX_TEXT_CHARACTERS)
        _check_list("supported_by", sentence["supported_by"], int)
        _check_list("unknown", sentence["unknown"], str)
    usage = details.get("rests_on") or dict.fromkeys(_USAGE, 0)
    for key in _USAGE:
        check_value(key, usage[key], int)
    check_value("matching_passages", usage.get("matching_passages", 0), int)
    if details.get("first_word_s"):
        check_value("answer_tokens", details["answer_tokens"], int)


def _check_list(key: str, values: Any, hint: type) -> None:
    check_value(key, values, list)
    for value in values:
        check_value(key, value, hint, _MAX_TEXT_CHARACTERS)
