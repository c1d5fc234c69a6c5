"""Ammon as a model of EleutherAI's lm-evaluation-harness, under the name "ammon".

The harness is not among what Ammon runs with, but among what its tests do: `make test` installs it.
Then its command runs here with this model known:

    python -m evaluation.harness --model ammon --model_args hold=memory,window=2048 --tasks ...

`hold` is "full" (full attention), "window" (sinks and window alone) or "memory" (window and
memory); the other arguments are those of `Runtime.load`. A text longer than the window is not cut,
as other models' inputs are: it streams through, and what leaves the window is left to the memory.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from ahn_runtime import AhnError, Runtime
from ahn_runtime.tokenizer import END_THINK, THINK, no_thinking
from evaluation.continuations import Continuations
from evaluation.variants import FULL, WINDOW

try:
    from lm_eval.api.model import TemplateLM
    from lm_eval.api.registry import register_model
    from lm_eval.models.utils import normalize_gen_kwargs
except ImportError as error:
    MISSING = (
        "lm-evaluation-harness is not installed here: run `make test`, which installs it "
        "with all else that tests need, and start again."
    )
    if __name__ == "__main__":
        sys.exit(f"Error: {MISSING}")
    raise ImportError(MISSING) from error

NAME, MEMORY = "ammon", "memory"
HOLDS = (FULL, WINDOW, MEMORY)
MAX_NEW_TOKENS = 256
START, END, END_OF_TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
MARK = "\0"
CONTROL = re.compile(f"{MARK}({'|'.join(map(re.escape, (START, END, THINK, END_THINK)))}){MARK}")
"""Control tokens in a chat prompt: marked, since the same characters in a text are only text."""


class AmmonLM(TemplateLM):  # type: ignore[misc]  # Any where the harness is not installed
    """A runtime behind the harness's interface; one request at a time.

    Args:
        model, ahn, window, sinks, dtype, kv_dtype, quantize: as `Runtime.load` takes them.
        hold: "full", "window" or "memory"; "full" takes no window, and only "memory" a memory.
        device: "cpu"; else the best there is, since the harness says "cuda" unless told otherwise.
        batch_size, max_batch_size: of the harness; without effect.
        unknown: refused.

    Raises:
        AhnError: the model cannot be loaded.
        ValueError: an argument is out of its domain, or the model has no memory to hold with.
    """

    def __init__(
        self,
        model: str = "embedded",
        hold: str = MEMORY,
        ahn: str | None = "auto",
        window: int | str = "auto",
        sinks: int | str = "auto",
        dtype: str = "float32",
        kv_dtype: str = "float32",
        quantize: str | None = None,
        device: str | None = None,
        batch_size: int | str | None = None,
        max_batch_size: int | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__()
        if unknown:
            raise ValueError(
                f"There is no {', '.join(unknown)} among --model_args; there are model, hold, ahn, "
                "window, sinks, dtype, kv_dtype, quantize and device."
            )
        if hold not in HOLDS:
            raise ValueError(f"hold is one of {', '.join(HOLDS)}; got {hold!r}.")
        runtime = Runtime.load(
            model,
            ahn=ahn if hold == MEMORY else None,
            window=None if hold == FULL else window,
            sinks=0 if hold == FULL else sinks,
            dtype=dtype,
            kv_dtype=kv_dtype,
            quantize=quantize,
            device="cpu" if device == "cpu" else "auto",
        )
        if hold == MEMORY and runtime.memory_status != "trained":
            raise ValueError(
                f"The model {model} has no trained memory: name one with ahn=..., or take "
                "hold=window or hold=full."
            )
        self.runtime, self.hold = runtime, hold
        self._text = Continuations(runtime)

    @property
    def eot_token_id(self) -> int:
        """The token that stands where a text has no beginning."""
        control = self.runtime.tokenizer.control
        return control.get(END_OF_TEXT, min(control.values(), default=0))

    @property
    def tokenizer_name(self) -> str:
        """The model's name, which the harness puts into the keys of its caches."""
        return self.runtime.title

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, **kwargs: Any
    ) -> list[int]:
        """Token ids of a text; control tokens only where `apply_chat_template` put them."""
        tokenizer, ids = self.runtime.tokenizer, []
        for at, part in enumerate(CONTROL.split(string)):
            ids += [tokenizer.control[part]] if at % 2 else tokenizer.encode(part)
        return ids

    def chat_template(self, chat_template: bool | str = False) -> str | None:
        """The form of a chat, for the harness's records."""
        return f"{START}role\ncontent{END}\n" if chat_template else None

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """A chat as one prompt, which ends where the model begins to answer.

        Raises:
            ValueError: the model's tokenizer has no control tokens for a chat.
        """
        if START not in self.runtime.tokenizer.control:
            raise ValueError(
                f"The model {self.runtime.title} knows no chat: leave --apply_chat_template out."
            )
        start, end = (f"{MARK}{name}{MARK}" for name in (START, END))
        turns = [
            f"{start}{turn['role']}\n{turn['content'].replace(MARK, '')}" for turn in chat_history
        ]
        if add_generation_prompt:
            thought = f"{MARK}{THINK}{MARK}\n\n{MARK}{END_THINK}{MARK}\n\n"
            has_thoughts = bool(no_thinking(self.runtime.tokenizer))
            turns.append(f"{start}assistant\n{thought if has_thoughts else ''}")
        return f"{end}\n".join(turns)

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of each whole text, in nats, read in one stream of any length."""
        found = []
        for (text,) in (request.args for request in requests):
            total, _ = self._text.likelihood([self.eot_token_id], self.tok_encode(text))
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), total)
            found.append(total)
        return found

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """Continue each context up to one of its stop texts."""
        found = []
        for at, (context, options) in enumerate(request.args for request in requests):
            given = normalize_gen_kwargs(options, MAX_NEW_TOKENS)
            answer = self._text.generate(
                self.tok_encode(context) or [self.eot_token_id],
                stops=given["until"],
                max_new_tokens=given["max_gen_toks"],
                temperature=given.get("temperature", 0.0),
                seed=at,  # repeatable, and another one for each repeat of a question
            )
            self.cache_hook.add_partial("generate_until", (context, options), answer)
            found.append(answer)
        return found

    def get_model_info(self) -> dict[str, Any]:
        """What the harness writes beside the results: the model, and how it held the texts."""
        stream = self.runtime.stream
        return {
            "model_name": self.runtime.title,
            "hold": self.hold,
            "window": stream.window,
            "sinks": stream.sinks,
            "memory": stream.cell,
        }

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[tuple[str, str], list[int], list[int]]], **kwargs: Any
    ) -> list[tuple[float, bool]]:
        found = []
        for texts, context, continuation in requests:
            result = self._text.likelihood(context, continuation)
            self.cache_hook.add_partial("loglikelihood", texts, result)
            found.append(result)
        return found


register_model(NAME)(AmmonLM)


def main() -> None:
    """Run the harness's own command with this model known to it."""
    from lm_eval.__main__ import cli_evaluate

    try:
        cli_evaluate()
    except (AhnError, ValueError, OSError) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
