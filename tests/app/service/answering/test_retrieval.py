"""Retrieval: one version of each file is searched, and names decide whether anything was found."""

from dataclasses import replace

import pytest

import storage
from app.service.answering.asking_words import without_asking_words
from app.service.answering.retrieval import is_beside_the_question, lacks_named_entity, retrieve
from tests.support.passages import passage

OLD = "The lighthouse is painted white. Its keeper is Crae."
NEW = "The lighthouse is painted red."


@pytest.fixture
def add(db):
    """Add a document of one segment of ten tokens; `start`: where its reading began."""

    def add(title, text, start=None, **columns):
        document = storage.add_document(
            db,
            1,
            title=title,
            kind="text",
            file_name="report.txt",
            sha256=text,
            byte_count=len(text),
            **columns,
        )
        storage.add_segments(
            db, document.id, [storage.NewSegment(text, "line 1", "line", 1, 1, 0, 10)]
        )
        storage.finish_indexing(db, document.id, token_count=10, unit_count=1, unit_name="lines")
        if start is not None:
            storage.set_start_position(db, document.id, start)
            storage.save_checkpoint(
                db,
                1,
                position=start + 10,
                manifest={},
                pages={},
                page_hashes=[],
                document_id=document.id,
                document_tokens=10,
                document_state="done",
            )
        return document.id

    return add


def found(db, question, limit=6, before=None):
    passages = retrieve(db, 1, question, limit, before)
    return [(p.document_title, p.is_replaced) for p in passages]


def test_without_versions_all_documents_are_searched(db, add):
    add("first", OLD)
    add("second", NEW)
    assert set(found(db, "lighthouse")) == {("first", False), ("second", False)}
    assert len(found(db, "lighthouse", limit=1)) == 1
    assert found(db, "parrot") == []


def test_the_newest_version_that_has_a_match_is_searched(db, add):
    first = add("report", OLD)
    add("report (version 2)", NEW, replaces=first, version=2)
    assert found(db, "lighthouse painted") == [("report (version 2)", False)]
    assert found(db, "keeper") == [("report", True)]
    assert found(db, "parrot") == []


def test_the_same_content_read_twice_is_found_once(db, add):
    first = add("report", OLD)
    add("report (reading 2)", OLD, replaces=first)
    assert found(db, "lighthouse") == [("report", False)]


def test_as_of_a_position_a_version_that_was_begun_later_is_unknown(db, add):
    first = add("report", OLD, start=0)
    add("report (version 2)", NEW, start=100, replaces=first, version=2)
    assert found(db, "keeper", before=50) == [("report", False)]
    assert found(db, "keeper", before=110) == [("report", True)]


@pytest.mark.parametrize(
    "question, nothing",
    [
        ("Where does Ozymandias live?", False),
        ("Is that Ozymandias's?", False),
        ("Where does Crae live?", True),
        ("Where does Oz live with Crae?", False),
        ("Where does Man live?", True),
        ("where is the parrot?", False),
    ],
)
def test_a_name_that_no_passage_has_was_not_found(question, nothing):
    assert lacks_named_entity(question, [passage(1, "The parrot Ozymandias came.")]) is nothing
    assert lacks_named_entity(question, [])


