"""Documents from text, from the web and from paths: read where that is allowed."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import storage
from app.errors import NotAllowed
from app.settings import Sources
from ingest import EncryptedDocument
from tests.support.pdf_samples import encrypted, make_pdf
from tests.support.service import wait_until_read

PAGES = {
    "/book": ("text/html; charset=utf-8", b"<p>The mill stood by the weir at dusk.</p>" * 20),
    "/note.txt": ("text/plain", b"The ferry crossed the river Tay.\n" * 20),
    "/secret.pdf": ("application/pdf", encrypted(make_pdf("The lamp was lit."), "sesame")),
    "/large": ("text/plain", b"x" * 5000),
}


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
            return
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/note.txt")
            self.end_headers()
            return
        kind, data = PAGES.get(self.path, ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def service(make_service):
    def make(**changes):
        service = make_service(sources=Sources(**changes))
        service.sessions.create("s")
        service.start_reading()
        return service

    return make


def titles(service):
    wait_until_read(service, "s")
    return [(s.document.title, s.document.state) for s in service.documents.list("s")]


def test_pasted_text_is_a_document_like_any_other(service):
    service = service()
    service.sources.add_text("s", "My notes/2", "The parrot is called Ozymandias. " * 20)
    service.sources.add_text("s", "", "The ferry crossed the river Tay. " * 20)
    service.sources.add_text("s", "", "The tide was high. " * 20)
    service.sources.add_text("s", "", "The ferry crossed the river Tay. It sank. " * 20)
    assert titles(service) == [
        ("2", "done"),
        ("Pasted text", "done"),
        ("Pasted text (2)", "done"),
        ("Pasted text (version 2)", "done"),
    ]
    notes = [status.document.notes for status in service.documents.list("s")]
    assert "another text" in notes[2][0] and "It replaces 'Pasted text'" in notes[3][0]


@pytest.mark.parametrize("text, said", [(" \n", "The text is empty"), ("x" * 11, "11 characters")])
def test_no_text_and_too_much_text_are_refused(service, text, said):
    service = service(max_text_chars=10)
    with pytest.raises(NotAllowed, match=said):
        service.sources.add_text("s", "t", text)
    assert service.documents.list("s") == []


def test_a_page_of_the_web_is_read_where_that_is_allowed(service, web):
    service = service(urls=True, private_addresses=True)
    first = service.sources.add_url("s", f"{web}/book")
    assert (first.kind, first.source_path) == ("html", f"{web}/book")
    service.sources.add_url("s", f"{web}/moved")
    assert titles(service) == [("book", "done"), ("note", "done")]
    assert service.sources.add_url("s", f"{web}/book").id == first.id, (
        "unchanged, it is not read again"
    )


def test_an_encrypted_pdf_of_the_web_is_read_with_its_password(service, web):
    service = service(urls=True, private_addresses=True)
    with pytest.raises(EncryptedDocument):
        service.sources.add_url("s", f"{web}/secret.pdf")
    first = service.sources.add_url("s", f"{web}/secret.pdf", password="sesame")
    assert titles(service) == [("secret", "done")]
    assert service.sources.add_url("s", f"{web}/secret.pdf").id == first.id, "its text is stored"


@pytest.mark.parametrize(
    "path, said",
    [
        ("/large", "larger than 4,000 bytes"),
        ("/none", "HTTP 404"),
        ("/loop", "redirected too often"),
    ],
)
def test_a_failed_fetch_says_why(service, web, path, said):
    service = service(urls=True, private_addresses=True, max_url_bytes=4000)
    with pytest.raises(NotAllowed, match=said):
        service.sources.add_url("s", web + path)
    assert service.documents.list("s") == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/book",
        "http://localhost:{port}/book",
        "http://[::1]:{port}/book",
        "http://[::ffff:127.0.0.1]:{port}/book",
        "http://2130706433:{port}/book",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
    ],
)
def test_private_addresses_are_not_fetched_under_any_name(service, web, url):
    service = service(urls=True)
    with pytest.raises(NotAllowed, match="not on the public web|There is no host"):
        service.sources.add_url("s", url.format(port=web.rsplit(":", 1)[1]))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "https://", "http://user:word@host/", "notes"]
)
def test_what_is_not_the_address_of_a_page_is_refused(service, url):
    with pytest.raises(NotAllowed, match="address"):
        service(urls=True).sources.add_url("s", url)


def test_without_permission_nothing_is_fetched(service, web):
    with pytest.raises(NotAllowed, match="AMMON_ALLOW_URLS=1"):
        service().sources.add_url("s", f"{web}/book")


def test_files_are_read_below_open_directories_only(service, tmp_path, book):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    inside = shelf / "inside.txt"
    inside.write_text(book.read_text())
    (shelf / "link.txt").symlink_to(book)
    service = service(paths=(shelf,))
    service.sources.add_path("s", str(inside))
    assert titles(service) == [("inside", "done")]
    for path in (book, shelf / "link.txt", shelf / ".." / book.name, "shelf/inside.txt"):
        with pytest.raises(NotAllowed, match="AMMON_ALLOW_PATHS"):
            service.sources.add_path("s", str(path))


@pytest.fixture
def followed(service, tmp_path):
    """A service that follows a log below an open directory, the log, and its document's text."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    log = shelf / "pumps.log"
    log.write_text("2031-01-25 06:00:00 pump 1 reports 7 litres\n" * 40)
    opened = service(paths=(shelf,))
    row = opened.sources.follow_path("s", str(log))
    return opened, log, lambda: stored_text(opened, row.id)


def stored_text(service, document_id):
    return "".join(s.text for s in storage.iter_segments(service.db, document_id))


def become_a_link_out(log, tmp_path):
    secret = tmp_path / "secret.log"
    secret.write_text("2031-01-25 06:00:00 the secret of the mill\n" * 40)
    log.unlink()
    log.symlink_to(secret)


def state_when(service, expected, seconds=60):
    """The state of the followed document, once it is the expected one or time is up."""
    deadline = time.monotonic() + seconds
    while service.documents.list("s")[0].document.state != expected:
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return service.documents.list("s")[0].document


def test_a_followed_log_that_becomes_a_link_out_of_the_open_directories_is_refused(
    followed, tmp_path
):
    service, log, text = followed
    become_a_link_out(log, tmp_path)
    row = state_when(service, "failed")
    assert row.state == "failed" and "outside the folders" in row.error
    assert "secret" not in text()


def test_a_followed_log_that_became_a_link_out_ends_without_it(followed, tmp_path):
    service, log, text = followed
    session = service.documents.list("s")[0].document.session_id
    service.documents.pause(service.documents.list("s")[0].document.id)
    become_a_link_out(log, tmp_path)
    other = log.with_name("other.txt")
    other.write_text("The ferry crossed the river Tay.\n" * 20)
    service.sources.add_path("s", str(other))
    wait_until_read(service, "s")
    assert storage.find_open_follow(service.db, session) is None
    assert "secret" not in text()


def test_what_is_allowed_is_read_from_the_environment(monkeypatch, tmp_path):
    assert Sources.given() == Sources()
    monkeypatch.setenv("AMMON_ALLOW_URLS", "1")
    monkeypatch.setenv("AMMON_ALLOW_PATHS", f"{tmp_path}:/srv/books")
    given = Sources.given()
    assert given.urls and [str(p) for p in given.paths] == [str(tmp_path), "/srv/books"]
