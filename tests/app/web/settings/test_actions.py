"""The settings tab: its HTML is escaped and right, refusals are notified, re-readings start."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import storage
from app.service import Service
from app.service.session_config import SessionConfig
from app.settings import Retention, Settings, Sources
from app.web.settings import actions, reread_form
from app.web.settings.actions import SettingsActions
from app.web.settings.html import LOADING, Fact, facts_html, made_facts, memory_text
from app.web.settings.reread_form import (
    EVERYTHING,
    EXACT,
    INT8,
    NO_MEMORY,
    OWN_MEMORY,
    WINDOW,
    Wanted,
)
from app.web.settings.server_facts import server_facts
from tests.support.service import TINY_SINKS, TINY_WINDOW, wait_until_read, wait_until_reread

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def notified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The notifications, which a browser would show at the page's edge."""
    messages: list[str] = []
    monkeypatch.setattr(actions, "notify", lambda error: messages.append(str(error)))
    return messages


@pytest.fixture
def unread(make_service, book: Path) -> Iterator[Service]:
    """A session `s` that has read a book; nothing more is read until the service is started."""
    service = make_service()
    service.sessions.ensure("s")
    service.start()
    service.documents.add("s", book)
    wait_until_read(service, "s")
    service.close()
    return make_service()


def begin(act: SettingsActions, *fields: str) -> list[tuple[Any, Any]]:
    return list(act.reread("s", *fields))


def shown(act: SettingsActions) -> SimpleNamespace:
    names = "made form costs progress start cancel timer reach window precision memory"
    return SimpleNamespace(**dict(zip(names.split(), act.shown("s"), strict=True)))


def test_facts_are_escaped_and_name_what_changes_them():
    page = facts_html([Fact(HOSTILE, HOSTILE, ("--a<b", "B")), Fact("C", "d", note=HOSTILE)])
    assert "<script>" not in page and page.count("&lt;script&gt;") == 3
    assert "<code>--a&lt;b</code> or <code>B</code>" in page


def test_made_facts_say_how_a_session_was_made(make_service):
    config = SessionConfig.from_row(make_service().sessions.create("s"))
    hostile = replace(config, title=HOSTILE)
    facts = {fact.name: fact.value for fact in made_facts(hostile)}
    assert facts["Model"] == HOSTILE
    assert facts["Held exactly"] == f"the first {TINY_SINKS} and the last {TINY_WINDOW:,} tokens"
    assert facts["Compressed memory"].endswith(", trained")
    assert facts["Precision"] == "int8" and facts["Precision of what is held"] == "float32"
    full = replace(config, stream=replace(config.stream, window=None, cell=None))
    facts = {fact.name: fact.value for fact in made_facts(full)}
    assert facts["Held exactly"].startswith("everything") and facts["Compressed memory"] == "none"
    assert "adds nothing" in memory_text("Mamba2", "untrained")


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ("many", "The window takes a number of tokens; got 'many'."),
        ("", "takes a number of tokens"),
        ("-5", "takes a number of tokens"),
        ("64", "at least 256 tokens"),
    ],
)
def test_a_window_that_is_not_a_number_or_too_small_is_refused(typed, sentence):
    with pytest.raises(ValueError, match=sentence):
        Wanted.given(WINDOW, typed, INT8, OWN_MEMORY)


def test_changes_are_only_the_settings_that_differ(make_service):
    config = SessionConfig.from_row(make_service().sessions.create("s"))
    fields = Wanted.of(config).fields
    assert fields == (WINDOW, f"{TINY_WINDOW:,}", INT8, OWN_MEMORY)
    assert Wanted.given(*fields).changes(config) == {}
    wanted = Wanted.given(EVERYTHING, "not looked at", EXACT, NO_MEMORY)
    assert wanted.changes(config) == {"window": None, "quantize": None, "ahn": None}
    assert wanted.fields[0] == EVERYTHING and wanted.fields[2:] == (EXACT, NO_MEMORY)


