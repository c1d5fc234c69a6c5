"""Documents, segments and errors as plain values: through JSON they come back as they were."""

import json

import pytest

from ingest import Chapter, DamagedDocument, IngestError, Limits, Locator, Segment, errors
from ingest.markup.archive import EntryMissing
from ingest.sandbox.document_messages import (
    pack_error,
    pack_request,
    pack_segment,
    unpack_error,
    unpack_segment,
)


def through_json(values):
    return json.loads(json.dumps(values))


@pytest.mark.parametrize(
    "locator",
    [
        Locator("line", 3, 9),
        Locator("page", 12, 12, "xii", Chapter(2, "The Pool of Tears")),
        Locator("paragraph", 1, 4, "Ένα"),
    ],
)
def test_a_segment_comes_back_as_it_was(locator):
    segment = Segment("Half a pair: \ud83d, 🙂\n", locator)
    assert unpack_segment(through_json(pack_segment(segment))) == segment


ERRORS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, IngestError)
]


@pytest.mark.parametrize("error", ERRORS)
def test_each_error_of_the_tree_comes_back_as_its_own_class(error):
    back = unpack_error(through_json(pack_error(error("a.txt: no."))))
    assert (type(back), str(back)) == (error, "a.txt: no.")


def test_an_error_from_elsewhere_comes_back_as_its_nearest_base():
    assert type(unpack_error(pack_error(EntryMissing("x")))) is DamagedDocument


def test_an_error_that_is_not_in_the_tree_is_not_made():
    with pytest.raises(KeyError):
        unpack_error(["SystemExit", "x"])


def test_a_request_has_an_absolute_path_and_all_limits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    limits = Limits(max_pages=7)
    request = through_json(pack_request(1, tmp_path.relative_to(tmp_path), "a", None, None, limits))
    assert request["path"] == str(tmp_path) and Limits(**request["limits"]) == limits
