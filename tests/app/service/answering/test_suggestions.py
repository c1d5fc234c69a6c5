"""First questions: of the kind of the material, in its language, answered by a passage."""

import pytest

import storage
from app.samples import SAMPLE
from app.service.answering.overview_questions import is_about_the_whole
from app.service.answering.suggestion_material import Name, names_of, pairs_of, speakers_of
from app.service.answering.suggestion_phrases import PHRASES
from app.service.answering.suggestions import MAX_QUESTIONS, suggest_questions
from tests.support.paths import ROOT

TALE = (
    "Then Silas said that he would go to Raveloe with Dolly. Nobody saw Silas in Raveloe, and "
    "the old weaver said nothing. When Dolly asked for Silas, he lived in Raveloe again.\n\n"
)
GERMAN = (
    "Da sagte Anna, dass der Hund von Peter in Berlin lebt. Und wieder fragte Anna nach dem Hund, "
    "weil Peter in Berlin war. Als Anna mit Peter sprach, war der Hund fort.\n\n"
)
LAW = "".join(
    f"Article {n}\n\nEveryone has the right to thing number {n}.\n\n" for n in range(1, 9)
)
MINUTES = (
    "Chair: We have agreed on the budget budget budget.\n"
    "Ada Byron: The remote needs batteries, batteries and batteries.\n"
) * 4
LOG = "Jan 25 06:00:07 node02 sshd[7354]: Failed password for root from 47.214.243.254\n" * 6
JSON_LINES = "ts: 2031-01-25, level: ERROR, service: auth, msg: queue drained, ms: 34\n" * 6
ACCESS = '1.2.3.4 - - [25/Jan/2031] "GET /static/app.js HTTP/1.1" 500 17 "-" "curl"\n' * 6
TABLE = "title | pages\nThe Daisy Chain | 300\nSilas Marner | 200\nEmma | 400\n"


@pytest.fixture
def suggest():
    def suggest(text, kind="text"):
        with storage.Database(":memory:") as db:
            row = storage.create_session(db, "s", {})
            document = storage.add_document(
                db, row.id, title="d", kind=kind, file_name="d", sha256="d", byte_count=1
            )
            segment = storage.NewSegment(text, "line 1", "line", 1, 1, 10, 100)
            language = storage.language_of([text])
            prepared = storage.prepare_segments([segment], language)
            storage.store_segments(db, document.id, prepared)
            return suggest_questions(db, row)

    return suggest


@pytest.mark.parametrize(
    ("kind", "text", "question"),
    [
        ("text", TALE * 4, "Who is Silas?"),
        ("text", TALE * 4, "What happens in Raveloe?"),
        ("text", GERMAN * 4, "Wer ist Anna?"),
        ("text", LAW, "What does Article 2 say?"),
        ("text", MINUTES, "What does Ada Byron say about batteries?"),
        ("text", "# Tool\n\nIt helps.\n\n## Choosing a pump\n\nA pump.\n", None),
        ("log", LOG, "When does “Failed password for root” happen?"),
        ("jsonl", JSON_LINES, "Which errors does auth have?"),
        ("log", ACCESS, "Which requests for /static/app.js failed?"),
        ("table", TABLE, "What is given as pages for Silas Marner?"),
    ],
)
def test_questions_are_of_the_kind_of_the_material(suggest, kind, text, question):
    suggested = suggest(text, kind)
    assert len(suggested) <= MAX_QUESTIONS
    assert (question or "What does “Choosing a pump” say?") in suggested


def test_no_question_is_about_a_column_without_a_name(suggest):
    rows = "".join(f"Silas Marner {n} | {n}\n" for n in range(9))
    assert not any("given as" in question for question in suggest(f"A | B\n{rows}", "table"))
    assert any(
        "given as pages" in question for question in suggest(f"Name | pages\n{rows}", "table")
    )


def test_german_nouns_are_no_names():
    assert {name.text for name in names_of([GERMAN * 4])} == {"Anna", "Peter", "Berlin"}


