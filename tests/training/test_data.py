"""Examples are a function of data and seed; a task's evidence is outside sinks and window."""

import json
from random import Random

import pytest

from training import TrainingError
from training.example import score
from training.questions import read_questions
from training.tasks import TASKS, make_task
from training.windows import draw_window

CONTEXT = "The ship left at dawn. Its captain was Iolanthe. " + "It rained all day. " * 40


def write_questions(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_an_example_is_a_function_of_its_index_and_the_seed_and_epochs_differ(corpus_for):
    one, two = corpus_for(made=0.5), corpus_for(made=0.5)
    for index in (0, 3, one.size, 5 * one.size + 1):
        assert one.example(index) == two.example(index)
    first = [one.example(i).ids for i in range(one.size)]
    second = [one.example(i).ids for i in range(one.size, 2 * one.size)]
    assert first != second
    assert one.example(0) != corpus_for(made=0.5, seed=1).example(0)


def test_an_epoch_without_tasks_visits_every_sequence_of_the_text(corpus_for, book):
    corpus = corpus_for()
    seen = {tuple(corpus.example(i).ids) for i in range(corpus.size)}
    text = corpus.tokenizer.encode(book.read_text(encoding="utf-8"))
    assert seen == {tuple(text[i : i + 96]) for i in range(0, len(text) - 95, 96)}


@pytest.mark.parametrize("length", [96, 300, 1024, 24576])
def test_drawn_windows_and_sinks_fit_the_sequence(length):
    rng, seen = Random(0), set()
    limit = length - length // 8
    for _ in range(300):
        window, sinks = draw_window(rng, length, limit)
        assert length / 8 < window and window + sinks <= limit and sinks <= window // 2
        assert sinks == 0 or sinks % 32 == 0
        seen.add((window, sinks))
    assert len(seen) >= 3
    assert draw_window(rng, 96, 84, (24,)) == (24, 0)
    assert draw_window(rng, 96, 84, (24,), (12, 16)) == (24, 12)


def test_a_retained_set_takes_its_share_of_the_window(corpus_for):
    corpus = corpus_for(windows=(40,), retained=(0, 25, 50))
    drawn = [corpus.example(i) for i in range(60)]
    assert {(e.window, e.retain) for e in drawn} == {(40, 0), (30, 10), (20, 20)}
    assert all(min(e.positions) >= e.window + e.sinks + e.retain for e in drawn)
    plain = corpus_for(windows=(40,))
    assert [plain.example(i).retain for i in range(9)] == [0] * 9


def test_scored_positions_are_beyond_the_window_and_their_weights_sum_to_one():
    positions, weights = score(Random(0), 100, 40, 90, 30)
    assert positions[-10:] == list(range(89, 99)), "every answer position comes first"
    assert min(positions) >= 40 and len(positions) == 30 == len(set(positions))
    assert sum(weights) == pytest.approx(1) and sum(weights[-10:]) == pytest.approx(0.5)
    assert score(Random(0), 100, 40, 100, 0)[0] == list(range(40, 99))


@pytest.mark.parametrize("kind", sorted(TASKS))
def test_a_recall_tasks_evidence_is_outside_sinks_and_window(kind, corpus_for):
    corpus, window, sinks, made_count = corpus_for(), 120, 40, 0
    tokenizer = corpus.tokenizer
    for seed in range(30):
        text = corpus.tokens[seed * 50 : seed * 50 + 700].tolist()
        if kind == "entity":
            unique = tokenizer.encode("Of the two it was Rosalind who knew the way. ")
            text = (text[:250] + unique + text[250:])[:700]
        made = make_task(kind, Random(seed), tokenizer, text, window, sinks)
        if made is None:
            continue
        made_count += 1
        assert len(made.ids) <= 700
        first, end = made.evidence
        assert sinks <= first < end <= made.answer_start - window
        answer = tokenizer.decode(made.ids[made.answer_start : -1])
        evidence = tokenizer.decode(made.ids[first:end])
        parts = answer.split(", ") if kind == "pairs" else [answer]
        assert answer and all(part in evidence for part in parts)
        visible = made.ids[:sinks] + made.ids[made.answer_start - window : made.answer_start]
        if kind != "copy":  # this book repeats its sentences
            assert not any(part in tokenizer.decode(visible) for part in parts)
    assert made_count > 15


def test_the_option_made_is_the_share_of_recall_tasks(corpus_for):
    corpus = corpus_for(made=1.0, length=700, windows=(120,))
    kinds = [corpus.example(i).kind for i in range(40)]
    assert {"copy", "pairs"} <= set(kinds) and kinds.count("text") < 8
    assert corpus.example(0).positions[-1] == len(corpus.example(0).ids) - 2
    assert {corpus_for().example(i).kind for i in range(20)} == {"text"}


@pytest.mark.parametrize("name", ["text", "context"])
def test_a_question_is_scored_at_its_answer_and_its_text_is_cut_around_it(
    corpus_for, tmp_path, name
):
    row = {name: CONTEXT, "question": "Who was captain?", "answer": "Iolanthe"}
    path = write_questions(tmp_path / "q.jsonl", row)
    corpus = corpus_for(texts=(path,), length=400)
    assert len(CONTEXT) > 400, "the context is cut, and not where the answer is"
    example = corpus.example(0)
    decode = corpus.tokenizer.decode
    assert example.kind == "question" and len(example.ids) <= 400
    assert decode(example.ids[example.answer_start :]) == "Iolanthe<|im_end|>"
    assert "captain was Iolanthe" in decode(example.ids[: example.answer_start])
    scored = {p + 1 for p in example.positions}
    assert set(range(example.answer_start, len(example.ids))) <= scored


@pytest.mark.parametrize(
    "line, said",
    [
        ('{"text": "a", "question": "b"', "line 2 is not JSON"),
        ('{"text": "a", "question": "b"}', 'line 2 needs "text"'),
        ("[1]", "line 2 is not a JSON object"),
        ("[" * 100_000, "line 2 is not JSON"),
    ],
)
def test_a_malformed_question_file_raises_an_error_with_the_line(corpus_for, tmp_path, line, said):
    path = tmp_path / "q.jsonl"
    path.write_text('{"text": "a", "question": "b", "answer": "c"}\n' + line, encoding="utf-8")
    with pytest.raises(TrainingError, match=said):
        corpus_for(texts=(path,))


def test_only_a_line_feed_ends_a_question(tmp_path):
    """JSON texts may hold other line separators as they are."""
    text = "One line.\u2028Another.\x85A third."
    line = json.dumps({"text": text, "question": "b", "answer": "c"}, ensure_ascii=False)
    path = tmp_path / "q.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n")
    assert [q.context for q in read_questions(path)] == [text]


