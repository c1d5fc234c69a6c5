"""Documents that are not uploaded files: pasted text, web addresses, files of this machine."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from app.errors import NotAllowed
from app.service.context import Context, SessionRef
from app.service.documents import Documents
from app.service.library.fetch import fetched, is_url
from app.settings import PATHS_VARIABLE, URLS_VARIABLE, home_expanded
from ingest.naming import clean_line, file_name
from storage import DocumentRow

UNTITLED = "Pasted text"


class OtherSources:
    """Use cases of documents from text, from the web and from paths on the server."""

    def __init__(self, context: Context, documents: Documents) -> None:
        self._allowed, self._documents = context.settings.sources, documents
        self._context = context

    def add_text(
        self, session: SessionRef | None, title: str, text: str, model: str | None = None
    ) -> DocumentRow:
        """Add a typed or pasted text; a related text of the same title is a new version.

        Args:
            session: None: a new one, named after the text.
            model: of a new session, as `Sessions.create` takes it.

        Raises:
            NotAllowed: it is empty or too long.
        """
        session = self._id_of(session)
        if not text.strip():
            raise NotAllowed("The text is empty; type or paste some.")
        if len(text) > self._allowed.max_text_chars:
            raise NotAllowed(
                f"The text has {len(text):,} characters, and the most is "
                f"{self._allowed.max_text_chars:,}; save it as a file and add that."
            )
        is_titled = bool(title.strip())
        name = file_name(clean_line(title)) if is_titled else UNTITLED
        with tempfile.TemporaryDirectory(prefix="ammon-") as folder:
            path = Path(folder) / "pasted.txt"
            path.write_text(text, encoding="utf-8", errors="replace", newline="")
            return self._documents.add(
                session, path, f"{name}.txt", is_titled=is_titled, model=model
            )

    def add_url(
        self,
        session: SessionRef | None,
        url: str,
        is_owner: bool = False,
        password: str | None = None,
        encoding: str | None = None,
        model: str | None = None,
    ) -> DocumentRow:
        """Add the page or file at a web address; different content later is a new version.

        Args:
            session: None: a new one, named after the page or file.
            is_owner: the caller works on this machine, so what the server allows does not matter.
            password: of an encrypted PDF.
            encoding: of a text, None to detect it.
            model: of a new session, as `Sessions.create` takes it.

        Raises:
            NotAllowed: URLs, or this URL, are not read here, with the reason.
        """
        session = self._id_of(session)  # it may be renamed while this is fetched
        allowed = self._allowed
        if is_owner:
            allowed = replace(allowed, urls=True, private_addresses=True)
        if not allowed.urls:
            raise NotAllowed(
                "Web addresses are not read here. Whoever runs Ammon allows it by starting it "
                f"with {URLS_VARIABLE}=1."
            )
        if not is_url(url.strip()):
            raise NotAllowed(f"{url[:200]!r} is not a web address: those begin with https://.")
        with fetched(url, allowed) as file:
            return self._documents.add(
                session,
                file.path,
                file.name,
                source=url.strip(),
                password=password,
                encoding=encoding,
                model=model,
            )

    def add_path(
        self,
        session: SessionRef | None,
        path: str,
        password: str | None = None,
        encoding: str | None = None,
        model: str | None = None,
    ) -> DocumentRow:
        """Add a file of the machine that Ammon runs on.

        Args:
            session: None: a new one, named after the file.
            password: of an encrypted PDF.
            encoding: of a text, None to detect it.
            model: of a new session, as `Sessions.create` takes it.

        Raises:
            NotAllowed: it is not below a directory that is open for this.
        """
        session = self._id_of(session)
        opened = self._opened(path)
        # It is opened once more to be copied, so it may become a link that leads out.
        return self._documents.add(
            session,
            opened,
            password=password,
            encoding=encoding,
            within=self._open_below(),
            model=model,
        )

    def follow_path(self, session: SessionRef, path: str) -> DocumentRow:
        """Read a log of the machine that Ammon runs on, now and as it grows.

        Raises:
            NotAllowed: it is not below a directory that is open for this.
            CannotFollow: the session is being read again, or follows another log.
        """
        self._context.session(session)
        # It is opened again and again, so it may become a link that leads out.
        return self._documents.follow(session, self._opened(path), self._open_below())

    def _id_of(self, session: SessionRef | None) -> int | None:
        """The id of a session, which it keeps when it is renamed; None for a new one."""
        return None if session is None else self._context.session(session).id

    def _opened(self, path: str) -> Path:
        """The resolved path of a file, if it may be read."""
        # Resolved first: neither ".." nor a link leads out.
        wanted = home_expanded(Path(path.strip()))
        resolved = wanted.resolve()
        is_open = any(map(resolved.is_relative_to, self._open_below()))
        if not wanted.is_absolute() or not is_open:
            raise NotAllowed(
                f"{path[:200]!r} is in no folder whose files may be read. Whoever runs Ammon "
                f"opens folders by starting it with {PATHS_VARIABLE} and their paths."
            )
        return resolved

    def _open_below(self) -> list[Path]:
        """The directories whose files may be read, without links in their paths."""
        return [allowed.resolve() for allowed in self._allowed.paths]
