"""Released files of the public benchmarks: what becomes of a line, and what is refused."""

import json

import pytest

from evaluation.metrics import METRICS
from evaluation.released import BENCHMARKS
from evaluation.released.files import BenchmarkFileError
from evaluation.released.prompts import cut_middle, without_context
from evaluation.tasks.item import CONTEXT

LINES = {
    "lveval/loogle_SD_mixup_16k": {
        "input": "Where was he born?",
        "context": "### Passage 1\nHe was born in Bern.",
        "answers": ["in Bern", "Bern"],
        "answer_keywords": "Bern",
    },
    "infinitebench/longbook_qa_eng": {
        "id": 0,
        "context": "Ann had a cat.",
        "input": "What did Ann have?",
        "answer": ["a cat", "cat"],
        "options": [],
    },
    "longbench/qmsum": {
        "input": "What was decided?",
        "context": "A: We start on Monday.",
        "answers": ["They start on Monday."],
        "all_classes": None,
    },
    "ruler/niah_single_1": {
        "index": 3,
        "input": (
            "A special magic number is hidden within the following text. Make sure to memorize "
            "it. I will quiz you about the number afterwards.\nThe grass is green.\nOne of the "
            "special magic numbers for old-door is: 1234567.\nWhat is the special magic number for "
            "old-door mentioned in the provided text? The special magic number for old-door "
            "mentioned in the provided text is"
        ),
        "outputs": ["1234567"],
        "length": 80,
    },
}
"""A line of each benchmark, by benchmark and task."""

FILES = {
    "lveval": "{task}.jsonl",
    "infinitebench": "{task}.jsonl",
    "longbench": "{task}.jsonl",
    "ruler": "{task}/validation.jsonl",
}


def write(folder, name, *lines):
    benchmark, task = name.split("/")
    path = folder / FILES[benchmark].format(task=task)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def load(folder, name):
    benchmark, task = name.split("/")
    return list(BENCHMARKS[benchmark].load(folder, task))


def one(folder, name, line):
    write(folder, name, line)
    (item,) = load(folder, name)
    return item


def test_the_benchmarks_have_all_their_tasks():
    counts = {name: len(benchmark.tasks) for name, benchmark in BENCHMARKS.items()}
    assert counts == {"lveval": 55, "infinitebench": 12, "longbench": 34, "ruler": 13}


def test_a_line_of_lveval(tmp_path):
    item = one(tmp_path, "lveval/loogle_SD_mixup_16k", LINES["lveval/loogle_SD_mixup_16k"])
    assert item.id == "lveval/loogle_SD_mixup_16k/0"
    assert item.documents[0][1] == "### Passage 1\nHe was born in Bern."
    assert item.question == "Where was he born?"
    assert item.prompt == (
        "Please answer the following question based on the given passages. Questions and answers "
        "are only relevant to one passage. Only give me the answer and do not output any other "
        "explanation and evidence.\n\nArticle: {context}\n\nPlease answer the following question "
        "based on the above passages. Questions and answers are only relevant to one passage. Only "
        "give me the answer and do not output any other explanation and evidence.\n\nQuestion: "
        "Where was he born?\nAnswer:"
    )
    # Only the first reference is scored, and behind it come the keywords.
    assert item.references == ("in Bern", "Bern")
    assert (item.metric, item.max_new_tokens, item.choices) == ("lveval_f1", 64, ())


def test_lveval_without_keywords_and_in_a_folder_for_each_set(tmp_path):
    line = {**LINES["lveval/loogle_SD_mixup_16k"], "answers": ["他", "她"], "answer_keywords": ""}
    write(tmp_path / "cmrc_mixup", "lveval/cmrc_mixup_256k", line)
    (item,) = load(tmp_path, "lveval/cmrc_mixup_256k")
    assert item.references == ("他",) and item.metric == "lveval_f1_chinese"
    write(tmp_path, "lveval/factrecall_en_16k", LINES["lveval/loogle_SD_mixup_16k"])
    (item,) = load(tmp_path, "lveval/factrecall_en_16k")
    assert (item.references, item.max_new_tokens) == (("in Bern",), 16)


