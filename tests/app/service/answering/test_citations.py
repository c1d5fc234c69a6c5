"""Citations: what is remarked beside them, and how they are read again."""

from dataclasses import asdict, replace

import pytest

from app.service.answering.citations import Citation, readable_citations
from tests.support.passages import passage


def citations(*texts):
    found = [passage(i + 1, text) for i, text in enumerate(texts)]
    return [Citation.from_passage(p.segment_id, p, 1000) for p in found]


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