def test_cache_bytes_are_those_that_the_session_reports(unread: Service):
    config, report = SessionConfig.from_row(unread.sessions.get("s")), unread.sessions.report("s")
    takes = reread_form.cache_bytes(config, report.window, report.tokens)
    assert takes == report.run_cache_bytes
    everything = reread_form.cache_bytes(config, None, report.tokens)
    assert everything == report.run_cache_bytes_full


def test_without_a_session_the_tab_says_so(make_service):
    act = SettingsActions(make_service())
    for missing in (None, "gone"):
        made, form, *_ = act.shown(missing)
        assert "No session is selected" in made and not form.visible
        assert len(act.tick(missing)) == len(act.shown("gone"))


def test_a_session_is_read_again_and_the_tab_shows_the_progress(
    unread: Service, notified: list[str]
):
    act = SettingsActions(unread)
    assert begin(act, WINDOW, "800", INT8, OWN_MEMORY)[0][0] == LOADING
    assert notified == [] and unread.rereads.progress("s").config.stream.window == 800
    tab = shown(act)
    assert "be read again" in tab.progress and tab.cancel.visible and tab.timer.active
    assert tab.window.value == "800", "the fields are those of the re-reading"
    assert f"the last {TINY_WINDOW:,} tokens" in tab.made
    unread.start()
    wait_until_reread(unread, "s")
    tab = shown(act)
    assert "the last 800 tokens" in tab.made and tab.progress == ""
    assert not tab.cancel.visible and not tab.timer.active and tab.start.interactive


def test_a_rereading_resumes_with_its_own_options_and_is_cancelled(unread: Service):
    act = SettingsActions(unread)
    unread.rereads.begin("s", {"window": 800, "kv_dtype": "bfloat16"})
    (first,) = storage.list_rereads(unread.db)
    begin(act, WINDOW, "800", INT8, OWN_MEMORY)
    assert [r.id for r in storage.list_rereads(unread.db)] == [first.id]
    act.cancel("s")
    assert unread.rereads.progress("s") is None and shown(act).window.value == f"{TINY_WINDOW:,}"


def test_refused_settings_end_the_event_with_the_sentence_and_start_nothing(
    unread: Service, monkeypatch: pytest.MonkeyPatch
):
    act = SettingsActions(unread)
    same = Wanted.of(SessionConfig.from_row(unread.sessions.get("s"))).fields
    free = SimpleNamespace(available=1000)
    monkeypatch.setattr(reread_form.psutil, "virtual_memory", lambda: free)
    for fields, said in (
        (same, "already"),
        ((WINDOW, "x", INT8, OWN_MEMORY), "got 'x'"),
        ((WINDOW, "800", INT8, OWN_MEMORY), r"only 1\.0 kB of memory"),
    ):
        with pytest.raises(ValueError, match=said):
            begin(act, *fields)
        assert unread.rereads.progress("s") is None


def test_server_facts_name_what_changes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AMMON_OCR_LANGUAGES", "none")
    settings = Settings(
        data_dir=tmp_path / HOSTILE,
        retention=Retention(every_tokens=512, budget_bytes=5 * 10**8),
        sources=Sources(urls=True, paths=(Path("/books"),)),
    )
    facts = {fact.name: fact for fact in server_facts(settings)}
    assert re.fullmatch(r"\d+\.\d+\.\d+(, commit [0-9a-f]{7,})?", facts["Version"].value)
    assert facts["Data directory"].changed_by == ("--data-dir", "AMMON_DATA_DIR")
    assert facts["Their window and start"].value == "2,048 + 128 tokens"
    assert "every 512 tokens" in facts["Checkpoints"].value
    assert facts["Disk for a session's checkpoints"].value == "at most 500 MB"
    assert facts["Addresses on the web"].value == "read"
    assert facts["Files of the server"].value == "read below /books"
    assert "AMMON_OCR_LANGUAGES is none" in facts["Scanned pages (OCR)"].value
    assert "<script>" not in facts_html(facts.values())
    nothing = replace(settings, sources=Sources())
    assert [f.value for f in server_facts(nothing)].count("not read") == 2
