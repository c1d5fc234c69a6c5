"""Makes the data beside it: a data directory, an export and what they answer, by the old code.

It runs on the code of commit 789e75c and nowhere else: its imports, and the private methods it
calls, are of that commit's layout. README.md has the command. It is kept to show how the data came
about; no test imports it.
"""

from __future__ import annotations

import app.threads  # isort: skip  # noqa: F401 (before torch comes)

import hashlib
import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlite_utils
import torch
from ahn_runtime.tiny import TINY, write_tiny
from app.service.live import LiveSession, open_live
from app.service.timeline import feed_up_to, find_position
from safetensors.torch import load_file, save_file

import storage
from ahn_runtime import Runtime, Session
from ahn_runtime.checkpoint import load_checkpoint, page_hashes, save_checkpoint
from app.service import Service
from app.service.answering import Question, _prompt
from app.settings import ModelOptions, Retention, Settings
from storage import Database
from storage.migrations import migrations

HERE = Path(__file__).parent
SOURCES = Path("/tmp/ammon-before-redesign")
"""Where the documents lie while they are read; their paths are stored with them."""

MODEL = "tiny"
WINDOW, SMALL_WINDOW, SINKS = 640, 512, 16
CONFIG = {
    **TINY,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
}
QUESTION = "Who is the keeper of the lighthouse at Skerry?"
AS_OF = 2
"""Number of the checkpoint at the end of the lighthouse's first version."""

FIRST_KEEPER, SECOND_KEEPER = "Donald Crae [1]", "Morag Finn [1]"
LIGHTHOUSE = (
    "The lighthouse at Skerry is painted {colour}. The keeper of it is {keeper}, who winds the "
    "clockwork of the lamp every four hours and writes the weather into a book.\n\n"
    "{more}\n\nA supply boat comes on the first Monday of the month with oil, flour and letters.\n"
)
MORE = "On clear nights the beam is seen from the harbour at Tay, {miles} miles to the south. "
LETTER = "Dear Margaret, the ferry over the Tay did not sail today, for the wind was in the east. "
DIARY = "Day {day}: I walked along the shore and counted {count} seals on the rocks below. "


