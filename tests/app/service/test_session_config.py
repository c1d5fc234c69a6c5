"""SessionConfig: typed settings out of stored ones, and the stored ones back bit for bit."""

import json
from dataclasses import replace

import pytest

import storage
from ahn_runtime.config import StreamConfig
from ahn_runtime.loading.presets import EMBEDDED, PRESETS
from ahn_runtime.runtime import choose_retained, choose_window
from app.service.session_config import SessionConfig
from app.settings import ModelOptions

KEYS = ["options", "stream", "config", "num_gates", "memory_status", "title", "chunk_tokens"]
KEYS += ["memory_name"]


@pytest.fixture
def row(make_service):
    return make_service().sessions.create("s")


def with_settings(row, settings):
    return replace(row, settings=settings)


def stored_text(settings):
    return json.dumps(settings, separators=(",", ":"))


def test_a_session_config_reads_what_a_new_session_stores(row):
    config = SessionConfig.from_row(row)
    assert list(row.settings) == KEYS
    assert config.options.as_dict() == row.settings["options"]
    assert isinstance(config.stream, StreamConfig)
    assert config.stream.window == row.settings["stream"]["window"]
    assert config.model.vocab_size == row.settings["config"]["vocab_size"]
    assert config.num_gates == row.settings["num_gates"] > 0
    assert config.memory_status == row.settings["memory_status"] == "trained"
    assert config.title == row.settings["title"] != ""
    assert config.chunk_tokens == config.chunk_tokens_or(1) == row.settings["chunk_tokens"]


def test_a_session_config_that_was_read_is_stored_bit_for_bit(row):
    config = SessionConfig.from_row(row)
    assert stored_text(config.as_settings()) == stored_text(row.settings)
    fields = {name: value for name, value in vars(config).items() if name != "stored"}
    made = SessionConfig(**fields)
    assert made == config
    assert stored_text(made.as_settings()) == stored_text(row.settings)


def test_a_row_of_an_old_version_gets_defaults_and_is_stored_unchanged(row):
    new_options = ("quantize", "positions", "kv_dtype")
    options = {k: v for k, v in row.settings["options"].items() if k not in new_options}
    stream = {k: v for k, v in row.settings["stream"].items() if k not in (*new_options, "dtype")}
    old = {"config": row.settings["config"], "stream": stream, "options": options}
    config = SessionConfig.from_row(with_settings(row, old))
    assert (config.num_gates, config.memory_status, config.title) == (0, "none", "")
    assert config.chunk_tokens is None and config.chunk_tokens_or(123) == 123
    assert config.options.quantize is None, "no model was quantized before that was an option"
    assert (config.options.positions, config.options.kv_dtype) == ("absolute", "float32")
    assert (config.stream.quantize, config.stream.dtype) == (None, "float32")
    assert stored_text(config.as_settings()) == stored_text(old)


def test_unknown_keys_are_kept_and_only_a_replaced_field_is_written(row):
    stored = {"from the future": [1, {"a": None}], **row.settings}
    del stored["memory_status"]
    config = SessionConfig.from_row(with_settings(row, stored))
    assert stored_text(config.as_settings()) == stored_text(stored)
    renamed = replace(config, title="Another")
    assert renamed.as_settings() == {**stored, "title": "Another"}


@pytest.mark.parametrize(
    "change",
    [
        {"options": None},
        {"options": {"no such option": 1}},
        {"stream": {"window": -1, "sinks": 0, "cell": None}},
        {"stream": []},
        {"config": {}},
        {"chunk_tokens": "many"},
        {"memory_name": 5},
    ],
)
def test_settings_that_do_not_say_how_the_session_was_made_are_refused(row, change):
    with pytest.raises(storage.DamagedDatabase, match="session 's' do not say which model"):
        SessionConfig.from_row(with_settings(row, {**row.settings, **change}))
    for key in change:
        missing = {k: v for k, v in row.settings.items() if k != key}
        if key not in ("chunk_tokens", "memory_name"):
            with pytest.raises(storage.DamagedDatabase, match=key):
                SessionConfig.from_row(with_settings(row, missing))


@pytest.mark.parametrize(
    ("status", "ahn", "cell", "resumed"),
    [
        ("untrained", "auto", "GatedDeltaNet", "untrained:GatedDeltaNet"),
        ("trained", "auto", "GatedDeltaNet", "auto"),
        ("untrained", "untrained:DeltaNet", "DeltaNet", "untrained:DeltaNet"),
        ("untrained", "auto", None, "auto"),
        ("none", None, None, None),
        ("none", "auto", None, "auto"),
    ],
)
def test_a_session_resumes_with_the_memory_it_was_made_with(row, status, ahn, cell, resumed):
    config = SessionConfig.from_row(row)
    config = replace(
        config,
        options=ModelOptions(model="m", ahn=ahn),
        stream=replace(config.stream, cell=cell, window=2048, sinks=128),
        memory_status=status,
    )
    assert config.resume_options == ModelOptions(model="m", ahn=resumed)


@pytest.mark.parametrize(
    ("model", "resumed"),
    [("embedded", None), ("embedded-1.5b", None), ("qwen2.5-1.5b", "auto")],
)
def test_a_session_from_before_its_preset_had_a_memory_resumes_without_one(row, model, resumed):
    config = SessionConfig.from_row(row)
    options = ModelOptions(model=model, ahn="auto")
    stream = replace(config.stream, cell=None, window=2048, sinks=128)
    config = replace(config, options=options, stream=stream, memory_status="none")
    assert config.resume_options == ModelOptions(model=model, ahn=resumed)


def test_a_session_keeps_the_memory_that_auto_meant_when_it_was_made(row, monkeypatch):
    config = SessionConfig.from_row(row)
    options = ModelOptions(model="embedded", ahn="auto")
    stream = replace(config.stream, window=2048, sinks=128)
    config = replace(config, options=options, stream=stream, memory_name="second")
    oldest = replace(config, memory_name="")
    assert config.resume_options == oldest.resume_options == options, "there is no newer one"
    first, second, third = (EMBEDDED.memory.parent / name for name in ("first", "second", "third"))
    changed = replace(EMBEDDED, memory=third, former_memories=(first, second))
    monkeypatch.setitem(PRESETS, "embedded", changed)
    assert config.resume_options == replace(options, ahn=str(second))
    assert oldest.resume_options == replace(options, ahn=str(first)), "names were not kept then"
    newest = replace(config, memory_name="third")
    assert newest.resume_options == options and newest.former_memory is None
    chosen = replace(config, options=replace(options, ahn="mine"))
    assert chosen.resume_options.ahn == "mine"
    assert replace(config, options=replace(options, ahn=None)).resume_options.ahn is None


@pytest.mark.parametrize("size", ["window", "sinks", "retain"])
@pytest.mark.parametrize("window", ["auto", None, 700])
def test_a_session_keeps_the_sizes_that_auto_meant_when_it_was_made(row, monkeypatch, size, window):
    config = SessionConfig.from_row(row)
    options = ModelOptions(model="embedded", window=window)
    stream = replace(config.stream, window=2048 if window == "auto" else window, sinks=128)
    config = replace(config, options=options, stream=stream)
    assert config.resume_options == options, "new sessions share the loaded model"
    changed = replace(EMBEDDED, **{size: 1000})
    monkeypatch.setitem(PRESETS, "embedded", changed)
    resumed = config.resume_options
    assert choose_window(resumed.window, resumed.sinks, changed) == (stream.window, stream.sinks)
    assert choose_retained(resumed.retain, stream.window, changed) == stream.retain == 0
