"""Memory reports: no gain from a memory that adds nothing; gains paired by document."""

import itertools
import json
import math
import statistics

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.loading.memory_gain import MemoryGain
from evaluation import divergence, drift, probe, questions, recall
from evaluation.divergence import Measurement
from evaluation.memory import PARTS, MemoryReport, MemorySettings
from evaluation.scoring import NO_INTERVAL, half_interval
from evaluation.texts import middle, stream
from evaluation.variants import FULL, WINDOW
from tests.support import warm


@pytest.fixture
def texts(tmp_path):
    paths = []
    for i in range(2):
        path = tmp_path / f"{i}.txt"
        path.write_text(f"The keeper number {i} lit a lamp and read of the sea. " * 40)
        paths.append(path)
    return paths


@pytest.fixture
def plain(tiny_dir):
    return Runtime.load(str(tiny_dir), ahn=None, window=48, sinks=4)


@pytest.fixture
def trained(tiny_dir):
    return Runtime.load(str(tiny_dir), window=48, sinks=4)


def test_a_memory_that_adds_nothing_gains_nothing(tiny_dir, plain, texts):
    none = Runtime.load(str(tiny_dir), ahn="untrained:GatedDeltaNet", window=48, sinks=4)
    measurements = list(divergence.measure(plain, {"none": none}, texts, [48, 96], 4, 640))
    assert len(measurements) == 2 * 2 * 3
    by_variant = {(m.document, m.window, m.variant): m for m in measurements}
    for (document, window, variant), m in by_variant.items():
        assert m.divergence == (0 if variant == FULL else pytest.approx(m.divergence))
        if variant == "none":
            alone = by_variant[document, window, WINDOW]
            assert alone.divergence > 0
            assert m.divergence == pytest.approx(alone.divergence, abs=1e-6)
            assert m.by_distance == pytest.approx(alone.by_distance, abs=1e-6)


def test_the_divergence_equals_that_of_two_plain_sessions(plain, trained, texts):
    """Compared with logits from a single feed, at the same positions."""
    measurements = list(divergence.measure(plain, {"m": trained}, texts[:1], [48], 4, 640))
    ids = middle(texts[0], plain.tokenizer, 640)
    full, memory = (
        r.session().feed(ids, logits="all").log_softmax(-1)
        for r in (plain.with_stream(window=None, sinks=0), trained)
    )
    kl = (full.exp() * (full - memory)).sum(-1)
    size, scored = divergence.PIECE_TOKENS, divergence.SCORED_TOKENS
    at = [t for t in range(639) if t % size >= size - scored and t >= 52]
    found = next(m for m in measurements if m.variant == "m")
    assert found.divergence == pytest.approx(float(kl[at].mean()), rel=1e-4)
    entropy = -memory[at].gather(1, plain_targets(ids, at)).mean()
    assert found.entropy == pytest.approx(float(entropy), rel=1e-4)


def plain_targets(ids, at):
    return torch.tensor([[ids[t + 1]] for t in at])


def test_a_window_over_the_whole_text_raises_an_error(plain, texts):
    with pytest.raises(ValueError, match="leaves nothing beyond it"):
        list(divergence.measure(plain, {}, texts, [600], 4, 640))


def test_texts_that_are_too_short_are_skipped_and_logged(plain, texts):
    lines = []
    assert list(divergence.measure(plain, {}, texts, [48], 4, 30_000, lines.append)) == []
    assert "shorter than 30,000 tokens" in lines[0]


def test_gains_are_paired_by_document_and_intervals_are_over_documents():
    measurements = [
        Measurement(str(i), 64, variant, value, 1.0, (value,))
        for i, pair in enumerate([(4.0, 3.0), (2.0, 0.0)])
        for variant, value in zip((WINDOW, "m"), pair, strict=True)
    ]
    alone, row = divergence.summarise(measurements)
    assert (alone.divergence, row.divergence, row.documents) == (3.0, 1.5, 2)
    assert row.gain == 1.5 and row.gain_share == 0.5
    assert row.gain_plus_minus == pytest.approx(12.706 * statistics.stdev([1, 2]) / math.sqrt(2))
    assert row.by_distance == (1.5,)


def test_intervals_use_students_t():
    assert half_interval([1.0]) is None
    values = [float(i % 7) for i in range(10)]
    expected = 2.262 * statistics.stdev(values) / math.sqrt(10)
    assert half_interval(values) == pytest.approx(expected)
    assert half_interval(values * 10) == pytest.approx(
        1.96 * statistics.stdev(values * 10) / math.sqrt(100)
    )


