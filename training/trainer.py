"""The loop: examples in, a trained memory out; whatever happens between two steps can happen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ahn_runtime import Runtime
from ahn_runtime.model.qwen2 import MEMORY_MARK
from training.atomic import write_atomically
from training.checkpoint import TrainingState, load_state, save_state
from training.data import Corpus
from training.distill import Losses, Window, compare, study, teach
from training.distributed import Team, join_team
from training.errors import TrainingError
from training.example import Example
from training.identity_part import STRAIGHT, StraightPart
from training.metrics import MetricsFile, StepMetrics
from training.optimiser import (
    learning_rate,
    make_optimiser,
    moments,
    restore_moments,
    set_learning_rate,
)
from training.plot import loss_svg
from training.release import write_release
from training.settings import TrainingSettings
from training.start import measure_layers, parameter_rates, start_memory

PROJECTION = ".fn.o_proj.weight"
UNUSED = ".fn.D"
"""A parameter of the released files that no equation uses: kept as it is."""

MEASURED = "measured_layers"
MEASURED_SEQUENCES = 3
BASE_KEYS = ("model", "memory", "cell", "dtype", "quantize")

Report = Callable[[StepMetrics], None]


@dataclass(frozen=True)
class Outcome:
    """What a training came to: steps made in all, the step it went on from, and every step."""

    steps_done: int
    resumed_from: int
    metrics: list[StepMetrics]


def train(
    runtime: Runtime,
    corpus: Corpus,
    settings: TrainingSettings,
    output: Path,
    report: Report = lambda row: None,
) -> Outcome:
    """Train the runtime's memory, going on with what `output` holds of the same training.

    Args:
        runtime: loaded with a memory; its parameters change, the base's do not.
        corpus: read with the same settings.
        output: gets `config.json` and `model.safetensors` (see `release`), `metrics.jsonl`,
            `loss.svg`, and the state in `training/`.
        report: told of each step, in the process that leads.

    Raises:
        TrainingError: the options do not fit, or the loss is no longer a number.
    """
    with join_team(runtime.device) as team:
        return Trainer(runtime, corpus, settings, output, team).run(report)


class Trainer:
    """One process's part in a training."""

    def __init__(
        self,
        runtime: Runtime,
        corpus: Corpus,
        settings: TrainingSettings,
        output: Path,
        team: Team,
    ) -> None:
        if settings.batch % team.size:
            raise TrainingError(
                f"--batch {settings.batch} cannot be shared among {team.size} processes: "
                "take a multiple of their number."
            )
        self.runtime, self.corpus, self.settings = runtime, corpus, settings
        self.output, self.team = output, team
        self.origin: dict[str, Any] = {
            **settings.trajectory(),
            "data": corpus.digest(),
            "processes": team.size,
            **{key: runtime.identity[key] for key in BASE_KEYS},
        }
        self.memory = memory_parameters(runtime)
        self.trained = {n: p for n, p in self.memory.items() if not n.endswith(UNUSED)}
        for parameter in self.trained.values():
            parameter.requires_grad_()
        self.straight = StraightPart([p for n, p in self.trained.items() if n.endswith(PROJECTION)])
        self.stepped = {**self.trained, STRAIGHT: self.straight.parameter}

    def run(self, report: Report) -> Outcome:
        """Make the steps that are left."""
        state = load_state(self.output / "training", self.origin)
        self.measured = self._measure() if state is None else state.tensors[MEASURED]
        rates = parameter_rates(self.trained, self.measured)
        self.optimiser = make_optimiser(self.stepped, rates, self.settings)
        first = 0 if state is None else self._restore(state)
        metrics = None
        if self.team.leads:
            self.output.mkdir(parents=True, exist_ok=True)
            metrics = MetricsFile(self.output / "metrics.jsonl", first)
        steps, every = self.settings.steps, self.settings.save_every
        for step in range(first, steps):
            row = self._step(step)
            if metrics is not None:
                metrics.add(row)
                report(row)
                if (step + 1) % every == 0 or step + 1 == steps:
                    self._save(step + 1, metrics)
        return Outcome(steps, first, metrics.rows if metrics is not None else [])

    def _step(self, step: int) -> StepMetrics:
        settings, team, began = self.settings, self.team, time.perf_counter()
        numbers = range(step * settings.batch, (step + 1) * settings.batch)
        own = [self.corpus.example(n) for n in numbers if n % team.size == team.rank]
        self.optimiser.zero_grad()
        sums = torch.zeros(4, dtype=torch.float64, device=self.runtime.device)
        for example in own:
            losses = self._distil(example)
            figures = (losses.divergence, losses.student, losses.teacher, len(example.positions))
            sums += torch.tensor(figures, dtype=torch.float64, device=sums.device)
        loss, student, teacher, positions = team.add(sums).tolist()
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss of step {step + 1} is no longer a number: take a lower --lr, or "
                "--dtype float32."
            )
        rate, norm = self._update(step)
        shown = own[0]
        return StepMetrics(
            step=step + 1,
            loss=loss / settings.batch,
            student_loss=student / settings.batch,
            teacher_loss=teacher / settings.batch,
            learning_rate=rate,
            gradient_norm=norm,
            window=shown.window,
            sinks=shown.sinks,
            kind=shown.kind,
            positions=int(positions),
            seconds=time.perf_counter() - began,
        )

    def _distil(self, example: Example) -> Losses:
        """Add one sequence's gradients."""
        model, device = self.runtime.model, self.runtime.device
        ids = torch.tensor(example.ids, device=device)
        view = Window(example.window, example.sinks, len(ids))
        positions = torch.tensor(example.positions, device=device)
        weights = torch.tensor(example.weights, device=device) / self.settings.batch
        rows = positions - view.first
        backend = self.runtime.backend
        taught, shares = teach(model, backend, ids, view)
        studied = study(model, backend, ids, view, shares, self.settings.recomputes)[rows]
        losses, gradient = compare(
            model.lm_head, studied, taught[rows], ids[positions + 1], weights
        )
        studied.backward(gradient)
        scale = self.settings.batch  # the weights were divided by it
        return Losses(losses.divergence * scale, losses.student * scale, losses.teacher * scale)

    def _update(self, step: int) -> tuple[float, float]:
        parameters = list(self.trained.values())
        self.team.add_gradients(parameters)
        norm = nn.utils.clip_grad_norm_(parameters, self.settings.clip)
        self.straight.take_gradient()
        rate = learning_rate(step, self.settings)
        set_learning_rate(self.optimiser, rate)
        self.optimiser.step()
        self.straight.apply()
        return rate, float(norm)

    def _save(self, steps_done: int, metrics: MetricsFile) -> None:
        tensors: dict[str, Tensor] = {f"parameter/{n}": p for n, p in self.stepped.items()}
        tensors |= moments(self.optimiser, self.stepped)
        tensors[MEASURED] = self.measured
        state = TrainingState(steps_done, steps_done * self.settings.batch, self.origin, tensors)
        save_state(self.output / "training", state)
        cell = self.runtime.stream.cell
        assert cell is not None
        write_release(self.output, self.memory, self.runtime.config, cell)
        losses, steps = [r.loss for r in metrics.rows], [r.step for r in metrics.rows]
        title = f"{cell}: KL(teacher || student), nats per position"
        write_atomically(self.output / "loss.svg", loss_svg(losses, steps, title).encode())

    def _measure(self) -> Tensor:
        """What the base says about its layers; a new memory is set by it."""
        model, device = self.runtime.model, self.runtime.device
        number = min(MEASURED_SEQUENCES, self.corpus.size)
        ids = (torch.tensor(self.corpus.example(n).ids, device=device) for n in range(number))
        measured = measure_layers(model, self.runtime.backend, ids)
        if not self.team.leads:
            measured.zero_()
        measured = self.team.add(measured)  # the leader's, to the bit
        if self.runtime.memory_status == "untrained":
            start_memory(model, measured, self.settings.seed)
        return measured

    def _restore(self, state: TrainingState) -> int:
        """Go to where a saved training stands; returns the steps it made."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(state.tensors[f"parameter/{name}"])
        self.straight.restore(state.tensors[f"parameter/{STRAIGHT}"])
        restore_moments(self.optimiser, self.stepped, state.tensors, state.steps_done)
        return state.steps_done


def memory_parameters(runtime: Runtime) -> dict[str, nn.Parameter]:
    """A runtime's memory by its released names.

    Raises:
        TrainingError: it was loaded without one.
    """
    found = {n: p for n, p in runtime.model.named_parameters() if MEMORY_MARK in n}
    if not found:
        raise TrainingError("The model was loaded without a memory, so there is none to train.")
    return found
