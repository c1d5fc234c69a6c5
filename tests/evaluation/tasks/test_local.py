"""Tasks from files: what an item is made of, and what is said about files that are not right."""

import json

import pytest

from evaluation.metrics import METRICS
from evaluation.tasks.local.files import MissingData
from evaluation.tasks.options import TaskOptions
from evaluation.tasks.registry import TASKS

TALES = [
    {
        "id": f"the-{name}",
        "story": f"Once a {name} lived in the {place}. " * 20,
        "questions": [{"question": f"Where did the {name} live?", "answers": [f"in the {place}"]}],
    }
    for name, place in [("fox", "mill"), ("owl", "tower"), ("hen", "barn")]
]
STORY = {"id": "9", "document": "Ann finds a map.", "questions": [
    {"question": "What is the plot?", "references": ["Ann finds a map.", "A map is found."]}
]}  # fmt: skip
MEETING = {
    "meeting_transcripts": [{"speaker": "Ann", "content": "We ship it."}],
    "general_query_list": [{"query": "Summarize the meeting.", "answer": "They ship it."}],
    "specific_query_list": [{"query": "What of Ann?", "answer": "She wants to ship it."}],
}
CHOICE = {"id": "q", "article_id": "7", "question": "Who?", "options": ["Ann", "Bob"], "gold": 1}
LOG_QUESTION = {"file": "app.log", "line": 90, "question": "Which code?", "answer": "E-90"}


def lines(*objects):
    return "".join(json.dumps(raw) + "\n" for raw in objects)


