"""Growing JSON Lines: with any pieces and restarts, the segments are those of the whole file."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import (
    DamagedDocument,
    Document,
    EmptyDocument,
    GrowingJsonLines,
    LimitExceeded,
    Limits,
    begin_growing,
    kind_to_follow,
    resume_growing,
)
from ingest.lines.json_lines import JsonLinesReader

SMALL = Limits(target_segment_chars=20, max_segment_chars=40, max_record_chars=150)


@dataclass
class Bytes:
    data: bytes

    def open(self, add_note):
        return io.BytesIO(self.data)


def read_whole(text, limits=SMALL):
    """Return the segments, line count and notes of the finished file, and its error or None."""
    reader = JsonLinesReader(Bytes(text.encode()), "a.jsonl", limits)
    document = Document("a", "jsonl", Path("a.jsonl"), len(text), "line", None, reader)
    segments = []
    try:
        segments.extend(document.segments())
    except (DamagedDocument, EmptyDocument, LimitExceeded) as error:
        return segments, text.count("\n") + (text[-1:] not in ("", "\n")), document.notes, error
    return segments, document.unit_count, document.notes, None


def resumed(growing, limits=SMALL):
    """Return the cutter that another process would make from the stored values."""
    return GrowingJsonLines.from_dict(json.loads(json.dumps(growing.as_dict())), limits)


WORDS = st.text(alphabet="ab é.\n", max_size=30)
RECORDS = st.dictionaries(
    st.sampled_from(["ts", "msg", "user"]),
    WORDS | st.just("06:00:01") | st.dictionaries(WORDS, WORDS, max_size=2),
    max_size=3,
)
LINES = st.one_of(
    RECORDS.map(lambda record: json.dumps(record, ensure_ascii=False)),
    st.builds(lambda time, size: json.dumps({"ts": time, "m": "x y" * size}), WORDS, st.just(40)),
    st.sampled_from(["", "  ", "plain words", '{"cut": ', '"\\ud800"', "[" * 140, "x" * 200]),
)


@given(st.lists(LINES, max_size=12).map("\n".join), st.data())
def test_growing_json_lines_equal_a_reading_of_the_whole_at_every_moment(whole, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    growing, settled = GrowingJsonLines(limits=SMALL), []
    for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        settled += growing.add(whole[start:stop])
        if data.draw(st.booleans()):
            growing = resumed(growing)
        segments, line_count, notes, error = read_whole(whole[:stop])
        assert settled + growing.open == segments
        assert growing.line_count == line_count
        said = list(growing.notes())
        waits = [note for note in said if note.startswith("No line is a JSON record so far")]
        assert [note for note in said if note not in waits] == notes
        assert waits or not isinstance(error, DamagedDocument)
        assert error or not waits


def test_parts_of_a_long_record_are_settled_before_its_end_and_keep_its_time():
    record = json.dumps({"ts": "06:00:01", "msg": "water runs " * 9}) + "\n"
    growing = GrowingJsonLines(limits=SMALL)
    settled = growing.add(record)
    assert len(settled) >= 2 and growing.open
    growing = resumed(growing)
    assert {str(s.locator) for s in settled + growing.open} == {"line 1 (06:00:01)"}
    more = '{"ts": "06:00:02"}\n'
    settled += growing.add(more)
    assert settled + growing.open == read_whole(record + more)[0]


def test_a_line_beyond_the_limit_is_never_held():
    growing = GrowingJsonLines(limits=SMALL)
    for _ in range(50):
        assert growing.add("x" * 100) == [] and growing.open == []
        assert len(json.dumps(growing.as_dict())) < 400
        growing = resumed(growing)
    growing.add('\n"short"\n')
    assert [(s.text, str(s.locator)) for s in growing.open] == [("short\n", "line 2")]
    assert list(growing.notes()) == ["Line 1 had more than 150 characters (left out)."]


def test_stored_values_stay_small_with_any_number_of_bad_lines():
    growing = GrowingJsonLines(limits=SMALL)
    for at in range(400):
        growing.add("bad\n1\n" if at % 2 else "2\nbad\n\n")
        growing = resumed(growing)
    assert len(json.dumps(growing.as_dict())) < 1500
    assert list(growing.notes()) == read_whole(("2\nbad\n\nbad\n1\n") * 200)[2]
    assert "and 38" in next(iter(growing.notes()))


def test_a_note_says_that_there_is_no_record_until_the_first_one():
    growing = begin_growing("jsonl")
    growing.add("starting up\n")
    (note,) = growing.notes()
    assert note.startswith("No line is a JSON record so far") and ".log" in note
    growing = resume_growing(json.loads(json.dumps(growing.as_dict())), "")
    growing.add('{"level": "INFO"}\n')
    assert [segment.text for segment in growing.open] == ["level: INFO\n"]
    assert list(growing.notes()) == ["Line 1 could not be read as JSON (left out)."]


def test_growing_json_lines_can_begin_at_any_line_number():
    growing = begin_growing("jsonl", 41)
    growing.add('{"a": 1}\nbad\n')
    assert str(growing.open[0].locator) == "line 41" and growing.line_count == 42
    assert list(growing.notes()) == ["Line 42 could not be read as JSON (left out)."]


def test_stored_values_of_a_growing_log_are_resumed_as_a_log():
    growing = resume_growing({"line": 3, "is_line_start": True}, '{"a": 1}\n')
    growing.add('{"a": 2}\n')
    assert [s.text for s in growing.open] == ['{"a": 1}\n{"a": 2}\n'] and growing.line_count == 4


@pytest.mark.parametrize("name", ["a.jsonl", "a.NDJSON", "a.json", "a.log", "a", "a.jsonl.1"])
def test_a_file_is_followed_as_json_lines_if_it_would_be_read_as_json_lines(document, name):
    is_records = document(b'{"ts": "06:00:01"}\n' * 3, name).kind == "jsonl"
    assert kind_to_follow(name) == ("jsonl" if is_records else "log")
