"""The report about a memory: its parts are measured one after another.

divergence  the divergence of window and memory from full attention, also against the distance
recall      needles (pass keys and sentences) inside the window and past it
drift       loss, the memory's norm and half-life, the retained set's age, over a long reading
probe       which tokens' writes change the output most
questions   questions about texts, answered from window and memory without retrieval
retained    which kinds of tokens a retained set keeps, and for how long
adaptive    a window that changes with the text, against a fixed one of the same mean size
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ahn_runtime import Runtime
from ahn_runtime.loading.tiny import write_tiny
from evaluation import adaptive, divergence, drift, plots, probe, questions, recall, retained
from evaluation.scoring import NO_INTERVAL, mean, with_interval
from evaluation.texts import middle
from evaluation.variants import (
    FULL,
    VARIANT_KEY,
    WINDOW,
    Log,
    reading_variants,
    with_retained,
)

TINY_MODEL = "tiny"
PARTS = ("divergence", "recall", "drift", "probe", "questions", "retained", "adaptive")
SETTING_KEYS = {"needles": "things"}
"""JSON keys of settings whose field has another name; existing reports have these keys."""


@dataclass(frozen=True)
class MemorySettings:
    """The options of a report; windows, sinks and lengths in tokens.

    Args:
        texts: files that the memories were not trained on.
        model, quantize: the base model, as `Runtime.load` takes it; "tiny" is a random model that
            reads bytes, for drift over a million tokens.
        memories: values of `ahn`, as `Runtime.load` takes it.
        windows, sinks: values of W to compare, and S.
        retained: per cent of W that a retained set takes, in variants of their own; the part
            retained is about the first of them, and the first window.
        length: tokens read of each text.
        at_once: in the part divergence, compute each text in one pass instead of reading it.
        recall_window: W of the parts recall and questions.
        needles: needles per text in the part recall, at most 16.
        drift_tokens, drift_every: tokens read in the part drift, and between two measurements.
        probe_window, probe_length: W of the part probe, and length of its passage, which is from
            the first text.
        probe_scored: positions at the end of that passage at which the loss is computed.
        questions: question files of the part questions.
    """

    texts: tuple[Path, ...]
    model: str = "embedded"
    memories: tuple[str, ...] = ("auto",)
    quantize: str | None = None
    windows: tuple[int, ...] = (256, 512, 1024, 2048)
    sinks: int = 128
    retained: tuple[int, ...] = ()
    length: int = 4096
    at_once: bool = False
    recall_window: int = 512
    needles: int = 8
    drift_tokens: int = 200_000
    drift_every: int = 10_000
    probe_window: int = 256
    probe_length: int = 1024
    probe_scored: int = 64
    questions: tuple[Path, ...] = ()


class MemoryReport:
    """Measures the parts of a report.

    Attributes:
        values: the results of the parts so far, JSON-ready, by the part's name.
        figures: their figures, by file name without suffix.

    Args:
        log: receives progress messages.

    Raises:
        ValueError: the model has no memory.
        AhnError: the model or a memory cannot be loaded.
    """

    def __init__(self, settings: MemorySettings, log: Log = lambda line: None) -> None:
        self.settings, self.log = settings, log
        with tempfile.TemporaryDirectory() as folder:
            tiny = settings.model == TINY_MODEL
            self._model = str(write_tiny(Path(folder))) if tiny else settings.model
            self.plain = self._load(None)
            self.memories: dict[str, Runtime] = {}
            for source in settings.memories:
                runtime = self._load(source)
                if runtime.stream.cell is None:
                    raise ValueError(
                        f"{settings.model} has no memory of its own: name one with --ahn."
                    )
                self.memories[self._name(runtime, source)] = runtime
        self.values: dict[str, Any] = {}
        self.figures: dict[str, Figure] = {}

    def _load(self, ahn: str | None) -> Runtime:
        s = self.settings
        window = s.windows[0]
        return Runtime.load(
            self._model, ahn=ahn, window=window, sinks=s.sinks, retain=0, quantize=s.quantize
        )

    def _name(self, runtime: Runtime, source: str) -> str:
        cell = str(runtime.stream.cell)
        return cell if cell not in self.memories else f"{cell} ({source})"

    def run(self, part: str) -> None:
        """Measure one part and add its results to `values` and `figures`.

        Args:
            part: one of `PARTS`.

        Raises:
            ValueError: no text is long enough, or the settings do not fit.
            IngestError: a text cannot be read.
            TrainingError: a question file is malformed.
        """
        measures: dict[str, Callable[[], None]] = {
            "divergence": self._divergence,
            "recall": self._recall,
            "drift": self._drift,
            "probe": self._probe,
            "questions": self._questions,
            "retained": self._retained,
            "adaptive": self._adaptive,
        }
        measures[part]()

    def write(self, folder: Path) -> None:
        """Write `memory.json`, `memory.md` and the figures of the parts so far.

        Args:
            folder: created if it does not exist.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.json").write_text(json.dumps(self.as_dict(), indent=1) + "\n", "utf-8")
        (folder / "memory.md").write_text(self.tables(), "utf-8")
        plots.write_all(self.figures, folder)

    def as_dict(self) -> dict[str, Any]:
        """Settings and values, for JSON; the number of needles has the key "things"."""
        settings = {SETTING_KEYS.get(k, k): v for k, v in asdict(self.settings).items()}
        for files in ("texts", "questions"):
            settings[files] = [path.name for path in settings[files]]
        return {"settings": settings, **self.values}

    def tables(self) -> str:
        """The tables of the parts so far, as Markdown."""
        makers: dict[str, Callable[[Any], list[str]]] = {
            "divergence": _divergence_table,
            "recall": _recall_table,
            "drift": _drift_table,
            "probe": lambda found: [],
            "questions": _questions_table,
            "retained": _retained_table,
            "adaptive": _adaptive_table,
        }
        return "\n".join(
            line
            for part, found in self.values.items()
            for line in (*makers[part](found), *_note(found), "")
        )

    def _divergence(self) -> None:
        s = self.settings
        measurements = list(
            divergence.measure(
                self.plain,
                self.memories,
                s.texts,
                s.windows,
                s.sinks,
                s.length,
                self.log,
                s.retained,
                s.at_once,
            )
        )
        if not measurements:
            raise ValueError(f"None of the texts has {s.length} tokens; choose a smaller --length.")
        rows = divergence.summarise(measurements)
        self.values["divergence"] = [row.as_dict() for row in rows]
        self.figures["distance"] = plots.distance_figure(rows)

    def _recall(self) -> None:
        s = self.settings
        answers = list(
            recall.measure(
                self.plain,
                self.memories,
                s.texts,
                s.recall_window,
                s.sinks,
                s.length,
                s.needles,
                self.log,
                s.retained,
            )
        )
        if not answers:
            raise ValueError(f"None of the texts has {s.length} tokens; choose a smaller --length.")
        self.values["recall"] = [row.as_dict() for row in recall.summarise(answers)]

    def _questions(self) -> None:
        s = self.settings
        answers = list(
            questions.measure(
                self.plain,
                self.memories,
                s.questions,
                s.recall_window,
                s.sinks,
                self.log,
                s.retained,
            )
        )
        if not answers:
            raise ValueError("The part questions needs question files: name them with --questions.")
        self.values["questions"] = [row.as_dict() for row in questions.summarise(answers)]

    def _drift(self) -> None:
        s = self.settings
        self.values["drift"] = {}
        for name, runtime in self._drifting().items():
            self.log(name)
            history = list(drift.measure(runtime, s.texts, s.drift_tokens, s.drift_every, self.log))
            self.values["drift"][name] = [stats.as_dict() for stats in history]
            self.figures["drift_" + re.sub(r"\W+", "_", name).strip("_")] = plots.drift_figure(
                history, name
            )

    def _drifting(self) -> dict[str, Runtime]:
        """What is watched: each memory; with retained sets, also those and the window alone."""
        s = self.settings
        if not s.retained:
            return self.memories
        variants = reading_variants(self.plain, self.memories, s.windows[:1], s.sinks, s.retained)
        return {variant.name: runtime for variant, runtime in variants.items() if variant.window}

    def _probe(self) -> None:
        s = self.settings
        ids = middle(s.texts[0], self.plain.tokenizer, s.probe_length)
        if ids is None:
            raise ValueError(
                f"{s.texts[0].name} is shorter than the {s.probe_length} tokens to probe."
            )
        self.values["probe"] = {}
        for name, runtime in self.memories.items():
            found = probe.measure(runtime, ids, s.probe_window, s.sinks, s.probe_scored)
            self.values["probe"][name] = found.as_dict()
            self.figures[f"probe_{name}"] = plots.probe_figure(found)

    def _retained(self) -> None:
        s = self.settings
        if not s.retained:
            raise ValueError("The part retained needs a retained set: give it with --retained.")
        runtime = next(iter(self.memories.values()))
        chosen = with_retained(runtime, s.windows[0], s.sinks, s.retained[0])
        ids = middle(s.texts[0], self.plain.tokenizer, s.length)
        if ids is None:
            raise ValueError(f"{s.texts[0].name} is shorter than the {s.length} tokens to read.")
        found = retained.measure(chosen, ids)
        self.values["retained"] = found.as_dict()
        self.figures["retained"] = plots.retained_figure(found)

    def _adaptive(self) -> None:
        s = self.settings
        comparisons = list(
            adaptive.measure(self.plain, s.texts, s.windows, s.sinks, s.length, self.log)
        )
        if not comparisons:
            raise ValueError(f"None of the texts has {s.length} tokens; choose a smaller --length.")
        self.values["adaptive"] = [row.as_dict() for row in adaptive.summarise(comparisons)]


