"""From files to examples: the n-th example of a training is a function of the data and the seed.

Texts are read through `ingest`, encoded, joined with the end-of-text token between documents and
cut into sequences of L tokens; each question is an example of its own. An epoch goes through both
in a shuffled order.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from ahn_runtime.tokenizer import Tokenizer
from ingest import IngestError, encode_segments, open_document
from training import chat
from training.errors import TrainingError
from training.example import Example, score
from training.questions import Question, read_questions
from training.settings import TrainingSettings
from training.tasks import TASKS, make_task
from training.windows import draw_window

QUESTION_SUFFIX = ".jsonl"
FOLDER_SUFFIXES = (".txt", ".text", ".md", ".markdown", ".log", ".rst", ".pdf", QUESTION_SUFFIX)
END_OF_TEXT = "<|endoftext|>"

Encode = Callable[[str], list[int]]


class Corpus:
    """All the data of a training, encoded.

    Args:
        tokens: of the texts, one after another.
        questions: of the question files.
        tokenizer: of the model.
        settings: of the training.
        notes: sentences about files of a folder that were left out.
    """

    def __init__(
        self,
        tokens: array[int],
        questions: list[Question],
        tokenizer: Tokenizer,
        settings: TrainingSettings,
        notes: list[str],
    ) -> None:
        self.tokens, self.questions, self.notes = tokens, questions, notes
        self.tokenizer, self.settings = tokenizer, settings
        self.num_sequences = len(tokens) // settings.length
        self.size = self.num_sequences + len(questions)
        self._order: tuple[int, list[int]] = (-1, [])
        if not self.size:
            raise TrainingError(
                f"The texts hold {len(tokens):,} tokens, fewer than one sequence of "
                f"{settings.length:,}: add texts or take a smaller --length."
            )

    @classmethod
    def read(cls, settings: TrainingSettings, tokenizer: Tokenizer) -> Corpus:
        """Read and encode every file.

        Raises:
            IngestError: a file that was named cannot be read.
            TrainingError: a question file is not as expected, or there is too little text.
        """
        tokens, questions, notes = array("i"), [], []
        separator = [i for name, i in tokenizer.control.items() if name == END_OF_TEXT]
        for path, named in _files(settings.texts):
            if path.suffix.lower() == QUESTION_SUFFIX:
                questions += read_questions(path)
                continue
            try:
                segments = open_document(path).segments()
                for _, ids in encode_segments(segments, tokenizer.encode):
                    tokens.extend(ids)
            except IngestError as error:
                if named:
                    raise
                notes.append(f"Left out: {error}")
            tokens.extend(separator)
        return cls(tokens, questions, tokenizer, settings, notes)

    def digest(self) -> str:
        """Hash of the content, hex."""
        digest = hashlib.sha256(self.tokens.tobytes())
        for q in self.questions:
            digest.update(f"\0{q.context}\0{q.question}\0{q.answer}".encode())
        return digest.hexdigest()[:32]

    def example(self, index: int) -> Example:
        """The example of that number, from 0 without end."""
        epoch, place = divmod(index, self.size)
        item = self._permutation(epoch)[place]
        rng = Random(f"{self.settings.seed}/example/{index}")
        if item >= self.num_sequences:
            return self._question(rng, self.questions[item - self.num_sequences])
        length = self.settings.length
        ids = self.tokens[item * length : (item + 1) * length].tolist()
        if rng.random() < self.settings.made:
            made = self._task(rng, ids)
            if made is not None:
                return made
        window, sinks = self._window(rng, length, length - length // 8)
        return self._finish(rng, ids, window, sinks, "text", length)

    def _permutation(self, epoch: int) -> list[int]:
        if self._order[0] != epoch:
            order = list(range(self.size))
            Random(f"{self.settings.seed}/epoch/{epoch}").shuffle(order)
            self._order = (epoch, order)
        return self._order[1]

    def _window(self, rng: Random, length: int, limit: int) -> tuple[int, int]:
        return draw_window(rng, length, limit, self.settings.windows, self.settings.sinks)

    def _finish(
        self,
        rng: Random,
        ids: list[int],
        window: int,
        sinks: int,
        kind: str,
        answer_start: int,
        evidence: tuple[int, int] | None = None,
    ) -> Example:
        wanted, first = self.settings.positions, window + sinks
        positions, weights = score(rng, len(ids), first, answer_start, wanted)
        return Example(ids, window, sinks, positions, weights, kind, answer_start, evidence)

    def _task(self, rng: Random, text: list[int]) -> Example | None:
        """A made task; a quarter of the sequence at least is room for what is asked for."""
        kind = rng.choice(sorted(TASKS))
        window, sinks = self._window(rng, len(text), len(text) * 3 // 4)
        for name in dict.fromkeys((kind, "copy")):  # a text without names can still be copied
            made = make_task(name, rng, self.tokenizer, text, window, sinks)
            if made is not None and made.answer_start > window + sinks:
                return self._finish(
                    rng, made.ids, window, sinks, name, made.answer_start, made.evidence
                )
        return None

    def _question(self, rng: Random, asked: Question) -> Example:
        """A question about its text, cut to L tokens around the answer if that is in it."""
        encode, most = self.tokenizer.encode, self.settings.length // 4
        opening = chat.opening(self.tokenizer)
        closing = chat.closing(self.tokenizer, asked.question)
        answer = chat.answered(self.tokenizer, encode(asked.answer)[:most])
        room = max(1, self.settings.length - len(opening) - len(closing) - len(answer))
        context = _excerpt(rng, encode, asked, room)
        prompt = [*opening, *context, *closing][-(self.settings.length - len(answer)) :]
        ids = [*prompt, *answer]
        window, sinks = self._window(rng, len(ids), len(prompt) - 1)
        return self._finish(rng, ids, window, sinks, "question", len(prompt))


def _excerpt(rng: Random, encode: Encode, asked: Question, room: int) -> list[int]:
    """At most `room` tokens of the context; if it holds the answer, so do they, and early."""
    ids = encode(asked.context)
    if len(ids) <= room:
        return ids
    found = asked.context.lower().find(asked.answer.lower())
    place = len(encode(asked.context[:found])) if found >= 0 else rng.randrange(len(ids))
    # An eighth to a quarter of the excerpt stands before the answer: what it belongs to.
    start = max(0, place - rng.randint(room // 8, max(1, room // 4)))
    start = min(start, len(ids) - room)
    return ids[start : start + room]


def _files(paths: Iterable[Path]) -> list[tuple[Path, bool]]:
    """Files to read, and whether each was named itself; folders are searched, in sorted order."""
    found: list[tuple[Path, bool]] = []
    for path in paths:
        if not path.is_dir():
            found.append((path, True))
            continue
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in FOLDER_SUFFIXES)
        if not inside:
            raise TrainingError(f"{path} holds no texts ({', '.join(FOLDER_SUFFIXES)}).")
        found += [(p, False) for p in inside if p.is_file()]
    return found
