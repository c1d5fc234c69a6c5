"""The training loop: it can be killed at any moment and resumes from the last save, bit for bit."""

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
from training.distill import Losses, Window, distillation_loss, student_forward, teacher_forward
from training.distributed import ProcessGroup, join_process_group
from training.errors import TrainingError
from training.example import Example
from training.identity_part import IDENTITY_PART, IdentityPart
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
"""A parameter of the released files that no equation uses; it is not trained."""

MEASURED = "measured_layers"
"""Key of the layers' measurements among the saved tensors."""
MEASURED_SEQUENCES = 3
BASE_KEYS = ("model", "memory", "cell", "dtype", "quantize")

Report = Callable[[StepMetrics], None]


@dataclass(frozen=True)
class Outcome:
    """The result of a training.

    Args:
        steps_done: completed steps in total.
        resumed_from: completed steps of the saved state that was resumed; 0 without one.
        metrics: the figures of every step; empty in processes other than the leader.
    """

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
    """Train the runtime's memory; an unfinished training in `output` is resumed.

    Args:
        runtime: loaded with a memory. The memory's parameters change, the base model's do not.
        corpus: read with the same `settings`.
        output: directory for the memory (`config.json` and `model.safetensors`),
            `metrics.jsonl`, `loss.svg`, and the saved state in `training/`.
        report: called with the figures of each step, in the leader process only.

    Raises:
        TrainingError: the options do not fit the model, the processes or the saved state, or the
            loss is no longer finite.
        OSError: `output` cannot be written.
    """
    with join_process_group(runtime.device) as group:
        return Trainer(runtime, corpus, settings, output, group).run(report)


class Trainer:
    """The training as one process runs it; several processes split each step's sequences."""

    def __init__(
        self,
        runtime: Runtime,
        corpus: Corpus,
        settings: TrainingSettings,
        output: Path,
        group: ProcessGroup,
    ) -> None:
        if settings.batch % group.size:
            raise TrainingError(
                f"--batch {settings.batch} cannot be split among {group.size} processes: "
                f"choose a multiple of {group.size}."
            )
        self.runtime, self.corpus, self.settings = runtime, corpus, settings
        self.output, self.group = output, group
        self.origin: dict[str, Any] = {
            **settings.trajectory(),
            "data": corpus.digest(),
            "processes": group.size,
            **{key: runtime.identity[key] for key in BASE_KEYS},
        }
        self.memory = memory_parameters(runtime)
        self.trained = {n: p for n, p in self.memory.items() if not n.endswith(UNUSED)}
        for parameter in self.trained.values():
            parameter.requires_grad_()
        projections = [p for n, p in self.trained.items() if n.endswith(PROJECTION)]
        self.identity_part = IdentityPart(projections)
        self.optimised = {**self.trained, IDENTITY_PART: self.identity_part.parameter}

    def run(self, report: Report) -> Outcome:
        """Run the remaining steps."""
        state = load_state(self.output / "training", self.origin)
        self.measured = self._measure() if state is None else state.tensors[MEASURED]
        rates = parameter_rates(self.trained, self.measured)
        self.optimiser = make_optimiser(self.optimised, rates, self.settings)
        first = 0 if state is None else self._restore(state)
        metrics = None
        if self.group.is_leader:
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
        settings, group, began = self.settings, self.group, time.perf_counter()
        numbers = range(step * settings.batch, (step + 1) * settings.batch)
        own = [self.corpus.example(n) for n in numbers if n % group.size == group.rank]
        self.optimiser.zero_grad()
        sums = torch.zeros(4, dtype=torch.float64, device=self.runtime.device)
        for example in own:
            losses = self._distil(example)
            figures = (losses.divergence, losses.student, losses.teacher, len(example.positions))
            sums += torch.tensor(figures, dtype=torch.float64, device=sums.device)
        loss, student, teacher, positions = group.all_reduce(sums).tolist()
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss of step {step + 1} is not a finite number: choose a lower --lr, or "
                "--dtype float32."
            )
        rate, norm = self._update(step)
        first = own[0]
        return StepMetrics(
            step=step + 1,
            loss=loss / settings.batch,
            student_loss=student / settings.batch,
            teacher_loss=teacher / settings.batch,
            learning_rate=rate,
            gradient_norm=norm,
            window=first.window,
            sinks=first.sinks,
            kind=first.kind,
            positions=int(positions),
            seconds=time.perf_counter() - began,
            retain=first.retain,
        )

    def _distil(self, example: Example) -> Losses:
        """Run one sequence through teacher and student; its gradients are added to the memory's."""
        model, device = self.runtime.model, self.runtime.device
        ids = torch.tensor(example.ids, device=device)
        view = Window(example.window, example.sinks, len(ids), example.retain)
        positions = torch.tensor(example.positions, device=device)
        weights = torch.tensor(example.weights, device=device) / self.settings.batch
        rows = positions - view.first
        backend = self.runtime.backend
        teacher_states, shares = teacher_forward(model, backend, ids, view)
        student_states = student_forward(
            model, backend, ids, view, shares, self.settings.recomputes
        )[rows]
        losses, gradient = distillation_loss(
            model.lm_head, student_states, teacher_states[rows], ids[positions + 1], weights
        )
        student_states.backward(gradient)
        scale = self.settings.batch  # the weights were divided by it
        return Losses(losses.divergence * scale, losses.student * scale, losses.teacher * scale)

    def _update(self, step: int) -> tuple[float, float]:
        parameters = list(self.trained.values())
        self.group.all_reduce_gradients(parameters)
        norm = nn.utils.clip_grad_norm_(parameters, self.settings.clip)
        self.identity_part.take_gradient()
        rate = learning_rate(step, self.settings)
        set_learning_rate(self.optimiser, rate)
        self.optimiser.step()
        self.identity_part.apply()
        return rate, float(norm)

    def _save(self, steps_done: int, metrics: MetricsFile) -> None:
        tensors: dict[str, Tensor] = {f"parameter/{n}": p for n, p in self.optimised.items()}
        tensors |= moments(self.optimiser, self.optimised)
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
        """Measure the base model's layers, and initialise the memory from them if it is new."""
        model, device = self.runtime.model, self.runtime.device
        number = min(MEASURED_SEQUENCES, self.corpus.size)
        ids = (torch.tensor(self.corpus.example(n).ids, device=device) for n in range(number))
        measured = measure_layers(model, self.runtime.backend, ids)
        if not self.group.is_leader:
            measured.zero_()
        # The others contribute zeros, so every process gets exactly the leader's values.
        measured = self.group.all_reduce(measured)
        if self.runtime.memory_status == "untrained":
            start_memory(model, measured, self.settings.seed)
        return measured

    def _restore(self, state: TrainingState) -> int:
        """Load a saved state into parameters and optimiser; returns its completed steps."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(state.tensors[f"parameter/{name}"])
        self.identity_part.restore(state.tensors[f"parameter/{IDENTITY_PART}"])
        restore_moments(self.optimiser, self.optimised, state.tensors, state.steps_done)
        return state.steps_done


def memory_parameters(runtime: Runtime) -> dict[str, nn.Parameter]:
    """The parameters of a runtime's memory, by their names in the released files.

    Raises:
        TrainingError: the runtime was loaded without a memory.
    """
    found = {n: p for n, p in runtime.model.named_parameters() if MEMORY_MARK in n}
    if not found:
        raise TrainingError("The model was loaded without a memory, so there is none to train.")
    return found
