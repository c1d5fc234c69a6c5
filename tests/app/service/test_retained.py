"""A session with a retained set: read, stopped, resumed, moved and read again as any other."""

import copy
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import storage
from ahn_runtime.loading import hub
from ahn_runtime.loading.presets import EMBEDDED, PRESETS
from app.cli.sessions import held_text, sizes_text
from app.service import Done
from app.service.session_config import SessionConfig
from app.web.savings.html import machine_html
from app.web.savings.memory_bar import memory_html, parts
from app.web.settings.server_facts import server_facts
from tests.support.service import (
    TINY_SINKS,
    TINY_WINDOW,
    live_tensors,
    wait_until_read,
    wait_until_reread,
)

WINDOW, RETAIN = 640, 160


def read(service, session, *paths):
    service.sessions.ensure(session)
    service.start()
    for path in paths:
        service.documents.add(session, path)
        wait_until_read(service, session)


def assert_equal(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.equal(mine, other)


def test_a_resumed_session_ends_in_the_state_of_an_uninterrupted_one(make_service, book, second):
    whole = make_service(window=WINDOW, retain=RETAIN)
    read(whole, "whole", book, second)
    expected = live_tensors(whole, "whole")
    whole.close()
    first = make_service(window=WINDOW, retain=RETAIN)
    read(first, "parts", book)
    first.close()
    resumed = make_service(window=WINDOW, retain=RETAIN)
    read(resumed, "parts", second)
    assert_equal(live_tensors(resumed, "parts"), expected)
    assert isinstance(list(resumed.questions.ask("parts", "Who kept a parrot?"))[-1], Done)
    assert_equal(live_tensors(resumed, "parts"), expected)


def test_an_imported_session_has_its_retained_set(make_service, book, tmp_path):
    service = make_service(window=WINDOW, retain=RETAIN)
    read(service, "s", book)
    expected = live_tensors(service, "s")
    service.sessions.export_to("s", tmp_path / "s.ammon")
    service.sessions.import_from(tmp_path / "s.ammon", "other")
    assert service.sessions.report("other").retain == RETAIN
    assert_equal(live_tensors(service, "other"), expected)


def test_the_report_and_the_page_say_what_is_retained(make_service, book):
    service = make_service(window=WINDOW, retain=RETAIN)
    read(service, "s", book)
    report = service.sessions.report("s")
    limit = WINDOW + TINY_SINKS + RETAIN
    assert report.tokens > limit
    assert (report.held, report.retained, report.compressed) == (
        limit,
        RETAIN,
        report.tokens - limit,
    )
    assert sum(part.tokens for part in parts(report)) == report.tokens
    assert [part.tokens for part in parts(report)] == [
        TINY_SINKS,
        report.compressed,
        RETAIN,
        WINDOW,
    ]
    assert "Chosen from in between" in memory_html(report)
    assert held_text(report) == (
        f"{WINDOW + TINY_SINKS:,} tokens in sinks and window, {RETAIN} retained by each head, "
        f"{report.compressed:,} compressed"
    )
    assert sizes_text(report) == f"window {WINDOW}, sinks {TINY_SINKS}, retained {RETAIN}"
    (fact,) = [f for f in server_facts(service.settings) if "window" in f.name]
    assert fact.value == f"{WINDOW} + {TINY_SINKS} + {RETAIN} chosen tokens"
    assert "--retain" in fact.changed_by[0]
    session = service.context.cache.get(service.sessions.get("s").id).session
    assert session.cache_bytes == report.run_cache_bytes


@pytest.mark.parametrize("tokens", [90, 5000])
def test_the_page_and_the_terminal_say_what_a_session_without_memory_holds(make_service, tokens):
    service = make_service(window=WINDOW, retain=RETAIN)
    service.sessions.ensure("s")
    limit = WINDOW + TINY_SINKS + RETAIN
    report = replace(
        service.sessions.report("s"),
        tokens=tokens,
        retained=RETAIN if tokens > limit else 0,
        memory_status="none",
    )
    assert held_text(report).endswith(f"{max(0, tokens - limit):,} forgotten")
    tile = f"<b>{WINDOW} + {TINY_SINKS} + {RETAIN} chosen tokens</b>"
    shown = machine_html(report, 1, 1, 1)
    assert tile in re.sub(r"</?bdi[^>]*>|</?span[^>]*>", "", shown), "sizes, none as of now"
    full = replace(report, window=None, retain=0, retained=0)
    assert held_text(full) == f"all {tokens:,} tokens"
    assert sizes_text(full) == "no window (full attention)"


def test_reading_again_gives_a_session_a_retained_set(make_service, book):
    service = make_service(window=WINDOW)
    read(service, "old", book)
    assert service.sessions.report("old").retain == 0
    assert "Chosen" not in memory_html(service.sessions.report("old"))
    service.rereads.begin("old", {"retain": RETAIN})
    wait_until_reread(service, "old")
    again = live_tensors(service, "old")
    assert service.sessions.report("old").retain == RETAIN
    service.close()
    other = make_service(window=WINDOW, retain=RETAIN)
    read(other, "new", book)
    assert_equal(live_tensors(other, "new"), again)


def test_a_session_from_before_there_was_a_retained_set_goes_on_without(make_service, book):
    service = make_service()
    read(service, "s", book)
    row = service.sessions.get("s")
    settings = copy.deepcopy(dict(row.settings))
    del settings["options"]["retain"], settings["stream"]["retain"]
    config = SessionConfig.from_settings(settings)
    assert config.options.retain == 0 and config.stream.retain == 0
    assert config.as_settings() == settings, "what was stored stays as it was"
    (newest, *_) = storage.list_checkpoints(service.db, row.id)
    assert "retain" not in newest.manifest["identity"] and newest.manifest["format_version"] == 1
    assert service.sessions.report("s").window == TINY_WINDOW


@pytest.mark.parametrize("before", ["auto", "was no option"])
def test_a_session_goes_on_when_its_preset_gets_a_retained_set(
    make_service, tiny_dir, monkeypatch, book, second, before
):
    preset = replace(EMBEDDED, name=str(tiny_dir), base=str(tiny_dir), memory=None)
    monkeypatch.setitem(PRESETS, str(tiny_dir), preset)
    monkeypatch.setattr(hub, "fetch", Path)  # a directory here is where it is
    service = make_service(window=WINDOW)
    read(service, "s", book)
    if before == "was no option":
        row = service.sessions.get("s")
        settings = copy.deepcopy(dict(row.settings))
        del settings["options"]["retain"], settings["stream"]["retain"]
        storage.update_session_settings(service.db, row.id, settings)
    service.close()
    monkeypatch.setitem(PRESETS, str(tiny_dir), replace(preset, retain=RETAIN))
    resumed = make_service(window=WINDOW)
    read(resumed, "s", second)
    assert resumed.sessions.report("s").retain == 0
    resumed.sessions.ensure("new")
    assert resumed.sessions.report("new").retain == RETAIN
    assert isinstance(list(resumed.questions.ask("s", "Who kept a parrot?"))[-1], Done)
