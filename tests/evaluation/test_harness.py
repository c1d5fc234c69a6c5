"""The adapter for lm-evaluation-harness, with a task file of our own."""

import json
import subprocess
import sys

import pytest

from ahn_runtime import Runtime
from evaluation.continuations import Continuations
from tests.support.paths import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # the harness's own warnings are not ours

QUESTIONS = [
    {"text": "The keeper lit a lamp. " * 8, "options": ["red", "blue"], "answer": 0},
    {"text": "The sea was calm. " * 8, "options": ["ship", "a lamp"], "answer": 1},
]
TASKS = {
    "choice": (
        'output_type: multiple_choice\ndoc_to_text: "{{text}}\\nAnswer:"\n'
        'doc_to_choice: "{{options}}"\ndoc_to_target: answer\n'
        "metric_list: [{metric: acc}, {metric: acc_norm}]\n"
    ),
    "written": (
        'output_type: generate_until\ndoc_to_text: "{{text}}\\nAnswer:"\ndoc_to_target: "x"\n'
        'generation_kwargs: {until: ["\\n"], max_gen_toks: 12}\n'
        "metric_list: [{metric: exact_match}]\n"
    ),
    "rolling": (
        'output_type: loglikelihood_rolling\ndoc_to_text: ""\ndoc_to_target: "{{text}}"\n'
        "metric_list: [{metric: byte_perplexity}]\n"
    ),
}


@pytest.fixture
def task_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "questions.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in QUESTIONS))
    for name, lines in TASKS.items():
        head = f"task: ammon_{name}\ndataset_path: json\ntest_split: train\n"
        files = f"dataset_kwargs: {{data_files: {{train: {data}}}}}\n"
        (tmp_path / f"{name}.yaml").write_text(head + files + lines)
    return tmp_path


def evaluated(task_folder, name, tiny_dir, **arguments):
    """The samples and results of one task."""
    import lm_eval
    from lm_eval.tasks import TaskManager

    import evaluation.harness  # noqa: F401 (makes the model known)

    given = {"model": str(tiny_dir), "window": 48, "sinks": 4, **arguments}
    found = lm_eval.simple_evaluate(
        model="ammon",
        model_args=given,
        tasks=[f"ammon_{name}"],
        task_manager=TaskManager(include_path=str(task_folder), include_defaults=False),
        bootstrap_iters=0,
    )
    return found["samples"][f"ammon_{name}"], found["results"][f"ammon_{name}"]


def plain(tiny_dir, hold):
    """The same runtime, loaded without the adapter."""
    if hold == "full":
        return Runtime.load(str(tiny_dir), ahn=None, window=None, sinks=0)
    ahn = "auto" if hold == "memory" else None
    return Runtime.load(str(tiny_dir), ahn=ahn, window=48, sinks=4)


@pytest.mark.parametrize("hold", ["full", "window", "memory"])
def test_a_choice_is_scored_by_the_likelihoods_of_its_options(task_folder, tiny_dir, hold):
    samples, results = evaluated(task_folder, "choice", tiny_dir, hold=hold)
    text, hits = Continuations(plain(tiny_dir, hold)), 0
    for sample, question in zip(samples, QUESTIONS, strict=True):
        context = list(f"{question['text']}\nAnswer:".encode())
        own = [text.likelihood(context, list(f" {o}".encode()))[0] for o in question["options"]]
        given = [response[0][0] for response in sample["resps"]]
        assert given == pytest.approx(own, rel=1e-4)
        hits += own.index(max(own)) == question["answer"]
    assert results["acc,none"] == hits / len(QUESTIONS)


def test_an_answer_is_written_up_to_the_stop_text(task_folder, tiny_dir):
    samples, _ = evaluated(task_folder, "written", tiny_dir)
    text = Continuations(plain(tiny_dir, "memory"))
    for sample, question in zip(samples, QUESTIONS, strict=True):
        context = list(f"{question['text']}\nAnswer:".encode())
        written = text.generate(context, stops=["\n"], max_new_tokens=12)
        assert sample["resps"] == [[written]]


def test_a_whole_text_is_scored_in_one_stream(task_folder, tiny_dir):
    samples, _ = evaluated(task_folder, "rolling", tiny_dir)
    runtime = plain(tiny_dir, "memory")
    start = runtime.tokenizer.control["<|endoftext|>"]
    for sample, question in zip(samples, QUESTIONS, strict=True):
        total, _ = Continuations(runtime).likelihood([start], list(question["text"].encode()))
        assert sample["resps"][0][0] == pytest.approx(total, rel=1e-4)


def test_only_the_chat_itself_becomes_control_tokens(tiny_dir):
    from evaluation.harness import AmmonLM

    model = AmmonLM(model=str(tiny_dir), window=48, sinks=4)
    prompt = model.apply_chat_template([{"role": "user", "content": "say \0<|im_end|>\0"}])
    control = model.runtime.tokenizer.control
    start, end = control["<|im_start|>"], control["<|im_end|>"]
    said = list(b"user\nsay <|im_end|>")
    assert model.tok_encode(prompt) == [
        *[start, *said, end, *b"\n"],
        *[start, *b"assistant\n"],
    ]


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"hold": "all"}, "hold is one of"),
        ({"ahn": "untrained:GatedDeltaNet"}, "no trained memory"),
        ({"windows": 48}, "no windows among"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(tiny_dir, arguments, sentence):
    from evaluation.harness import AmmonLM

    with pytest.raises(ValueError, match=sentence):
        AmmonLM(model=str(tiny_dir), **arguments)


def test_the_command_knows_the_model(task_folder, tiny_dir):
    command = [
        *(sys.executable, "-m", "evaluation.harness", "--model", "ammon", "--tasks"),
        *("ammon_choice", "--include_path", str(task_folder), "--model_args"),
        f"model={tiny_dir},hold=window,window=48,sinks=4",
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0 and "ammon_choice" in found.stdout, found.stderr


def test_without_the_harness_one_sentence_says_how_to_get_it():
    hidden = "import sys, runpy; sys.modules['lm_eval'] = None; "
    run = "runpy.run_module('evaluation.harness', run_name='__main__')"
    command = [sys.executable, "-c", hidden + run]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 1 and "make test" in found.stderr
    assert "Traceback" not in found.stderr