def _divergence_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| W | variant | KL(full ‖ ·), nats | less than the window's | cross-entropy |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        spread = _spread(row, "divergence", ".4f")
        gain = f"{_spread(row, 'gain', '+.4f')} ({row['gain_share']:.1%})"
        if row[VARIANT_KEY] == FULL:
            spread, gain = "0", ""
        elif row[VARIANT_KEY] == WINDOW:
            gain = ""
        entropy = _spread(row, "entropy", ".3f")
        lines.append(f"| {row['window']:,} | {row[VARIANT_KEY]} | {spread} | {gain} | {entropy} |")
    return lines


def _spread(row: dict[str, Any], name: str, form: str) -> str:
    return with_interval(row[name], row[f"{name}_plus_minus"], form)


def _note(found: Any) -> list[str]:
    """The lines below a table that say why a mean in it has no interval."""
    rows = found if isinstance(found, list) else []
    is_alone = any(key.endswith("_plus_minus") and row[key] is None for row in rows for key in row)
    return ["", NO_INTERVAL] if is_alone else []


def _recall_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| W | needle | side of the window | variant | exact answers | nats per token |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in sorted(rows, key=lambda r: (r["kind"], r["side"])):
        lines.append(
            f"| {row['window']:,} | {row['kind']} | {row['side']} | {row[VARIANT_KEY]} | "
            f"{_spread(row, 'exact', '.0%')} of {row['asked']} | {_spread(row, 'entropy', '.2f')} |"
        )
    return lines


