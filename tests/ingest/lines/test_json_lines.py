"""JSON Lines as readable text."""

import json

import pytest

from ingest import DamagedDocument, LimitExceeded, Limits
from ingest.lines.json_lines import record_text


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"level": "INFO", "ms": 29.0, "ok": True}, "level: INFO, ms: 29.0, ok: true"),
        ({"user": {"id": 7, "tags": ["a", "b"]}}, "user.id: 7, user.tags: a, b"),
        ({"messages": [{"role": "user"}]}, "messages.1.role: user"),
        ({"title": "T", "text": "one\ntwo"}, "title: T\ntext: one\ntwo\n"),
        (["a", 1, None], "a, 1, null"),
        ("bare", "bare"),
        ({}, "{}"),
        ({"a": {}, "b": []}, "a: {}, b: "),
        ({"nul": "a\x00b\x1bc", "lone": "\ud800"}, "nul: abc, lone: \ufffd"),
        ({"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}, 'a.b.c.d.e.f: {"g": 1}'),
    ],
)
def test_a_record_is_written_as_keys_and_values(record, text):
    assert record_text(record) == text


def test_locators_have_the_lines_and_times_of_the_records(document):
    records = [{"ts": f"2031-01-25T06:00:{at:02}Z", "msg": "drained " * 9} for at in range(40)]
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    opened = document(data, "app.jsonl")
    segments = list(opened.segments())
    assert segments[0].text.startswith("ts: 2031-01-25T06:00:00Z, msg: drained")
    assert [segment.locator.start for segment in segments[1:]] == [
        segment.locator.end + 1 for segment in segments[:-1]
    ]
    last = segments[-1].locator
    assert last.label is not None and last.label.endswith("2031-01-25T06:00:39Z")
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("jsonl", "line", 40)


def test_bad_lines_are_noted_and_the_others_are_read(document):
    deep = b"[" * 100_000
    data = b'{"a": 1}\n{"a": \n\n' + deep + b'\n{"a": 2}\nnull and void\n'
    opened = document(data, "a.jsonl")
    assert [segment.text for segment in opened.segments()] == ["a: 1\na: 2\n"]
    assert opened.notes == ["Lines 2, 4, 6 could not be read as JSON (left out)."]


def test_the_parts_of_a_long_record_have_its_line_number(document):
    data = json.dumps({"text": "A sentence stands here. " * 200}).encode() + b"\n"
    segments = list(document(data, "a.jsonl").segments())
    assert len(segments) > 3 and {str(segment.locator) for segment in segments} == {"line 1"}


def test_a_line_beyond_the_limit_is_left_out_with_a_note(document):
    opened = document(
        b'"' + b"x" * 200_000 + b'"\n"short"\n', "a.jsonl", limits=Limits(max_record_chars=1000)
    )
    assert [str(segment.locator) for segment in opened.segments()] == ["line 2"]
    assert opened.notes == ["Line 1 had more than 1,000 characters (left out)."]


def test_a_record_whose_text_is_far_longer_than_its_line_is_left_out(document):
    record = {"name " * 80: {f"key{at}": at for at in range(40)}}
    data = json.dumps(record).encode() + b'\n{"a": 1}\n'
    opened = document(data, "a.jsonl", limits=Limits(max_record_chars=1000))
    assert [segment.text for segment in opened.segments()] == ["a: 1\n"]
    assert opened.notes == ["Line 1 had more than 1,000 characters (left out)."]


def test_only_lines_beyond_the_limit_are_refused(document):
    opened = document(b'"' + b"x" * 99 + b'"', "a.jsonl", limits=Limits(max_record_chars=50))
    with pytest.raises(LimitExceeded, match="more than 50 characters"):
        list(opened.segments())


def test_a_file_without_any_json_line_is_damaged(document):
    with pytest.raises(DamagedDocument, match="No line of a.jsonl is a JSON record"):
        list(document(b"plain words\nmore\n", "a.jsonl").segments())


def test_numbers_stay_as_they_are_written(document):
    (segment,) = document(
        b'{"price": 1.10, "mass": 6.02e23, "id": x}\n{"price": 1.10}\n', "a.jsonl"
    ).segments()
    assert segment.text == "price: 1.10\n"


@pytest.mark.parametrize(
    "line",
    ['{"a": 1}{"b": 2}', '{"a": 1}, {"b": 2},', '\x1e{"a": 1}\x1e{"b": 2}', ' {"a": 1}  {"b": 2} '],
)
def test_records_that_share_a_line_are_all_read(document, line):
    opened = document(f"{line}\n[3\n".encode(), "a.jsonl")
    (segment,) = opened.segments()
    assert segment.text == "a: 1\nb: 2\n"
    assert opened.notes == ["Line 2 could not be read as JSON (left out)."]


@pytest.mark.parametrize(
    ("record", "time"),
    [
        ('{"t": {"$date": "2024-03-05T10:00:00Z"}}', "2024-03-05T10:00:00Z"),
        ('{"time": 1709632800123}', "1709632800123 = 2024-03-05 10:00:00 UTC"),
        ('{"ts": 1709632800.5}', "1709632800.5 = 2024-03-05 10:00:00 UTC"),
        (
            '{"__REALTIME_TIMESTAMP": "1709632800123456"}',
            "1709632800123456 = 2024-03-05 10:00:00 UTC",
        ),
        (
            '{"instant": {"epochSecond": 1709632800, "nanoOfSecond": 5}}',
            "1709632800 = 2024-03-05 10:00:00 UTC",
        ),
        ('{"t": 5, "time": 0.25, "ts": true, "date": null}', None),
    ],
)
def test_the_time_of_a_record_is_found_under_the_keys_of_many_programs(document, record, time):
    (segment,) = document(f"{record}\n".encode(), "a.jsonl").segments()
    assert segment.locator.label == time


def test_colours_in_a_value_are_left_out(document):
    (segment,) = document(b'{"msg": "\\u001b[31mERROR\\u001b[0m bad"}\n', "a.jsonl").segments()
    assert segment.text == "msg: ERROR bad\n"
