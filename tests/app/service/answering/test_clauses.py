"""Clauses in questions: their labels are recognised, and the clause itself comes first."""

import pytest

import storage
from app.service.answering.clauses import clause_labels
from app.service.answering.named_places import place_to_quote
from app.service.answering.passage_search import find_passages, place_lookup
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


@pytest.fixture
def contract(db):
    texts = [
        "Contents\n1. Price\n2. Payment\n3. Dispute\n",
        "1. Price\nThe price is fixed.\n2. Payment\nIn 45 days, see section 3.\n2.1 Late\nCosts.",
        "3. Dispute\nBergen decides.\n4 men signed.\n",
        "Article 9 Notices are in writing.\nArticle 10 Nothing else holds.",
    ]
    document = storage.add_document(
        db, 1, title="Contract", kind="docx", file_name="c", sha256="c", byte_count=1
    )
    storage.add_segments(
        db,
        document.id,
        [NewSegment(t, f"page {i}", "page", i, i, 9 * i, 9) for i, t in enumerate(texts, 1)],
    )
    return db


@pytest.mark.parametrize(
    "question, text",
    [
        (
            "What does section 2 say?",
            "2. Payment\nIn 45 days, see section 3.\n2.1 Late\nCosts.",
        ),
        ("Quote section 3.", "3. Dispute\nBergen decides."),
        ("What does clause 2.1 say?", "2.1 Late\nCosts."),
        ("What does article 9 say?", "Article 9 Notices are in writing."),
        ("Was sagt Artikel 10?", "Article 10 Nothing else holds."),
    ],
)
def test_a_short_section_is_quoted_by_its_number(contract, question, text):
    place = place_to_quote(contract, 1, question, None, place_lookup(contract, 1))
    assert place is not None and place.is_small
    assert "\n".join(p.text for p in place.text).strip().startswith(text)


@pytest.mark.parametrize(
    "question",
    ["When is payment due under section 2?", "What does section 4 say?", "Quote section 8"],
)
def test_other_questions_about_a_section_are_searched_as_before(contract, question):
    lookup = place_lookup(contract, 1)
    assert place_to_quote(contract, 1, question, None, lookup) is None
    assert lookup.find(question, None) is None