def test_every_needle_is_in_the_text_at_its_distance(plain):
    tokenizer = plain.tokenizer
    text = tokenizer.encode("And so the ship went on over the grey sea. " * 40)
    ids, planted = recall.plant(tokenizer, text, 6, seed=3)
    assert [needle.kind for needle in planted] == [recall.PASSKEY, recall.NEEDLE] * 3
    for needle in planted:
        end = len(ids) - needle.distance
        text_before = tokenizer.decode(ids[:end])
        cue, answer = (tokenizer.decode(part) for part in (needle.cue, needle.answer))
        assert text_before.endswith(f"{cue}{answer}.\n\n")
        assert tokenizer.decode(ids).count(f"{cue}{answer}") == 1


def test_recall_asks_every_variant_and_splits_at_the_window(plain, trained, texts):
    answers = list(recall.measure(plain, {"m": trained}, texts, 400, 4, 900, 4))
    assert len(answers) == 2 * 3 * 4
    inside = [a for a in answers if a.distance < 350]
    full = {(a.document, a.distance): a.entropy for a in answers if a.variant == FULL}
    for answer in inside:
        if answer.variant == WINDOW:
            assert answer.entropy != full[answer.document, answer.distance]
    rows = recall.summarise(answers)
    assert {row.side for row in rows} == {recall.INSIDE, recall.OUTSIDE}
    assert sum(row.asked for row in rows) == len(answers)


def test_exact_answers_score_one():
    answers = [recall.Answer("d", 8, "w", recall.PASSKEY, d, True, 0.0) for d in (3, 9)]
    assert [row.exact for row in recall.summarise(answers)] == [1.0, 1.0]


def test_drift_measures_the_memory_of_a_session(trained, texts):
    history = list(drift.measure(trained, texts, 400, 100))
    assert [stats.tokens for stats in history] == [100, 200, 300, 400]
    session = trained.session()
    ids = itertools.chain.from_iterable(stream(texts, trained.tokenizer))
    session.feed(list(itertools.islice(ids, 400)), logits=None)
    norms = [float(m.norm()) for layer in session.state.layers for m in layer.memory]
    assert history[-1].norm[1] == pytest.approx(statistics.median(norms), rel=1e-3)
    assert history[-1].half_life is not None and all(v > 0 for v in history[-1].half_life)
    assert history[-1].age is None, "without a retained set"


def test_drift_measures_the_loss_and_the_retained_set_of_a_session(trained, plain, texts):
    runtime = trained.with_stream(window=20, retain=9)
    history = list(drift.measure(runtime, texts, 400, 100))
    session = runtime.session()
    ids = list(
        itertools.islice(itertools.chain.from_iterable(stream(texts, runtime.tokenizer)), 400)
    )
    log_p = session.feed(ids, logits="all").log_softmax(-1)
    expected = -log_p[300:399].gather(1, torch.tensor(ids[301:])[:, None]).mean()
    assert history[-1].loss == pytest.approx(float(expected), abs=1e-3)
    ages = [400 - p for layer in session.state.layers for p in layer.retained.flatten().tolist()]
    assert history[-1].age[1] == pytest.approx(statistics.median(ages), abs=2)
    assert min(ages) >= 20
    alone = list(drift.measure(plain.with_stream(window=20), texts, 200, 100))
    assert [stats.norm for stats in alone] == [None, None]


def test_the_probe_without_a_memory_raises_an_error(plain):
    with pytest.raises(ValueError, match="no memory to probe"):
        probe.measure(plain, list(range(100)), 48, 4, 8)