def write_sources() -> dict[str, Path]:
    """Write the first versions of the documents; returns their paths by name."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    SOURCES.mkdir(parents=True)
    diary = "\n".join(DIARY.format(day=day, count=day * 13 % 50) for day in range(1, 13))
    texts = {
        "lighthouse.txt": lighthouse("white", "Donald Crae", 11),
        "diary.txt": diary + "\n",
        "letter.txt": LETTER * 2 + "\n",
        "ferry.txt": LETTER * 6 + "\n",
        "pumps.log": pump_lines(0, 30),
    }
    for name, text in texts.items():
        (SOURCES / name).write_text(text, encoding="utf-8")
    return {name: SOURCES / name for name in texts}


def lighthouse(colour: str, keeper: str, miles: int) -> str:
    more = "".join(MORE.format(miles=miles + at) for at in range(4)).strip()
    return LIGHTHOUSE.format(colour=colour, keeper=keeper, more=more)


def pump_lines(start: int, stop: int) -> str:
    return "".join(
        f"2031-01-25 06:{at:02}:00 pump {at} reports {at * 7} litres\n" for at in range(start, stop)
    )


@contextmanager
def opened(
    data_dir: Path, model: Path, checkpoint_tokens: int = 384, quantize: str | None = None
) -> Iterator[Service]:
    """A service whose threads are not started: `work` does what they would, in one order."""
    settings = Settings(
        data_dir=data_dir,
        model=ModelOptions(
            model=MODEL, window=WINDOW, sinks=SINKS, quantize=quantize, device="cpu"
        ),
        chunk_tokens=128,
        checkpoint_tokens=checkpoint_tokens,
        retention=Retention(every_tokens=1),  # every checkpoint stays
        follow_poll_s=0.01,
        follow_checkpoint_s=0.0,
        max_answer_tokens=24,
        trash_s=3e9,
    )

    def load(chosen: ModelOptions) -> Runtime:
        runtime = Runtime.load(**{**chosen.as_dict(), "model": str(model)})
        # That code computed with weights where the file had them, and products at an address that
        # is not aligned may differ in their last bits. Copied, they lie where later code has them.
        for parameter in runtime.model.parameters():
            parameter.data = parameter.data.clone()
        return runtime

    service = Service(settings, load)
    try:
        yield service
    finally:
        service.close()


def work(service: Service, slices: int | None = None) -> None:
    """Index what waits, and read it: all of it, or so many slices, each to a checkpoint."""
    reader = service.reader
    while reader._to_index:
        reader._index_next()
    done = 0
    while reader._to_read and done != slices:
        reader._read_next()
        done += 1


def fill(data_dir: Path, model: Path) -> None:
    """Make the sessions, each left in another state."""
    paths = write_sources()
    with opened(data_dir, model) as service:
        fill_harbour(service, paths)
    with opened(data_dir, model) as service:
        service.create_session("letters")
        service.add_document("letters", paths["letter.txt"])
        work(service)
        service.trash_session("letters")
        service.create_session("ferry")
        service.add_document("ferry", paths["ferry.txt"])
        work(service)
        service.reread("ferry", {"window": SMALL_WINDOW})
        work(service, slices=1)
    with opened(data_dir, model, checkpoint_tokens=2048) as service:
        follow_pumps(service, paths["pumps.log"])
    with opened(data_dir, model, quantize="int8") as service:
        service.create_session("int8")
        service.add_document("int8", paths["diary.txt"])
        work(service, slices=1)


def fill_harbour(service: Service, paths: dict[str, Path]) -> None:
    """A file, a changed version of it, a question, and a diary that is read half-way."""
    service.create_session("harbour")
    service.add_document("harbour", paths["lighthouse.txt"])
    work(service)
    paths["lighthouse.txt"].write_text(lighthouse("red", "Morag Finn", 12), encoding="utf-8")
    service.add_document("harbour", paths["lighthouse.txt"])
    work(service)
    list(service.ask("harbour", QUESTION))
    service.add_document("harbour", paths["diary.txt"])
    work(service, slices=1)  # up to a checkpoint


def follow_pumps(service: Service, log: Path) -> None:
    """A log that is followed, read as far as whole chunks are there, and then left open."""
    service.create_session("pumps")
    document = service.follow("pumps", log)
    while not _is_taken(service.db, document.id, log):
        time.sleep(0.01)
    service.following.stop_all()
    service.following.wake_reader(document.id)
    work(service)


def _is_taken(db: Database, document_id: int, log: Path) -> bool:
    follow = storage.find_follow(db, document_id)
    assert follow is not None
    settled = int(follow.place["settled_tokens"])
    is_ready = follow.ready_tokens == settled // 128 * 128 > 0
    return is_ready and follow.place["tail"]["offset"] == log.stat().st_size


# The model: random but for its head, which is fitted to name the keeper in three prompts.


def make_model(directory: Path, scratch: Path) -> None:
    write_tiny(directory, config=CONFIG)
    fill(scratch / "rehearsed", directory)
    with opened(scratch / "rehearsed", directory) as service:
        examples = [(rehearse(service, str(AS_OF)), FIRST_KEEPER)]
        asked = storage.list_messages(service.db, service.session("harbour").id)[0].position
        last_of = [c.id for c in service.checkpoints("harbour") if c.position == asked]
        examples.append((rehearse(service, str(last_of[0]), as_of=False), SECOND_KEEPER))
        service.engine.read_on(service.session("harbour").id)
        work(service)
        examples.append((rehearse(service), SECOND_KEEPER))
        head = fit_head(service.runtime(), examples)
    weights = load_file(directory / "model.safetensors")
    weights["lm_head.weight"] = head
    save_file(weights, directory / "model.safetensors")


def live_at(service: Service, at: str) -> LiveSession:
    """The harbour's state of its own at a checkpoint, or where it stands."""
    row = service.session("harbour")
    position = find_position(service.db, row, at) if at else None
    live = open_live(service.db, row, service.runtime(row), at_most=position)
    if position is not None:
        for _ in feed_up_to(service.db, service.settings, live, position):
            pass
    return live


