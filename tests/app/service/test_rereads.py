"""Re-reading a session: the old state answers until the new one is there, bit for bit as if the
session had been made with the new options from the start."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import storage
from ahn_runtime.loading import hub
from ahn_runtime.loading.presets import EMBEDDED, PRESETS
from ahn_runtime.loading.tiny import write_tiny
from app.errors import NothingRead
from app.service import Done, Service
from tests.support.service import (
    TINY_SINKS,
    hold_reading,
    live_tensors,
    wait_until_read,
    wait_until_reread,
)

SMALL = 800


def add(service: Service, session: str, *paths: Path) -> None:
    service.sessions.ensure(session)
    service.start()
    for path in paths:
        service.documents.add(session, path)
    wait_until_read(service, session)


def test_a_re_read_session_equals_one_made_with_the_new_options(make_service, book, second):
    service = make_service()
    add(service, "old", book, second)
    before = [(d.document.id, d.document.title) for d in service.documents.list("old")]
    service.rereads.begin("old", {"window": SMALL})
    wait_until_reread(service, "old")
    assert [(d.document.id, d.document.title) for d in service.documents.list("old")] == before
    assert service.sessions.report("old").window == SMALL
    assert [s.session.name for s in service.sessions.list()] == ["old"]
    again = live_tensors(service, "old")
    service.close()

    other = make_service(window=SMALL)
    add(other, "new", book, second)
    for ours, theirs in zip(again, live_tensors(other, "new"), strict=True):
        assert torch.equal(ours, theirs)
    assert isinstance(list(other.questions.ask("old", "Who kept a parrot?"))[-1], Done)


def test_a_stopped_re_reading_resumes_and_the_old_state_answers(
    make_service, book, second, monkeypatch
):
    service = make_service(checkpoint_tokens=256)
    add(service, "s", book, second)
    service.close()
    service = make_service(checkpoint_tokens=256)
    row = service.sessions.get("s")
    service.rereads.begin("s", {"window": SMALL})  # nothing reads yet: the threads are not started
    (reread,) = storage.list_rereads(service.db)
    hold_reading(service, monkeypatch, 512)
    service.start_reading()
    while not storage.list_checkpoints(service.db, reread.id):
        time.sleep(0.005)
    service.close()

    service = make_service(checkpoint_tokens=256)
    (reread,) = storage.list_rereads(service.db)
    place = storage.list_checkpoints(service.db, reread.id)[0].position
    assert 0 < place < storage.list_checkpoints(service.db, row.id)[0].position
    *_, last = service.questions.ask("s", "Who kept a parrot?")
    assert isinstance(last, Done)
    assert "being read again" in service.sessions.notice("s")
    assert service.sessions.report("s").window == 3000
    service.start()
    wait_until_reread(service, "s")
    assert service.sessions.report("s").window == SMALL and service.sessions.notice("s") == ""


def test_documents_added_during_a_re_reading_are_read_too(make_service, book, second):
    service = make_service()
    add(service, "s", book)
    service.close()
    service = make_service()
    service.rereads.begin("s", {"window": SMALL})
    service.documents.add("s", second)
    service.start()
    wait_until_reread(service, "s")
    wait_until_read(service, "s")
    assert [d.document.state for d in service.documents.list("s")] == ["done", "done"]
    total = sum(d.document.token_count for d in service.documents.list("s"))
    assert service.sessions.report("s").tokens > total


def test_a_re_reading_can_be_cancelled_and_begun_with_other_options(make_service, book):
    service = make_service()
    add(service, "s", book)
    service.close()
    service = make_service()
    service.rereads.begin("s", {"window": SMALL})
    (first,) = storage.list_rereads(service.db)
    service.rereads.begin("s", {"window": SMALL})
    assert [r.id for r in storage.list_rereads(service.db)] == [first.id], "the same goes on"
    service.rereads.begin("s", {"window": 900})
    (second,) = storage.list_rereads(service.db)
    assert second.id != first.id and second.settings["stream"]["window"] == 900
    service.rereads.cancel("s")
    assert service.rereads.progress("s") is None and storage.list_rereads(service.db) == []
    assert service.sessions.report("s").window == 3000


def test_a_session_without_documents_cannot_be_re_read(make_service):
    service = make_service()
    service.sessions.ensure("empty")
    with pytest.raises(NothingRead, match="no documents, so there is nothing to read again"):
        service.rereads.begin("empty", {})


def test_a_session_with_an_untrained_memory_keeps_it(make_service, tiny_dir, book):
    """What "auto" means may change with the program; a session's state does not."""
    service = make_service(ahn="untrained:GatedDeltaNet")
    add(service, "s", book)
    row = service.sessions.get("s")
    assert row.settings["memory_status"] == "untrained"
    options = {**row.settings["options"], "ahn": "auto"}
    storage.update_session_settings(service.db, row.id, {**row.settings, "options": options})
    service.close()

    service = make_service()
    assert service.sessions.options_of(service.sessions.get("s")).ahn == "untrained:GatedDeltaNet"
    assert isinstance(list(service.questions.ask("s", "Who kept a parrot?"))[-1], Done)
    service.start()
    service.rereads.begin("s", {})
    wait_until_reread(service, "s")
    assert service.sessions.report("s").memory_status == "trained"


