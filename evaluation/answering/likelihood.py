"""The option of a multiple-choice question that a model finds the most likely answer."""

from __future__ import annotations

from collections.abc import Sequence

from ahn_runtime import Session
from evaluation.scoring import log_probabilities


def most_likely(asked: Session, choices: Sequence[str]) -> tuple[str, int]:
    """The option with the greatest log-likelihood per byte, and the FLOPs of comparing them.

    A longer option has a smaller likelihood, whatever it says; so it is divided by the length.

    Args:
        asked: a session in which the question was asked; not changed.
        choices: the options, as the model would answer them.

    Source: `acc_norm` of lm-evaluation-harness.
    """
    scores, flops = [], 0
    for choice in choices:
        fork = asked.fork()
        ids = asked.runtime.tokenizer.encode(choice)
        log_p = log_probabilities(fork, ids)
        likelihood = float(log_p[range(len(ids)), ids].sum())
        scores.append(likelihood / max(1, len(choice.encode())))
        flops += fork.state.flops - asked.state.flops
    return choices[scores.index(max(scores))], flops
