"""Notes while reading: the state stays as it is, none is lost or doubled, questions come first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import storage
from app.service import Service
from app.service.reading import notes as notes_module
from app.service.reading.model_queue import ModelQueue
from app.service.reading.notes import STEP_TOKENS, NoteTaker
from app.service.reading.open_session import OpenSession
from app.settings import Settings
from storage import DocumentState
from tests.support.fake_sessions import FakeOpenSession, add_document
from tests.support.service import (
    read_whole,
    same_bits,
    state_of,
    wait_until_read,
    wait_until_reread,
)

NAMES = ("Ozymandias", "Morag", "Flint", "Esmeralda")
SENTENCES = (
    "The harbour master {name} rowed to the {thing} of Skerry on day {i} of the year.",
    "The sister of {name} counted {i} herrings in the boat, and the rain fell on the {thing}.",
    "Then the keeper of the lamp went to bed.",
)
THINGS = ("lighthouse", "mill", "quarry", "chapel")


@pytest.fixture
def novel(tmp_path: Path) -> Path:
    """A text of prose, some 5,000 tokens long."""
    path = tmp_path / "harbour.txt"
    text = "\n\n".join(
        " ".join(SENTENCES).format(i=i, name=NAMES[i // 6], thing=THINGS[i // 6]) for i in range(24)
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def noted(make_service) -> Callable[..., Service]:
    return lambda **changes: make_service(notes=True, **changes)


def notes_of(service: Service, name: str = "s") -> list[tuple[int, int, str]]:
    found = storage.list_notes(service.db, service.sessions.get(name).id)
    return [(note.token_start, note.token_end, note.text) for note in found]


def test_the_state_is_bit_for_bit_the_same_with_and_without_notes(noted, make_service, novel):
    service = noted()
    document = read_whole(service, novel)
    found = notes_of(service)
    assert len(found) >= 2 and found[-1][1] == document.token_count
    assert [start for start, _, _ in found] == [0, *(end for _, end, _ in found[:-1])]
    assert all(any(name in text for name in NAMES) for _, _, text in found)
    with_notes = state_of(service)
    service.close()
    without = make_service(notes=False)
    read_whole(without, novel, "t")
    same_bits(with_notes, state_of(without, "t"))
    flops = {name: state_of(without, name).session.state.flops for name in ("s", "t")}
    assert flops["s"] == flops["t"]
    assert notes_of(without, "t") == []


def test_a_followed_log_code_and_a_short_text_have_no_notes(noted, tmp_path):
    service = noted()
    service.sessions.create("s")
    service.start_reading()
    lines = "\n".join(f"2024-05-03 10:00:{i % 60:02} INFO lamp {i} was lit" for i in range(200))
    code = "\n".join(f"def lamp_{i}():\n    return 'The lamp was lit by Morag.'" for i in range(99))
    for name, text in (("a.log", lines), ("b.py", code), ("c.txt", "The lamp was lit by Morag.")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        service.documents.add("s", tmp_path / name)
    wait_until_read(service, "s")
    assert notes_of(service) == []


def begin(service: Service, novel: Path) -> None:
    service.sessions.create("s")
    service.documents.add("s", novel)
    service.context.indexer.step()


def read_to_the_end(service: Service) -> None:
    while service.context.worker.step():
        pass
    (status,) = service.documents.list("s")
    assert status.document.state == DocumentState.DONE


@pytest.fixture
def expected(noted, novel) -> list[tuple[int, int, str]]:
    """The notes of an uninterrupted reading."""
    service = noted()
    read_whole(service, novel, "other")
    return notes_of(service, "other")


@pytest.mark.parametrize("crash_at", [1, 2])
def test_a_note_that_was_stored_before_a_crash_is_neither_lost_nor_doubled(
    noted, novel, expected, monkeypatch, crash_at
):
    service = noted(checkpoint_tokens=2048)
    begin(service, novel)
    save, saves = OpenSession.save, []

    def crash(self, *arguments):
        saves.append(self.document_tokens)
        if len(saves) == crash_at:
            raise KeyboardInterrupt
        save(self, *arguments)

    monkeypatch.setattr(OpenSession, "save", crash)
    with pytest.raises(KeyboardInterrupt):
        while service.context.worker.step():
            pass
    assert notes_of(service) == [note for note in expected if note[1] <= saves[-1]] != []
    # Before the first checkpoint nothing counts as read, and the notes go with the rest.
    known = 0 if crash_at == 1 else saves[-1]
    service.context.cache.drop(service.sessions.get("s").id)
    again, drafts, draft = noted(), [], NoteTaker._draft

    def counted(self, opened, *arguments):
        drafts.append(opened.document_tokens)
        return draft(self, opened, *arguments)

    monkeypatch.setattr(NoteTaker, "_draft", counted)
    again.context.jobs.enqueue(again.documents.list("s")[0].document)
    read_to_the_end(again)
    assert notes_of(again) == expected
    assert drafts == [end for _, end, _ in expected if end > known]


def pause_at(service: Service, monkeypatch, at: int, in_draft: bool = True) -> None:
    """Have the document paused when its reading is at a token: in its note, or just before it."""
    (status,) = service.documents.list("s")
    name = "_draft" if in_draft else "take"
    unpaused = getattr(NoteTaker, name)

    def paused(self, opened, *arguments):
        if opened.document_tokens == at:
            service.documents.pause(status.document.id)
        return unpaused(self, opened, *arguments)

    monkeypatch.setattr(NoteTaker, name, paused)


def test_a_note_that_is_interrupted_is_made_when_the_reading_is_resumed(
    noted, novel, expected, monkeypatch
):
    service = noted(checkpoint_tokens=10**6)
    begin(service, novel)
    at = expected[0][1]
    with monkeypatch.context() as patch:
        pause_at(service, patch, at)
        service.context.worker.step()
    (status,) = service.documents.list("s")
    assert (status.document.state, status.document.tokens_read) == (DocumentState.PAUSED, at)
    assert notes_of(service) == []
    service.documents.resume(status.document.id)
    read_to_the_end(service)
    assert notes_of(service) == expected
    same_bits(state_of(service), state_of(service, "other"))


@pytest.mark.parametrize("in_draft", [True, False])
def test_a_document_that_is_paused_at_its_end_is_done_with_its_last_note(
    noted, novel, expected, monkeypatch, in_draft
):
    service = noted(checkpoint_tokens=10**6)
    begin(service, novel)
    pause_at(service, monkeypatch, expected[-1][1], in_draft)
    service.context.worker.step()
    (status,) = service.documents.list("s")
    assert status.document.state == DocumentState.DONE
    assert notes_of(service) == expected


def test_a_note_that_was_left_at_a_stop_is_made_after_the_next_start(
    noted, novel, expected, monkeypatch
):
    service = noted(checkpoint_tokens=10**6)
    begin(service, novel)
    draft = NoteTaker._draft

    def stopped(self, *arguments):
        service.context.jobs.stop()
        return draft(self, *arguments)

    monkeypatch.setattr(NoteTaker, "_draft", stopped)
    service.context.worker.step()
    assert notes_of(service) == []
    service.close()
    monkeypatch.setattr(NoteTaker, "_draft", draft)
    again = noted(checkpoint_tokens=10**6)
    again.context.jobs.enqueue(again.documents.list("s")[0].document)
    read_to_the_end(again)
    assert notes_of(again) == expected


def test_what_was_undone_is_noted_again_in_the_same_run(noted, novel):
    service = noted(checkpoint_tokens=2048)
    begin(service, novel)
    read_to_the_end(service)
    before, checkpoints = notes_of(service), service.sessions.checkpoints("s")
    in_the_last_part = next(c for c in checkpoints if c.document_tokens < before[-1][1])
    service.sessions.go_back("s", in_the_last_part.id)
    assert notes_of(service) == before[:-1]
    service.documents.resume(service.documents.list("s")[0].document.id)
    read_to_the_end(service)
    assert notes_of(service) == before


def test_a_note_that_fails_does_not_end_the_reading(noted, novel, monkeypatch, caplog):
    service = noted()
    begin(service, novel)

    def fail(*_: object) -> None:
        raise RuntimeError("no room for a fork")

    monkeypatch.setattr(NoteTaker, "_draft", fail)
    read_to_the_end(service)
    assert notes_of(service) == [] and "no room for a fork" in caplog.text


def test_a_question_is_answered_before_a_note_that_is_being_written_is_done(
    noted, novel, monkeypatch
):
    service = noted()
    begin(service, novel)
    queue, events = service.context.queue, []
    islice = notes_module.islice

    def ask() -> None:
        with queue.answering() as ticket:
            while ticket.wait(1.0):
                pass
            events.append("answer")

    def one_step(generated, count):
        assert count == STEP_TOKENS
        if "step" not in events:  # a question comes while the first tokens are generated
            asking.start()
            while not queue.waiting:
                pass
        events.append("step")
        return list(islice(generated, count))

    asking = threading.Thread(target=ask)
    monkeypatch.setattr(notes_module, "islice", one_step)
    monkeypatch.setattr(notes_module, "TOKENS_PER_NOTE_TOKEN", 16)
    read_to_the_end(service)
    asking.join()
    assert events[:3] == ["step", "answer", "step"], events


def test_the_seconds_of_notes_count_as_seconds_of_reading(noted, novel, monkeypatch):
    service = noted(checkpoint_tokens=10**6)
    begin(service, novel)
    counted = []
    timed = NoteTaker._timed

    def noting(self, opened):
        counted.append(opened.fed_s)
        return timed(self, opened)

    monkeypatch.setattr(NoteTaker, "_timed", noting)
    read_to_the_end(service)
    assert len(counted) >= 4 and counted == sorted(counted) and len(set(counted)) == len(counted)
    assert service.sessions.report("s").reading_seconds > counted[-1]
    assert 0 < service.context.notes.seconds < service.sessions.report("s").reading_seconds


def test_a_reading_by_an_older_version_gets_its_notes_by_a_re_reading(noted, make_service, novel):
    service = make_service(notes=False)
    read_whole(service, novel)
    service.close()
    service = noted()
    service.start_reading()
    assert notes_of(service) == []
    assert "reread" in service.notes.of_session("s")[0][0].why_none
    service.rereads.begin("s", {})
    wait_until_reread(service, "s")
    assert len(notes_of(service)) >= 2
    (of,), without = service.notes.of_session("s")
    assert without == 0 and of.why_none == "" and len(of.chapters) == 1


def test_nothing_is_noted_of_a_document_that_is_not_noted(db, tmp_path):
    """Without a model: only the parts are looked up."""

    class Unused:
        def __getattr__(self, name):
            raise AssertionError(name)

    row = storage.create_session(db, "s", {})
    document = add_document(db, row.id, "The lamp was lit. " * 200)
    db.execute("UPDATE documents SET kind = 'log'")
    document = storage.get_document(db, document.id)
    opened = FakeOpenSession(row, 8, document_id=document.id, document_tokens=2048)
    taker = NoteTaker(db, Settings(data_dir=tmp_path), ModelQueue(), Unused())
    assert taker.take(opened, document, lambda: False)
