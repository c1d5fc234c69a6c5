"""Commands killed at any instant, alone or two at once, lose nothing and leave nothing half.

Each round copies a data directory, starts one command or two on it, kills them, and compares what
is there with what the commands may have left: any of their steps was done whole or not at all.
Then it does what the server does when it starts, and compares again, down to the checkpoints.

AMMON_KILLS is how many processes are killed (`make soak`: 200), AMMON_SEED when (it is printed).
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import storage
from app.cli.open_service import open_service
from app.cli.sessions import delete, export_session
from storage import DocumentState
from tests.support import killed
from tests.support.killed import AT_WORK, IN_TRASH, OPENED, Contents, World

KILLS = int(os.environ.get("AMMON_KILLS", "10"))
SEED = int(os.environ.get("AMMON_SEED", random.SystemRandom().randrange(1 << 32)))
WINDOW, OTHER_WINDOW = 700, 500
LONGEST_S = 1.0
"""A command is killed before it has worked so long, until it is known how long it works."""
LOG_LINES = 3000
STAYS_IN_TRASH = "2100-01-01T00:00:00+00:00"
OLD_DATA = Path(__file__).parents[1] / "data" / "before_redesign" / "data"
EXPORT = "out.ammon"
NAMES = ("one", "two", "three", "four", "five")

Step = Callable[[World], list[World]]
"""What a command does at once: the worlds that may follow; none if it is refused."""


@dataclass(frozen=True)
class Command:
    """A command that is killed.

    Args:
        name: for messages.
        arguments: of the command line, or what is done to the trash.
        steps: each of which is done whole or not at all, one after the other.
        export: the session that it writes to the file `EXPORT` in its round's folder.
    """

    name: str
    arguments: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    export: str | None = None


@dataclass
class Base:
    """What each round begins with.

    Args:
        folder: with the texts, an export, and the data directory that is copied.
        world: what that data directory holds.
    """

    folder: Path
    model: Path
    world: World = field(default_factory=dict)
    manifests: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def text(self, name: str) -> Path:
        """The path of a text."""
        return self.folder / f"{name}.txt"

    def read(self, data_dir: Path, window: Any, sessions: dict[str, Sequence[str]]) -> None:
        """Read texts into new sessions, without an interruption."""
        files = {session: list(map(self.text, names)) for session, names in sessions.items()}
        killed.read_whole(data_dir, self.options(window), files)

    def options(self, window: Any) -> dict[str, Any]:
        """The options of the model."""
        return {"model": str(self.model), "window": window, "sinks": 8}

    def manifest(self, session: Contents) -> Any:
        """The last checkpoint of a session that was read without an interruption."""
        names = tuple(title for title, *_ in session.documents)
        key = (names, session.window)
        if key not in self.manifests:
            data_dir = self.folder / f"whole {len(self.manifests)}"
            self.read(data_dir, session.window, {"s": names})
            self.manifests[key] = killed.recover(data_dir)["s"]
        return self.manifests[key]

    def document(self, name: str) -> tuple[str, str, str | None]:
        """A text as `Contents` has it."""
        found = (d for c in self.world.values() for d in c.documents if d[0] == name)
        return next(found)


@pytest.fixture(scope="module")
def base(tmp_path_factory, tiny_dir) -> Base:
    """Sessions "a" and "b" are read, "log" is large and not read, "old" is in the trash."""
    made = Base(tmp_path_factory.mktemp("base"), tiny_dir)
    words, data_dir = random.Random(7), made.folder / "data"
    for name in NAMES:
        keepers = (f"The {name} lamp {i} was lit by {words.random():.9f}." for i in range(25))
        made.text(name).write_text("\n\n".join(keepers), encoding="utf-8")
    log = made.folder / "log.log"
    lines = (f"2024-01-01T00:00:00 node{i % 7} wrote {words.random()}\n" for i in range(LOG_LINES))
    log.write_text("".join(lines), encoding="utf-8")
    made.read(data_dir, WINDOW, {"a": NAMES[:3], "b": NAMES[1:4], "old": NAMES[4:]})
    with open_service(data_dir, made.options(WINDOW), None) as service:
        service.trash.put("old")
        service.db.execute("UPDATE trash SET trashed_at = ?", [STAYS_IN_TRASH])
        list(service.questions.ask("a", "Who lit the lamp?"))
        service.sessions.create("log")
        document = service.documents.add("log", log)
        service.context.indexer.step()
        storage.set_document_state(service.db, document.id, DocumentState.PAUSED)
    export_session("a", made.folder / "a.ammon", data_dir)
    made.world = killed.check(data_dir)
    assert set(made.world) == {"a", "b", "log", f"{IN_TRASH}old"}
    return made


# What the commands do, step by step.


def _called(world: World, session: str) -> list[str]:
    """The names that a session may have by now; another process may rename or trash it."""
    names = [session, *(["z"] if session == "a" else [])]
    return [n for name in names for n in (name, f"{IN_TRASH}{name}") if n in world]


def deleted(session: str) -> Step:
    """The session is gone."""
    return lambda world: [
        {name: c for name, c in world.items() if name != gone} for gone in _called(world, session)
    ]


def changed(session: str, change: Callable[[Contents], Contents]) -> Step:
    """The session's contents are others."""
    return lambda world: [{**world, name: change(world[name])} for name in _called(world, session)]


