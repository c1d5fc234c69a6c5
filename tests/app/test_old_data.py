"""What an older version left on the disk: opened, resumed and answered from as that version did.

The data directory and the export in tests/data/before_redesign were made by the code of one earlier
commit; its README.md says how. What is stored is compared bit for bit, on any processor. What is
computed from it may differ in the last bits between processors: it is compared closely with what
was recorded, bit for bit between the data directory and the export, and bit for bit with the
record too where the processor and torch are those that made it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

import storage
from ahn_runtime import Runtime, Session
from ahn_runtime.checkpoint import load_checkpoint, page_hashes, save_checkpoint
from ahn_runtime.tokenizer import Tokenizer
from app.service import Answer, Service, final_answer
from app.service.reading.open_session import restore_session
from app.settings import ModelOptions, Retention, Settings
from ingest import SandboxPool
from storage import CheckpointRow, Database, SessionRow
from tests.support.service import wait_until_read

OLD = Path(__file__).parents[1] / "data" / "before_redesign"
EXPECTED = json.loads((OLD / "expected.json").read_text(encoding="utf-8"))
STORED, QUESTION = EXPECTED["stored"], EXPECTED["question"]
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
PATIENCE_S = 60.0
CLEAR = 1e-3
"""A token that leads the next one by more is chosen on every processor."""

Open = Callable[[Path], Service]


# The service under test, in the words of this version.


@pytest.fixture
def open_service(shared_processes: SandboxPool) -> Iterator[Open]:
    """Open a data directory; nothing is read before `start`."""
    opened: list[Service] = []

    def load(options: ModelOptions) -> Runtime:
        return Runtime.load(**{**options.as_dict(), "model": str(OLD / options.model)})

    def open_on(data_dir: Path) -> Service:
        options = ModelOptions(**EXPECTED["settings"], quantize=None, device="cpu")
        settings = Settings(
            data_dir=data_dir,
            model=options,
            chunk_tokens=128,
            checkpoint_tokens=384,
            retention=Retention(every_tokens=1),  # every checkpoint stays
            follow_poll_s=0.01,
            follow_checkpoint_s=0.0,
            max_answer_tokens=24,
            trash_s=3e9,  # the trash is as old as the data
        )
        opened.append(Service(settings, load, shared_processes))
        return opened[-1]

    yield open_on
    for service in opened:
        service.close()


def ask(service: Service, name: str, at: str = "") -> Answer:
    return final_answer(service.questions.ask(name, QUESTION, at))


def session_at_its_end(service: Service, name: str) -> Session:
    row = service.sessions.get(name)
    return restore_session(service.db, row, service.runtime(row)).session


def restored(service: Service, row: SessionRow, checkpoint: CheckpointRow) -> Session:
    def fetch(page: str) -> bytes:
        return storage.read_page(service.db, page)

    return load_checkpoint(service.runtime(row), checkpoint.manifest, fetch)


# The same in any version.


@pytest.fixture
def old_service(open_service: Open, tmp_path: Path) -> Service:
    """A service on a copy of the old data directory."""
    return open_service(Path(shutil.copytree(OLD / "data", tmp_path / "old")))


def read_to_its_end(service: Service, name: str) -> None:
    """Read all documents, and finish a reread where there is one."""
    service.start()
    wait_until_read(service, name)
    deadline = time.monotonic() + PATIENCE_S
    while service.rereads.progress(name) is not None:
        assert time.monotonic() < deadline, service.sessions.notice(name)
        time.sleep(0.02)


def stored_row(service: Service, session_id: str) -> tuple[SessionRow, dict[str, Any]]:
    """A session by its number, and what is recorded of it."""
    row = storage.get_session_by_id(service.db, int(session_id))
    return row, STORED["states"][session_id]


def as_json(rows: list[Any]) -> Any:
    return json.loads(json.dumps([asdict(row) for row in rows]))


def next_logits(session: Session) -> torch.Tensor:
    return session.next_logits()[0, :8]


def same_state(a: Session, b: Session) -> None:
    assert save_checkpoint(a).page_hashes == save_checkpoint(b).page_hashes
    assert torch.equal(a.next_logits(), b.next_logits())


def old_prompt(tokens: Tokenizer, expected: dict[str, Any]) -> list[int]:
    """The prompt of the recorded answer, in that version's words, which have changed since."""
    (cited,) = expected["passages"]
    head = "\n\n---\nPassages found for the question, the most relevant last:\n\n"
    passage = f"[1] {cited['document']}, {cited['locator']}:\n{cited['text']}\n\n"
    asked = f"Using only these passages, answer in a few words: {QUESTION}"
    start, end = tokens.control["<|im_start|>"], tokens.control["<|im_end|>"]
    tail = [*tokens.encode(asked), end, *tokens.encode("\n")]
    tail += [start, *tokens.encode("assistant\n")]
    clipped = "…\n\n"
    room = expected["prompt_tokens"] - len(tokens.encode(head)) - len(tail)
    if len(tokens.encode(passage)) > room:
        passage = passage.encode()[: room - len(clipped.encode())].decode() + clipped
    return [*tokens.encode(head), *tokens.encode(passage), *tail]


