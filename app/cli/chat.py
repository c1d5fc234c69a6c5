"""The command `chat`: one question after the other, streamed, at a prompt."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.ask import shown, source_lines
from app.cli.open_service import open_service
from app.cli.options import DataDir, Json, session_argument, takes_model_options

if TYPE_CHECKING:
    from app.service import Answer, Service

HELP = (
    "/at PLACE   answer as of there ('page 120', a checkpoint's number); /at alone: as of now\n"
    "/sources    the passages of the last answer, whole\n"
    "/again      another answer to the last question\n"
    "/quit       leave, as Ctrl-D does; Ctrl-C stops the answer only"
)


@takes_model_options
def chat(
    session: Annotated[str, session_argument("Session to talk with.")],
    options: dict[str, Any],
    at: Annotated[str, typer.Option(help="Begin as of there; /at changes it.")] = "",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask a session one question after the other; /help lists what else can be typed."""
    with contextlib.suppress(ImportError):  # none on Windows; it edits lines and keeps the last
        import readline  # noqa: F401
    with open_service(data_dir, options, session) as service:
        service.sessions.get(session)
        talk = _Talk(service, session, at, as_json)
        is_asked = sys.stdin.isatty()
        if is_asked:
            print(f"Ask {session!r}; /help says what else, Ctrl-D leaves.", file=sys.stderr)
        while (line := _typed(f"{talk.at or 'now'}> " if is_asked else "")) is not None:
            if line.strip() and not talk.take(line.strip()):
                return


def _typed(prompt: str) -> str | None:
    """A line; empty after Ctrl-C, None at the end."""
    try:
        return input(prompt)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return ""
    except EOFError:
        return None


@dataclass
class _Talk:
    """What a conversation at the prompt keeps."""

    service: Service
    session: str
    at: str
    as_json: bool
    last: Answer | None = None
    told: set[str] = field(default_factory=set)

    def take(self, line: str) -> bool:
        """Do what a line says; False if it ends the conversation."""
        from app.messages import KNOWN_ERRORS, sentence

        word, _, rest = line.partition(" ")
        try:
            if word == "/quit":
                return False
            if word == "/at":
                self.at = rest.strip()
            elif word == "/sources":
                self._show_sources()
            elif word == "/again":
                self._ask_again()
            elif word.startswith("/"):
                print(HELP, file=sys.stderr)
            else:
                self._ask(line)
        except KNOWN_ERRORS as error:
            print(f"Error: {sentence(error)}", file=sys.stderr)
        except KeyboardInterrupt:
            print("\n(stopped; nothing of it is kept)", file=sys.stderr)
        return True

    def _ask(self, question: str, replaces: int | None = None) -> None:
        answers = self.service.questions.ask(self.session, question, self.at, replaces)
        try:
            self.last = shown(answers, self.as_json)
        finally:
            answers.close()
        for note in self.service.sessions.reading_notes(self.session):
            if note not in self.told:
                self.told.add(note)
                print(note, file=sys.stderr)
        if self.as_json:
            print(json.dumps(self.last.as_dict()), flush=True)
        else:
            print("\n".join(source_lines(self.last)), end="\n\n", flush=True)

    def _ask_again(self) -> None:
        asked = [m for m in self.service.questions.messages(self.session) if m.role == "user"]
        if not asked:
            raise ValueError("Nothing was asked yet; type a question.")
        self._ask(asked[-1].text, asked[-1].id)

    def _show_sources(self) -> None:
        for passage in self.last.passages if self.last else []:
            cited = ", cited" if passage.cited else ""
            print(f"[{passage.number}] {passage.document}, {passage.locator}{cited}:")
            print(f"{passage.text}\n")
        if not (self.last and self.last.passages):
            print("No passages: ask something first.", file=sys.stderr)