def renamed(session: str, new: str) -> Step:
    """The session has another name."""
    return lambda world: [_moved(world, session, new)] if session in world else []


def trashed(session: str) -> Step:
    """The session is in the trash."""
    return lambda world: [
        _moved(world, name, f"{IN_TRASH}{name}")
        for name in _called(world, session)
        if not name.startswith(IN_TRASH)
    ]


def _moved(world: World, old: str, new: str) -> World:
    return {new if name == old else name: contents for name, contents in world.items()}


def added(name: str, made: Callable[[World], Contents | None]) -> Step:
    """There is a session more."""

    def add(world: World) -> list[World]:
        contents = made(world)
        return [] if contents is None or name in world else [{**world, name: contents}]

    return add


def present(name: str, contents: Contents) -> Step:
    """There is such a session; it is made if there is none."""
    return lambda world: [world if name in world else {**world, name: contents}]


def without(title: str) -> Callable[[Contents], Contents]:
    """Contents without a document."""
    return lambda c: replace(c, documents=tuple(d for d in c.documents if d[0] != title))


def commands(base: Base, folder: Path) -> list[Command]:
    """All commands that are killed, for a round in a folder."""
    out, model = folder / EXPORT, ["--model", str(base.model)]
    model += ["--window", str(WINDOW), "--sinks", "8"]
    exported, five = base.world["a"], base.document("five")

    def copied(session: str) -> Callable[[World], Contents | None]:
        return lambda world: next((world[n] for n in _called(world, session)), None)

    def with_five(contents: Contents) -> Contents:
        known = five in contents.documents
        return replace(contents, documents=(*contents.documents, *([] if known else [five])))

    def reading(session: str) -> Command:
        steps = (present(session, Contents((), (), WINDOW)), changed(session, with_five))
        arguments = ("read", str(base.text("five")), "--session", session, *model)
        return Command(f"read into {session}", arguments, steps)

    def other_window(contents: Contents) -> Contents:
        return replace(contents, window=OTHER_WINDOW)

    return [
        *(Command(f"delete {s}", ("delete", s), (deleted(s),)) for s in ("a", "log")),
        *(
            Command(f"duplicate {s}", ("duplicate", s, "copy"), (added("copy", copied(s)),))
            for s in ("a", "log")
        ),
        *(Command(f"export {s}", ("export", s, str(out)), export=s) for s in ("a", "log")),
        Command(
            "import",
            ("import", str(base.folder / "a.ammon"), "--name", "new"),
            (added("new", lambda world: exported),),
        ),
        Command("rename a", ("rename", "a", "z"), (renamed("a", "z"),)),
        *(
            Command(f"remove {t}", ("remove", "a", t), (changed("a", without(t)),))
            for t in ("one", "three")
        ),
        Command(
            "reread a",
            ("reread", "a", "--window", str(OTHER_WINDOW)),
            (changed("a", other_window),),
        ),
        reading("a"),
        reading("fresh"),
        Command("trash a", ("put a",), (trashed("a"),)),
        Command("restore old", ("restore",), (renamed(f"{IN_TRASH}old", "old"),)),
    ]