@pytest.mark.parametrize(
    "task, fields, prompt, references",
    [
        (
            "passkey",
            {"input": "What is the pass key?", "answer": ["71432"]},
            "There is an important info hidden inside a lot of irrelevant text. Find it and "
            "memorize it. I will quiz you about the important information.\n\n{context}\n\n"
            "What is the pass key?\n\nThe pass key is",
            ("71432",),
        ),
        (
            "longbook_choice_eng",
            {"input": "Who?", "answer": ["Bob"], "options": ["Al", "Bob", "Cy", "Di"]},
            "Read the book and answer the question.\n\n{context}\n\nQuestion: Who?\nA. Al\nB. Bob\n"
            "C. Cy\nD. Di\n\nThe letter of the correct answer is",
            ("Bob", "B"),
        ),
        (
            "math_find",
            {"input": "Answer. The second largest number of the list is: ", "answer": [97]},
            "What is the second largest number in the following list?\n\n{context}\n\n"
            "Answer. The second largest number of the list is: ",
            ("97",),
        ),
        (
            "math_calc",
            {"input": "", "answer": [[1, -4, 8]]},
            "Let us calculate the intermediate values of an expression.\n\n"
            "Expression: 1 + 3 + 4\nValues: [1, 4, 8]\n\nExpression: 8 - 3 + 2 - 4\n"
            "Values: [8, 5, 7, 3]\n\nExpression: {context}\nValues:",
            ("1", "-4", "8"),
        ),
        (
            "code_run",
            {"input": "Please give me the value of func_3(-12).", "answer": [5]},
            "There is a function called func_3 in the following Python code.\n\n{context}\n\n"
            "Please compute the exact value of func_3(-12). The value of func_3(-12) is",
            ("5",),
        ),
        (
            "longdialogue_qa_eng",
            {"input": "", "answer": ["ACE", "ACE ROTHSTEIN"]},
            "Below is a dialogue script where one random occurrence of a character name is "
            'replaced with "$$MASK$$", and you should try to guess who that character is.\n\n'
            "{context}\n\nThe name that has been replaced with $$MASK$$ is likely",
            ("ACE", "ACE ROTHSTEIN"),
        ),
    ],
)
def test_lines_of_infinitebench(tmp_path, task, fields, prompt, references):
    item = one(tmp_path, f"infinitebench/{task}", {"context": "text {with} signs", **fields})
    assert (item.prompt, item.references) == (prompt, references)
    assert item.documents[0][1] == "text {with} signs"
    assert item.question and CONTEXT not in item.question


def test_a_right_answer_of_infinitebench_scores_1_and_a_wrong_one_0(tmp_path):
    answers = {
        "passkey": ("71432", "71432.", "5"),
        "kv_retrieval": ("a-b", '"a-b"', "a-c"),
        "math_find": (7, "7", "8"),
        "math_calc": ([1, 4], "[1, 4]", "[2]"),
        "code_run": (-5, "It is -5", "5"),
        "longdialogue_qa_eng": (["ACE"], "Ace", "Bob"),
        "longbook_choice_eng": ("Bob", "B", "C"),
        "code_debug": (["Bob", "B"], "B. Bob", "C. Cy"),
        "longbook_sum_eng": ("It rains.", "It rains", "no"),
        "longbook_qa_chn": (["北京"], "北京。", "上"),
    }
    for task, (answer, right, wrong) in answers.items():
        line = {"context": "c", "answer": answer, "options": ["Al", "Bob", "Cy", "Di"]}
        line["input"] = "The largest number of it is? func_1(2)"
        item = one(tmp_path, f"infinitebench/{task}", line)
        score = METRICS[item.metric]
        assert (score(right, item.references), score(wrong, item.references)) == (1, 0), task


def test_lines_of_longbench(tmp_path):
    item = one(tmp_path, "longbench/qmsum", LINES["longbench/qmsum"])
    assert item.prompt == (
        "You are given a meeting transcript and a query containing a question or instruction. "
        "Answer the query in one or more sentences.\n\nTranscript:\n{context}\n\nNow, answer the "
        "query based on the above meeting transcript in one or more sentences.\n\nQuery: What was "
        "decided?\nAnswer:"
    )
    assert item.references == ("They start on Monday.",) and item.max_new_tokens == 512
    report = {**LINES["longbench/qmsum"], "input": ""}
    assert one(tmp_path, "longbench/gov_report", report).question.endswith("Summary:")
    classes = {**LINES["longbench/qmsum"], "answers": ["Date"], "all_classes": ["Date", "City"]}
    item = one(tmp_path, "longbench/trec_e", classes)
    assert item.references == ("Date", "Date", "City")
    assert METRICS[item.metric]("Date\nCity", item.references) == 1


