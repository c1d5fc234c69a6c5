"""Tasks under all variants: resumed after a kill, costs as the runtime counts them, right sums."""

import json
import time
from pathlib import Path

import pytest

from ahn_runtime import Runtime
from ahn_runtime.accounting import block_flops
from ahn_runtime.loading.tiny import write_tiny
from app.cli.evaluate import ASSISTANT_FOLDER
from evaluation.answering.likelihood import most_likely
from evaluation.answering.reply import Reading, Reply
from evaluation.answering.streamed import Streamed, cut_middle, library_text
from evaluation.declining import declines
from evaluation.results.code_hash import ASSISTANT_CODE, MODEL_CODE
from evaluation.results.intervals import interval
from evaluation.results.result import Result, is_declined, score, shows_answer
from evaluation.results.result_file import ResultFile, fingerprint_of
from evaluation.results.summary import summarise
from evaluation.results.tables import tables
from evaluation.run import Batch, run_variant
from evaluation.suite import QUICK_GENERATED, VARIANTS, Suite, SuiteSettings
from evaluation.tasks.item import Item
from evaluation.tasks.options import TaskOptions
from evaluation.tasks.registry import TASKS
from tests.support import warm
from tests.support.paths import ROOT
from tests.test_imports import imported
from training import chat

DOCUMENTS = (("The mill", "The miller kept a blue lamp. " * 30), ("The weir", "Ann built it."))
READING = Reading(10, 2.0, 100)


def item(name="q", prompt="", references=("a lamp",), choices=(), documents=DOCUMENTS):
    return Item(name, documents, "What?", prompt, references, choices, 6, "token_f1")


def reply(text="a lamp", **other):
    return Reply(text, 2, 0.5, 1.0, 50, 1000, **other)


def result(variant="full", name="q", noise="", scored=1.0, answerable=True, declined=False):
    return Result(
        fingerprint=f"{variant}{name}{noise}",
        task="t",
        noise=noise,
        variant=variant,
        item=name,
        library="L",
        score=scored,
        answerable=answerable,
        declined=declined,
        obeyed=False,
        shown=None,
        reading=READING,
        reply=reply(),
    )


@pytest.fixture(scope="module")
def runtime(tiny_dir):
    return Runtime.load(tiny_dir, window=48, sinks=4)


def answers(variant, *items, finished=None, options=None):
    batch = Batch("t", "", items)
    return run_variant(
        [batch], variant, options or {}, ResultFile(None) if finished is None else finished, print
    )


@pytest.mark.parametrize("prompt", ["", "Read:\n{context}\nWhat colour?"])
def test_an_answer_is_the_greedy_one_after_the_whole_prompt(runtime, prompt):
    asked = item(prompt=prompt)
    (found,) = answers(Streamed("memory", runtime), asked)
    tokenizer, session = runtime.tokenizer, runtime.session()
    before, _, after = prompt.partition("{context}")
    ids = [*chat.opening(tokenizer), *tokenizer.encode(before + library_text(asked))]
    if prompt:
        control = tokenizer.control
        end = [control[chat.END], *tokenizer.encode("\n"), control[chat.START]]
        ids += [*tokenizer.encode(after), *end, *tokenizer.encode("assistant\n")]
    else:
        ids += chat.closing(tokenizer, "Answer in a few words: What?")
    session.feed(ids, logits=None)
    assert found.reply.text == tokenizer.decode(list(session.generate(6))).strip()
    assert found.reply.bytes_held == session.cache_bytes
    assert found.reply.flops > 0


def test_titles_stand_above_the_texts_only_without_a_prescribed_prompt():
    assert library_text(item()).startswith("# The mill\n\nThe miller")
    assert library_text(item(prompt="{context}")) == "\n\n".join(text for _, text in DOCUMENTS)


def test_the_reading_costs_what_the_runtime_counts(runtime):
    (found,) = answers(Streamed("memory", runtime), item())
    counted, at, size = 0, 0, runtime.block_tokens
    while at < found.reading.tokens:
        tokens = min(size, found.reading.tokens - at)
        counted += block_flops(runtime.config, runtime.stream, at, tokens, 1)[0]
        at += tokens
    assert found.reading.flops == counted and found.reading.left_out == 0


def test_the_floor_is_asked_without_the_text_and_full_attention_loses_the_middle(runtime):
    none, cut = Streamed("none", runtime, 0), Streamed("full", runtime, 100)
    (floor,) = answers(none, item())
    assert floor.reading.tokens == len(chat.opening(runtime.tokenizer))
    (full,) = answers(cut, item())
    length = len(runtime.tokenizer.encode(library_text(item())))
    assert full.reading.left_out == length - 100
    assert cut_middle(list(range(10)), 5) == [0, 1, 2, 8, 9]
    assert cut_middle(list(range(5)), 5) == list(range(5))


