"""A race: real processes on a tiny model; ratios, figures and refusals."""

import json

import pytest

from ahn_runtime import Runtime
from benchmarks import report
from benchmarks.ammon import Ours, make_ours
from benchmarks.engine import ContestantFailed, Worker
from benchmarks.interleaved import PIECE_TOKENS, Mark, race

MARKS = (600, 1500)


@pytest.fixture
def workers(tiny_dir):
    tiny = {"model": str(tiny_dir), "window": 300, "sinks": 4}
    full = {"model": str(tiny_dir), "window": None, "sinks": 0, "ahn": None}
    made = [Worker("memory", make_ours, tiny), Worker("full", make_ours, full)]
    yield made
    for worker in made:
        worker.close()


def test_everyone_reads_and_answers_at_every_mark(workers, tiny_dir):
    ids = [i % 250 for i in range(MARKS[-1])]
    found = race(workers, ids, MARKS, answer_tokens=3)
    assert [(m.name, m.tokens) for m in found] == [
        (name, mark) for mark in MARKS for name in ("memory", "full")
    ]
    assert all(m.read_rate > 0 and m.recent_rate > 0 and m.answer_rate > 0 for m in found)
    assert all(0 < m.cache < m.resident <= m.peak for m in found)
    held, full = ([m.cache for m in found if m.name == name] for name in ("memory", "full"))
    assert held[0] == held[1], "constant past the window"
    assert full[1] == full[0] * MARKS[1] / MARKS[0]
    session = Runtime.load(tiny_dir, window=300, sinks=4).session()
    session.feed(ids, logits=None)
    assert held[1] == session.cache_bytes


def test_an_answer_leaves_the_reading_where_it_stood(tiny_dir):
    ours = Ours(Runtime.load(tiny_dir, window=300, sinks=4).session(), lookup=True)
    ours.read([i % 250 for i in range(PIECE_TOKENS)])
    ours.answer(5)
    assert ours._session.tokens_seen == PIECE_TOKENS


def test_who_cannot_start_or_go_on_says_why(tiny_dir):
    with pytest.raises(ContestantFailed, match="gone could not ready: .*no-such-model"):
        Worker("gone", make_ours, {"model": "no-such-model"})
    worker = Worker("tiny", make_ours, {"model": str(tiny_dir), "window": 300, "sinks": 4})
    with pytest.raises(ContestantFailed, match="tiny could not read: .*ids must be from"):
        worker.read([10**6])
    worker._process.kill()
    with pytest.raises(ContestantFailed, match="died while it was to read"):
        worker.read([1])
    worker.close()


def test_the_table_tells_ratios_and_the_figures_are_there(tmp_path):
    marks = [
        Mark("memory", 2048, 200.0, 190.0, 20.0, 10**9, 2 * 10**9, 65 * 10**6),
        Mark("full", 2048, 100.0, 80.0, 25.0, 10**9, 2 * 10**9, 50 * 10**6),
    ]
    assert "| 2,048 | full | 100 | 2.00 × | 25.0 | 0.80 × | 50 MB | 2.00 GB |" in report.table(
        marks, "memory"
    )
    report.write(marks, {"text": "t"}, "memory", tmp_path)
    data = json.loads((tmp_path / "speed.json").read_text())
    assert data["marks"][0]["read_rate"] == 200.0 and data["machine"]["cores"]
    assert len(list(tmp_path.glob("*.svg"))) == 3
