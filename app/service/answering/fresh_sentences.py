"""Generates an answer sentence by sentence, so that a small model does not go round in circles.

A long greedy answer of a small model soon repeats itself. So the state before each sentence is
kept; a sentence that says again what an earlier one said is taken back, and begun differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ahn_runtime import Session
from app.service.answering.support import sentences
from app.service.answering.words import content_words

MAX_TAKEN_BACK = 5
"""Sentences that are taken back before the answer ends."""
SAME_BEGINNING = 5
"""Words with which no two sentences begin."""
SAME_SHARE = 0.75
"""A sentence with this part of its content words in an earlier one says it again."""
MIN_DISTINCT, MANY_WORDS = 0.4, 12
"""A sentence of so many words has at least this part of distinct ones, or goes round itself."""
CANDIDATES = 64
"""Likely next tokens among which another beginning is looked for."""
MIN_TOKENS_LEFT = 8


class FreshSentences:
    """The sentences of an answer, one by one; those but the first begin with a space.

    Args:
        session: has read the prompt; it is used up.
        max_tokens: of the answer, with what is taken back.
        lookup: token ids of the prompt, as `Session.generate` takes them.
        temperature, seed: as `Session.generate` takes them.

    `session` is what it has become, with the sentences that remain, `ids` are their tokens, and
    `flops_taken_back` were spent on the others.
    """

    def __init__(
        self,
        session: Session,
        max_tokens: int,
        lookup: Sequence[int],
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> None:
        self.session, self.flops_taken_back = session, 0
        self.ids: list[int] = []
        self._has_ended = False
        # What is sampled cannot be drafted.
        self._left, self._lookup = max_tokens, None if temperature else lookup
        self._temperature, self._seed = temperature, seed
        self._begun: set[int] = set()
        self._said: list[str] = []

    def __iter__(self) -> Iterator[str]:
        """Yield each sentence when it is complete; one that is cut off only if it is the first."""
        taken_back, is_retry = 0, False
        while self._left >= MIN_TOKENS_LEFT or not self._said:
            before, left = self.session.fork(), self._left
            text, ids, is_whole = self._sentence(is_retry)
            self._forget_drafted(before, ids)
            if ids:
                self._begun.add(ids[0])
            if not text.strip() or (not is_whole and self._said):
                self._take_back(before)
                return
            has_other = bool(self._said) or self._left >= MIN_TOKENS_LEFT
            if has_other and (self._is_said(text) or goes_round(text)):
                self._take_back(before)
                taken_back += 1
                if taken_back > MAX_TAKEN_BACK or self._left == left:
                    return
                is_retry = True
                continue
            is_retry = False
            self.ids += ids
            self._said.append(text)
            yield text
            if not is_whole or self._has_ended:
                return

    def _sentence(self, is_retry: bool) -> tuple[str, list[int], bool]:
        """The next sentence, its tokens, and whether it came to its end."""
        decode = self.session.runtime.tokenizer.decode
        ids: list[int] = []
        if is_retry:
            other = self._other_beginning()
            if other is None:
                return "", [], False
            self.session.feed([other], logits=None)
            ids.append(other)
            self._left -= 1
        generated = self.session.generate(
            max(1, self._left), self._temperature, seed=self._seed, lookup=self._lookup
        )
        for token_id in generated:
            ids.append(token_id)
            self._left -= 1
            text = decode(ids)
            if _is_whole(text):
                return text, ids, True
            if self._left <= 0:
                return text, ids, False
        self._has_ended = True
        return decode(ids), ids, True

    def _other_beginning(self) -> int | None:
        """The likeliest token with which no sentence was begun; None if the model would rather end.

        It can begin a sentence: it has a capital letter, or one of a script that has none.
        """
        tokenizer = self.session.runtime.tokenizer
        logits = self.session.next_logits().flatten()
        for token_id in logits.topk(min(CANDIDATES, len(logits))).indices.tolist():
            if token_id in tokenizer.stop_ids:
                return None
            if token_id not in self._begun and _begins_sentence(tokenizer.decode([token_id])):
                return int(token_id)
        return None

    def _forget_drafted(self, before: Session, ids: Sequence[int]) -> None:
        """Leave in the session only what was said: drafts are fed in groups, and one may go on.

        Args:
            before: the state before the sentence, which is left as it is.
            ids: the tokens of the sentence.
        """
        if self.session.tokens_seen == before.tokens_seen + len(ids):
            return
        said = before.fork()
        for start in range(0, len(ids), said.runtime.block_tokens):
            said.feed(ids[start : start + said.runtime.block_tokens], logits=None)
        self.flops_taken_back += self.session.state.flops - before.state.flops
        self.session = said

    def _take_back(self, before: Session) -> None:
        self.flops_taken_back += self.session.state.flops - before.state.flops
        self.session = before

    def _is_said(self, text: str) -> bool:
        """Whether a sentence begins as an earlier one, or has little that it has not."""
        words, content = text.split()[:SAME_BEGINNING], content_words(text)
        for earlier in self._said:
            if earlier.split()[:SAME_BEGINNING] == words:
                return True
            shared = sum(word in content_words(earlier) for word in content)
            if content and shared >= SAME_SHARE * len(content):
                return True
        return False


def _begins_sentence(token: str) -> bool:
    first = token.strip()[:1]
    is_separate = token[:1].isspace() or not (first.isupper() or first.islower())
    return first.isalpha() and not first.islower() and is_separate


def goes_round(text: str) -> bool:
    """Whether a sentence repeats a few words over and over."""
    words = text.casefold().split()
    return len(words) >= MANY_WORDS and len(set(words)) < MIN_DISTINCT * len(words)


def _is_whole(text: str) -> bool:
    """Whether a text ends where a sentence does."""
    return len(sentences(f"{text.rstrip()} X")) > 1
