"""Search without a model's answers: is a passage with the answer shown, is "nothing found" right?

    python -m benchmarks.retrieval FAIRYTALEQA.jsonl [--tales 40] [--window 4096]

The file has a tale with its questions on each line, as `evaluate fairytaleqa` takes it. All tales
are indexed as one library. Printed is for which share of the questions a right answer stands word
for word in the first passages found, and in those that fit into an answer's prompt; counted are
questions whose answer stands word for word in their tale. Then each tale is asked alone: for which
share of its own questions, and of another tale's that it does not answer, is nothing found?
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import benchmarks  # noqa: F401 (must be imported before torch)
from app.cli.open_service import open_service
from app.messages import KNOWN_ERRORS, sentence
from app.service import Service
from app.service.answering.citations import Citation
from app.service.answering.introductions import name_asked_about
from app.service.answering.passage_search import find_passages
from app.service.answering.prompt import (
    MAX_PASSAGES,
    budget_tokens,
    build_prompt,
    strong_passages,
)
from app.service.answering.retrieval import is_beside_the_question, lacks_named_entity
from benchmarks.report import processor
from evaluation.results.intervals import interval
from evaluation.results.result import occurs
from evaluation.tasks.local.fairytaleqa import Tale, read_tales
from evaluation.tasks.options import TaskOptions
from storage import DocumentState, Passage

SESSION = "tales"
FIRST = (1, 3, 6)
POLL_S = 0.5


def main(file: Path, count: int | None, model: str = "embedded", window: int | None = None) -> None:
    """Index the tales, and print both tables.

    Args:
        count: how many tales are taken, from the first one on; None: all.
        model: whose tokens are counted while indexing; it answers nothing.
        window: of the session, half of which takes the passages; None: the model's own.

    Raises:
        ValueError, OSError: the file is missing or malformed, or has too little to measure.
    """
    if not file.is_file():
        raise ValueError(f"There is no file {file}: name one that has a tale on each line.")
    options = TaskOptions(
        lambda text: [], file, items=None, seed=0, lengths=(), sets=(), depths=(0,)
    )
    tales = read_tales(options)[:count]
    _check(tales, file)
    options_of_model = {"model": model} | ({} if window is None else {"window": window})
    with (
        tempfile.TemporaryDirectory() as folder,
        open_service(Path(folder) / "data", options_of_model, None) as service,
    ):
        documents = _index(service, tales, Path(folder))
        print(f"{processor()}; {len(tales)} tales")
        _print_shown(service, tales)
        _print_declined(service, tales, documents)


def _check(tales: Sequence[Tale], file: Path) -> None:
    """Refuse tales of which a figure would be a share of nothing."""
    if len(tales) < 2:
        raise ValueError(
            f"{file} gives {len(tales)} tale{'' if len(tales) == 1 else 's'}; two or more are "
            "needed, for each is asked another's questions."
        )
    if not any(_right(tale, answers) for tale in tales for _, answers in tale.questions):
        raise ValueError(f"{file} has no question whose answer stands word for word in its tale.")
    if not any(_others_questions(tales, number) for number in range(len(tales))):
        raise ValueError(f"{file} has no tale that leaves a question of the next one unanswered.")


def _right(tale: Tale, answers: Sequence[str]) -> list[str]:
    """The answers that stand word for word in a tale."""
    return [answer for answer in answers if occurs([answer], tale.document[1])]


def _others_questions(tales: Sequence[Tale], number: int) -> list[str]:
    """The questions of the tale after one, the first again after the last, that it leaves open."""
    following = tales[(number + 1) % len(tales)].questions
    return [question for question, answers in following if not _right(tales[number], answers)]


def _index(service: Service, tales: Sequence[Tale], folder: Path) -> list[int]:
    """The numbers of the documents, one for each tale."""
    service.sessions.create(SESSION)
    service.start()
    file, documents = folder / "tale.txt", []
    for number, tale in enumerate(tales):
        file.write_text(tale.document[1], encoding="utf-8")
        documents.append(service.documents.add(SESSION, file, f"{number} {tale.document[0]}").id)
    while any(s.document.state == DocumentState.INDEXING for s in service.documents.list(SESSION)):
        time.sleep(POLL_S)
    return documents


def _print_shown(service: Service, tales: Sequence[Tale]) -> None:
    hits = dict.fromkeys([*map(str, FIRST), "shown"], 0)
    fitted = _Fitted(service)
    asked, seconds = 0, 0.0
    for tale in tales:
        for question, answers in tale.questions:
            right = _right(tale, answers)
            if not right:
                continue
            began = time.perf_counter()
            found = _found(service, question)
            seconds += time.perf_counter() - began
            asked += 1
            has = [occurs(right, passage.text) for passage in found]
            for first in FIRST:
                hits[str(first)] += any(has[:first])
            hits["shown"] += any(occurs(right, given.text) for given in fitted(question, found))
    print(f"{asked} questions of the whole library, {1000 * seconds / asked:.0f} ms each")
    for name, count in hits.items():
        label = (
            "in a passage that fits into the prompt"
            if name == "shown"
            else f"among the first {name}"
        )
        print(f"  {label}: {100 * count / asked:.1f} %")


def _print_declined(service: Service, tales: Sequence[Tale], documents: Sequence[int]) -> None:
    own, other = [], []
    for number, (tale, document) in enumerate(zip(tales, documents, strict=True)):
        own += [_finds_nothing(service, q, document) for q, _ in tale.questions]
        other += [_finds_nothing(service, q, document) for q in _others_questions(tales, number)]
    for label, declined in (("its own tale", own), ("another tale", other)):
        low, high = interval([float(each) for each in declined])
        print(
            f"nothing found of {len(declined)} questions asked of {label}: "
            f"{100 * sum(declined) / len(declined):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        )


def _found(service: Service, question: str, document: int | None = None) -> list[Passage]:
    session = service.sessions.get(SESSION)
    asked_of = None if document is None else [document]
    who = name_asked_about(question)
    found = find_passages(
        service.context.db, session.id, question, None, asked_of=asked_of, who=who
    )
    return found.passages


class _Fitted:
    """Which passages fit into the prompt of an answer."""

    def __init__(self, service: Service) -> None:
        runtime = service.context.runtime(service.sessions.get(SESSION))
        self._tokens = runtime.tokenizer
        most = service.context.settings.max_answer_tokens
        self._budget, _ = budget_tokens(runtime.stream, most)

    def __call__(self, question: str, found: Sequence[Passage]) -> tuple[Citation, ...]:
        read = max((p.token_start + p.token_count for p in found), default=0)
        who = name_asked_about(question)
        prompt = build_prompt(self._tokens, question, found, [], self._budget, read, who=who)
        return prompt.passages


def _finds_nothing(service: Service, question: str, document: int) -> bool:
    found = _found(service, question, document)
    given = strong_passages(found)[:MAX_PASSAGES] if found else []
    return lacks_named_entity(question, given) or is_beside_the_question(question, given)


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code is 1 after an error, which is printed in a sentence."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("file", type=Path, help="a tale with its questions on each line")
    parser.add_argument("--tales", type=int, help="how many, from the first on; default: all")
    parser.add_argument("--model", default="embedded", help="counts the tokens; answers nothing")
    parser.add_argument("--window", type=int, help="of the session; default: the model's own")
    given = parser.parse_args(arguments)
    try:
        main(given.file, given.tales, given.model, given.window)
    except KNOWN_ERRORS as error:
        print(sentence(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run())
