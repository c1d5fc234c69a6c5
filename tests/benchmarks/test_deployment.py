"""A deployment test on the tiny model: it measures, judges, resumes, and refuses bad input."""

import json

import pytest

from benchmarks import deployment, deployment_report
from benchmarks.deployment_questions import AskedQuestion, is_at, read_plan

LOG = "".join(f"2031-01-25 09:{n:02}:00 node{n % 4} disk sda{n} is full\n" for n in range(40))
TALE = "The keeper lit the lamp of the harbour.\n\nThe fog horn sounded nine times.\n\n" * 20
QUESTIONS = [
    {"question": "How many full disks are logged?", "kind": "count", "answers": ["40 lines"]},
    {"question": "List all comets in the log.", "kind": "list", "declined": True},
    {"question": "Which disk of node2 is full?", "answers": ["sda2"], "at": ["line 3"]},
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "day.log").write_text(LOG)
    (tmp_path / "tale.txt").write_text(TALE)
    write(tmp_path, QUESTIONS)
    return tmp_path


def write(folder, questions, file="day.log"):
    told = [{"question": "Who lit the lamp?", "answers": ["keeper"]}]
    documents = [
        {"file": file, "session": "Log", "questions": questions},
        {"file": "tale.txt", "session": "Tale", "questions": told},
    ]
    (folder / "plan.json").write_text(json.dumps({"documents": documents}))


def run(folder, tiny_dir):
    output = folder / "out"
    command = ["--model", str(tiny_dir), "--output", str(output), str(folder / "plan.json")]
    code = deployment.run(command)
    written = output / "deployment.json"
    return code, json.loads(written.read_text())["runs"] if written.exists() else []


def test_documents_are_read_questions_answered_and_tables_written(folder, tiny_dir, capsys):
    code, (log, tale) = run(folder, tiny_dir)
    assert code == 0 and (log["session"], tale["session"]) == ("Log", "Tale")
    assert log["reading"]["tokens"] > 1000 and log["reading"]["tokens_per_second"] > 0
    assert log["reading"]["run_flops"] > 0 and log["reading"]["run_cache_bytes_full"] > 0
    count, comets, disk = log["answers"]
    assert count["right"] and count["answered_as"] == "count" and count["cited"]
    assert comets["right"] and comets["says_not_found"] and comets["right_place"] is None
    assert disk["answered_as"] == "passages" and 0 < disk["first_word_s"] <= disk["seconds"]
    assert disk["right"] == ("sda2" in disk["answer"].split())
    tables = capsys.readouterr().out
    assert (folder / "out" / "deployment.md").read_text() in tables
    assert "| 1 | How many full disks are logged? |" in tables and "| 2 | List all" in tables