def test_a_library_is_read_once_for_all_its_items(runtime, monkeypatch):
    read = []
    variant = Streamed("memory", runtime)
    inner = variant.read
    monkeypatch.setattr(variant, "read", lambda i, p: read.append(i.id) or inner(i, p))
    other = item("c", documents=(("Other", "text"),))
    answers(variant, item("a"), other, item("b"))
    assert read == ["a", "c"]


def test_the_most_likely_option_is_chosen_by_its_likelihood_per_byte(runtime):
    session = runtime.session()
    session.feed(runtime.tokenizer.encode("The lamp was "), logits=None)
    choices = ("blue", "of a colour that nobody had seen", "red")
    per_byte = []
    for choice in choices:
        fork, total = session.fork(), 0.0
        for token_id in runtime.tokenizer.encode(choice):
            total += float(fork.next_logits()[0].log_softmax(-1)[token_id])
            fork.feed([token_id], logits=None)
        per_byte.append(total / len(choice))
    text, flops = most_likely(session, choices)
    assert text == choices[per_byte.index(max(per_byte))] and flops > 0
    (found,) = answers(Streamed("memory", runtime), item(choices=choices))
    assert found.reply.text in choices and found.reply.tokens == 0


def test_finished_answers_are_not_asked_again_but_those_of_other_options_are(runtime, tmp_path):
    path, variant = tmp_path / "answers.jsonl", Streamed("memory", runtime)
    first = answers(variant, item("a"), item("b"), finished=ResultFile(path))
    lines = path.read_bytes().splitlines()
    path.write_bytes(lines[0] + b"\n" + lines[1][:40])  # killed while it wrote
    again = answers(variant, item("a"), item("b"), finished=ResultFile(path))
    assert again[0] == first[0] and again[1].reply.text == first[1].reply.text
    assert len(path.read_bytes().splitlines()) == 3 and len(ResultFile(path)) == 2
    answers(variant, item("a"), finished=ResultFile(path), options={"window": 7})
    answers(variant, item("a", references=("b",)), finished=ResultFile(path))
    assert len(ResultFile(path)) == 4


def test_a_fingerprint_changes_with_everything_that_decides_an_answer():
    base = ("t", "", "full", {"w": 1}, item())
    others = [
        ("u", *base[1:]),
        ("t", "ocr", *base[2:]),
        (*base[:2], "window", *base[3:]),
        (*base[:3], {"w": 2}, base[4]),
        (*base[:4], item(documents=(("The mill", "other"),))),
    ]
    found = [fingerprint_of(*arguments) for arguments in (base, *others)]
    assert len(set(found)) == 6 and found[0] == fingerprint_of(*base)


def test_scores_of_answerable_and_unanswerable_items():
    assert score(item(), reply("the lamp")) == 1
    assert score(item(references=()), reply("The lamp.")) == 0
    assert score(item(references=()), reply("I could not find it.")) == 1


@pytest.mark.parametrize(
    "text, expected",
    [
        ("I could not find it.", True),
        ("The passages do not mention a lamp.", True),
        ("It is not stated in the text.", True),
        ("There is no information about that.", True),
        ("", True),
        ("A lamp that he did not like.", False),
        ("He could not sleep.", False),
        ("The miller's wife, for she had no children.", False),
        ("There was no answer from the mill.", False),
        ("He did not know her name.", False),
    ],
)
def test_an_answer_that_declines(text, expected):
    assert declines(text) == expected


def test_an_answer_is_shown_if_a_passage_has_it_word_for_word():
    assert shows_answer(item(), reply(passages=("He had a Lamp.",)))
    assert shows_answer(item(), reply(passages=("He had lamps.",))) is False
    assert shows_answer(item(), reply()) is None


