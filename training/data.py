"""Training examples from files: example n is a function of the data, the settings and n alone.

Texts are read with `ingest`, encoded, joined with an end-of-text token after each document and cut
into sequences of L tokens. Each question is one example. An epoch visits every sequence and every
question once, in a shuffled order.
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
from training.windows import draw_retained, draw_window

QUESTION_SUFFIX = ".jsonl"
FOLDER_SUFFIXES = (".txt", ".text", ".md", ".markdown", ".log", ".rst", ".pdf", QUESTION_SUFFIX)
END_OF_TEXT = "<|endoftext|>"

Encode = Callable[[str], list[int]]


class Corpus:
    """The encoded data of a training.

    Attributes:
        num_sequences: number of sequences of L tokens in the texts.
        size: number of examples in an epoch: sequences and questions.

    Args:
        tokens: token ids of all texts, concatenated.
        questions: the questions of all question files.
        tokenizer: the model's tokenizer.
        settings: the settings of the training.
        notes: one sentence for each file that was found in a folder but could not be read.

    Raises:
        TrainingError: there are neither L tokens of text nor a question.
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
        """Read and encode every file of `settings.texts`.

        A file inside a folder that cannot be read is skipped, with a sentence in `notes`.

        Raises:
            IngestError: a file that `settings.texts` names itself cannot be read.
            TrainingError: a question file is malformed, or there is too little text.
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
        """SHA-256 over all tokens and questions, the first 32 hexadecimal digits."""
        digest = hashlib.sha256(self.tokens.tobytes())
        for q in self.questions:
            digest.update(f"\0{q.context}\0{q.question}\0{q.answer}".encode())
        return digest.hexdigest()[:32]

    def example(self, index: int) -> Example:
        """Build example number `index`.

        Args:
            index: 0 or more, without an upper limit; every `size` examples are one epoch.
        """
        epoch, offset = divmod(index, self.size)
        item = self._permutation(epoch)[offset]
        rng = Random(f"{self.settings.seed}/example/{index}")
        if item >= self.num_sequences:
            return self._question(rng, self.questions[item - self.num_sequences])
        length = self.settings.length
        ids = self.tokens[item * length : (item + 1) * length].tolist()
        if rng.random() < self.settings.made:
            task = self._task(rng, ids)
            if task is not None:
                return task
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
        retain = draw_retained(rng, window, self.settings.retained)
        positions, weights = score(rng, len(ids), first, answer_start, wanted)
        return Example(
            ids,
            window - retain,
            sinks,
            retain,
            positions,
            weights,
            kind,
            answer_start,
            evidence,
        )

    def _task(self, rng: Random, text: list[int]) -> Example | None:
        """Make a recall task of a sequence, or None if no kind of task fits the text.

        W + S is at most three quarters of the sequence; the rest is room for the evidence.
        """
        kind = rng.choice(sorted(TASKS))
        window, sinks = self._window(rng, len(text), len(text) * 3 // 4)
        for name in dict.fromkeys((kind, "copy")):  # a text without names can still be copied
            task = make_task(name, rng, self.tokenizer, text, window, sinks)
            if task is not None and task.answer_start > window + sinks:
                return self._finish(
                    rng, task.ids, window, sinks, name, task.answer_start, task.evidence
                )
        return None

    def _question(self, rng: Random, question: Question) -> Example:
        """A question about its text; the text is cut so that everything fits into L tokens."""
        encode, max_answer_tokens = self.tokenizer.encode, self.settings.length // 4
        opening = chat.opening(self.tokenizer)
        closing = chat.closing(self.tokenizer, question.question)
        answer = chat.end_answer(self.tokenizer, encode(question.answer)[:max_answer_tokens])
        room = max(1, self.settings.length - len(opening) - len(closing) - len(answer))
        context = _excerpt(rng, encode, question, room)
        prompt = [*opening, *context, *closing][-(self.settings.length - len(answer)) :]
        ids = [*prompt, *answer]
        window, sinks = self._window(rng, len(ids), len(prompt) - 1)
        return self._finish(rng, ids, window, sinks, "question", len(prompt))


def _excerpt(rng: Random, encode: Encode, question: Question, room: int) -> list[int]:
    """At most `room` tokens of the context, with the answer near the beginning if it occurs."""
    ids = encode(question.context)
    if len(ids) <= room:
        return ids
    found = question.context.lower().find(question.answer.lower())
    offset = len(encode(question.context[:found])) if found >= 0 else rng.randrange(len(ids))
    # An eighth to a quarter of the excerpt comes before the answer, as its context.
    start = max(0, offset - rng.randint(room // 8, max(1, room // 4)))
    start = min(start, len(ids) - room)
    return ids[start : start + room]


def _files(paths: Iterable[Path]) -> list[tuple[Path, bool]]:
    """Files to read, and whether `paths` names each itself; folders are searched recursively."""
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