def test_longbench_in_the_folder_that_its_archive_makes(tmp_path):
    write(tmp_path / "data", "longbench/qmsum", LINES["longbench/qmsum"])
    assert len(load(tmp_path, "longbench/qmsum")) == 1


def test_a_line_of_ruler_is_taken_apart(tmp_path):
    line = LINES["ruler/niah_single_1"]
    item = one(tmp_path, "ruler/niah_single_1", line)
    text = item.documents[0][1]
    assert text == "The grass is green.\nOne of the special magic numbers for old-door is: 1234567."
    assert item.prompt.replace(CONTEXT, text) == line["input"]
    assert item.question == (
        "What is the special magic number for old-door mentioned in the provided text?"
    )
    assert item.references == ("1234567",) and item.metric == "ruler_all"


@pytest.mark.parametrize(
    "task, before, text, after, question",
    [
        (
            "vt",
            # A worked example with the same sentences stands before it.
            "Memorize and track the chain(s) of variable assignment hidden in the following text."
            "\n\nVAR A = 1\nQuestion: Find all variables that are assigned the value 1 in the text "
            "above. Answer: A\n\nMemorize and track the chain(s) of variable assignment hidden in "
            "the following text.\n\n",
            "VAR B = 2 VAR C = VAR B",
            "\nQuestion: Find all variables that are assigned the value 2 in the text above. "
            "Answer: they are: ",
            "Find all variables that are assigned the value 2 in the text above.",
        ),
        (
            "cwe",
            "Below is a numbered list of words. In these words, some appear more often than "
            "others. Memorize the ones that appear most often.\n",
            "1. sea 2. sea 3. sky",
            "\nQuestion: What are the 10 most common words in the above list? Answer: they are:",
            "What are the 10 most common words in the above list?",
        ),
        (
            "fwe",
            "Read the following coded text and track the frequency of each coded word. Find the "
            "three most frequently appeared coded words. ",
            "ab .... cd",
            "\nQuestion: Do not provide any explanation. Please ignore the dots '....'. What are "
            "the three most frequently appeared words in the above coded text? Answer: they are:",
            "Do not provide any explanation. Please ignore the dots '....'. What are the three "
            "most frequently appeared words in the above coded text?",
        ),
        (
            "qa_1",
            "Answer the question based on the given documents. Only give me the answer and do not "
            "output any other words.\n\nThe following are given documents.\n\n",
            "Document 1:\nBern is a city.",
            "\n\nAnswer the question based on the given documents. Only give me the answer and do "
            "not output any other words.\n\nQuestion: What is Bern? Answer:",
            "What is Bern?",
        ),
    ],
)
def test_the_other_templates_of_ruler(tmp_path, task, before, text, after, question):
    item = one(tmp_path, f"ruler/{task}", {"input": before + text + after, "outputs": ["B"]})
    assert (item.documents[0][1], item.question) == (text, question)
    assert item.prompt == before + CONTEXT + after


def test_ruler_with_the_beginning_of_the_answer_in_its_own_field(tmp_path):
    line = dict(LINES["ruler/niah_single_1"])
    cut = line["input"].rindex(" The special")
    line |= {"input": line["input"][:cut], "answer_prefix": line["input"][cut:]}
    written = one(tmp_path, "ruler/niah_single_1", LINES["ruler/niah_single_1"])
    assert one(tmp_path, "ruler/niah_single_1", line) == written


@pytest.mark.parametrize("name", LINES)
def test_a_missing_file_says_where_it_comes_from_and_where_to_put_it(tmp_path, name):
    task = name.split("/")[1]
    with pytest.raises(BenchmarkFileError) as caught:
        load(tmp_path / "none", name)
    sentence = str(caught.value)
    assert str(tmp_path / "none") in sentence and task in sentence and "https://" in sentence
    assert "put it there" in sentence and "\n" not in sentence
    assert any(licence in sentence for licence in ("CC-BY-SA-4.0", "MIT", "Apache-2.0"))


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(
    "damaged", [b'{"input": ', b"[1]", b'"text"', b'{"other": 1}', b"\xff\xfe{}", b"[" * 50_000]
)
def test_a_damaged_or_foreign_line_is_refused_by_its_number(tmp_path, name, damaged):
    path = write(tmp_path, name, LINES[name])
    path.write_bytes(path.read_bytes() + b"\n" + damaged + b"\n")
    benchmark, task = name.split("/")
    items = BENCHMARKS[benchmark].load(tmp_path, task)
    assert next(items).id.endswith("/0")
    with pytest.raises(BenchmarkFileError, match=r"line 3 .*https://") as caught:
        next(items)
    assert str(path) in str(caught.value)


