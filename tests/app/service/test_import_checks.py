"""What an import believes of a file's settings, checkpoints and messages: what it can check."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import storage
from ahn_runtime import AhnError, DamagedCheckpoint, ModelMismatchError, ModelNotFound
from ahn_runtime.loading.paths import CACHE_VARIABLE
from ahn_runtime.loading.presets import PRESETS
from storage import DamagedDatabase
from storage.migrations import SCHEMA_VERSION
from tests.support.exports import write_export
from tests.support.receiver import Receiver


@pytest.fixture
def receiver(tmp_path):
    receiver = Receiver(tmp_path)
    yield receiver
    receiver.db.close()


@pytest.fixture
def changed(tmp_path) -> Callable[[str, str, str, Any], Path]:
    """Write an export in which one value of a JSON column is replaced, by its path."""

    def write(table: str, column: str, path: str, value: Any) -> Path:
        file = write_export(tmp_path / "letters.ammon", SCHEMA_VERSION)
        with closing(sqlite3.connect(file, isolation_level=None)) as raw:
            raw.execute(
                f"UPDATE {table} SET {column} = json_set({column}, ?, json(?)) "
                f"WHERE id = (SELECT max(id) FROM {table})",
                [path, json.dumps(value)],
            )
        return file

    return write


def refused(receiver: Receiver, file: Path, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        receiver.take(file)
    assert receiver.content() == receiver.before
    assert list(receiver.settings.files_dir.iterdir()) == []


@pytest.mark.parametrize(
    "model", ["owner/name", "/etc", "/dev/zero", "../tiny", "~", ".", "", "tests/data", "a" * 4000]
)
def test_a_model_that_only_the_file_names_is_neither_fetched_nor_opened(receiver, changed, model):
    file = changed("sessions", "settings", "$.options.model", model)
    refused(receiver, file, ModelNotFound, "no session here uses")


@pytest.mark.parametrize("ahn", ["owner/name", "/etc", "~", "", "untrained:Nothing", "untrained:"])
def test_a_memory_that_only_the_file_names_is_neither_fetched_nor_opened(receiver, changed, ahn):
    file = changed("sessions", "settings", "$.options.ahn", ahn)
    refused(receiver, file, ModelNotFound, "no session here uses")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_that_is_not_on_this_machine_is_not_fetched(
    receiver, changed, name, tmp_path, monkeypatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "empty"))
    file = changed("sessions", "settings", "$.options.model", name)
    refused(receiver, file, ModelNotFound, "not on this machine")


def test_an_option_that_changes_what_is_loaded_is_compared_with_the_file(receiver, changed):
    for path, value in (("$.options.window", 641), ("$.options.ahn", "untrained:Mamba2")):
        file = changed("sessions", "settings", path, value)
        refused(receiver, file, ModelMismatchError, "made with")
        file.unlink()


@pytest.mark.parametrize(
    "path, value",
    [
        ("$.options", None),
        ("$.options", []),
        ("$.options.model", ["tiny"]),
        ("$.options.model", {"a": 1}),
        ("$.options.window", 1 << 62),
        ("$.options.window", True),
        ("$.options.unknown", 1),
        ("$.options.device", 7),
        ("$.stream.window", -1),
        ("$.stream.sinks", "16"),
        ("$.stream.memory_scale", 1 << 50),
        ("$.config", {}),
        ("$.config.num_layers", 2.5),
        ("$.config.rope_theta", "high"),
        ("$.chunk_tokens", 0),
        ("$.chunk_tokens", 1 << 40),
        ("$.num_gates", "two"),
        ("$.memory_status", "unheard of"),
        ("$.title", []),
    ],
)
def test_settings_of_another_type_or_range_are_refused(receiver, changed, path, value):
    file = changed("sessions", "settings", path, value)
    refused(receiver, file, DamagedDatabase, "does not say which model")


@pytest.mark.parametrize("option", ["device", "dtype", "kv_dtype", "quantize", "positions"])
def test_an_option_with_a_value_that_there_is_not_is_refused(receiver, changed, option):
    file = changed("sessions", "settings", f"$.options.{option}", "other")
    refused(receiver, file, DamagedDatabase, f"a {option} that there is not")


@pytest.mark.parametrize(
    "path, value",
    [
        ("$.config.num_layers", 3),
        ("$.config.vocab_size", 1 << 30),
        ("$.stream.window", 641),
        ("$.num_gates", 7),
    ],
)
def test_a_configuration_that_is_not_that_of_the_model_is_refused(receiver, changed, path, value):
    file = changed("sessions", "settings", path, value)
    refused(receiver, file, ModelMismatchError, "another configuration")


@pytest.mark.parametrize(
    "path, value",
    [
        ("$.format", "other"),
        ("$.format_version", 0),
        ("$.format_version", True),
        ("$.tokens_seen", "1890"),
        ("$.tokens_seen", 1 << 39),
        ("$.tokens_seen", -1),
        ("$.prefix_hash", 7),
        ("$.prefix_hash", "xyz"),
        ("$.flops", "many"),
        ("$.flops", -1),
        ("$.flops_full", 0.5),
        ("$.identity", []),
        ("$.identity", {}),
        ("$.kv_pages", {}),
        ("$.kv_pages", [7]),
        ("$.kv_pages", []),
        ("$.kv_pages[0].hash", "../../x"),
        ("$.kv_pages[0].hash", "f" * 64),
        ("$.kv_pages[0].hash", 7),
        ("$.kv_pages[0].count", "x"),
        ("$.memory_page", 7),
        ("$.memory_page", "../x"),
        ("$.hidden_page", ["x"]),
    ],
)
def test_a_manifest_that_the_runtime_did_not_write_is_refused(receiver, changed, path, value):
    file = changed("checkpoints", "manifest", path, value)
    refused(receiver, file, (AhnError, DamagedDatabase), "checkpoint|state|model")


def test_a_checkpoint_far_beyond_its_pages_takes_no_memory_for_them(receiver, changed):
    file = changed("checkpoints", "manifest", "$.tokens_seen", 1 << 39)
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute(f"UPDATE checkpoints SET position = {1 << 39}")
        for part in ("options", "stream"):
            raw.execute(
                f"UPDATE sessions SET settings = json_set(settings, '$.{part}.window', {1 << 36})"
            )
        raw.execute(
            f"UPDATE checkpoints SET manifest = json_set(manifest, '$.identity.window', {1 << 36})"
        )
    refused(receiver, file, DamagedCheckpoint, "do not cover")


@pytest.mark.parametrize(
    "column, path, value",
    [
        ("citations", "$[0]", "a text"),
        ("citations", "$[0].number", "one"),
        ("citations", "$[0].document", 7),
        ("citations", "$[0].unknown", 7),
        ("details", "$.passages", "none"),
        ("details", "$.passages[0]", {}),
        ("details", "$.passages[0].segment_id", "<b>"),
        ("details", "$.passages[0].cited", "yes"),
        ("details", "$.rests_on", [1]),
        ("details", "$.rests_on", {"passages": 1}),
        ("details", "$.rests_on.passage_tokens", "many"),
        ("details", "$.first_word_s", "soon"),
        ("details", "$.seconds", -1),
        ("details", "$.answer_tokens", 1e300),
        ("details", "$.as_of", {}),
        ("details", "$.looked_at", 7),
        ("details", "$.declined", "yes"),
        ("details", "$.left_out", "some"),
        ("details", "$.left_out", [7]),
        ("details", "$.sentences", 7),
        ("details", "$.sentences", ["a text"]),
        ("details", "$.sentences", [{"text": "a", "supported_by": ["1"], "unknown": []}]),
        ("details", "$.sentences", [{"text": "a", "supported_by": []}]),
    ],
)
def test_details_of_a_message_that_the_page_cannot_show_are_refused(
    receiver, changed, column, path, value
):
    refused(receiver, changed("messages", column, path, value), DamagedDatabase, "message")


def test_a_citation_of_a_removed_document_is_taken(receiver, changed):
    row = receiver.take(changed("messages", "citations", "$[0].document_id", None))
    receiver.use(row)
    _, answer = storage.list_messages(receiver.db, row.id)
    assert answer.citations[0]["document_id"] is None