def test_too_little_text_and_an_empty_folder_raise_an_error(corpus_for, tmp_path):
    with pytest.raises(TrainingError, match="holds no texts"):
        corpus_for(texts=(tmp_path,))
    (tmp_path / "short.txt").write_text("Too short.", encoding="utf-8")
    (tmp_path / "sheet.md").write_bytes(b"\x7fELF" + bytes(100))
    with pytest.raises(TrainingError, match="fewer than one sequence"):
        corpus_for(texts=(tmp_path,))


def test_an_unreadable_file_in_a_folder_is_skipped_with_a_note(corpus_for, tmp_path):
    (tmp_path / "long.txt").write_text(CONTEXT, encoding="utf-8")
    (tmp_path / "tool.md").write_bytes(b"\x7fELF" + bytes(100))
    corpus = corpus_for(texts=(tmp_path,))
    assert corpus.size == len(CONTEXT) // 96
    (note,) = corpus.notes
    assert note.startswith("Left out: tool.md")


@pytest.mark.parametrize(
    "options, said",
    [
        ({"length": 3}, "length must be 16"),
        ({"steps": 0}, "steps must be 1"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0"),
        ({"made": 1.5}, "made is a share"),
        ({"windows": (24, 90)}, "window of 90 does not fit"),
        ({"texts": ()}, "nothing to train on"),
    ],
)
def test_settings_out_of_range_raise_an_error(settings_for, options, said):
    with pytest.raises(TrainingError, match=said):
        settings_for(**options)
