"""Citations: which of its passages an answer is based on, and what is remarked beside them."""

from dataclasses import asdict, replace

import pytest

from app.service.answering.citations import Citation, mark_cited, readable_citations
from tests.support.passages import passage


def citations(*texts):
    found = [passage(i + 1, text) for i, text in enumerate(texts)]
    return [Citation.from_passage(p.segment_id, p, 1000) for p in found]


def test_named_passages_are_cited():
    shown = citations("the lamp", "the parrot")
    assert [c.cited for c in mark_cited("It was lit [2].", shown)] == [False, True]


def test_without_a_name_the_passage_that_shares_the_words_is_cited():
    shown = citations("the lamp burned", "a grey parrot, Ozymandias")
    assert [c.cited for c in mark_cited("Ozymandias, the parrot", shown)] == [False, True]


def test_words_are_shared_in_any_spelling():
    shown = citations("the lamp burned", "José’s co\u00adoperative at Straße 5")
    assert [c.cited for c in mark_cited("Jose, the cooperative", shown)] == [False, True]
    shown = citations("灯台は港のそばです。", "ガラス工場は大阪です。")
    assert [c.cited for c in mark_cited("工場は大阪", shown)] == [False, True]


def test_an_answer_that_found_nothing_cites_nothing():
    shown = citations("could not find the lamp")
    assert [c.cited for c in mark_cited("I could not find it.", shown)] == [False]


def test_a_named_number_that_no_passage_has_counts_for_nothing():
    shown = citations("the lamp burned", "a grey parrot")
    assert [c.cited for c in mark_cited("A parrot [7].", shown)] == [False, True]


def test_at_most_two_passages_are_inferred_and_none_from_stop_words_alone():
    shown = citations(*["a grey parrot"] * 3)
    assert [c.cited for c in mark_cited("the grey parrot", shown)] == [True, True, False]
    assert not any(c.cited for c in mark_cited("It was there.", citations("it was there")))
    assert mark_cited("A parrot.", []) == ()


def test_marking_changes_nothing_but_the_mark():
    (before,) = citations("the parrot")
    (after,) = mark_cited("See [1].", [before])
    assert not before.cited and after == replace(before, cited=True)


@pytest.mark.parametrize(
    "position, is_replaced, marks",
    [
        (990, False, []),
        (990, True, ["of an older version"]),
        (991, False, ["not yet read"]),
        (None, True, ["of an older version", "not yet read"]),
    ],
)
def test_marks_say_what_is_old_and_what_is_not_yet_read(position, is_replaced, marks):
    found = replace(passage(1, " a lamp ", position=position), is_replaced=is_replaced)
    citation = Citation.from_passage(1, found, position=1000)
    assert citation.marks == marks and citation.text == "a lamp"


def test_stored_citations_get_what_older_versions_lack_and_damaged_ones_are_left_out():
    whole = asdict(citations("The lamp is lit.")[0])
    older = {name: value for name, value in whole.items() if name not in ("cited", "is_replaced")}
    damaged = {name: value for name, value in whole.items() if name != "segment_id"}
    assert readable_citations([older, damaged, "nonsense", None]) == [whole]
    assert readable_citations({"passages": 1}) == readable_citations(None) == []