def test_the_influence_of_a_token_equals_a_finite_difference_of_the_loss(trained, texts):
    """The difference is taken by a slightly stronger or weaker write of one token in one head."""

    from training.distill import Window, student_forward, teacher_forward

    ids, view, scored = middle(texts[0], trained.tokenizer, 120), Window(48, 4, 120), 8
    found = probe.measure(trained, ids, 48, 4, scored)
    assert len(found.tokens) == len(found.influence) == 120 - 52 - scored
    assert "".join(found.tokens) == trained.tokenizer.decode(ids[4 : 4 + len(found.tokens)])

    model, tokens = trained.model, torch.tensor(ids)
    teacher_states, shares = teacher_forward(model, trained.backend, tokens, view)
    config, token = trained.config, 20
    rows = slice(120 - 52 - scored - 1, 120 - 52 - 1)

    def loss(layer, head, step):
        strengths = torch.ones(config.num_layers, config.num_heads, 120 - 52)
        strengths[layer, head, token] += step
        with torch.no_grad():
            student_states = student_forward(
                model, trained.backend, tokens, view, shares, strengths=strengths
            )
        full, memory = (
            model.lm_head(t[rows]).log_softmax(-1) for t in (teacher_states, student_states)
        )
        return float((full.exp() * (full - memory)).sum(-1).mean())

    slopes = [
        (loss(layer, head, 0.05) - loss(layer, head, -0.05)) / 0.1
        for layer in range(config.num_layers)
        for head in range(config.num_heads)
    ]
    expected = math.sqrt(sum(slope**2 for slope in slopes))
    assert found.influence[token] == pytest.approx(expected, rel=0.05)