def same_answer(session: Session, expected: dict[str, Any]) -> None:
    """A session gives the recorded answer, token by token, to the recorded prompt."""
    assert min(expected["margins"]) > CLEAR, "another processor may choose another token"
    prompt = old_prompt(session.runtime.tokenizer, expected)
    assert len(prompt) == expected["prompt_tokens"]
    fork = session.fork()
    fork.feed(prompt, logits=None)
    ids = list(fork.generate(max_new_tokens=24))
    assert ids == expected["token_ids"] and len(ids) == expected["answer_tokens"]
    assert session.runtime.tokenizer.decode(ids) == expected["text"]


def same_passages(answer: Answer, expected: dict[str, Any], without: tuple[str, ...] = ()) -> None:
    """An answer was made, from the recorded passages."""
    without = (*without, "cited")  # that depends on the words of the answer
    passages, wanted = as_json(answer.passages), expected["passages"]
    assert [_without(p, without) for p in passages] == [_without(p, without) for p in wanted]
    assert answer.text and answer.answer_tokens > 0


def _without(record: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in names}


def processor() -> dict[str, str]:
    """What the last bits of computed numbers depend on, as the maker of the data records it."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    fields = dict(
        line.split("\t", 1) for line in text.split("\n\n")[0].splitlines() if "\t" in line
    )
    names = ("vendor_id", "cpu family", "model", "model name")
    return {
        "processor": " ".join(fields.get(name, "?").strip("\t: ") for name in names),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
    }


def test_the_old_sessions_are_listed(old_service):
    db = old_service.db
    listed = sorted((s.session.id, s.session.name) for s in old_service.sessions.list())
    assert listed == [(s["id"], s["name"]) for s in STORED["sessions"]]
    trash = [(t.session_id, t.name) for t in old_service.trash.list()]
    assert trash == [(t["id"], t["name"]) for t in STORED["trash"]]
    rereads = [(row.id, row.rereads) for row in storage.list_rereads(db)]
    assert rereads == [(r["id"], r["rereads"]) for r in STORED["rereads"]]
    assert old_service.rereads.progress("ferry").tokens_read == 384
    assert db.integrity_check() == []


@pytest.mark.parametrize("session_id", STORED["states"])
def test_all_that_is_stored_of_an_old_session_reads_as_before(old_service, session_id):
    row, expected = stored_row(old_service, session_id)
    db = old_service.db
    documents = storage.list_documents(db, row.id)
    assert row.settings == expected["settings"]
    # Columns that the old version did not have.
    since = {"encoding": None, "own_title": None, "shown_title": None, "is_asked": True}
    assert as_json(documents) == [{**document, **since} for document in expected["documents"]]
    segments = [segment for d in documents for segment in storage.iter_segments(db, d.id)]
    assert as_json(segments) == expected["segments"]
    assert as_json(storage.list_messages(db, row.id)) == expected["messages"]
    follows = [storage.find_follow(db, document.id) for document in documents]
    assert as_json([f for f in follows if f is not None]) == expected["follows"]
    assert len(storage.list_speeds(db, row.id, limit=100)) == expected["speeds"]


def test_the_old_answer_has_its_citation(old_service):
    _, answer = old_service.questions.messages("harbour")
    assert answer.text == "Morag Finn [1]" and "Morag Finn" in answer.citations[0]["text"]


@pytest.mark.parametrize("session_id", STORED["states"])
def test_every_old_checkpoint_is_restored_and_saved_again_with_the_same_pages(
    old_service, session_id
):
    row, recorded = stored_row(old_service, session_id)
    checkpoints = storage.list_checkpoints(old_service.db, row.id)
    assert len(checkpoints) == len(recorded["checkpoints"]) > 0
    for checkpoint, expected in zip(checkpoints, recorded["checkpoints"], strict=True):
        manifest = checkpoint.manifest
        listed = {k: v for k, v in asdict(checkpoint).items() if k != "manifest"}
        assert listed == {key: expected[key] for key in listed}
        session = restored(old_service, row, checkpoint)
        assert f"{session.state.prefix_hash:032x}" == expected["prefix_hash"]
        again = save_checkpoint(session, previous=manifest)
        assert again.page_hashes == page_hashes(manifest) == expected["pages"]
        assert {**manifest, **again.manifest} == manifest
        assert save_checkpoint(session).page_hashes == expected["pages_saved_alone"]
        torch.testing.assert_close(next_logits(session), torch.tensor(expected["logits"]), **CLOSE)


def test_the_half_read_document_is_read_on_and_the_question_answered(old_service):
    read_to_its_end(old_service, "harbour")
    states = [status.document.state for status in old_service.documents.list("harbour")]
    expected = EXPECTED["end"]["harbour"]
    assert states == expected["states"] == ["done", "done", "done"]
    session = session_at_its_end(old_service, "harbour")
    assert session.tokens_seen == expected["position"]
    torch.testing.assert_close(next_logits(session), torch.tensor(expected["logits"]), **CLOSE)
    answers, at = EXPECTED["answers"], str(EXPECTED["as_of"])
    same_answer(session, answers["end"])
    same_passages(ask(old_service, "harbour"), answers["end"])
    row = old_service.sessions.get("harbour")
    asked_as_of = storage.get_checkpoint(old_service.db, EXPECTED["as_of"])
    same_answer(restored(old_service, row, asked_as_of), answers[at])
    same_passages(ask(old_service, "harbour", at), answers[at])


def test_the_old_export_is_imported_and_resumes_as_the_data_directory_does(
    old_service, open_service, tmp_path
):
    other = open_service(tmp_path / "other")
    row = other.sessions.import_from(OLD / "harbour.ammon")
    newest, *_ = other.sessions.checkpoints("harbour")
    recorded = STORED["states"]["1"]["checkpoints"][0]
    assert newest.position == recorded["position"]
    assert page_hashes(newest.manifest) == recorded["pages"]
    words = [(m.role, m.text) for m in other.questions.messages("harbour")]
    assert words == [(m["role"], m["text"]) for m in STORED["states"]["1"]["messages"]]
    assert row.name == "harbour"
    for service in (old_service, other):
        read_to_its_end(service, "harbour")
    same_state(*(session_at_its_end(service, "harbour") for service in (old_service, other)))
    numbers = ("document_id", "segment_id")  # an import gives its rows numbers of its own
    same_answer(session_at_its_end(other, "harbour"), EXPECTED["answers"]["end"])
    same_passages(ask(other, "harbour"), EXPECTED["answers"]["end"], numbers)


def test_the_old_reread_is_finished_and_takes_its_sessions_place(old_service):
    read_to_its_end(old_service, "ferry")
    expected = EXPECTED["end"]["ferry"]
    session = session_at_its_end(old_service, "ferry")
    assert session.tokens_seen == expected["position"]
    assert old_service.sessions.report("ferry").window == 512
    torch.testing.assert_close(next_logits(session), torch.tensor(expected["logits"]), **CLOSE)


def test_the_old_trash_can_be_taken_back(old_service):
    (trashed,) = old_service.trash.list()
    assert old_service.trash.restore(trashed.session_id).name == "letters"
    assert old_service.trash.list() == []
    assert [s.document.title for s in old_service.documents.list("letters")] == ["letter"]


def test_the_old_log_is_followed_on_where_it_was_left(old_service, tmp_path):
    log = Path(shutil.copy(OLD / "pumps.log", tmp_path))
    old_service.db.execute("UPDATE follows SET path = ?", [str(log)])  # the log has moved
    with log.open("a", encoding="utf-8") as file:
        file.write("2031-01-25 07:00:00 the valve Ozymandias is stuck\n")
    old_service.start_reading()
    (before,) = old_service.documents.list("pumps")
    document = old_service.documents.follow("pumps", log)
    assert document.id == before.document.id
    old_service.context.following.stop_all()
    assert old_service.documents.add("pumps", log).id == document.id
    wait_until_read(old_service, "pumps")
    (status,) = old_service.documents.list("pumps")
    assert status.document.state == "done"
    assert status.document.tokens_read == status.document.token_count
    assert stored_text(old_service.db, document.id) == log.read_text(encoding="utf-8")


def stored_text(db: Database, document_id: int) -> str:
    return "".join(segment.text for segment in storage.iter_segments(db, document_id))


@pytest.mark.skipif(
    processor() != EXPECTED["processor"],
    reason="the last bits of what is computed are only those of the same processor and torch",
)
@pytest.mark.parametrize("name", EXPECTED["end"])
def test_read_on_by_the_same_processor_it_ends_in_the_recorded_bits(old_service, name):
    read_to_its_end(old_service, name)
    session, expected = session_at_its_end(old_service, name), EXPECTED["end"][name]
    assert save_checkpoint(session).page_hashes == expected["pages_saved_alone"]
    assert next_logits(session).tolist() == expected["logits"]
