"""Search: ranking, limits, positions, and questions of any characters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage.fts_query import any_of, question_terms

BOOK = [
    "Call me Ishmael. Some years ago I thought I would sail about a little.",
    "The Pequod was a ship of the old school, rather small if anything.",
    "Captain Ahab stood upon his quarter-deck; his leg was made of ivory.",
    "Queequeg sat with his harpoon, and the café in Nantucket sold chowder.",
    "The white whale swam before him as the monomaniac incarnation of malice.",
    "whale whale whale whale whale whale whale whale whale whale whale",
]


@pytest.fixture
def book(db, add_session, add_text):
    return add_text(db, add_session(db).id, *BOOK, title="Moby Dick")


def ordinals(db, question, **options):
    """Return the indices of the texts of BOOK that are found, best first."""
    found = storage.search_passages(db, 1, question, **options)
    return [passage.locator_start - 1 for passage in found]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("What is the name of the narrator: Ishmael?", 0),
        ("What was Captain Ahab's leg made of?", 2),
        ("Who thinks of sailing?", 0),
        ("cafe", 3),
        ("CHOWDER!!!", 3),
        ("the white whale's malice", 4),
        ("Where is the quarter-deck?", 2),
    ],
)
def test_the_passage_that_answers_comes_first(db, book, question, best):
    assert ordinals(db, question)[0] == best


def test_a_passage_has_its_document_locator_and_position(db, book):
    (passage,) = storage.search_passages(db, 1, "Pequod")
    assert (passage.document_title, passage.text) == ("Moby Dick", BOOK[1])
    assert (passage.locator, passage.locator_kind) == ("page 2", "page")
    assert (passage.token_start, passage.token_count, passage.position) == (10, 10, None)
    storage.set_start_position(db, book.id, 100)
    assert storage.search_passages(db, 1, "Pequod")[0].position == 110


def test_a_passage_that_the_checkpoint_has_read_is_marked_as_read(db, book, save):
    columns = {"document_id": book.id}
    save(db, 1, 19, b"a", document_tokens=19, **columns)
    assert not storage.search_passages(db, 1, "Pequod")[0].is_read
    save(db, 1, 20, b"a", document_tokens=20, **columns)
    assert storage.search_passages(db, 1, "Pequod")[0].is_read is True
    assert not storage.search_passages(db, 1, "Ahab")[0].is_read
    storage.set_document_state(db, book.id, "done")
    assert storage.search_passages(db, 1, "Ahab")[0].is_read


def test_no_passage_ends_after_the_position(db, book):
    assert ordinals(db, "whale Ahab Pequod Ishmael", before_position=1000) == []
    storage.set_start_position(db, book.id, 100)
    assert set(ordinals(db, "whale Ahab Pequod Ishmael", before_position=130)) == {0, 1, 2}
    assert set(ordinals(db, "whale Ahab Pequod Ishmael", before_position=129)) == {0, 1}


def test_only_the_named_documents_are_searched(db, book, add_text):
    other = add_text(db, 1, "A whale in another book.", title="other")
    found = storage.search_passages(db, 1, "whale", document_ids=[other.id])
    assert [passage.document_title for passage in found] == ["other"]
    assert storage.search_passages(db, 1, "whale", document_ids=[]) == []
    assert len(storage.search_passages(db, 1, "whale")) == 3


def test_other_sessions_are_not_searched(db, book, add_session):
    other = add_session(db, "other")
    assert storage.search_passages(db, other.id, "whale") == []


def test_a_search_returns_no_more_passages_than_the_limit(db, book):
    assert len(ordinals(db, "whale Ahab Pequod Ishmael", limit=2)) == 2
    assert ordinals(db, "whale", limit=0) == []


def test_a_text_with_all_words_ranks_above_one_that_repeats_one(db, add_session, add_text):
    repeats = "ambergris ambergris ambergris"
    answers = "The price of ambergris the ship found was high. " + "The sea was calm. " * 3
    fillers = ["The ship sailed at the price of rope."] * 9
    add_text(db, add_session(db).id, repeats, answers, *fillers)
    question = "What price did the ship ask for ambergris?"
    by_bm25 = "SELECT rowid FROM segments_fts WHERE segments_fts MATCH ? ORDER BY rank"
    assert db.value(by_bm25, [any_of(question_terms(question))]) == 1
    assert ordinals(db, question)[0] == 1


def test_a_text_with_adjacent_words_ranks_higher(db, add_session, add_text):
    apart = "The river was green all year long, and far away there stood a small house."
    together = "All year long the river ran far away, and there stood a small green house."
    add_text(db, add_session(db).id, apart, together)
    assert ordinals(db, "green house") == [1, 0]


def test_a_question_of_stop_words_is_searched(db, book):
    assert ordinals(db, "me") == [0]


@pytest.mark.parametrize(
    "question",
    ["", " ", "!!!", '"', '"" OR ""', "NEAR(", "NEAR(whale", "*", "-whale", "text:", "^", "🐋", "_"]
    + ["\0", "\ud800", "a" * 100_000, "whale " * 20_000, "鯨" * 100_000, "AND", "NOT whale", "²"],
)
def test_a_question_of_syntax_or_odd_characters_raises_nothing(db, book, question):
    assert isinstance(storage.search_passages(db, 1, question), list)


def test_query_syntax_is_searched_as_words(db, book):
    assert set(ordinals(db, "NOT whale")) == set(ordinals(db, "whale")) == {4, 5}
    assert ordinals(db, "text:Pequod") == [1]


def test_scripts_without_spaces_are_found(db, add_session, add_text):
    texts = ["人工智能是计算机科学的一个分支。", "机器学习使计算机能够从数据中学习。"]
    add_text(db, add_session(db).id, *texts, "An English page about whales.")
    assert ordinals(db, "什么是机器学习?")[0] == 1
    assert ordinals(db, "人工智能是什么?")[0] == 0
    assert ordinals(db, "猫") == []


def test_scripts_without_spaces_are_searched_only_before_the_position(db, add_session, add_text):
    document = add_text(db, add_session(db).id, "机器学习", "机器学习使计算机")
    assert ordinals(db, "计算机器", before_position=100) == []
    storage.set_start_position(db, document.id, 0)
    assert ordinals(db, "计算机器", before_position=10) == [0]


TEXTS = {
    "zh": ["GPU 的数量是四块,由王伟签收。", "GPU 的功耗是 350 瓦。", "2021年的营业额为三百万元。"],
    "ja": [
        "API の上限は六十回です。",
        "API の窓口は大阪です。",
        "2022年の売上高は四億円でした。",
    ],
    "ko": ["등대지기의 이름은 김철수입니다.", "배는 항구에 있습니다.", "도서관은 9시에 연다."],
    "th": ["ผู้ดูแลประภาคารชื่อสมชาย", "ตลาดเปิดวันจันทร์", "เรืออยู่ที่ท่าเรือ"],
    "hi": ["पुस्तकालय दिल्ली में है।", "बाज़ार सोमवार को बंद रहता है।", "नाव बंदरगाह में है।"],
    "ar": ["المَكتبة في القاهرة.", "السوق يفتح يوم الاثنين.", "السفينة في الميناء."],
    "he": ["הַסִּפְרִיָּה בתל אביב.", "השוק פתוח ביום שני.", "האונייה בנמל."],
    "ru": ["Ёлка стоит у причала.", "Фёдор Ежов чинит сети.", "Корабли стоят в гавани."],
    "el": ["Ο Οδυσσεύς γύρισε στην Ιθάκη.", "Η αγορά ανοίγει τη Δευτέρα.", "Το πλοίο είναι εκεί."],
    "tr": ["İzmir limanı 1867 yılında yapıldı.", "Ilıca köyü dağdadır.", "Ankara başkenttir."],
    "de": ["Die Häuser sind rot.", "Der Bäcker verkauft Brötchen.", "Die Straße ist lang."],
    "en": ["The dredger cost 1,250,000 crowns.", "Program C++ handles the winch.", "C# is a map."],
}


@pytest.mark.parametrize(
    ("texts", "question", "best"),
    [
        ("zh", "GPU 的功耗是多少?", 1),
        ("zh", "2021年的营业额是多少?", 2),
        ("zh", "王伟签收了什么?", 0),
        ("zh", "瓦", 1),
        ("ja", "API の窓口はどこですか?", 1),
        ("ja", "2022年の売上はいくらですか?", 2),
        ("ko", "배는 어디에 있습니까?", 1),
        ("ko", "도서관", 2),
        ("th", "ตลาดเปิดวันไหน", 1),
        ("hi", "पुस्तकालय कहाँ है?", 0),
        ("hi", "बाजार कब बंद रहता है?", 1),
        ("ar", "أين المكتبة؟", 0),
        ("he", "איפה הספריה?", 0),
        ("ru", "елка", 0),
        ("ru", "Что чинит Федор?", 1),
        ("ru", "корабль в гавани", 2),
        ("el", "ΟΔΥΣΣΕΑΣ ΙΘΑΚΗ", 0),
        ("tr", "izmir", 0),
        ("tr", "ILICA", 1),
        ("de", "Welche Farbe hat das Haus?", 0),
        ("de", "STRASSE", 2),
        ("de", "Brötchen vom Backer", 1),
        ("en", "1250000", 0),
        ("en", "C++", 1),
        ("en", "C#", 2),
    ],
)
def test_questions_in_any_script_find_their_passage(
    db, add_session, add_text, texts, question, best
):
    add_text(db, add_session(db).id, *TEXTS[texts])
    assert ordinals(db, question)[0] == best


def test_a_chinese_character_alone_finds_the_words_that_contain_it(db, add_session, add_text):
    add_text(db, add_session(db).id, "院子里有一只黑猫", "狗在睡觉")
    assert ordinals(db, "猫") == ordinals(db, "那猫吃什么") == [0]


def test_changed_text_is_found(db, book):
    db.execute("UPDATE segments SET text = 'an albatross' WHERE ordinal = 1")
    assert ordinals(db, "albatross") == [1]
    assert ordinals(db, "Pequod") == []
    assert db.integrity_check() == []


@pytest.fixture(scope="module")
def any_text_db():
    with storage.Database(":memory:") as db:
        session = storage.create_session(db, "any", {})
        document = storage.add_document(
            db, session.id, title="t", kind="text", file_name="t", sha256="t", byte_count=1
        )
        storage.add_segments(
            db,
            document.id,
            [storage.NewSegment(text, "p", "page", 1, 1, 0, 1) for text in [*BOOK, "机器", ""]],
        )
        yield db


@settings(max_examples=200, deadline=None)
@given(
    question=st.text(st.characters(codec=None))
    | st.lists(st.sampled_from([*'"*()^:-+', "NEAR(", "AND", "OR", "NOT", "whale", "机器"])).map(
        " ".join
    ),
    limit=st.integers(1, 3),
)
def test_no_question_raises(any_text_db, question, limit):
    assert len(storage.search_passages(any_text_db, 1, question, limit=limit)) <= limit


@pytest.mark.parametrize("question", ["the white whale", "a kettle of chowder", "zzz", "", "鯨"])
def test_matching_documents_are_those_that_a_search_of_each_alone_finds(
    db, book, add_text, question
):
    others = [add_text(db, 1, text, title=text) for text in ("a white kettle", "白鯨は海", "no")]
    ids = [book.id, *(other.id for other in others)]
    alone = {i for i in ids if storage.search_passages(db, 1, question, limit=1, document_ids=[i])}
    assert storage.matching_documents(db, 1, question, document_ids=ids) == alone
    assert storage.matching_documents(db, 1, question, document_ids=ids[:1]) == alone & {book.id}


@pytest.mark.parametrize("limit", [1, 3, 7, 10, 99])
def test_passages_that_are_spread_come_from_everywhere_in_reading_order(
    db, add_session, add_text, limit
):
    session = add_session(db)
    first = add_text(db, session.id, *(f"one {i}" for i in range(6)), title="one")
    second = add_text(db, session.id, *(f"two {i}" for i in range(4)), title="two")
    add_text(db, session.id, "other", title="other")
    ids = [first.id, second.id]
    found, total = storage.spread_passages(db, session.id, ids, limit)
    texts = [passage.text for passage in found]
    everything = [f"one {i}" for i in range(6)] + [f"two {i}" for i in range(4)]
    assert (total, len(texts)) == (10, min(limit, 10))
    places = [everything.index(text) for text in texts]
    assert places == sorted(places)
    gaps = [b - a for a, b in zip(places, places[1:], strict=False)]
    assert max(gaps, default=0) - min(gaps, default=0) <= 1, "evenly"


def test_only_passages_before_a_position_are_spread(db, add_session, add_text):
    session = add_session(db)
    document = add_text(db, session.id, *(f"page {i}" for i in range(6)))
    assert storage.spread_passages(db, session.id, [document.id], 9, 40) == ([], 0)
    storage.set_start_position(db, document.id, 5)
    found, total = storage.spread_passages(db, session.id, [document.id], 9, 40)
    assert ([p.text for p in found], total) == (["page 0", "page 1", "page 2"], 3)
