"""With many sessions, documents and messages the page shows a screen of each, and stays quick."""

import json
import re
from collections.abc import Mapping
from contextlib import closing
from html import escape
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.blocks import BlockFunction
from gradio.state_holder import SessionState

import storage
from ahn_runtime import Runtime
from app.service import Retrieved, Service, changes
from app.settings import ModelOptions, Settings
from app.web.chat import conversation as chat
from app.web.chat.actions import QuestionActions
from app.web.chat.conversation import ChatActions
from app.web.notes.actions import NotesActions
from app.web.page import build
from app.web.reader.actions import ReaderActions
from app.web.savings.actions import SavingsActions
from app.web.savings.plots import AS_RUN
from app.web.settings.actions import SettingsActions
from app.web.sidebar import actions as sidebar
from app.web.sidebar.actions import SessionActions
from app.web.sources import actions as sources
from app.web.sources.actions import SourceActions
from benchmarks.many import BIG, fill
from tests.support.coroutines import run as run_coroutine
from tests.support.service import TINY_SINKS, TINY_WINDOW
from tests.support.statements import statements


@pytest.fixture
def filled(tmp_path, tiny_dir, shared_processes, monkeypatch):
    """Make a service with many rows: `filled(250)` has 250 of each."""
    monkeypatch.setattr(changes, "AGAIN_S", 1e9)  # however long it takes, nothing is assumed
    made = []

    def make(count: int) -> Service:
        folder = tmp_path / str(count)
        folder.mkdir()
        options = ModelOptions(model=str(tiny_dir), window=TINY_WINDOW, sinks=TINY_SINKS)
        settings = Settings(data_dir=folder / "data", model=options, max_answer_tokens=8)
        load = lambda options: Runtime.load(**options.as_dict())  # noqa: E731
        made.append(Service(settings, load, shared_processes))
        fill(made[-1], folder, count)
        return made[-1]

    yield make
    for service in made:
        service.close()


def request(name: str = "1") -> SimpleNamespace:
    return SimpleNamespace(session_hash=name)


def messages_in(html: str) -> list[str]:
    return html.split("<article ")[1:]


def pressed(do: str, number: int) -> SimpleNamespace:
    return SimpleNamespace(_data={"do": do, "id": number})


class OpenedPage:
    """A page whose events are fired as gradio does; returns what would be sent."""

    def __init__(self, service: Service) -> None:
        self.blocks, self.changes = build(service)
        self.state = SessionState(self.blocks)
        self.mark = ""

    def fire(self, kind: str, event: str, output: str, **inputs: object) -> str:
        """Fire an event of a component of this type that has an output of this name."""
        blocks = self.blocks.blocks
        for function in self.blocks.fns.values():
            labels = [getattr(b, "label", None) for b in function.outputs]
            if output in labels and any(
                name == event and number in blocks and blocks[number].get_block_name() == kind
                for number, name in function.targets
            ):
                values = [inputs.get(getattr(b, "label", "") or "") for b in function.inputs]
                call = self.blocks.process_api(function, values, state=self.state)
                return json.dumps(run_coroutine(call)["data"])
        raise LookupError(event)

    def poll(self, **inputs: object) -> str:
        """Look for changes as the page's script does, and show them; returns what is sent."""
        mark = self.changes.text()
        if mark == self.mark:
            return ""
        functions = self.blocks.fns.values()
        update = next(f for f in functions if "update" in [b.elem_id for b in f.outputs])
        sent = gr.EventData(None, {"mark": mark, "choice": 0})
        done = self._call(update, inputs, event_data=sent)
        shown = re.search(r'data-mark="(.*?)"', done["data"][-1])
        assert shown, "it says what is shown"
        self.mark = shown[1]
        for function in functions:
            if any((state, "change") in function.targets for state in done["changed_state_ids"]):
                done["data"] += self._call(function, inputs)["data"]
        return json.dumps(done["data"])

    def _call(self, function: BlockFunction, inputs: Mapping[str, object], **options: Any) -> Any:
        values = [inputs.get(getattr(b, "label", "") or "") for b in function.inputs]
        options |= {"state": self.state, "request": gr.Request(session_hash="1")}
        return run_coroutine(self.blocks.process_api(function, values, **options))