def test_a_run_that_was_stopped_resumes_after_its_last_answer(folder, tiny_dir, monkeypatch):
    real, asked = deployment.answer_record, []

    def stopped(question, answer):
        asked.append(question.text)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(question, answer)

    monkeypatch.setattr(deployment, "answer_record", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(folder, tiny_dir)
    [before] = json.loads((folder / "out" / "deployment.json").read_text())["runs"]
    assert len(before["answers"]) == 1
    code, (after, _) = run(folder, tiny_dir)
    assert code == 0 and after["reading"] == before["reading"]
    assert after["answers"][0] == before["answers"][0] and len(after["answers"]) == 3
    told = "Who lit the lamp?"
    assert asked == [q["question"] for q in (*QUESTIONS[:2], *QUESTIONS[1:])] + [told]
    assert run(folder, tiny_dir)[1][0] == after and len(asked) == 5, "nothing is done again"


def test_a_changed_question_is_asked_again_and_a_changed_file_is_read_again(folder, tiny_dir):
    _, (before, _) = run(folder, tiny_dir)
    write(folder, [{**QUESTIONS[0], "answers": ["41 lines"]}, QUESTIONS[1]])
    _, (after, _) = run(folder, tiny_dir)
    assert after["reading"] == before["reading"] and not after["answers"][0]["right"]
    assert len(after["answers"]) == 2 and after["answers"][1] == before["answers"][1]
    (folder / "day.log").write_text(LOG + "2031-01-25 09:59:00 node9 disk sdz is full\n")
    _, (other, _) = run(folder, tiny_dir)
    assert other["answers"][0]["right"], "41 lines"
    extra = other["reading"]["tokens"] - before["reading"]["tokens"]
    assert 0 < extra < before["reading"]["tokens"] / 2, "the old file is not in the session"


def test_results_of_another_machine_are_not_mixed_with_those_of_this_one(folder, tiny_dir, capsys):
    written = folder / "out" / "deployment.json"
    written.parent.mkdir()
    written.write_text(json.dumps({"processor": "Abacus 9", "cores": 2, "runs": []}))
    assert run(folder, tiny_dir)[0] == 1
    assert "another processor (Abacus 9; here" in capsys.readouterr().err
    written.write_text("{")
    assert deployment.run(["--output", str(written.parent), str(folder / "plan.json")]) == 1
    assert "deployment.json is damaged; delete it" in capsys.readouterr().err


ONE = '{{"documents": [{{"file": "day.log", "session": "s", "questions": [{}]}}]}}'


@pytest.mark.parametrize(
    "plan, error",
    [
        ("{", "is not JSON"),
        ("[]", 'lists no "documents"'),
        ('{"documents": []}', 'lists no "documents"'),
        ('{"documents": [3]}', "document 1 is no object"),
        ('{"documents": [{"file": "day.log"}]}', 'has no text "session"'),
        (ONE.format(""), 'has no "questions"'),
        (ONE.replace("day.log", "gone.log").format('{"question": "q", "answers": ["a"]}'), "exist"),
        (ONE.format("5"), "question 1 is no object"),
        (ONE.format('{"answers": ["a"]}'), 'has no text "question"'),
        (ONE.format('{"question": "q"}'), 'needs either "answers" or "declined"'),
        (ONE.format('{"question": "q", "answers": ["a"], "declined": true}'), "needs either"),
        (ONE.format('{"question": "q", "answers": "a"}'), '"answers" is a list'),
        (ONE.format('{"question": "q", "answers": [[]]}'), '"answers" is a list'),
        (ONE.format('{"question": "q", "answers": [7]}'), '"answers" is a list'),
        (ONE.format('{"question": "q", "answers": ["a"], "at": [1]}'), '"at" is a list'),
        (ONE.format('{"question": "q", "answers": ["a"], "kind": "sum"}'), '"kind" is one of'),
        (ONE.format('{"question": "q", "declined": 1}'), '"declined" is true or false'),
        (ONE.format('{"question": "q", "answer": ["a"]}'), "has 'answer', which no question has"),
    ],
)
def test_a_bad_plan_is_refused_in_one_sentence(folder, capsys, plan, error):
    (folder / "plan.json").write_text(plan)
    assert deployment.run(["--output", str(folder / "out"), str(folder / "plan.json")]) == 1
    said = capsys.readouterr().err
    assert error in said and said.count("\n") == 1 and str(folder) in said
    assert not (folder / "out").exists()


def test_a_plan_or_model_that_is_not_there_is_said_in_one_sentence(folder, capsys):
    output = ["--output", str(folder / "out")]
    assert deployment.run([*output, str(folder / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err
    assert deployment.run([*output, "--model", "no-such-model", str(folder / "plan.json")]) == 1
    assert "no-such-model" in capsys.readouterr().err


def test_the_plan_that_is_shipped_has_three_documents_with_ten_questions_each(tmp_path):
    plan = deployment.Path(deployment.__file__).with_suffix(".json")
    for each in json.loads(plan.read_text())["documents"]:
        (tmp_path / each["file"]).touch()
    documents = read_plan(plan, tmp_path)
    assert [len(document.questions) for document in documents] == [10, 10, 10]
    kinds = {question.kind for document in documents for question in document.questions}
    assert {"list", "count", "contents", "place"} <= kinds
    assert all(any(q.declined for q in document.questions) for document in documents)


@pytest.mark.parametrize(
    "text, right",
    [
        ("The limit is 1,095 MHz.", True),
        ("it is 1095 mhz, says [1]", True),
        ("11095 MHz", False),
        ("1095.5 MHz", False),
        ("Peter’s lamp and the log", True),
        ("Peter's lamp", False),
        ("", False),
    ],
)
def test_an_answer_has_all_parts_of_one_alternative_as_whole_words(text, right):
    asked = AskedQuestion("q", answers=(("1095",), ("Peter's lamp", "log")))
    assert asked.is_right(text, declined=False, kind="passages") is right
    assert not asked.is_right(text, declined=True, kind="passages")


def test_a_question_without_an_answer_wants_it_to_be_said_and_a_kind_is_kept():
    absent = AskedQuestion("q", declined=True)
    assert absent.is_right("I could not find it.", declined=True, kind="passages")
    assert not absent.is_right("It was 1095.", declined=False, kind="passages")
    contents = AskedQuestion("q", kind="contents")
    assert contents.is_right("1. Birth", declined=False, kind="contents")
    assert not contents.is_right("1. Birth", declined=False, kind="passages")


@pytest.mark.parametrize(
    "place, locator, found",
    [
        ("page 12", "page 12", True),
        ("page 12", "pages 10–14 (The Pool)", True),
        ("pages 9-10", "page 10", True),
        ("page 2", "page 12", False),
        ("page 12", "page xii (12)", True),
        ("page 4", "page 4 (12, The Pool)", False),
        ("page 12", "line 12", False),
        ("line 7", "line 7 (Jan 25 06:00:01)", True),
        ("The Pool", "chapter 3 (The Pool of Tears)", True),
        ("The Well", "chapter 3 (The Pool of Tears)", False),
    ],
)
def test_a_place_is_found_in_the_range_of_a_locator(place, locator, found):
    assert is_at(place, locator) is found


def test_a_table_keeps_its_columns_whatever_an_answer_has():
    run = {
        "answers": [
            {
                "asked": {"text": "a | b?"},
                "answer": "x | <b>\n`y`\x07" + "z" * 999,
                "right": False,
                "cited": [f"page {n}" for n in range(1, 10)],
                "right_place": None,
                "first_word_s": 1.25,
                "seconds": 2.5,
            }
        ]
    }
    head, _, row = deployment_report.answers(run).splitlines()
    assert row.replace("\\|", "").count("|") == head.count("|")
    assert "\\<b\\> \\`y\\`�z" in row and "zz …" in row and "page 6; 3 more" in row