def test_the_command_reads_again_and_says_so(tiny_dir, launch, book):
    model = ("--model", str(tiny_dir), "--window", "1000", "--sinks", str(TINY_SINKS))
    assert launch("read", str(book), "--session", "s", *model).returncode == 0
    done = launch("reread", "s", "--window", str(SMALL), "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["session"] == "s"
    report = json.loads(launch("report", "s", "--json").stdout)
    assert report["window"] == SMALL
    refused = launch("ask", "s", "Who?", "--window", "1000")
    assert refused.returncode == 1 and "read this one again" in refused.stderr
    assert "keeps its state" in launch("reread", "s", "--cancel").stdout
    assert launch("reread", "nobody").returncode == 1


@pytest.mark.parametrize("is_named", [True, False])
def test_a_session_keeps_its_memory_when_its_preset_gets_a_newer_one_until_it_is_re_read(
    make_service, tiny_dir, tmp_path, monkeypatch, book, second, is_named
):
    older, newer = (write_tiny(tmp_path / name, seed=n) for n, name in enumerate(("old", "new")))
    preset = replace(EMBEDDED, name=str(tiny_dir), base=str(tiny_dir), memory=older)
    monkeypatch.setitem(PRESETS, str(tiny_dir), preset)
    monkeypatch.setattr(hub, "fetch", Path)  # a directory here is where it is
    service = make_service()
    add(service, "s", book)
    assert not service.rereads.is_offered("s")
    row = service.sessions.get("s")
    settings = dict(row.settings)
    if not is_named:  # as sessions were made before memories had successors
        assert settings.pop("memory_name") == "old"
        storage.update_session_settings(service.db, row.id, settings)
    service.close()

    changed = replace(preset, memory=newer, former_memories=(older,))
    monkeypatch.setitem(PRESETS, str(tiny_dir), changed)
    resumed = make_service()
    add(resumed, "s", second)
    assert resumed.sessions.get("s").settings == settings, "what was stored stays as it was"
    assert isinstance(list(resumed.questions.ask("s", "Who kept a parrot?"))[-1], Done)
    resumed.sessions.ensure("new")
    for path in (book, second):
        resumed.documents.add("new", path)
    wait_until_read(resumed, "new")
    assert resumed.sessions.get("new").settings["memory_name"] == "new"
    assert resumed.rereads.is_offered("s") and not resumed.rereads.is_offered("new")
    resumed.rereads.begin("s", {})
    wait_until_reread(resumed, "s")
    assert resumed.sessions.get("s").settings["memory_name"] == "new"
    assert not resumed.rereads.is_offered("s")
    for ours, theirs in zip(live_tensors(resumed, "s"), live_tensors(resumed, "new"), strict=True):
        assert torch.equal(ours, theirs)