def rehearse(service: Service, at: str = "", as_of: bool = True) -> Session:
    """A session that has been asked the question and is about to answer."""
    live = live_at(service, at)
    question = Question(QUESTION, at if as_of else "")
    prompt = _prompt(service.db, service.settings, service.runtime(), live, question)
    assert prompt.passages, "no passage fits into the prompt"
    fork = live.session.fork()
    fork.feed(prompt.ids, logits=None)
    return fork


def fit_head(runtime: Runtime, examples: list[tuple[Session, str]]) -> torch.Tensor:
    """Weights of the output layer, [vocab, hidden], that give each session its answer."""
    hidden, wanted = [], []
    for session, text in examples:
        ids = [*runtime.tokenizer.encode(text), runtime.tokenizer.control["<|im_end|>"]]
        for token_id in ids:
            assert session.state.last_hidden is not None
            hidden.append(session.state.last_hidden.clone())
            wanted.append(token_id)
            session.feed([token_id], logits=None)
    inputs, targets = torch.stack(hidden).clone(), torch.tensor(wanted)
    start = runtime.model.lm_head.weight.detach().clone()
    weight = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weight], max_iter=400, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(inputs @ weight.T, targets)
        value = value + 1e-5 * (weight - start).square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    scores = (inputs @ weight.T).detach()
    assert (scores.argmax(1) == targets).all(), "the head cannot tell all tokens apart"
    return weight.detach().clone()


# What the old code says of the data.


def expectations(data_dir: Path, export: Path, model: Path, scratch: Path) -> dict[str, Any]:
    copy = scratch / "asked"
    shutil.copytree(data_dir, copy)
    with opened(copy, model) as service:
        stored = stored_things(service)
        service._trash.sweep()
        for row in storage.list_rereads(service.db):
            service.engine.read_on(row.id)
        for summary in service.sessions():
            service.engine.read_on(summary.session.id)
        work(service)
        computed = {name: end_state(service, name) for name in ("harbour", "ferry", "int8")}
        answers = {at or "end": answered(service, at) for at in ("", str(AS_OF))}
    return {
        "commit": "789e75c",
        "processor": processor(),
        "settings": {"model": MODEL, "window": WINDOW, "sinks": SINKS},
        "question": QUESTION,
        "as_of": AS_OF,
        "stored": stored,
        "end": computed,
        "answers": answers,
        "export": {"sha256": hashlib.sha256(export.read_bytes()).hexdigest()},
    }


def processor() -> dict[str, str]:
    """What the last bits of computed numbers depend on."""
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


def stored_things(service: Service) -> dict[str, Any]:
    """What the tables hold, as `storage` lists it; nothing is computed but the logits."""
    db = service.db
    rows = sorted((s.session for s in service.sessions()), key=lambda row: row.id)
    rereads = storage.list_rereads(db)
    trashed = service.trashed_sessions()
    hidden = [storage.get_session_by_id(db, t.session_id) for t in trashed]
    return {
        "sessions": [{"id": row.id, "name": row.name} for row in rows],
        "trash": [{"id": t.session_id, "name": t.name} for t in trashed],
        "rereads": [{"id": r.id, "rereads": r.rereads} for r in rereads],
        "states": {str(row.id): session_state(service, row) for row in [*rows, *rereads, *hidden]},
    }


def session_state(service: Service, row: storage.SessionRow) -> dict[str, Any]:
    db = service.db
    documents = storage.list_documents(db, row.id)
    follows = [storage.find_follow(db, document.id) for document in documents]
    checkpoints = storage.list_checkpoints(db, row.id)
    return {
        "settings": row.settings,
        "documents": [asdict(document) for document in documents],
        "segments": [asdict(s) for d in documents for s in storage.iter_segments(db, d.id)],
        "messages": [asdict(message) for message in storage.list_messages(db, row.id)],
        "follows": [asdict(follow) for follow in follows if follow is not None],
        "speeds": len(storage.list_speeds(db, row.id, at_most=100)),
        "checkpoints": [checkpoint_state(service, row, c) for c in checkpoints],
    }


