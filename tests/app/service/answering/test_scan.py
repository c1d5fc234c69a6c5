"""Lists and counts go through every passage that matches, and say what they leave out."""

import pytest

import storage
from app.service.answering.question_kinds import Asked
from app.service.answering.scan import (
    MAX_LISTED,
    Scan,
    cited_passages,
    holds_records,
    left_out,
    scan,
    scan_answer,
)
from storage import NewSegment


@pytest.fixture
def add(db):
    def add(title, *texts, kind="text", **columns):
        values = {"file_name": title, "sha256": title, "byte_count": 1, **columns}
        document = storage.add_document(db, 1, title=title, kind=kind, **values)
        segments = [
            NewSegment(text, f"lines {i}", "line", i, i, 10 * i, 10)
            for i, text in enumerate(texts, 1)
        ]
        storage.add_segments(db, document.id, segments)
        storage.finish_indexing(db, document.id, token_count=1000, unit_count=1, unit_name="line")
        storage.set_start_position(db, document.id, 1000 * document.id)
        return document

    return add


def run(db, subject, before=None):
    events, found = scan(db, 1, subject, before), None
    steps = []
    while found is None:
        try:
            steps.append(next(events))
        except StopIteration as end:
            found = end.value
    assert isinstance(found, Scan)
    return found, steps


def test_every_sentence_with_the_word_in_any_form_is_found_in_order(db, add):
    add("tale", "A parrot sat. Nobody sang.", "No bird.", "Two\nParrots flew. “Parrot!” he cried.")
    found, _ = run(db, "parrots")
    assert [item.text for item in found.items] == [
        "A parrot sat.", "Two Parrots flew.", "“Parrot!” he cried."
    ]  # fmt: skip
    numbers = {p.segment_id: n for n, p in enumerate(cited_passages(found, Asked("list", "")), 1)}
    assert scan_answer(found, Asked("list", "parrots"), numbers) == (
        "“parrots”: 3 times, in 3 sentences of 2 passages:\n"
        "- A parrot sat. [1]\n- Two Parrots flew. [2]\n- “Parrot!” he cried. [2]"
    )
    assert scan_answer(found, Asked("count", "parrots"), numbers) == (
        "“parrots”: 3 times, in 3 sentences of 2 passages."
    )


def test_of_several_words_all_must_be_in_a_passage_and_the_rest_is_said(db, add):
    add("tale", "The grey parrot sat. It was grey.", "A green parrot.", "Grey fog. A parrot in it.")
    found, _ = run(db, "grey parrot")
    assert [item.text for item in found.items] == [
        "The grey parrot sat.", "Grey fog.", "A parrot in it."
    ]  # fmt: skip
    assert left_out(found, Asked("list", "grey parrot")) == [
        "1 passage with only some of the words left out."
    ]
    assert scan_answer(found, Asked("count", "grey parrot"), {}) == (
        "“grey” and “parrot”: in 3 sentences of 2 passages, 2 of them with only some of the words."
    )
    assert scan_answer(found, Asked("count", "grey of the parrot"), {}).startswith(
        "“grey” and “parrot”: in 3"
    )


@pytest.mark.parametrize("kind", ["log", "jsonl", "table", "workbook"])
def test_words_on_two_lines_of_a_log_or_a_table_are_no_match(db, add, kind):
    add("a", "head a\nhead b\nERROR net\nINFO disk\nERROR disk", "ERROR net\nINFO disk", kind=kind)
    found, _ = run(db, "disk errors")
    assert [item.text for item in found.items] == ["ERROR disk"]
    assert scan_answer(found, Asked("count", "disk errors"), {}) == (
        "“disk” and “errors”: in 1 line of 1 passage."
    )


def test_of_logs_lines_are_counted(db, add):
    add(
        "app.log",
        "10:00 ERROR disk\n10:01 INFO ok\n10:02 ERROR net",
        "10:03 error disk",
        kind="log",
    )
    assert holds_records(db, 1)
    found, _ = run(db, "errors")
    assert len(found.items) == 3
    assert "3 lines of 2 passages" in scan_answer(found, Asked("count", "errors"), {})
    add("tale", "No error.")
    assert not holds_records(db, 1)


def test_the_header_of_a_table_is_no_row(db, add):
    texts = ("keeper | lamp\nAshe | 3", "keeper | lamp\nBell | lamp 4", "keeper | lamp\nlamp | 5")
    add("t.csv", *texts, kind="table")
    found, _ = run(db, "lamp")
    assert [item.text for item in found.items][1:] == ["Bell | lamp 4", "lamp | 5"]


def test_a_long_list_is_cut_and_says_so_but_all_is_counted(db, add):
    add("tale", *(f"Lamp {i} burned." for i in range(250)))
    found, steps = run(db, "lamps")
    assert len(found.items) == 250
    assert [(step.done, step.total) for step in steps] == [(0, 250), (100, 250), (200, 250)]
    asked = Asked("list", "lamps")
    assert len(cited_passages(found, asked)) == MAX_LISTED
    assert left_out(found, asked) == ["Only the first 50 of 250 sentences are listed."]
    assert left_out(found, Asked("count", "lamps")) == [
        "All were counted; the first 50 passages are cited."
    ]


def test_of_versions_the_newest_is_counted_and_equal_files_once(db, add):
    old = add("a", "An old lamp.")
    add("a (2)", "A new lamp.", replaces=old.id, version=2)
    add("b", "A new lamp.", sha256="a (2)")
    found, _ = run(db, "lamp")
    assert [item.text for item in found.items] == ["A new lamp."]
    assert found.notes == ["2 documents left out: older versions, copies, or what was read later."]
    found, _ = run(db, "lamp", before=1500)
    assert [item.text for item in found.items] == ["An old lamp."]


def test_a_compound_counts_once_for_each_time(db, add):
    add("tale", "The treacle-well was a treacle-well.", "A treacle well.", "A well.")
    found, _ = run(db, "treacle-well")
    assert [item.count for item in found.items] == [2, 1]


def test_what_is_not_there_is_said(db, add):
    add("tale", "A lamp.")
    found, steps = run(db, "xylophone")
    assert (found.items, steps) == ([], [])
    assert scan_answer(found, Asked("list", "xylophone"), {}) == "No passage has “xylophone”."
