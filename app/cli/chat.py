"""The command `chat`: a conversation with a session in the terminal, with streamed answers."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.ask import print_events, source_lines
from app.cli.open_service import open_service
from app.cli.options import DataDir, Json, session_argument, takes_model_options
from app.cli.progress import complete_search_index
from app.terminal import ask_line, show, show_json, show_status, visible

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
        complete_search_index(service, session)
        row = service.sessions.get(session)  # it may be renamed during the conversation
        conversation = _Conversation(service, row.id, at, as_json)
        is_terminal = sys.stdin.isatty()
        if is_terminal:
            show_status(f"Ask {session!r}; /help says what else, Ctrl-D leaves.")
        while (line := _read_line(conversation.prompt if is_terminal else "")) is not None:
            if line.strip() and not conversation.handle(line.strip()):
                return


def _read_line(prompt: str) -> str | None:
    """A line of input; empty after Ctrl-C, None at the end of input."""
    try:
        return ask_line(prompt)
    except KeyboardInterrupt:
        show_status()
        return ""
    except EOFError:
        return None


@dataclass
class _Conversation:
    """A session being talked with, and what the conversation remembers.

    Args:
        at: the position that questions are asked as of; empty: everything read so far.
        last: the last complete answer.
        printed_notes: notes on the reading that were printed already.
    """

    service: Service
    session: int
    at: str
    as_json: bool
    last: Answer | None = None
    printed_notes: set[str] = field(default_factory=set)

    @property
    def prompt(self) -> str:
        return f"{self.at or 'now'}> "

    def handle(self, line: str) -> bool:
        """Run the command or ask the question in a line; False if it ends the conversation."""
        from app.messages import KNOWN_ERRORS, sentence

        command, _, argument = line.partition(" ")
        try:
            if command == "/quit":
                return False
            if command == "/at":
                self.at = argument.strip()
            elif command == "/sources":
                self._show_sources()
            elif command == "/again":
                self._ask_again()
            elif command.startswith("/"):
                show_status(HELP)
            else:
                self._ask(line)
        except KNOWN_ERRORS as error:
            show_status(f"Error: {sentence(error)}")
        except KeyboardInterrupt:
            show_status("\n(stopped; nothing of it is kept)")
        return True

    def _ask(self, question: str, replaces: int | None = None) -> None:
        events = self.service.questions.ask(self.session, question, self.at, replaces)
        with contextlib.closing(events):
            self.last = print_events(events, self.as_json)
        for note in self.service.sessions.reading_notes(self.session):
            if note not in self.printed_notes:
                self.printed_notes.add(note)
                show_status(note)
        for note in self.last.notes:
            show_status(note)
        if self.as_json:
            show_json(self.last.as_dict())
        else:
            show("\n".join(source_lines(self.last)), end="\n\n")

    def _ask_again(self) -> None:
        last = self.service.questions.last_messages(self.session, 2)
        asked = [message for message in last if message.role == "user"]
        if not asked:
            raise ValueError("Nothing was asked yet; type a question.")
        self._ask(asked[-1].text, asked[-1].id)

    def _show_sources(self) -> None:
        for passage in self.last.passages if self.last else []:
            cited = ", cited" if passage.cited else ""
            where = visible(f"{passage.document}, {passage.locator}{cited}", one_line=True)
            show(f"[{passage.number}] {where}:")
            show(f"{passage.text}\n")
        if not (self.last and self.last.passages):
            show_status("No passages: ask something first.")
