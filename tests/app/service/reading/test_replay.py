"""Asking as of an earlier position: the state of that position, and nothing after it."""

import io
import json
import threading
import time

import pytest
import torch
from pypdf import PdfWriter

import storage
from ahn_runtime.checkpoint import load_checkpoint
from app.errors import NoSuchPlace
from app.service import Done, Prefilled, final_answer
from app.service.reading.open_session import restore_session
from app.service.reading.positions import find_position, name_position
from app.service.reading.replay import feed_up_to
from app.settings import Retention
from tests.support.pdf_samples import make_pdf
from tests.support.service import read_whole, wait_until_read


@pytest.fixture
def chapters(tmp_path):
    """A Markdown file whose murderer is told at the end."""
    lines = [f"Line {i}: the detective walked on through the fog of the town." for i in range(120)]
    lines[10] = "Line 10: a zebra was seen near the theatre."
    lines[110] = "Line 110: the murderer was the gardener Crumb."
    path = tmp_path / "fog.log"
    path.write_text(
        "\n".join(f"2026-01-01 00:{i // 60:02}:{i % 60:02} {t}" for i, t in enumerate(lines)) + "\n"
    )
    return path


@pytest.fixture
def service(make_service, chapters, book):
    service = make_service(checkpoint_tokens=512)
    service.sessions.create("s")
    service.start()
    for path in (chapters, book):
        service.documents.add("s", path)
    wait_until_read(service, "s")
    return service


def state_at(service, position):
    row = service.sessions.get("s")
    opened = restore_session(service.db, row, service.runtime(row), max_position=position)
    for _ in feed_up_to(service.db, service.settings, opened, position):
        pass
    return opened.session


def test_a_replay_restores_the_state_at_any_position(service):
    """At a checkpoint, between two, and before the first."""
    checkpoints = service.sessions.checkpoints("s")
    before = service.documents.list("s")[0].document.start_position + 40
    assert before < checkpoints[-1].position
    for position in (checkpoints[1].position, checkpoints[-1].position + 100, before):
        assert state_at(service, position).tokens_seen == position
    with pytest.raises(NoSuchPlace, match="has not read as far"):
        state_at(service, 10**6)


def test_a_state_between_checkpoints_fed_on_equals_the_next_checkpoint(service):
    """The state between two checkpoints, read on, meets the next checkpoint bit for bit."""
    later, earlier = service.sessions.checkpoints("s")[-2:]
    ours = state_at(service, later.position)
    row = service.sessions.get("s")
    stored = load_checkpoint(
        service.runtime(row), later.manifest, lambda page: storage.read_page(service.db, page)
    )
    assert ours.state.prefix_hash == stored.state.prefix_hash
    assert torch.equal(ours.next_logits(), stored.next_logits())
    # And without that checkpoint, from the one before it.
    storage.delete_checkpoint(service.db, later.id)
    again = state_at(service, later.position)
    assert again.state.prefix_hash == stored.state.prefix_hash
    assert torch.equal(again.next_logits(), stored.next_logits())
    assert earlier.position < later.position


def test_an_answer_as_of_a_position_knows_nothing_after_it(service):
    now = final_answer(service.questions.ask("s", "Who was the murderer?"))
    assert any("Crumb" in p.text for p in now.passages)
    then = final_answer(service.questions.ask("s", "Who was the murderer?", "fog: line 60"))
    assert then.as_of == "fog: line 60" and then.position < now.position
    assert not any("Crumb" in p.text for p in then.passages)
    seen = final_answer(service.questions.ask("s", "Where was a zebra seen?", "fog: line 60"))
    assert any("zebra" in p.text for p in seen.passages)
    stored = service.questions.messages("s")[-1]
    assert stored.details["as_of"] == "fog: line 60" and stored.position == then.position


def test_a_position_that_does_not_exist_is_refused_with_what_there_is(
    service, make_service, chapters
):
    row = service.sessions.get("s")
    assert find_position(service.db, row, str(service.sessions.checkpoints("s")[0].id)) > 0
    for at, sentence in (
        ("99999", "no checkpoint number 99999"),
        ("page 3", 'no place in this session.*"line 12"'),
        ("someday", "no place in this session"),
        ("line 60", "Several documents have a line 60; say one of"),
        ("atlantis: line 60", "No document of this session has anything up to"),
    ):
        with pytest.raises(NoSuchPlace, match=sentence):
            find_position(service.db, row, at)


def test_chapters_of_a_pdf_are_positions_like_its_pages(make_service, tmp_path):
    """No spoilers: of what the outline calls the second chapter, nothing of the third is known."""
    writer = PdfWriter(io.BytesIO(make_pdf("the cover", "a zebra", "a theatre", "a murderer")))
    for index, title in ((1, "Chapter I"), (2, "Chapter II"), (3, "Chapter III")):
        writer.add_outline_item(title=title, page_number=index)
    path = tmp_path / "novel.pdf"
    writer.write(path)
    service = make_service()
    row = service.sessions.create("s")
    service.start()
    service.documents.add("s", path)
    wait_until_read(service, "s")
    assert storage.locator_kinds(service.db, row.id) == ["chapter", "page"]
    ends = {at: find_position(service.db, row, at) for at in ("page 3", "chapter 2", "chapters 3")}
    assert ends["page 3"] == ends["chapter 2"] < ends["chapters 3"]
    then = final_answer(service.questions.ask("s", "zebra theatre murderer?", "novel: chapter 2"))
    assert {p.locator for p in then.passages} == {"page 2 (Chapter I)", "page 3 (Chapter II)"}
    with pytest.raises(NoSuchPlace, match='"chapter 12", "page 12"'):
        find_position(service.db, row, "line 3")


