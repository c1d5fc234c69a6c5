"""Clauses in questions: their labels are recognised, and the clause itself comes first."""

import pytest

import storage
from app.service.answering.clauses import clause_labels
from app.service.answering.passage_search import find_passages
from storage import NewSegment


@pytest.mark.parametrize(
    "question, labels",
    [
        ("What does clause 2.2 say?", ["2.2"]),
        ("What does Section 4 say about 7.1.3?", ["4", "7.1.3"]),
        ("Was steht in § 14a?", ["14a"]),
        ("What follows from article (b)?", ["b"]),
        ("Read rule R-12 to me", ["R-12"]),
        ("What comes after step 5?", ["5"]),
        ("What is 1.5 to him?", ["1.5"]),
        ("What is the rule a man follows?", []),
        ("Who paid 2,200.50 crowns in 1914?", []),
        ("Who wrote version v2.2 of it?", []),
        ("", []),
    ],
)
def test_labels_of_clauses_are_recognised_in_a_question(question, labels):
    assert clause_labels(question) == labels


@pytest.fixture
def ask():
    texts = [
        "3.1 Either party may leave while a bill under clause 2.2 is unpaid; clause 2.2 remains.",
        "4. Clause 2.2 and what clause 2.2 says is read together with clause 12.2.",
        "## 2.1 Price\nThe price is fixed.\n2.2 Payment is due within 45 days of delivery.",
        "12.2 Disputes are settled in Bergen.",
        "Step 5: Wait nine minutes.",
        "After step 5 nothing is left to do, as step 5 says; before step 5 there is much.",
    ]
    with storage.Database(":memory:") as db:
        storage.create_session(db, "s", {})
        document = storage.add_document(
            db, 1, title="Contract", kind="docx", file_name="c", sha256="c", byte_count=1
        )
        storage.add_segments(
            db,
            document.id,
            [NewSegment(t, f"line {i}", "line", i, i, 9 * i, 9) for i, t in enumerate(texts, 1)],
        )
        yield lambda question: [p.text for p in find_passages(db, 1, question, None).passages]


@pytest.mark.parametrize(
    "question, found",
    [
        ("What does clause 2.2 say?", "45 days"),
        ("What does clause 12.2 say?", "Bergen"),
        ("What does clause 3.1 say?", "may leave"),
        ("What is done in step 5?", "nine minutes"),
    ],
)
def test_the_clause_itself_comes_before_those_that_refer_to_it(ask, question, found):
    assert found in ask(question)[0]


def test_a_label_that_nothing_begins_with_changes_no_order(ask):
    with_label, without = ask("Who may leave under clause 9.9?"), ask("Who may leave under clause?")
    assert with_label[0] == without[0]