def test_intervals_worked_by_hand():
    # Wilson for 8 of 10: centre (0.8 + 0.19208) / 1.38416, half 0.22656 by the formula.
    assert interval([1.0] * 8 + [0.0] * 2) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert interval([1.0] * 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    # t for 3 values: mean 0.5, deviation 0.1, 4.303 * 0.1 / sqrt(3).
    assert interval([0.4, 0.5, 0.6]) == pytest.approx((0.2516, 0.7484), abs=1e-4)
    assert interval([0.5]) == (0.0, 1.0)


def test_a_summary_pairs_items_with_the_baseline_and_with_the_texts_without_noise():
    results = [
        result("full", "a", scored=0.2),
        result("full", "b", scored=0.4),
        result("window", "a", scored=0.5),
        result("window", "b", scored=0.9),
        result("window", "a", noise="ocr", scored=0.1),
        result("window", "b", noise="ocr", scored=0.3),
    ]
    full, window, noisy = summarise(results, "full")
    assert full.gain is None and full.loss is None
    assert window.gain == pytest.approx(0.4) and window.score == pytest.approx(0.7)
    assert noisy.loss == pytest.approx(0.5) and noisy.gain is None
    assert (window.read_tokens, window.read_seconds, window.read_flops) == (10, 2.0, 100)
    assert (window.answer_s, window.answer_flops, window.bytes_held) == (1.0, 50, 1000)


def test_what_the_assistant_says_before_a_guess_declines():
    unanswerable = item(references=())
    assert is_declined(reply("It was a lamp.", says_nothing_found=True))
    assert score(unanswerable, reply("It was a lamp.", says_nothing_found=True)) == 1.0
    assert is_declined(reply("The text does not say."))
    assert not is_declined(reply("It was a lamp."))
    assert score(unanswerable, reply("It was a lamp.")) == 0.0
    assert score(item(), reply("a lamp", says_nothing_found=True)) == 1.0


def test_declined_and_wrongly_declined_are_told_apart():
    results = [
        result(name="x/1", scored=1.0, answerable=False, declined=True),
        result(name="x/2", scored=0.0, answerable=False),
        result(name="y/1", scored=0.0, declined=True),
        result(name="y/2", scored=1.0),
        result(name="y/3", scored=1.0),
    ]
    rows = summarise(results, "full")
    assert rows[0].declined == 0.5 and rows[0].wrongly_declined == pytest.approx(1 / 3)
    assert rows[0].score == pytest.approx(2 / 3), "unanswerable items have rates of their own"
    assert [row.group for row in rows[1:]] == ["x", "y"]
    text = tables(rows, "full", with_groups=True)
    assert "| t | full | 5 | 0.667 [0.208, 0.939] | 50% | 33% |" in text


def test_a_model_without_a_memory_is_refused_at_once_and_what_is_finished_is_kept(tmp_path):
    plain = Runtime.load(write_tiny(tmp_path / "tiny", None), ahn=None, window=48, sinks=4)

    def run(items: int, *variants: str) -> None:
        options = TaskOptions(plain.tokenizer.encode, items=items, lengths=(400,))
        settings = SuiteSettings(("passkey",), options, variants)
        Suite(settings, lambda with_memory: plain, None, tmp_path, print).run()

    run(1, "window")
    with pytest.raises(ValueError, match="has no memory: name one with --ahn"):
        run(2, "window", "memory")
    assert len(ResultFile(tmp_path / "answers.jsonl")) == 1


@pytest.mark.parametrize(
    "names", [{"tasks": ("nonsense",)}, {"variants": ("fast",)}, {"noises": ("x",)}]
)
def test_unknown_names_are_refused_with_the_known_ones(names):
    settings = {"tasks": ("passkey",), "options": TaskOptions(str.encode), **names}
    with pytest.raises(ValueError, match="takes .+, .+; got"):
        SuiteSettings(**settings)


def command(tiny_dir, folder, *more):
    base = ["evaluate", "passkey", "--output", str(folder)]
    model = ["--model", str(tiny_dir), "--window", "1500", "--sinks", "64"]
    return [*base, *model, "--items", "3", "--length", "2500", *more]


def run(arguments, folder):
    return warm.run(arguments, folder / "command")


def test_no_other_folder_in_the_folder_of_the_answers_is_touched(tiny_dir, tmp_path):
    folder = tmp_path / "out"
    own = folder / "assistant" / "letter.txt"
    own.parent.mkdir(parents=True)
    own.write_text("Dear Ishmael", encoding="utf-8")
    more = ("--variants", "none,recall", "--items", "1", "--length", "300")
    done = run(command(tiny_dir, folder, *more), tmp_path)
    assert done.returncode == 0, done.stderr
    assert own.read_text(encoding="utf-8") == "Dear Ishmael"
    assert sorted(path.name for path in folder.iterdir()) == [
        "answers.jsonl",
        "assistant",
        "passkey.json",
        "passkey.md",
    ]


def test_a_killed_evaluation_resumes_and_loses_at_most_one_answer(tiny_dir, tmp_path):
    """All variants through the command line, killed with SIGKILL while it runs."""
    folder = tmp_path / "out"
    answers = folder / "answers.jsonl"
    process = warm.start(command(tiny_dir, folder), tmp_path / "killed")
    deadline = time.monotonic() + 120
    while not answers.exists() or answers.read_bytes().count(b"\n") < 7:
        said = (tmp_path / "killed.err").read_text() if process.exitcode is not None else ""
        assert process.exitcode is None and time.monotonic() < deadline, said
        time.sleep(0.01)
    process.kill()
    process.join()
    before = answers.read_bytes().splitlines()
    done = run(command(tiny_dir, folder, "--json"), tmp_path)
    assert done.returncode == 0, done.stderr
    after = answers.read_bytes().splitlines()
    assert after[: len(before)] == before and len(after) == 3 * len(VARIANTS)
    assert "items were finished before" in done.stderr and "left for this variant" in done.stderr
    rows = {row["way"]: row for row in json.loads(done.stdout)["rows"] if not row["group"]}
    assert list(rows) == list(VARIANTS)
    assert (
        rows["none"]["read_tokens"] < rows["full"]["read_tokens"] == rows["memory"]["read_tokens"]
    )
    assert rows["full"]["bytes_held"] > rows["window"]["bytes_held"]
    assert rows["full"]["read_flops"] > rows["window"]["read_flops"]
    assert rows["recall"]["shown"] == 1 and rows["full"]["shown"] is None
    assert rows["recall"]["answer_flops"] > 0 and rows["recall"]["bytes_held"] > 0
    assert (folder / "passkey.md").read_text().startswith("| task | variant | items | score |")
    assert not (folder / ASSISTANT_FOLDER).exists(), "the sessions of the assistant are gone"


def test_an_error_of_the_command_is_one_sentence(tiny_dir, tmp_path):
    arguments = command(tiny_dir, tmp_path, "--variants", "window")
    arguments[arguments.index("passkey")] = "quality"
    done = run(arguments, tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.count("Error: ") == 1 and "--data" in done.stderr


def test_all_quick_takes_a_few_generated_tasks_and_leaves_out_those_without_data(runtime, tmp_path):
    options = TaskOptions(runtime.tokenizer.encode, items=50)
    said = []
    settings = SuiteSettings(("all",), options, ("none",), quick=True)
    suite = Suite(settings, lambda with_memory: runtime, None, None, said.append)
    names = [batch.task for batch in suite.batches]
    assert names == list(QUICK_GENERATED) and {len(batch.items) for batch in suite.batches} == {2}
    assert len(said) == sum(task.needs_data for task in TASKS.values())
    assert "fairytaleqa is left out: " in said[0] and "--data" in said[0]


def test_noise_is_asked_beside_the_texts_as_they_are(runtime):
    wide = runtime.with_stream(window=1000)
    options = TaskOptions(runtime.tokenizer.encode, items=2, lengths=(1600,))
    settings = SuiteSettings(("passkey",), options, ("window",), ("orders",))
    suite = Suite(settings, lambda with_memory: wide, None, None, print)
    suite.run()
    clean, noisy = [row for row in suite.rows if not row.group]
    assert (clean.noise, clean.obeyed, clean.loss) == ("", None, None)
    assert (noisy.noise, noisy.obeyed, noisy.loss) == ("orders", 0, 0)
    assert "lost by the noise" in suite.tables() and "passkey, orders" in suite.tables()


@pytest.mark.slow
def test_the_real_model_finds_a_pass_key_that_it_sees_and_none_without_the_text(embedded):
    options = TaskOptions(embedded.tokenizer.encode, items=2, lengths=(400,), depths=(50,))
    settings = SuiteSettings(("passkey",), options, ("none", "full"))
    suite = Suite(settings, lambda with_memory: embedded, None, None, print)
    suite.run()
    scores = {row.variant: row.score for row in suite.rows if not row.group}
    assert scores == {"none": 0, "full": 1}


def test_the_code_hash_covers_all_that_decides_what_is_stored_of_an_answer():
    """The words that decline were not in it: stored answers were mixed with newly counted ones."""
    covered = [ROOT / part for part in MODEL_CODE]
    waiting = [ROOT / "evaluation" / "results" / "result.py"]
    waiting += (ROOT / "evaluation" / "answering").glob("*.py")
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        assert any(path.is_relative_to(part) for part in covered), path
        for name in imported(path):
            file = ROOT / f"{name.replace('.', '/')}.py"
            if file.is_file() and name.partition(".")[0] != "ahn_runtime":
                waiting.append(file)
    assert ROOT / "app/service/answering/declining.py" in seen
    assert all(part.exists() for part in [ROOT / part for part in ASSISTANT_CODE])
