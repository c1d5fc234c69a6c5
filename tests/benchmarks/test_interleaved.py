"""Interleaved runs with real processes and a tiny model; ratios, figures and errors."""

import json

import pytest

from ahn_runtime import Runtime
from benchmarks import report
from benchmarks.ammon import AmmonEngine, make_ammon
from benchmarks.engine import EngineFailed, Worker
from benchmarks.interleaved import PIECE_TOKENS, Mark, run_interleaved

MARKS = (600, 1500)


@pytest.fixture
def workers(tiny_dir):
    tiny = {"model": str(tiny_dir), "window": 300, "sinks": 4}
    full = {"model": str(tiny_dir), "window": None, "sinks": 0, "ahn": None}
    started = [Worker("memory", make_ammon, tiny), Worker("full", make_ammon, full)]
    yield started
    for worker in started:
        worker.close()


def test_every_engine_reads_and_answers_at_every_mark(workers, tiny_dir):
    ids = [i % 250 for i in range(MARKS[-1])]
    found = run_interleaved(workers, ids, MARKS, answer_tokens=3)
    assert [(m.name, m.tokens) for m in found] == [
        (name, mark) for mark in MARKS for name in ("memory", "full")
    ]
    assert all(m.read_rate > 0 and m.recent_rate > 0 and m.answer_rate > 0 for m in found)
    assert all(0 < m.cache < m.resident <= m.peak for m in found)
    cached, full = ([m.cache for m in found if m.name == name] for name in ("memory", "full"))
    assert cached[0] == cached[1], "constant past the window"
    assert full[1] == full[0] * MARKS[1] / MARKS[0]
    session = Runtime.load(tiny_dir, window=300, sinks=4).session()
    session.feed(ids, logits=None)
    assert cached[1] == session.cache_bytes


def test_an_answer_does_not_change_the_context(tiny_dir):
    engine = AmmonEngine(Runtime.load(tiny_dir, window=300, sinks=4).session(), lookup=True)
    engine.read([i % 250 for i in range(PIECE_TOKENS)])
    engine.answer(5)
    assert engine._session.tokens_seen == PIECE_TOKENS


def test_an_engine_that_fails_raises_an_error_with_the_cause(tiny_dir):
    with pytest.raises(EngineFailed, match="gone failed to start: .*no-such-model"):
        Worker("gone", make_ammon, {"model": "no-such-model"})
    worker = Worker("tiny", make_ammon, {"model": str(tiny_dir), "window": 300, "sinks": 4})
    with pytest.raises(EngineFailed, match="tiny failed to read: .*ids must be from"):
        worker.read([10**6])
    worker._process.kill()
    with pytest.raises(EngineFailed, match="The process of tiny ended before it could read"):
        worker.read([1])
    worker.close()


def test_the_report_has_a_table_with_ratios_json_and_figures(tmp_path):
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
