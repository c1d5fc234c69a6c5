"""Questions for the first or last of many, and questions that only sound so."""

import pytest

from app.service.answering.order_questions import asked_order


@pytest.mark.parametrize(
    "question, which, subject",
    [
        ("From which address came the last failed password of the day?", "last", "failed password"),
        ("What was the first error?", "first", "error"),
        ("When was disk0 last full?", "last", "disk0 full"),
        ("the most recent login of cedar", "last", "login of cedar"),
        ("Who logged in last?", "last", "log"),
        ("When did cedar last log in?", "last", "cedar log"),
        ("Which user last logged in?", "last", "user log"),
        ("What was the last error in the log?", "last", "error"),
        ("What is the latest warning of sensor a-1?", "last", "warning of sensor a-1"),
        ("When was the last time disk0 was full?", "last", "disk0 full"),
        ("Show me the last error.", "last", "error"),
        ("Last error?", "last", "error"),
        ("Which user had the last failed password?", "last", "failed password"),
        ("What was cedar's last session?", "last", "cedar session"),
        ("At what time did the first traceback occur?", "first", "traceback"),
        ("Which sensor failed last?", "last", "sensor failed"),
        ("How long did the last session last?", "last", "session"),
        ("What was the first error and why did it happen?", "first", "error"),
        ("What is the very first backup?", "first", "backup"),
        ("Was war der erste Fehler?", "first", "Fehler"),
        ("Wann war disk0 zuletzt voll?", "last", "disk0 voll"),
        ("Wer hat sich zuletzt angemeldet?", "last", "angemeldet"),
        ("Wann kam die letzte Warnung?", "last", "Warnung"),
        ("Zeige mir den letzten Fehler", "last", "Fehler"),
        ("Quelle est la première erreur ?", "first", "erreur"),
        ("Quand disk0 a-t-il été plein pour la dernière fois ?", "last", "disk0 plein"),
        ("Qui s'est connecté en dernier ?", "last", "connecté"),
        ("Quelle est l'erreur la plus récente ?", "last", "erreur"),
    ],
)
def test_anything_in_a_log_may_be_the_first_or_last(question, which, subject):
    asked = asked_order(question, in_records=True)
    assert asked is not None and (asked.which, asked.subject) == (which, subject)
    assert asked_order(question) is None, "a text tells of it"


@pytest.mark.parametrize(
    "question, which, subject",
    [
        ("What is the earliest mention of the yacht?", "first", "yacht"),
        ("the earliest mention of the yacht", "first", "yacht"),
        ("Where is the yacht first mentioned?", "first", "yacht"),
        ("On which page is the yacht mentioned for the first time?", "first", "yacht"),
        ("In which chapter does Emma first appear?", "first", "Emma"),
        ("Which chapter first mentions the yacht?", "first", "yacht"),
        ("When is Emma first introduced?", "first", "Emma"),
        ("Where is the yacht last mentioned?", "last", "yacht"),
        ("What is the last reference to Emma?", "last", "Emma"),
        ("the yacht's first mention", "first", "yacht"),
        ("When was the first time the yacht is mentioned?", "first", "yacht"),
        ("Wo wird die Yacht zum ersten Mal erwähnt?", "first", "Yacht"),
        ("Wo ist die erste Erwähnung der Yacht?", "first", "Yacht"),
        ("Où le yacht est-il mentionné pour la première fois ?", "first", "yacht"),
    ],
)
def test_in_a_text_it_is_where_it_speaks_of_something(question, which, subject):
    asked = asked_order(question)
    assert asked is not None and (asked.which, asked.subject) == (which, subject)


@pytest.mark.parametrize(
    "question",
    [
        "What is on the last page?",
        "Summarise the last chapter",
        "What is the last line of the log?",
        "What is the first row?",
        "What are his last words?",
        "Who is the last man standing?",
        "What did he do first?",
        "How long did it last?",
        "How long will it last?",
        "Does the battery last?",
        "What is her first name?",
        "What is the last name of the captain?",
        "Where is the Last Chance?",
        "What is the Last Chance Saloon?",
        "Last Chance?",
        "What did he think at first?",
        "Who won at last?",
        "First of all, who is cedar?",
        "What happened last year?",
        "What happened last week?",
        "What happened in the last hour?",
        "How many errors were in the last 24 hours?",
        "What is said about first aid?",
        "Who is on the first floor?",
        "Who was the last of the Mohicans?",
        "What was the last thing he said?",
        "What were the last three errors?",
        "Show the last 5 errors",
        "What was the first error after 10:00?",
        "What was the last line without an error?",
        "What was the second to last error?",
        "What was the last but one error?",
        "the first and the last error",
        "Why was the last error raised?",
        "Was war letzte Woche?",
        "Wie heißt die letzte Seite?",
        "Wie ist der Vorname?",
        "Quel est le premier ministre ?",
        "Que s'est-il passé l'année dernière ?",
        "What is the first",
        "last",
        "",
        "When was " + "the last error " * 30,
    ],
)
def test_what_only_sounds_so_is_answered_as_before(question):
    assert asked_order(question, in_records=True) is None
    assert asked_order(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "Who arrived last?",
        "When did Holmes first meet Watson?",
        "When did the ghost last appear to him?",
        "What was the first gift?",
        "Who was the first to leave?",
        "Wer kam zuletzt an?",
    ],
)
def test_what_a_text_tells_is_no_matter_of_order(question):
    assert asked_order(question) is None


def test_of_a_table_the_latest_is_not_the_last_row():
    assert asked_order("the latest order", in_records=True).by_time
    assert not asked_order("the last order", in_records=True).by_time
