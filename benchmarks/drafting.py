"""The gain of drafting answers from the prompt: the same answers with and without it, in turns.

    python -m benchmarks.drafting QUESTIONS.jsonl [--count 10]

Each line of the file is an object with a "context" and a "question". The prompt is the assistant's,
with the context as its only passage. Answers are decoded greedily.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import app.torch_threads  # noqa: F401 (must be imported before torch)
from ahn_runtime import Runtime
from app.service.answering.prompt import join, passage_text, question_head, question_tail
from app.service.reading.stream_text import opening

CONTEXT_CHARS, ANSWER_TOKENS = 3000, 48


def main(questions: Path, count: int) -> None:
    """Measure and print a table.

    Args:
        questions: path of the JSONL file.
        count: number of questions, taken at regular distances.
    """
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    runtime = Runtime.load("embedded", quantize="int8")
    runtime.warm_up()
    tokens = {"token by token": 0, "drafting": 0}
    seconds = dict.fromkeys(tokens, 0.0)
    same = 0
    chosen = rows[:: max(1, len(rows) // count)][:count]
    for turn, row in enumerate(chosen):
        passage = passage_text(1, "the text", "page 1", row["context"][:CONTEXT_CHARS])
        tail = question_tail(runtime.tokenizer, row["question"])
        asked = join(runtime.tokenizer, [question_head(True, True), passage], tail)
        ids = [*opening(runtime.tokenizer), *asked]
        session = runtime.session()
        session.feed(ids, logits=None)
        answers = []
        for name in list(tokens)[:: 1 if turn % 2 else -1]:
            answering = session.fork()
            began = time.perf_counter()
            lookup = ids if name == "drafting" else None
            answers.append(list(answering.generate(ANSWER_TOKENS, lookup=lookup)))
            seconds[name] += time.perf_counter() - began
            tokens[name] += len(answers[-1])
        same += answers[0] == answers[1]
    print("| answering | tokens/s | |\n| --- | --- | --- |")
    rates = {name: tokens[name] / seconds[name] for name in tokens}
    for name, rate in rates.items():
        print(f"| {name} | {rate:.1f} | {rate / rates['token by token']:.2f} × |")
    print(f"\n{same} of {len(chosen)} answers are the same to the token.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("--count", type=int, default=10)
    given = parser.parse_args()
    main(given.questions, given.count)
