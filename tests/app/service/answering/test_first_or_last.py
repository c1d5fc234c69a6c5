"""The first or last of many is found among all that match, not among the best few."""

import pytest

import storage
from app.service.answering import scan as scanning
from app.service.answering.first_or_last import find_first_or_last
from app.service.answering.passage_search import find_passages, place_lookup
from storage import NewSegment


@pytest.fixture
def add(db):
    def add(title, lines, kind="log", size=5, unit="line"):
        document = storage.add_document(
            db, 1, title=title, kind=kind, file_name=f"{title}.x", sha256=title, byte_count=1
        )
        segments = []
        for start in range(0, len(lines), size):
            part = lines[start : start + size]
            first, last = start + 1, start + len(part)
            segments.append(
                NewSegment("\n".join(part), f"{unit}s {first}–{last}", unit, first, last, first, 5)
            )
        storage.add_segments(db, document.id, segments)
        storage.set_start_position(db, document.id, 1000 * document.id)
        return document

    return add


def find(db, question, before=None):
    events = find_first_or_last(db, 1, question, before, place_lookup(db, 1))
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def syslog(count, hour=10):
    """Every second line is an error."""
    said = ("error of pump", "pump runs")
    return [f"May  3 {hour}:{n:02}:00 host app: {said[n % 2]} {n}" for n in range(count)]


def test_the_last_of_a_log_is_found_and_stands_alone(db, add):
    add("harbour", syslog(40))
    last = find(db, "When was the last error?")
    assert (last.which, last.passage.locator) == ("last", "line 39")
    assert last.passage.text.endswith("error of pump 38")
    assert last.looked_at == "the last of 20 lines of 8 passages that have “error”"
    first = find(db, "When was the first error?")
    assert first.passage.locator == "line 1" and first.passage.text.startswith("May  3 10:00:00")
    found = find_passages(db, 1, "When was the last error?", None, picked=last)
    assert [p.text for p in found.passages] == [last.passage.text], (
        "others would be mistaken for it"
    )
    assert found.picked is last and not found.at_place


def test_all_words_have_to_be_on_one_line_else_it_is_searched_as_before(db, add):
    add("harbour", syslog(20))
    assert find(db, "When was the last error of the crane?") is None
    assert find(db, "When was the last error 4?").passage.text.endswith("pump 4")


def test_as_of_an_earlier_position_only_what_is_before_it_counts(db, add):
    document = add("harbour", syslog(40))
    assert find(db, "the last error", 1000 * document.id + 11).passage.locator == "line 9"


def test_a_log_may_begin_with_its_newest_entry(db, add):
    add("harbour", syslog(20)[::-1])
    last = find(db, "When was the last error?")
    assert "10:18:00" in last.passage.text and last.looked_at.endswith(", by their times")


def test_entries_of_several_logs_are_ordered_by_their_times(db, add):
    add("late", syslog(10, hour=22))
    add("early", syslog(10, hour=8))
    assert "22:08:00" in find(db, "When was the last error?").passage.text
    assert "08:00:00" in find(db, "When was the first error?").passage.text.replace(" 8:", " 08:")
    assert "8:08:00" in find(db, "When was the last error in early?").passage.text


def test_times_that_cannot_be_compared_leave_the_order_of_the_documents(db, add):
    add("new", ["Jan  1 00:00:05 host: error a"])
    add("old", ["Dec 31 23:59:05 host: error b"])
    last = find(db, "What was the last error?")
    assert "error b" in last.passage.text
    assert last.looked_at.endswith(", in the order of the documents")


def test_lines_that_belong_to_an_entry_come_with_it(db, add):
    lines = ["May  3 10:00:00 host: error", "  at f()", "  at g()", *syslog(8)[1::2]]
    add("harbour", lines, size=9)
    assert find(db, "What was the last error?").passage.text.splitlines() == lines[:3]


def test_where_a_text_has_the_words_side_by_side_they_are_a_name(db, add):
    add("users", ["name | last login", "cedar | May 3", "onyx | May 4"], "table", 9, "row")
    assert find(db, "What is the last login of cedar?") is None
    assert find(db, "What is the latest row with cedar?") is None
    assert find(db, "What is the first May?") is None, "a month"
    assert find(db, "Who is the last cedar?").passage.locator == "row 2"


def test_a_place_in_the_question_comes_before_the_order(db, add):
    add("harbour", syslog(20))
    assert find(db, "What is the last error on line 3?") is None


def test_in_a_text_the_first_passage_that_names_something_is_taken(db, add):
    texts = ["Fog.", "A yacht came.", "Fog. The yacht, the yacht!", "Another yacht left."]
    add("tale", texts, "text", 1, "page")
    assert find(db, "Where is the yacht first mentioned?").passage.text == "A yacht came."
    last = find(db, "What is the last mention of the yacht?")
    assert last.passage.text == "Another yacht left."
    assert last.looked_at == "the last of 3 sentences of 3 passages that have “yacht”"
    passages = find_passages(db, 1, "the last mention of the yacht", None, picked=last).passages
    assert [p.text for p in passages][0] == texts[3]
    assert {p.text for p in passages[1:]} == set(texts[1:3]), (
        "what the search finds comes behind it"
    )
    assert find(db, "What was the first fog?") is None
    assert find(db, "Where is the parrot first mentioned?") is None


def test_beside_a_text_only_the_log_is_gone_through(db, add):
    add("harbour", syslog(10))
    add("tale", ["The error of the last king was the last error of all."], "text", 1, "page")
    assert find(db, "When was the first error of pump?").passage.document_title == "harbour"
    assert find(db, "Who was the last king?") is None


def test_where_too_many_match_the_last_ones_are_gone_through(db, add, monkeypatch):
    monkeypatch.setattr(scanning, "MAX_SCANNED", 2)
    add("harbour", syslog(40))
    last = find(db, "When was the last error?")
    assert last.passage.text.endswith("error of pump 38")
    assert last.left_out[0] == "6 further passages were not gone through."
    assert find(db, "When was the first error?").passage.locator == "line 1"