def _questions_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| variant | F1 | against the window | answer, nats per token | against the window |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = [_spread(row, "f1", ".3f"), _spread(row, "f1_gain", "+.3f")]
        cells += [_spread(row, "entropy", ".3f")]
        less = {**row, "entropy_gain": -row["entropy_gain"]}
        cells += [_spread(less, "entropy_gain", "+.3f")]
        lines.append(f"| {row[VARIANT_KEY]} | {' | '.join(cells)} |")
    return lines


def _drift_table(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    lines = [
        "| variant | tokens read | loss since the line above | norm: 5 %, median, 95 % "
        "| half-life of a write, tokens | age of what is retained |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, history in found.items():
        step = max(1, len(history) // 8)
        shown = sorted({*range(0, len(history), step), len(history) - 1})
        for before, at in zip([-1, *shown], shown, strict=False):
            stats = history[at]
            loss = mean([other["loss"] for other in history[before + 1 : at + 1]])
            no_decay = "no decay" if stats["norm"] else "none"
            spreads = (
                _three(stats["norm"]),
                _three(stats["half_life"], no_decay),
                _three(stats["age"]),
            )
            cells = " | ".join((name, f"{stats['tokens']:,}", f"{loss:.3f}", *spreads))
            lines.append(f"| {cells} |")
    return lines


def _retained_table(found: dict[str, Any]) -> list[str]:
    lines = [
        f"W = {found['window']:,}, R = {found['retain']:,}, {found['tokens']:,} tokens read:",
        "",
        "| kind of token | of what left the window | of what is retained |",
        "| --- | --- | --- |",
    ]
    for kind, share in found["of_text"].items():
        lines.append(f"| {kind} | {share:.1%} | {found['of_retained'][kind]:.1%} |")
    lines += [
        "",
        "| tokens later | still retained: 5 %, median, 95 % of the heads |",
        "| --- | --- |",
    ]
    for tokens, shares in found["stays"].items():
        lines.append(f"| {int(tokens):,} | {', '.join(f'{share:.0%}' for share in shares)} |")
    return lines


def _adaptive_table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| W | the window is | mean size | KL(full ‖ ·), nats | a fixed one of that size "
        "| less than the fixed one's |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        gain = f"{_spread(row, 'gain', '+.4f')} ({row['gain'] / row['fixed']:+.1%})"
        lines.append(
            f"| {row['window']:,} | {row[VARIANT_KEY]} | {row['held']:,.0f} | "
            f"{row['adaptive']:.4f} | {row['fixed']:.4f} | {gain} |"
        )
    return lines


def _three(values: Sequence[float] | None, nothing: str = "none") -> str:
    return ", ".join(f"{value:.3g}" for value in values) if values else nothing
