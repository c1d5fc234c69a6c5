"""Which answers say that the material does not hold what was asked, and which only sound so."""

import time

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
        "Der Name wird im Text nicht erwähnt.",
        "“I could not find it.”",
        "I'm sorry, but I couldn't find any information about a parrot in the passages.",
        "I do not have enough information to answer this question.",
        "The passages provided do not contain any information about the king.",
        "The given text doesn't provide information about the colour of the door.",
        "The story does not mention the name of the king.",
        "The book doesn't explicitly say why she left.",
        "The text did not mention a lamp.",
        "None of the passages mention the parrot.",
        "None of the provided passages explicitly mentions him.",
        "Neither passage says so.",
        "Nothing in the text indicates who he was.",
        "The context gives no reason for it.",
        "The name of the captain is not explicitly mentioned in the provided text.",
        "This is not mentioned anywhere in the story.",
        "The captain's name does not appear in the passages.",
        "The answer is not found in the passages.",
        "The answer cannot be found in the given text.",
        "The answer is not in the passages.",
        "The question cannot be answered.",
        "It is not clear from the passages.",
        "It is not known from the text who he was.",
        "There's no mention of a parrot.",
        "There are no details about the parrot.",
        "There was no mention of a parrot in the passages.",
        "There is no passage that names him.",
        "No information is given about the parrot.",
        "No mention of a parrot.",
        "Not given.",
        "Not in the text.",
        "Not explicitly stated in the passage.",
        "Unclear.",
        "The reason is not given, but he left in the morning.",
        "His age is not stated, so I cannot say.",
    ],
)
def test_an_answer_that_declines_is_recognised(answer):
    assert says_not_found(answer)


@pytest.mark.parametrize(
    "answer, declines",
    [
        ("Joe is unknown.", True),
        ("The name of the smith is unknown", True),
        ("Mary and her brother are unknown.", True),
        ("His fate was unknown.", False),
        ("Joe is unknown to the villagers.", False),
        ("The road is unknown country.", False),
    ],
)
def test_what_is_unknown_now_is_said_by_the_model(answer, declines):
    assert says_not_found(answer) is declines


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
        "His sister was not mentioned by name again.",
        "His sister was never mentioned in the house again.",
        "She is not mentioned in the story again until the wedding.",
        "The knife was never found by the police in the story's first half.",
        "The treasure was never found in the story.",
        "The ring was not given to her by the king in the story.",
        "The price was never stated by the merchant.",
        "He said the price was not stated in the letter he had burned.",
        "As long as her name is not mentioned, she is safe.",
        "She was not named after the queen.",
        "He was not told by the man in the story.",
        "He was not described as a thief by any man.",
        "The book did not tell him the way home.",
        "The document did not save him.",
        "There was no passage through the mountains.",
        "There was no secret passage in the castle.",
        "There was no mention of him in his father's will.",
        "There is no passage to the north.",
        "No document was found on the body.",
        "No text was given to the pupils.",
        "A better king cannot be found in all the land.",
        "The ring could not be found.",
        "Not found until morning, the sheep froze.",
        "Not given a chance, he left.",
        "Not told the truth by his mother, he went away.",
        "Did not answer the king.",
        "Could not find his way home.",
        "Could not tell a lie.",
        '"I don\'t know," said the keeper, and went in.',
        "The keeper said: “I cannot tell you.”",
        "“The book does not say,” he answered.",
        "He gave no answer.",
        "No answer was given.",
        "There is no need to mention his name.",
        "No such tree grew there.",
        "He did not know her name.",
        "They were not provided with food.",
        "It was unclear weather, and the ship was lost.",
        "The secret was not revealed to the boy.",
        "The man whose name is not mentioned.",
    ],
)
def test_an_answer_that_only_sounds_so_is_none(answer):
    assert not says_not_found(answer)


def test_a_very_long_answer_is_looked_at_at_once():
    began = time.monotonic()
    for words in ("the given provided ", "there is no a ", "is not ", "none of the ", "no text "):
        says_not_found(words * 2000)
    assert time.monotonic() - began < 3
