"""Similarity: two versions of a text are told from two texts, in any script."""

import pytest

from app.service.library.similarity import RELATED_SHARE, share_of, word_runs

HARBOUR = "The harbour master kept a grey parrot called Ozymandias in the tower by the sea."
FIELD = "Barley came in twelve carts on Monday, and oats in nine more on the day after that."


@pytest.mark.parametrize(
    "one, other, related",
    [
        (HARBOUR, HARBOUR + " " + FIELD, True),
        (HARBOUR, HARBOUR.replace("grey", "green"), True),
        (HARBOUR, HARBOUR.upper(), True),
        (HARBOUR, FIELD, False),
        (
            "Alpha is a pump. Its licence number is 7781.",
            "Beta is a horn. Its licence number is 44.",
            False,
        ),
        ("港口管理员在塔里养了一只灰色的鹦鹉。", "港口管理员在塔里养了一只绿色的鹦鹉。", True),
        ("港口管理员在塔里养了一只灰色的鹦鹉。", "星期一有十二车大麦运到这里。", False),
        ("id,sum\n1,70\n2,81\n3,44", "id,sum\n1,12\n2,95\n3,67", False),
        ("one", "one", True),
        ("", "", False),
    ],
)
def test_texts_are_related_if_they_share_runs_of_words(one, other, related):
    assert (share_of(word_runs([one]), word_runs([other])) >= RELATED_SHARE) is related


def test_runs_go_on_over_the_ends_of_segments():
    assert word_runs(["a b", "c d"]) == word_runs(["a b c d"])