@pytest.mark.filterwarnings("ignore")
def test_a_poll_sends_a_screen_at_most_and_nothing_that_did_not_change(filled):
    service = filled(1000)
    page = OpenedPage(service)

    def poll() -> str:
        return page.poll(**{"Sessions": BIG, "Search sessions": ""})

    first = poll()
    assert BIG in first and "report 1" in first
    assert len(first) < 100_000
    count = service.db.statement_count
    assert poll() == "", "nothing changed"
    assert service.db.statement_count - count == 1
    storage.create_session(service.db, "A new one", {"by": "another process"})
    changed = poll()
    assert "A new one" in changed and "report 1" not in changed


def statements_of_updates(service: Service, tmp_path) -> dict[str, int]:
    """How many statements a poll of the page costs, by what has changed since the one before."""
    book = tmp_path / f"{len(list(tmp_path.iterdir()))}.txt"
    book.write_text("Something new is read.\n" * 2000, "utf-8")
    document = service.documents.add(BIG, book)
    service.context.indexer.step()
    service.context.worker.step()
    service.documents.pause(document.id)
    reading = storage.find_current_document(service.db, BIG, {})
    progress = service.context.jobs.progress_of(document)
    assert reading.id == document.id and progress is not None, "it is read in part"
    page = OpenedPage(service)

    def read_on() -> None:
        progress.advance(progress.tokens_read + 20)

    def add_message() -> None:
        session = document.session_id
        storage.add_message(service.db, session, role="user", text="And?", position=0)

    def poll() -> str:
        return page.poll(**{"Sessions": BIG, "Search sessions": ""})

    poll()
    found = {}
    for name, act in {"nothing": lambda: None, "reading": read_on, "message": add_message}.items():
        act()
        before = service.db.statement_count
        sent = poll()
        found[name] = service.db.statement_count - before
        assert ("now-head" in sent, "And?" in sent) == (name == "reading", name == "message"), name
    return found


@pytest.mark.filterwarnings("ignore")
def test_an_update_costs_few_statements_whatever_the_size_of_the_library(filled, tmp_path):
    few, more = (statements_of_updates(filled(count), tmp_path) for count in (120, 360))
    assert few == more == {"nothing": 1, "reading": 6, "message": 25}


@pytest.mark.filterwarnings("ignore")
def test_the_first_session_made_elsewhere_is_selected_though_nothing_else_changes(make_service):
    service = make_service()
    page = OpenedPage(service)
    page.poll(**{"Search sessions": ""})
    storage.create_session(service.db, "A new one", {"by": "another process"})
    seen = page.poll(**{"Search sessions": ""})
    assert "A new one" in seen and '"value": "A new one"' not in seen
    assert '"value": "A new one"' in page.poll(**{"Search sessions": ""})


def counts(service: Service, tmp_path) -> dict[str, int]:
    """The number of statements of each action of the page."""
    sessions, documents = SessionActions(service), None
    documents = SourceActions(service, sessions)
    questions, chats = QuestionActions(service), ChatActions(service)
    notes = NotesActions(service, ReaderActions(service))
    note = tmp_path / f"{len(list(tmp_path.iterdir()))}.txt"
    note.write_text(f"A note about the violet ledger, {note.name}.", "utf-8")

    def ask() -> None:
        with closing(service.questions.ask(BIG, "What was counted with the copper?")) as events:
            next(event for event in events if isinstance(event, Retrieved))

    ask()  # opens the session
    named = {
        "poll the list of sessions": lambda: sessions.tick(
            service.sessions.presence(BIG), "", None
        ),
        "poll the documents": lambda: documents.tick(service.sessions.presence(BIG), "", None),
        "poll the notes": lambda: notes.tick(service.sessions.presence(BIG), None),
        "notes": lambda: notes.opened(service.sessions.presence(BIG)),
        "add a note": lambda: notes.save(BIG, "A note.", None),
        "load": lambda: sessions.first_view("Volume 3"),
        "search": lambda: sessions.find("volume 7"),
        "make": lambda: sessions.create(""),
        "rename": lambda: sessions.rename("Volume 4", "Renamed", ""),
        "duplicate": lambda: sessions.duplicate("Volume 5"),
        "delete": lambda: sessions.delete("Volume 6", ""),
        "undelete": lambda: sessions.undelete(""),
        "a missing session": lambda: sessions.tick(service.sessions.presence("no such"), "", None),
        "documents": lambda: documents.opened(service.sessions.presence(BIG)),
        "filter the documents": lambda: documents.find(BIG, "report 7"),
        "conversation": lambda: questions.open(BIG, request()),
        "questions to begin with": lambda: service.questions.suggested(BIG),
        "places": lambda: chats.refresh_as_of(BIG, None),
        "savings": lambda: SavingsActions(service).shown(BIG, AS_RUN),
        "settings": lambda: SettingsActions(service).shown(BIG),
        "add": lambda: service.documents.add(BIG, note),
        "ask": ask,
        "start": lambda: service.trash.sweep(),
    }
    return {name: statements(service, act) for name, act in named.items()}