def worlds(world: World, left: Sequence[Sequence[Step]]) -> Iterator[World]:
    """What there may be when commands did some of their steps, in any order among each other."""
    yield world
    for i, steps in enumerate(left):
        if steps:
            rest = [*left[:i], steps[1:], *left[i + 1 :]]
            for following in steps[0](world):
                yield from worlds(following, rest)


# Killing, and looking at what is left.


class Pace:
    """How long commands work, so that they are killed within that time."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._longest: dict[tuple[str, str], float] = {}

    def instant(self, name: str) -> tuple[str, float]:
        """When a command is killed: so long after a mark."""
        mark = self.random.choice([OPENED, AT_WORK])
        return mark, self.random.uniform(0, 1.1 * self._longest.get((name, mark), LONGEST_S))

    def ended(self, name: str, running: killed.Running, at: float) -> None:
        """Note how long one worked that ended before it was killed."""
        noted = running.noted()
        done = {OPENED: at, AT_WORK: noted.get(f"{AT_WORK} done", at)}
        for mark, end in done.items():
            if mark in noted:
                self._longest[name, mark] = max(0.002, end - noted[mark])


def run_killed(pace: Pace, chosen: Sequence[Command], folder: Path) -> list[str]:
    """Start commands at once and kill them; returns the names of those that were killed."""
    instants = [pace.instant(command.name) for command in chosen]
    started = []
    for i, command in enumerate(chosen):
        marks, data_dir = folder / f"process {i}", folder / "data"
        if command.arguments[0] in ("put a", "restore"):
            started.append(killed.start_in_trash(command.arguments[0], data_dir, marks))
        else:
            started.append(killed.start(list(command.arguments), data_dir, marks))

    def end(i: int) -> bool:
        was_killed = started[i].kill(*instants[i])
        if not was_killed:
            pace.ended(chosen[i].name, started[i], time.monotonic())
        return was_killed

    with ThreadPoolExecutor(len(chosen)) as threads:
        were_killed = list(threads.map(end, range(len(chosen))))
    return [c.name for c, was_killed in zip(chosen, were_killed, strict=True) if was_killed]


def look(base: Base, chosen: Sequence[Command], folder: Path) -> None:
    """Compare a data directory with what commands may have left, before and after recovery."""
    possible = list(worlds(base.world, [command.steps for command in chosen]))

    def expect(found: World) -> None:
        assert any(killed.is_like(found, each) for each in possible), shown(found, possible)

    data_dir = folder / "data"
    found = killed.check(data_dir)
    expect(found)
    look_at_export(base, chosen, possible, folder)
    manifests = killed.recover(data_dir)
    recovered = killed.check(data_dir)
    expect(recovered)
    assert recovered.keys() == found.keys()
    for name, manifest in manifests.items():
        assert manifest == base.manifest(recovered[name]), f"{name!r} is in another state"
    look_for_rest(data_dir, recovered)


def look_at_export(
    base: Base, chosen: Sequence[Command], possible: list[World], folder: Path
) -> None:
    """An export is not there, or it is one of a whole session: of either, if two wrote the file."""
    if not (folder / EXPORT).exists():
        return
    held = killed.imported(folder / EXPORT, folder / "imported", base.options(WINDOW))
    sessions = [command.export for command in chosen if command.export is not None]
    whole = [w[n] for w in possible for session in sessions for n in _called(w, session)]
    assert any(held.is_like(contents) for contents in whole), held


def look_for_rest(data_dir: Path, world: World) -> None:
    """Nothing that nobody sees is left once another session is deleted."""
    with open_service(data_dir, {}, None) as service:
        service.sessions.create("short-lived")
    delete("short-lived", data_dir)
    count, files = killed.session_count(data_dir)
    assert count == len(world), "a session is left that nobody sees"
    assert killed.kept_files(data_dir) == files


def shown(found: World, possible: list[World]) -> str:
    """What was found and what was expected, for a message."""
    lines = [f"found    {_names(found)}", *(f"possible {_names(each)}" for each in possible)]
    return "\n".join(dict.fromkeys(lines))


def _names(world: World) -> dict[str, Any]:
    return {n: ([d[0] for d in c.documents], len(c.messages), c.window) for n, c in world.items()}


@pytest.mark.slow
def test_commands_killed_at_any_instant_are_done_whole_or_not_at_all(base, tmp_path, capsys):
    pace, done, rounds = Pace(SEED), Counter[str](), 0
    with capsys.disabled():
        print(f"\nAMMON_SEED={SEED} AMMON_KILLS={KILLS}", flush=True)
    while done.total() < KILLS:
        folder = tmp_path / f"round {rounds}"
        shutil.copytree(base.folder / "data", folder / "data")
        count = pace.random.choice([1, 2])
        chosen = pace.random.sample(commands(base, folder), count)
        names = run_killed(pace, chosen, folder)
        try:
            look(base, chosen, folder)
        except BaseException as error:
            error.add_note(f"AMMON_SEED={SEED}, round {rounds}: {[c.name for c in chosen]}")
            raise
        done.update(names)
        rounds += 1
        shutil.rmtree(folder)
        if len(names) and done.total() % 25 < len(names):
            with capsys.disabled():
                print(f"{done.total()} of {KILLS} killed in {rounds} rounds", flush=True)
    with capsys.disabled():
        print(f"killed in {rounds} rounds: {dict(done)}", flush=True)


@pytest.mark.slow
def test_two_exports_at_once_into_one_file_leave_one_of_a_whole_session(base, tmp_path):
    shutil.copytree(base.folder / "data", tmp_path / "data")
    chosen = [command for command in commands(base, tmp_path) if command.export]
    started = [
        killed.start(list(command.arguments), tmp_path / "data", tmp_path / f"process {i}")
        for i, command in enumerate(chosen)
    ]
    for running in started:
        running.process.join(killed.PATIENCE_S)
        assert running.process.exitcode == 0, running.errors()
    assert len(chosen) == 2 and (tmp_path / EXPORT).exists()
    look(base, chosen, tmp_path)


@pytest.mark.slow
def test_a_migration_killed_at_any_instant_is_done_whole_or_not_at_all(tmp_path, capsys):
    pace, killed_count, rounds = Pace(SEED), 0, 0
    whole = shutil.copytree(OLD_DATA, tmp_path / "whole")
    expected = killed.check(whole, has_copies=False), killed.kept_files(whole)
    sessions = Command("sessions", ("sessions",))
    while killed_count < max(2, KILLS // 5):
        folder = tmp_path / f"round {rounds}"
        shutil.copytree(OLD_DATA, folder / "data")
        chosen = [sessions] * pace.random.choice([1, 2])
        killed_count += len(run_killed(pace, chosen, folder))
        found = killed.check(folder / "data", has_copies=False), killed.kept_files(folder / "data")
        assert found == expected, f"AMMON_SEED={SEED}, round {rounds}"
        rounds += 1
        shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\nAMMON_SEED={SEED}: {killed_count} migrations killed", flush=True)
