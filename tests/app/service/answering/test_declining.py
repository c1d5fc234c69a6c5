"""Which answers say that the material does not hold what was asked, and which only sound so."""

import pytest

from app.service.answering.declining import says_not_found


@pytest.mark.parametrize(
    "answer",
    [
        "I could not find it.",
        "I couldn’t find it in the passages.",
        "Could not find it.",
        "I cannot find any mention of a parrot.",
        "I am not able to find this.",
        "I don't know.",
        "The passages do not mention a parrot.",
        "The provided text does not explicitly state who he is.",
        "The text doesn't say.",
        "His name is not mentioned in the passages.",
        "The year isn't given in the text.",
        "It was never stated.",
        "Not mentioned.",
        "Not stated in the passage.",
        "There is no information about the lamp.",
        "There is no direct mention of him.",
        "No passage names the captain.",
        "It cannot be determined from this.",
        "Unknown.",
        "Sorry. The document does not contain this information.",
        "Der Name wird im Text nicht genannt. Er ist nicht erwähnt.",
        "Ich konnte es nicht finden.",
    ],
)
def test_an_answer_that_declines_is_recognised(answer):
    assert says_not_found(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "He could not find his hat.",
        "The keeper did not find the parrot.",
        "She was not found until morning.",
        "The door was not given a lock.",
        "He did not say a word.",
        "An unknown sailor.",
        "There is no lamp in room 7.",
        "There was no answer from the tower.",
        "He knows that the book is lost.",
        "Because nobody told him where the passage was.",
        "He kept a parrot. It was grey. It sang. The text does not say more.",
        "The story tells of a keeper who did not sleep.",
        "Notes are given in the appendix.",
    ],
)
def test_an_answer_that_only_sounds_so_is_none(answer):
    assert not says_not_found(answer)