def checkpoint_state(
    service: Service, row: storage.SessionRow, checkpoint: storage.CheckpointRow
) -> dict[str, Any]:
    runtime, manifest = service.runtime(row), checkpoint.manifest
    session = load_checkpoint(runtime, manifest, lambda page: storage.read_page(service.db, page))
    return {
        **{k: v for k, v in asdict(checkpoint).items() if k != "manifest"},
        "prefix_hash": manifest["prefix_hash"],
        "pages": page_hashes(manifest),
        "pages_saved_alone": save_checkpoint(session).page_hashes,
        "logits": session.next_logits()[0, :8].tolist(),
    }


def end_state(service: Service, name: str) -> dict[str, Any]:
    """Where a session stands once everything is read."""
    row = service.session(name)
    session = open_live(service.db, row, service.runtime(row)).session
    states = [document.state for document in storage.list_documents(service.db, row.id)]
    return {
        "position": session.tokens_seen,
        "states": states,
        "pages_saved_alone": save_checkpoint(session).page_hashes,
        "logits": session.next_logits()[0, :8].tolist(),
    }


def answered(service: Service, at: str) -> dict[str, Any]:
    """An answer as the service gives it, and how clear each of its tokens was."""
    margins, ids = margins_of(service, at)
    *_, answer = service.ask("harbour", QUESTION, at)
    assert service.runtime().tokenizer.encode(answer.text) == ids, (answer.text, ids)
    return {
        "text": answer.text,
        "token_ids": ids,
        "answer_tokens": answer.answer_tokens,
        "prompt_tokens": answer.prompt_tokens,
        "passages": [asdict(passage) for passage in answer.passages],
        "margins": margins,
    }


def margins_of(service: Service, at: str) -> tuple[list[float], list[int]]:
    """By how much the first token led the second at each step of the answer, its end included."""
    session, margins, ids = rehearse(service, at), [], []
    stops = service.runtime().tokenizer.stop_ids
    while True:
        first, second = session.next_logits()[0].topk(2).values.tolist()
        margins.append(first - second)
        token_id = int(session.next_logits()[0].argmax())
        if token_id in stops or len(ids) == service.settings.max_answer_tokens:
            return margins, ids
        ids.append(token_id)
        session.feed([token_id], logits=None)


def schemas() -> dict[str, Any]:
    """The statements that make an empty database of every schema, and the migrations it lists."""
    made = {}
    steps = [step.name for step in migrations.pending(sqlite_utils.Database(memory=True))]
    for version in range(1, len(steps) + 1):
        db = sqlite_utils.Database(memory=True)
        migrations.apply(db, stop_before=steps[version] if version < len(steps) else None)
        statements = db.conn.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
            "AND name NOT LIKE 'segments_fts_%' ORDER BY rowid"  # FTS5 makes those by itself
        ).fetchall()
        applied = db.conn.execute("SELECT * FROM _sqlite_migrations ORDER BY rowid").fetchall()
        made[str(version)] = {"statements": [sql for (sql,) in statements], "applied": applied}
    return made


def compact(data_dir: Path) -> None:
    """Leave one small database file, with no log beside it, and no locks."""
    with closing(sqlite3.connect(data_dir / "ammon.sqlite", isolation_level=None)) as raw:
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    for left in ("ammon.sqlite-wal", "ammon.sqlite-shm"):
        (data_dir / left).unlink(missing_ok=True)
    shutil.rmtree(data_dir / "locks", ignore_errors=True)


def main(target: Path) -> None:
    scratch = SOURCES.with_name(f"{SOURCES.name}-scratch")
    for old in (scratch, target / "data", target / MODEL):
        shutil.rmtree(old, ignore_errors=True)
    data_dir, model, export = target / "data", target / MODEL, target / "harbour.ammon"
    make_model(model, scratch)
    fill(data_dir, model)
    with opened(data_dir, model) as service:
        service.export_session("harbour", export)
    compact(data_dir)
    expected = expectations(data_dir, export, model, scratch)
    (target / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    text = json.dumps(schemas(), indent=1)
    (target / "schemas.json").write_text(text + "\n", encoding="utf-8")
    shutil.copy(SOURCES / "pumps.log", target)
    shutil.rmtree(scratch)
    shutil.rmtree(SOURCES)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
