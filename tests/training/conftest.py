"""Fixtures: a text to train on, and settings for a tiny model."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from ahn_runtime import Runtime
from training import TrainingSettings
from training.data import Corpus

SENTENCES = (
    "In the morning old Barnaby walked down to the {} and counted the boats. ",
    "Nobody in the {} had seen the lamp that Eleanor kept by the window. ",
    "It was said that Mordecai, who owned the {}, never slept before the tide. ",
    "The {} stood empty, and the wind went through it like a guest. ",
)
PLACES = ("harbor", "mill", "chapel", "garden", "market", "tower", "orchard", "school")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """One thread is faster for tensors as small as these."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text of some thousand characters: sentences in a seeded random order."""
    rng = random.Random(0)
    text = "".join(rng.choice(SENTENCES).format(rng.choice(PLACES)) for _ in range(200))
    path = tmp_path_factory.mktemp("texts") / "book.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def settings_for(book: Path) -> Callable[..., TrainingSettings]:
    def make(**options: object) -> TrainingSettings:
        small = {"length": 96, "steps": 4, "positions": 24, "made": 0.0, "windows": (24, 37)}
        return TrainingSettings(**{"texts": (book,), **small, **options})

    return make


@pytest.fixture(scope="session")
def corpus_for(
    settings_for: Callable[..., TrainingSettings], load_tiny: Callable[..., Runtime]
) -> Callable[..., Corpus]:
    tokenizer = load_tiny().tokenizer

    def read(**options: object) -> Corpus:
        return Corpus.read(settings_for(**options), tokenizer)

    return read
