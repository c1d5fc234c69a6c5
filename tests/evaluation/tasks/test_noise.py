"""Noise: what each kind changes of the documents, and what it leaves as it was."""

import difflib
from collections import Counter

import pytest

from evaluation.tasks.item import Item
from evaluation.tasks.noise import BOILERPLATE, NOISES, OBEYED, add_noise, pages

TEXT = "".join(
    f"The keeper number {i} sat by the old well and read the news.\n" for i in range(200)
)


def item(name, reference, documents):
    return Item(name, documents, "Who?", "", (reference,), (), 8, "token_f1")


@pytest.fixture
def items():
    library = (("One", TEXT), ("Two", TEXT.replace("keeper", "baker")))
    return [item("a", "keeper number 7", library), item("b", "the old mill", library)]


@pytest.mark.parametrize("kind", NOISES)
def test_questions_stay_and_the_items_of_a_library_stay_together(items, kind):
    noisy = add_noise(items, kind, seed=3)
    assert [(i.id, i.question, i.references) for i in noisy] == [
        (i.id, i.question, i.references) for i in items
    ]
    assert noisy[0].documents is noisy[1].documents and noisy[0].documents != items[0].documents
    assert add_noise(items, kind, seed=3) == noisy


def test_ocr_misreads_about_two_in_a_hundred_characters(items):
    text = add_noise(items, "ocr", 0)[0].documents[0][1]
    kept = 0
    for noisy, clean in zip(text.splitlines(), TEXT.splitlines(), strict=True):
        blocks = difflib.SequenceMatcher(None, clean, noisy, autojunk=False).get_matching_blocks()
        kept += sum(block.size for block in blocks)
    assert 0.015 < 1 - kept / len(TEXT.replace("\n", "")) < 0.025


def test_shuffled_pages_hold_the_same_lines_in_another_order(items):
    text = add_noise(items, "shuffled", 0)[0].documents[0][1]
    assert Counter(text.splitlines()) == Counter(TEXT.splitlines())
    assert text.splitlines() != TEXT.splitlines()


def test_boilerplate_ends_every_page(items):
    text = add_noise(items, "boilerplate", 0)[0].documents[0][1]
    count = len(pages(TEXT))
    assert count > 5 and text.count(BOILERPLATE.partition(".")[0]) == count
    assert f"Page {count} of {count}" in text


def test_a_contradicting_copy_says_another_answer(items):
    documents = add_noise(items, "contradicting", 0)[0].documents
    assert [title for title, _ in documents] == ["One", "One (another edition)", "Two"]
    assert documents[0][1] == TEXT and "keeper number 7 " not in documents[1][1]
    assert "The the old mill sat by" in documents[1][1]
    assert "keeper number 71 sat" in documents[1][1], "only whole answers are replaced"


def test_orders_are_on_every_page(items):
    text = add_noise(items, "orders", 0)[0].documents[0][1]
    assert text.count(OBEYED) == len(pages(TEXT))