@pytest.fixture
def data(tmp_path):
    files = {
        "fairytaleqa/fairytaleqa_val.jsonl": lines(*TALES),
        "fairytaleqa/fairytaleqa_train.jsonl": lines(*TALES[:1]),
        "squality/squality_train.jsonl": lines(STORY),
        "qmsum/qmsum_train.jsonl": lines(MEETING),
        "quality2/questions_2way.jsonl": lines(CHOICE),
        "quality2/articles/7.txt": "The Title\n\nBob did it.",
        "logs/qa.json": json.dumps([LOG_QUESTION]),
        "logs/app.log": "".join(f"line {i} code E-{i}\n" for i in range(1, 201)),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def make(name, data, **options):
    return list(TASKS[name].make(TaskOptions(len_in_words, data, **options)))


def len_in_words(text):
    return text.split()


def test_tales_are_joined_into_one_library_or_into_libraries_of_a_length(data):
    items = make("fairytaleqa", data)
    assert [item.references for item in items] == [
        ("in the mill",), ("in the tower",), ("in the barn",)
    ]  # fmt: skip
    assert len({item.documents for item in items}) == 1 and len(items[0].documents) == 3
    assert items[0].documents[0][0] == "The fox"
    words = len(TALES[0]["story"].split())
    shelves = [item.documents for item in make("fairytaleqa", data, lengths=(2 * words,))]
    assert [len(shelf) for shelf in shelves] == [2, 2, 1]
    assert all(any(item.references[0] in text for _, text in item.documents) for item in items)


def test_a_folder_or_a_file_is_taken_and_of_several_parts_the_validation_set(data):
    assert len(make("fairytaleqa", data / "fairytaleqa")) == 3
    assert len(make("fairytaleqa", data / "fairytaleqa" / "fairytaleqa_train.jsonl")) == 1


@pytest.mark.parametrize("name", ["squality", "qmsum"])
def test_a_file_of_any_name_is_taken_only_in_a_folder_that_is_named_like_the_task(tmp_path, name):
    own = lines(STORY if name == "squality" else MEETING)
    for folder, text in ((tmp_path, lines(*TALES)), (tmp_path / f"{name}-1.3", own)):
        folder.mkdir(exist_ok=True)
        (folder / "train.jsonl").write_text(text)
    assert make(name, tmp_path / f"{name}-1.3")
    with pytest.raises(MissingData):
        make(name, tmp_path)


def test_only_a_line_feed_ends_a_line(data):
    file = data / "fairytaleqa" / "fairytaleqa_train.jsonl"
    story = "A fox came.\u2028It left.\x85"
    text = json.dumps({**TALES[0], "story": story}, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")
    assert make("fairytaleqa", file)[0].documents[0][1] == story


def test_a_sample_is_drawn_with_the_seed(data):
    drawn = [make("fairytaleqa", data, items=1, seed=seed)[0].id for seed in range(8)]
    assert drawn == [make("fairytaleqa", data, items=1, seed=seed)[0].id for seed in range(8)]
    assert len(set(drawn)) > 1


def test_items_of_one_text_are_of_one_that_is_short_enough_or_of_the_shortest(data):
    stories = [
        {**STORY, "id": name, "document": document, "questions": STORY["questions"] * 3}
        for name, document in [("long", "far " * 90), ("short", "near " * 9), ("mid", "by " * 40)]
    ]
    (data / "squality" / "squality_train.jsonl").write_text(lines(*stories))

    def chosen(tokens, seed):
        made = make("squality", data, items=2, one_text_tokens=tokens, seed=seed)
        assert len(made) == 2 and len({item.documents for item in made}) == 1
        return made[0].id.split()[0]

    assert {chosen(50, seed) for seed in range(9)} == {"short", "mid"}
    assert {chosen(5, seed) for seed in range(9)} == {"short"}


def test_half_of_the_unanswerable_task_are_questions_about_other_tales(data):
    items = make("unanswerable", data)
    foreign = [item for item in items if not item.references]
    assert len(items) == 6 and len(foreign) == 3
    for item in foreign:
        ((title, _),) = item.documents
        assert title.split()[-1] not in item.question
    assert all(item.references[0] in item.documents[0][1] for item in items if item.references)


def test_a_choice_is_among_its_options(data):
    (item,) = make("quality", data)
    assert item.choices == ("Ann", "Bob") and item.references == ("Bob",)
    assert item.documents == (("The Title", "The Title\n\nBob did it."),)
    assert METRICS[item.metric]("Bob", item.references) == 1


def test_summaries_of_stories_and_meetings(data):
    (story,) = make("squality", data)
    assert len(story.references) == 2 and story.documents[0][1] == "Ann finds a map."
    general, specific = make("qmsum", data)
    assert general.documents == specific.documents == (("Meeting 1", "Ann: We ship it."),)
    assert METRICS[general.metric](general.references[0], general.references) == 1


def test_a_log_is_read_whole_or_as_an_excerpt_around_the_line(data):
    (whole,) = make("logs", data)
    assert whole.documents[0][1].count("\n") == 200
    (item,) = make("logs", data, lengths=(40,))
    assert "E-90\n" in item.documents[0][1] and 8 <= item.documents[0][1].count("\n") <= 10


@pytest.mark.parametrize(
    "name, file, text, said",
    [
        ("fairytaleqa", "fairytaleqa/fairytaleqa_val.jsonl", "", "is empty"),
        ("fairytaleqa", "fairytaleqa/fairytaleqa_val.jsonl", "{", "line 1 is not JSON"),
        ("fairytaleqa", "fairytaleqa/fairytaleqa_val.jsonl", lines(STORY), "no text 'story'"),
        ("fairytaleqa", "fairytaleqa/fairytaleqa_val.jsonl", "[1]\n", "not a JSON object"),
        ("squality", "squality/squality_train.jsonl", lines(MEETING), "no text 'id'"),
        (
            "squality",
            "squality/squality_train.jsonl",
            lines({**STORY, "questions": []}),
            "has no q",
        ),
        ("qmsum", "qmsum/qmsum_train.jsonl", lines(STORY), "no list"),
        ("quality", "quality2/questions_2way.jsonl", lines({**CHOICE, "gold": 2}), "'gold'"),
        ("logs", "logs/qa.json", "[{}]", "question 1 has no text"),
        ("logs", "logs/qa.json", json.dumps([{**LOG_QUESTION, "line": 900}]), "'line'"),
        ("unanswerable", "fairytaleqa/fairytaleqa_val.jsonl", lines(TALES[0]), "two tales"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_in_a_sentence(data, name, file, text, said):
    (data / file).write_text(text)
    with pytest.raises(ValueError, match=said):
        make(name, data)


@pytest.mark.parametrize(
    "name", [n for n, task in TASKS.items() if task.needs_data and n != "unanswerable"]
)
def test_missing_data_says_where_it_comes_from(tmp_path, name):
    for data in (None, tmp_path):
        with pytest.raises(MissingData, match="--data|from"):
            make(name, data)
    with pytest.raises(ValueError, match="https|your own"):
        make(name, tmp_path)


def test_released_files_are_a_task_with_their_sets(tmp_path):
    folder = tmp_path / "infinitebench"
    folder.mkdir()
    record = {"context": "The key is 12345.", "input": "What?", "answer": ["12345"], "options": []}
    (folder / "passkey.jsonl").write_text(lines(record, record, record))
    items = make("infinitebench", tmp_path, items=2)
    assert [item.references for item in items] == [("12345",)] * 2
    with pytest.raises(ValueError, match="number_string.jsonl is not there"):
        make("infinitebench", tmp_path, sets=("number_string",))
    with pytest.raises(ValueError, match="--sets"):
        make("infinitebench", tmp_path, sets=("nonsense",))