TALK = (
    "Chapter {0}\n\nHere she met Mary.\n\n"
    'Then Alice said to Mary, “{0}, we must go.” And Mary said, "{0}! Says Alice so?" Now the '
    "cat said: {0}, let us see. But Mary told Alice, ‘{0} then’, and the cat cried «{0}» to Mary.\n"
    "{0}, said Alice, and so went Mary with Alice.\n\nOf {0} and Mary\n\n"
)


@pytest.mark.parametrize("word", "Come Look Surely Yonder Chapter Well Oh Yes Ah".split())
def test_words_that_begin_what_someone_says_or_a_line_are_no_names(word):
    assert [name.text for name in names_of([TALK.format(word) * 4])] == ["Mary", "Alice"]


def test_a_word_that_is_written_small_elsewhere_is_no_name():
    """Short words, too: only those of five letters were looked for once."""
    text = f"{TALE * 4}We saw Come there, and so went Come. They come and come. " * 3
    assert "Come" not in {name.text for name in names_of([text])}
    rare = text.replace("They come and come.", "They went.")
    assert "Come" in {name.text for name in names_of([rare])}


def test_a_pair_is_not_asked_about_with_a_word_of_dialogue(suggest):
    suggested = suggest(TALK.format("Come") * 8)
    assert any("Mary" in question for question in suggested)
    assert not any("Come" in question for question in suggested)


@pytest.mark.parametrize("word", "Komm Ach Ja Kapitel Nun Morgen".split())
def test_german_words_of_dialogue_are_no_names(word):
    text = (
        f"Da sagte Anna zu Peter: „{word}, wir gehen.“ Und dann rief Peter »{word}!«, und der "
        f"Hund von Anna bellte, „{word}, mein Freund“, sagte Peter, als Anna mit Peter ging. Doch "
        f"seine Augen sah Anna nicht, und ihrer Mutter schrieb Peter.\n\n{word}\n\n"
    )
    assert {name.text for name in names_of([text * 4])} == {"Anna", "Peter"}


def test_the_names_of_the_tales_are_found_and_nothing_else():
    tale = (ROOT / "tests" / "data" / "john_sherman.txt").read_text()
    assert [name.text for name in names_of([tale])] == [
        "Margaret",
        "Miss Leland",
        "Mary Carton",
        "John",
    ]
    names = {name.text for name in names_of([SAMPLE.read_text()])}
    assert {"Yamato Take", "Takeru", "Ototachibana"} <= names
    assert not names & {"Come", "Well", "Oh", "Yes", "Chapter", "Then", "Now", "Prince"}


def test_a_pair_is_of_whole_words():
    names = [Name("Ann", 9, False), Name("Peter", 9, False)]
    assert pairs_of(["Anna met Peter."] * 4, names) == []
    assert pairs_of(["Ann met Peter."] * 4, names) == [("Ann", "Peter")]


def test_a_place_is_told_from_a_person():
    assert {name.text: name.is_place for name in names_of([TALE * 4])} == {
        "Silas": False,
        "Raveloe": True,
        "Dolly": False,
    }


def test_one_voice_is_no_meeting():
    assert speakers_of(["Note: this is one. " * 9]) == {}


def test_nothing_is_suggested_without_text(suggest):
    assert suggest(" ") == []


def test_every_language_has_every_question():
    kinds = [sorted(phrases) for phrases in PHRASES.values()]
    assert all(each == kinds[0] for each in kinds)


def test_notes_here_and_there_in_a_manual_are_no_speakers():
    page = "Turn the wheel until the lamp is lit and the oil is warm. " * 40
    notes = "NOTE: Keep the oil warm.\nInfo: the oil is old.\n"
    assert speakers_of([page + notes] * 5) == {}
    assert set(speakers_of([notes] * 5)) == {"NOTE", "Info"}


@pytest.mark.parametrize("language", ["english", "german", "french"])
def test_the_question_about_the_whole_is_known_as_one(language):
    assert is_about_the_whole(PHRASES[language]["whole"])