LABELS = "/PageLabels << /Nums [0 << /S /r >> 2 << /S /D >> 4 << /S /D /P (A-) >>] >>"


def test_a_page_is_named_by_its_label_or_its_number_and_the_answer_says_which(
    make_service, tmp_path
):
    path = tmp_path / "book.pdf"
    path.write_bytes(make_pdf(*(f"zebra {i}" for i in range(1, 6)), catalog=LABELS))
    service = make_service()
    row = service.sessions.create("s")
    service.start()
    service.documents.add("s", path)
    wait_until_read(service, "s")
    for at, last, name in (
        ("page ii", 2, "page ii (2)"),
        ("page 2", 4, "page 2 (4)"),
        ("page 5", 5, "page A-1 (5)"),
        ("Page a-1", 5, "page A-1 (5)"),
        ("book: page 1 (3)", 3, "book: page 1 (3)"),
        ("pages 1–2", 4, "page 2 (4)"),
    ):
        found = name_position(service.db, row, at)
        segment = storage.segments_around(service.db, 1, 0, 9, found.position)[-1]
        assert (found.name, segment.text) == (name, f"zebra {last}\n")
    assert final_answer(service.questions.ask("s", "zebra?", "page 2")).as_of == "page 2 (4)"
    assert service.questions.places("s")[0].at == "page A-1 (5)"
    for at in ("page iii", "page A-9"):
        with pytest.raises(NoSuchPlace, match="anything up to"):
            find_position(service.db, row, at)


def test_a_chapters_end_has_a_checkpoint_and_can_be_asked_as_of(make_service, tmp_path):
    """Within a small budget; what is kept brings the session to its place, bit for bit."""
    pages = [f"Page {i}. " + "The detective walked on. " * 40 for i in range(8)]
    writer = PdfWriter(io.BytesIO(make_pdf(*pages)))
    for index in (0, 3, 5):
        writer.add_outline_item(title=f"Chapter at {index}", page_number=index)
    path = tmp_path / "novel.pdf"
    writer.write(path)
    retention = Retention(every_tokens=100_000, budget_bytes=10**9)
    service = make_service(checkpoint_tokens=1024, retention=retention)
    row = service.sessions.create("s")
    service.start()
    document = service.documents.add("s", path)
    wait_until_read(service, "s")
    service.stop_reading()  # the last checkpoint is written, and then the others are pruned
    kept = service.sessions.checkpoints("s")
    ends = storage.chapter_ends(service.db, document.id)
    tokens = [c.document_tokens for c in reversed(kept)]
    assert {ends[0] // 256 * 256, ends[1] // 256 * 256, ends[2]} <= set(tokens)
    assert len(kept) <= 4
    for checkpoint in kept:
        stored = load_checkpoint(
            service.runtime(row), checkpoint.manifest, lambda p: storage.read_page(service.db, p)
        )
        ours = state_at(service, checkpoint.position)
        assert torch.equal(ours.next_logits(), stored.next_logits())
    then = final_answer(service.questions.ask("s", "Where did the detective walk?", "chapter 1"))
    assert then.position == find_position(service.db, row, "chapter 1")
    tight = make_service(retention=Retention(budget_bytes=1))
    assert tight.sessions.report("s").disk_budget_bytes == 1 < tight.sessions.report("s").disk_bytes


def test_a_position_that_is_not_read_yet_is_refused(make_service, chapters):
    service = make_service()
    row = service.sessions.create("s")
    document = service.documents.add("s", chapters)
    service.context.indexer.step()
    with pytest.raises(NoSuchPlace, match="has not been read up to lines? .* yet"):
        find_position(service.db, row, "line 60")
    assert document.tokens_read == 0


def test_the_commands(service, launch):
    service.close()

    rows = json.loads(launch("checkpoints", "s", "--json").stdout)
    assert rows[0]["position"] > rows[-1]["position"] and rows[0]["bytes"] > 0
    assert "token" in launch("checkpoints", "s").stdout
    done = launch("ask", "s", "Who was it?", "--at", str(rows[-1]["checkpoint"]), "--json")
    assert json.loads(done.stdout)["position"] == rows[-1]["position"]
    assert launch("ask", "s", "Who?", "--at", "page 9").returncode == 1


def test_others_are_answered_while_an_earlier_position_is_read_again(make_service, book):
    service = make_service(checkpoint_tokens=10**6, chunk_tokens=64)
    read_whole(service, book)
    order = []
    earlier = service.questions.ask("s", "Who kept a parrot?", "line 170")
    fed = [next(earlier)]
    assert isinstance(fed[0], Prefilled) and fed[0].until is not None

    def ask():
        *_, told = service.questions.ask("s", "Who kept a parrot?")
        order.append(told.answer.as_of)

    other = threading.Thread(target=ask)
    other.start()
    while not service.context.queue.waiting:
        time.sleep(0.01)
    for event in earlier:
        if isinstance(event, Prefilled) and event.until is not None:
            fed.append(event)
    order.append(event.answer.as_of)
    other.join()
    assert order == ["", "line 170"]
    assert fed[-1].tokens_seen == fed[-1].until == event.answer.position
    assert all(each.tokens_seen <= each.until for each in fed)
    assert all(each.seconds_left is not None for each in fed)


def test_a_position_that_is_too_far_from_a_checkpoint_is_refused(make_service, book):
    service = make_service(checkpoint_tokens=10**6, max_replay_tokens=100)
    read_whole(service, book)
    with pytest.raises(NoSuchPlace, match="tokens of 's' would be read again.* limit is 100"):
        list(service.questions.ask("s", "Who kept a parrot?", "line 170"))
    *_, last = service.questions.ask("s", "Who kept a parrot?")
    assert isinstance(last, Done)