def test_the_statements_of_an_action_do_not_grow_with_the_rows(filled, tmp_path):
    few, more = (counts(filled(count), tmp_path) for count in (120, 360))
    assert few == more
    assert max(few.values()) < 150, few


def test_the_sidebar_lists_a_screen_and_leads_to_the_others(filled):
    service = filled(120)
    act = SessionActions(service)
    radio, below, _, offset, selected = act.first_view("")
    assert (len(radio.choices), offset, selected) == (sidebar.SCREEN, 0, BIG)
    assert "1–50 of 121" in below and 'data-id="50" aria-label="Next' in below
    radio, below, offset = act.turn("", pressed("screen", 100))
    assert (len(radio.choices), offset) == (21, 100) and "101–121 of 121" in below
    assert act.turn("", pressed("screen", 10**6))[2] == 100, "the list has shrunk since"
    for nonsense in (-1, "x", None, {}, 0.5):
        assert act.turn("", pressed("screen", nonsense))[2] == 0
    radio, below, offset = act.find("volume 77")
    assert [name for _, name in radio.choices] == ["Volume 77"] and below == ""


def test_the_screen_with_the_selected_session_is_listed(filled):
    service = filled(120)
    act = SessionActions(service)
    radio, _, _, offset, selected = act.first_view("Volume 1")
    assert selected == "Volume 1" in [name for _, name in radio.choices] and offset == 100
    radio, _, offset, *_ = act.rename("Volume 1", "Renamed", "")
    assert (radio.value, offset) == ("Renamed", 100)
    assert "Renamed" in [name for _, name in radio.choices]
    _, _, seen = act.tick(service.sessions.presence("Renamed"), "", None, 100)
    assert act.tick(service.sessions.presence("Renamed"), "", seen, 100) == (gr.skip(),) * 3
    radio, _, offset, *_ = act.create("")
    assert (radio.value, offset) == ("Session 1", 0)


def test_the_sources_are_shown_in_screens_and_one_on_another_is_found(filled):
    service = filled(120)
    act = SourceActions(service, SessionActions(service))
    html, view, _ = act.opened(service.sessions.presence(BIG))
    assert html.count('class="doc done"') == sources.SCREEN and "1–50 of 121" in html
    assert act.tick(service.sessions.presence(BIG), "", view) == (gr.skip(), gr.skip())
    html, view = act.act(BIG, "", view, pressed("screen", 100))
    assert view.offset == 100 and html.count('class="doc done"') == 21
    document = service.documents.list(BIG)[110].document
    html, view = act.act(BIG, "", view, pressed("remove", document.id))
    assert view.offset == 100 and document.title not in html and "101–120 of 120" in html
    html, _ = act.find(BIG, "REPORT 77")
    assert re.findall(r'doc-title"[^>]*>([^<]*)', html) == ["report 77"]
    assert sources.NOTHING_FOUND in act.find(BIG, "atlantis")[0]
    assert act.tick(service.sessions.presence("Volume 1"), "", view)[1].session == "Volume 1"