@pytest.mark.parametrize(
    "question, text, nothing",
    [
        ("What does Jose Nunez repair?", "José Núñez repairs the engines.", False),
        ("Was repariert José Núñez?", "Jose Nunez repairs.", False),
        ("Where did Mueller live?", "Müller lived at the weir.", False),
        ("Where did Müller live?", "Mueller lived at the weir.", False),
        ("Where did MUELLER live?", "MÜLLER LIVED AT THE WEIR.", False),
        ("Wo wohnte Mueller?", "Müller wohnte am Wehr.", False),
        ("Wo wohnte der Müller?", "Mueller wohnte am Wehr.", False),
        ("Hvem besøgte Aarhus?", "Han rejste til Århus.", False),
        ("Who is the Soeren of this?", "Søren is.", False),
        ("Where did Mueller live?", "Miller lived at the weir.", True),
        ("What did the Poet say?", "The pot fell.", True),
        ("What does Lukasz Walesa paint?", "Łukasz Wałęsa paints the hulls.", False),
        ("What does Karl Ferdinand repair?", "José Núñez repairs the engines.", True),
        ("Who is the captain OBrien?", "It sailed under captain O’Brien.", False),
        ("What did the WHO send?", "The WHO sent vaccines.", False),
        ("What did the WHO send?", "Those who sent vaccines.", True),
        ("Which fish is NOT ever sold?", "The fish was sold.", False),  # stressed, not a name
        ("What did NASA measure?", "It measured the nasal tone.", True),
        ("What did NASA measure?", "Nasa measured it.", False),
        ("Who uses the language C# now?", "The language C++ is used.", True),
        ("배는 어디에 있습니까?", "배는 항구에 있습니다.", False),
        ("पुस्तकालय कहाँ है?", "पुस्तकालय दिल्ली में है।", False),
        ("أين المكتبة؟", "المكتبة في القاهرة.", False),
        ("Wann wurde der Leuchtturm gebaut?", "Die Leuchttürme wurden 1890 gebaut.", False),
        ("Wann wurde das Gebäude errichtet?", "Das Haus wurde 1890 errichtet.", False),
        ("Wer gewann die Regatta?", "The crews died at the harbour.", True),
        ("Что чинит Фёдор?", "Федор чинит сети.", False),
        ("Кто видел Наполеона?", "Федор чинит сети.", True),
    ],
)
def test_names_are_compared_as_the_search_compares_words(question, text, nothing):
    assert lacks_named_entity(question, [passage(1, text)]) is nothing


def test_names_are_compared_by_the_stems_of_the_texts():
    found = passage(1, "Das Haus wurde 1890 gebaut.")
    assert lacks_named_entity("Where are the Häuser?", [found])
    german = replace(found, languages=("german",))
    assert not lacks_named_entity("Where are the Häuser?", [german])


def test_passages_that_share_only_a_word_or_two_of_many_are_beside_the_question():
    found = [passage(1, "The old king gave his daughter a golden apple."), passage(2, "A cat sat.")]
    beside = "Why did the old miller sell the wheel to a travelling soldier?"
    assert is_beside_the_question(beside, found)
    assert is_beside_the_question(beside, [])
    assert not is_beside_the_question("What did the king give to his daughters?", found)
    assert not is_beside_the_question("Who is it?", found), "there are no words to compare"
    named = "Why did the miller Ashe sell the wheel to a soldier?"
    assert is_beside_the_question(named, found)
    assert is_beside_the_question(named, [passage(1, "Ashe slept.")]), "a name alone is not enough"
    assert not is_beside_the_question(named, [passage(1, "The miller Ashe made a wheel.")])


def test_a_name_in_a_passage_makes_up_for_words_it_does_not_have():
    found = [passage(1, "Then Ashe the miller went home and slept.")]
    assert not is_beside_the_question("Why did Ashe sell both home and wheel?", found)
    assert is_beside_the_question("Why did somebody buy both home and wheel?", found)


@pytest.mark.parametrize(
    "question",
    [
        "What happened after the miller arrived?",  # one of two words
        "According to the narrator, what is likely the meaning of the mill?",
        "What is the main theme of this story?",  # of any text
        "Which opinion does the author express?",
    ],
)
def test_words_that_any_text_is_asked_with_do_not_count(question):
    assert not is_beside_the_question(question, [passage(1, "The miller made a mill.")])


def test_without_asking_words_only_the_subject_of_a_question_is_left():
    left = without_asking_words("What happened to the Main, and which stories mention it?", [])
    assert left.split() == ["What", "to", "the", "Main,", "and", "which", "it?"]
    german = without_asking_words("Was geschieht laut Text mit dem Müller?", ["german"])
    assert german.split() == ["Was", "mit", "dem", "Müller?"]