ALIKE = {"lveval/loogle_SD_mixup_16k", "longbench/qmsum"}
"""Their lines have the same fields."""


@pytest.mark.parametrize(
    "name, other", [(a, b) for a in LINES for b in LINES if a != b and {a, b} != ALIKE]
)
def test_a_line_of_another_benchmark_is_refused(tmp_path, name, other):
    write(tmp_path, name, LINES[other])
    with pytest.raises(BenchmarkFileError, match="line 1 "):
        load(tmp_path, name)


@pytest.mark.parametrize(
    "name, own, other",
    [
        ("lveval/loogle_SD_mixup_16k", "loogle_SD_mixup", "loogle_CR_mixup"),
        ("lveval/loogle_SD_mixup_16k", "loogle_SD_mixup_16k", "loogle_SD_mixup_32k"),
        ("longbench/qmsum", "qmsum", "qasper"),
    ],
)
def test_a_line_of_another_task_is_refused(tmp_path, name, own, other):
    write(tmp_path, name, {**LINES[name], "dataset": own}, {**LINES[name], "dataset": other})
    with pytest.raises(BenchmarkFileError, match=f"line 2 is of {other}"):
        load(tmp_path, name)
    write(tmp_path, name, {**LINES[name], "dataset": own})
    assert len(load(tmp_path, name)) == 1


@pytest.mark.parametrize(
    "task, fields, fault",
    [
        ("code_run", {"input": "What is it?"}, "calls no function"),
        ("math_find", {"input": "What is it?"}, "names no number"),
        ("code_debug", {"options": ["a", "b"]}, '2 "options" instead of 4'),
        ("code_debug", {"answer": ["x"]}, "none of its"),
        ("passkey", {"answer": []}, 'as "answer"'),
        ("passkey", {"answer": [True]}, 'as "answer"'),
        ("passkey", {"context": "  "}, 'an empty "context"'),
        ("passkey", {"input": 3}, 'no text "input"'),
    ],
)
def test_what_a_line_of_infinitebench_lacks_is_said(tmp_path, task, fields, fault):
    line = {"context": "c", "input": "q", "answer": ["a"], "options": ["a", "b", "c", "d"]}
    write(tmp_path, f"infinitebench/{task}", line | fields)
    with pytest.raises(BenchmarkFileError, match=fault):
        load(tmp_path, f"infinitebench/{task}")


def test_an_empty_file_is_refused(tmp_path):
    write(tmp_path, "longbench/qmsum")
    with pytest.raises(BenchmarkFileError, match="is empty"):
        load(tmp_path, "longbench/qmsum")


def test_a_text_may_hold_line_separators_and_the_file_a_byte_order_mark(tmp_path):
    line = {**LINES["longbench/qmsum"], "context": "one\u2028two\x85three"}
    path = write(tmp_path, "longbench/qmsum", line)
    raw = json.dumps(line, ensure_ascii=False).encode()
    path.write_bytes(b"\xef\xbb\xbf" + raw + b"\r\n" + raw)
    assert [i.documents[0][1] for i in load(tmp_path, "longbench/qmsum")] == [line["context"]] * 2


def test_every_task_names_a_metric_that_exists():
    from evaluation.released import infinitebench, longbench, lveval, ruler

    for module in (infinitebench, longbench, lveval, ruler):
        assert {task.metric for task in module.TASKS.values()} <= set(METRICS), module


def test_a_prompt_is_cut_in_the_middle():
    assert cut_middle(range(10), 10) == list(range(10))
    assert cut_middle(range(10), 4) == [0, 1, 8, 9]
    assert cut_middle(range(10), 5) == [0, 1, 8, 9]
    with pytest.raises(ValueError, match="2 tokens"):
        cut_middle(range(10), 1)


def test_without_its_text_a_prompt_is_an_instruction():
    assert without_context("Sum up.\n\n{context}\n\nSummary:") == "Sum up.\n\nSummary:"
    assert without_context("{context}\nGo on.") == "Go on."