def test_a_document_of_another_session_is_not_touched(filled):
    service = filled(60)
    act = SourceActions(service, SessionActions(service))
    document = service.documents.list(BIG)[5].document
    for number in (document.id, 10**9, "5", None):
        act.act("Volume 1", "", None, pressed("remove", number))
    assert service.documents.find(BIG, document.id) is not None


def test_the_sources_open_where_something_is_being_read(filled, tmp_path):
    service = filled(120)
    path = tmp_path / "new.txt"
    path.write_text("Something new.", "utf-8")
    service.documents.add(BIG, path)
    html, view, _ = SourceActions(service, SessionActions(service)).opened(
        service.sessions.presence(BIG)
    )
    assert view.offset == 100 and "new" in html


def test_the_conversation_shows_its_end_and_leads_to_the_rest(filled):
    service = filled(250)
    act = QuestionActions(service)
    one = request()
    shown, _, below = act.open(BIG, one)
    said = messages_in(shown)
    assert len(said) == chat.SCREEN and "Message 249:" in said[-1]
    assert "151–250 of 250" in below and "at-end" in shown
    shown, _, below = act.turn(BIG, one, pressed("screen", 50))
    assert "Message 50:" in messages_in(shown)[0] and "51–150 of 250" in below
    assert "at-end" not in shown, "the last question is on another screen"
    shown, *_ = act.turn(BIG, one, pressed("screen", 10**30))
    assert len(messages_in(shown)) == 1
    shown, _, below = act.find(BIG, "message 12: WHAT", one)
    assert "Message 12:" in messages_in(shown)[-1] and "1–13 of 250" in below
    with pytest.warns(UserWarning, match="no earlier one"):
        assert act.find(BIG, "message 12: WHAT", one) == (gr.skip(),) * 3


def test_a_passage_of_an_answer_on_an_earlier_screen_is_opened(filled):
    service = filled(250)
    session = service.sessions.get(BIG)
    (found,) = storage.search_passages(service.db, session.id, "report 77", limit=1)
    passage = {
        "number": 1,
        "segment_id": found.segment_id,
        "document": "report 77",
        "cited": True,
        "text": "Kept.",
        "document_id": 1,
        "locator": "line 1",
        "is_read": True,
    }
    for text in ("Where is it?", "There."):
        role, details = (
            ("user", {}) if text.endswith("?") else ("assistant", {"passages": [passage]})
        )
        storage.add_message(
            service.db, session.id, role=role, text=text, position=0, details=details
        )
    for number in range(200):
        role = "assistant" if number % 2 else "user"
        storage.add_message(service.db, session.id, role=role, text="And?", position=0)
    answer = next(m for m in service.questions.messages(BIG) if m.text == "There.")
    passages = ReaderActions(service)

    def opened(**data: object) -> tuple[object, object]:
        return next(passages.open_of_answer(BIG, SimpleNamespace(_data=data)))

    for data in ({"do": "answer"}, {"do": "open", "id": found.segment_id}):
        page, _ = opened(**data, message=answer.id)
        assert "report 77" in page and escape(f'"answer": {answer.id}') in page
    other = {"do": "open", "id": found.segment_id + 1, "message": answer.id}
    for nonsense in ({}, {"do": "open", "id": "x", "message": answer.id}, other):
        assert opened(**nonsense) == (gr.skip(),) * 2


def test_places_are_offered_for_the_last_documents_or_those_whose_title_is_typed(filled):
    act = ChatActions(filled(120))
    first, offered = act.refresh_as_of(BIG, None)
    choices = first.choices
    assert len(choices) <= 201 and any("report 119" in label for label, _ in choices)
    typed, offered = act.find_as_of(BIG, offered, SimpleNamespace(input_value="report 7"))
    assert "report 7: line 2" in [at for _, at in typed.choices]
    fewer, offered = act.find_as_of(BIG, offered, SimpleNamespace(input_value="report 77"))
    assert set(typed.choices) == set(fewer.choices)  # an open list does not get shorter
    other, _ = act.refresh_as_of("Volume 7", offered)
    assert len(other.choices) == 1