@pytest.fixture
def asked(tmp_path):
    """A question file with questions about two texts."""
    lines = [
        {
            "context": f"In year {i} the keeper Ruth painted the door blue. " * 12,
            "question": question,
            "answer": answer,
        }
        for i in range(2)
        for question, answer in (
            ("Who painted the door?", ["Ruth", "the keeper Ruth"]),
            ("Which colour?", "blue"),
        )
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_questions_are_asked_of_every_variant_after_one_reading(plain, trained, asked):
    results = list(questions.measure(plain, {"m": trained}, [asked], 100, 4))
    assert len(results) == 2 * 2 * 3
    entropies = {(r.variant, r.text, r.question): r.entropy for r in results}
    for variant, *rest in entropies:
        if variant == FULL:
            assert entropies["m", *rest] != entropies[WINDOW, *rest]
    rows = questions.summarise(results)
    assert [(row.variant, row.texts, row.questions) for row in rows] == [
        (FULL, 2, 4),
        (WINDOW, 2, 4),
        ("m", 2, 4),
    ]
    assert rows[1].f1_gain == rows[1].entropy_gain == 0


def small(model, texts, **others):
    """Settings of a report that takes seconds."""
    return MemorySettings(
        texts=tuple(texts),
        model=str(model),
        windows=(48,),
        sinks=4,
        length=640,
        recall_window=300,
        needles=4,
        drift_every=100,
        **others,
    )


def test_a_report_writes_json_tables_and_figures_of_every_part(tiny_dir, texts, asked, tmp_path):
    settings = small(
        tiny_dir,
        texts,
        drift_tokens=400,
        probe_window=48,
        probe_length=200,
        probe_scored=16,
        questions=(asked,),
        retained=(50,),
    )
    report = MemoryReport(settings)
    for part in PARTS:
        report.run(part)
    report.write(tmp_path / "out")
    values = json.loads((tmp_path / "out" / "memory.json").read_text())
    assert {"settings", *PARTS} == set(values)
    tables = (tmp_path / "out" / "memory.md").read_text()
    assert "| 48 | GatedDeltaNet |" in tables and "outside" in tables
    assert tables.count(NO_INTERVAL) == 0, "each mean is of several documents"
    figures = {path.name for path in (tmp_path / "out").glob("*.svg")}
    drifts = {"window", "GatedDeltaNet", "window_50_retained", "GatedDeltaNet_50_retained"}
    others = {"distance.svg", "probe_GatedDeltaNet.svg", "retained.svg"}
    assert figures == others | {f"drift_{name}.svg" for name in drifts}
    for path in (tmp_path / "out").glob("*.svg"):
        assert "<svg" in path.read_text()


def test_of_one_document_no_interval_is_shown_or_written(tiny_dir, texts, asked, tmp_path):
    """JSON had NaN, which it does not allow, and the tables "± nan"."""
    one = tmp_path / "one.jsonl"
    one.write_text("\n".join(asked.read_text().splitlines()[:2]))
    settings = small(tiny_dir, texts[:1], drift_tokens=200, questions=(one,))
    report = MemoryReport(settings)
    for part in ("divergence", "recall", "questions", "drift"):
        report.run(part)
    report.write(tmp_path / "out")
    written = (tmp_path / "out" / "memory.json").read_text()
    values = json.loads(written, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert values["divergence"][1]["divergence_plus_minus"] is None
    assert values["divergence"][1]["divergence"] > 0
    tables = (tmp_path / "out" / "memory.md").read_text()
    rows = [line for line in tables.splitlines() if line.startswith("|")]
    assert "nan" not in tables.lower() and "±" not in "".join(rows)
    notes = [line for line in tables.splitlines() if line and not line.startswith("|")]
    assert notes == [NO_INTERVAL] * 3, "below the tables of means, and not below that of the drift"


def test_drift_is_measured_once_more_is_read_than_the_sinks_hold(trained, texts):
    """Before, the window has no token, and the mean of its gates was NaN."""
    history = list(drift.measure(trained, texts, 8, 2))
    assert [stats.tokens for stats in history] == [6, 8]
    assert all(math.isfinite(value) for stats in history for value in stats.write)
    with pytest.raises(ValueError, match="no more than the 4 sinks"):
        list(drift.measure(trained, texts, 4, 2))


def test_the_model_tiny_is_generated(texts):
    settings = MemorySettings(
        texts=tuple(texts), model="tiny", windows=(48,), sinks=4, drift_tokens=300, drift_every=100
    )
    report = MemoryReport(settings)
    report.run("drift")
    assert [m["tokens"] for m in report.values["drift"]["GatedDeltaNet"]] == [100, 200, 300]


def test_retained_sets_are_variants_of_every_part_that_compares(tiny_dir, texts, asked):
    settings = small(tiny_dir, texts, drift_tokens=200, questions=(asked,), retained=(50,))
    report = MemoryReport(settings)
    for part in ("divergence", "recall", "questions", "drift"):
        report.run(part)
    both = {"window, 50 % retained", "GatedDeltaNet, 50 % retained"}
    for part in ("divergence", "recall", "questions"):
        assert both < {row["way"] for row in report.values[part]}
    assert both < set(report.values["drift"])
    assert "drift_window_50_retained" in report.figures
    assert "| window, 50 % retained | 200 |" in report.tables()


def test_the_command_prints_json_and_reports_wrong_options(tiny_dir, texts, tmp_path):
    command = ["evaluate", "memory", *map(str, texts)]
    command += ["--model", str(tiny_dir), "--sinks", "4", "--length", "640"]
    command += ["--parts", "divergence"]
    done = warm.run([*command, "--windows", "48", "--json"], tmp_path / "command")
    rows = json.loads(done.stdout)["divergence"]
    assert [row["way"] for row in rows] == ["full", "window", "GatedDeltaNet"]
    for wrong, sentence in (
        (["--windows", "many"], "--windows takes whole numbers separated by commas"),
        (["--parts", "all"], "--parts takes divergence"),
        (["--windows", "600"], "leaves nothing beyond it"),
        (["--parts", "questions"], "name them with --questions"),
        (["--ahn", "none-such"], "none-such"),
    ):
        failed = warm.run([*command, *wrong], tmp_path / "command")
        assert failed.returncode == 1 and sentence in failed.stderr


def test_texts_computed_at_once_give_the_figures_of_texts_that_are_read(trained, plain, texts):
    found = []
    for at_once in (False, True):
        memories = {"m": trained, "weak": trained.with_stream(memory_gain=MemoryGain(((1, 0.5),)))}
        rows = divergence.measure(
            plain, memories, texts, (24, 48), 4, 640, retained=(50,), at_once=at_once
        )
        found.append({(row.document, row.window, row.variant): row for row in rows})
    read, computed = found
    assert read.keys() == computed.keys()
    for key, row in read.items():
        other = computed[key]
        assert other.divergence == pytest.approx(row.divergence, abs=1e-4)
        assert other.entropy == pytest.approx(row.entropy, abs=1e-4)
        assert other.by_distance == pytest.approx(row.by_distance, abs=1e-3)
    first, second = (computed[texts[0].name, 24, name] for name in ("m", "weak"))
    assert abs(first.divergence - second.divergence) > 1e-4, "the gain counts"


def test_a_retained_set_of_no_token_is_refused(tiny_dir, texts):
    report = MemoryReport(small(tiny_dir, texts, retained=(1,)))
    with pytest.raises(ValueError, match="1 % of a window of 48 tokens is less than one token"):
        report.run("retained")
    report = MemoryReport(small(tiny_dir, texts))
    with pytest.raises(ValueError, match="needs a retained set"):
        report.run("retained")
