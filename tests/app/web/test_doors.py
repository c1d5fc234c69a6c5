"""Every route of the framework is open for a reason or closed, and the closed ones are closed.

The framework itself runs here, with the whole page, behind the guard.
"""

import http.server
import json
import os
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ahn_runtime import Runtime
from app.service import Service
from app.settings import ModelOptions, Settings
from app.web import doors, framework
from app.web.framework import close_environment
from app.web.guard import Guard, Rules
from app.web.hosts import Hosts
from app.web.page_ids import QUIET_S
from tests.support.service import TINY_SINKS, TINY_WINDOW

OWN = "http://127.0.0.1:7860"
MAX_UPLOAD, MAX_FILE = 400_000, 100_000
PAGE_ID = "abcdefgh123"
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def served(tmp_path_factory, tiny_dir):
    """The page behind the guard, in a server without sockets: a client, and the framework."""
    root = tmp_path_factory.mktemp("served")
    options = ModelOptions(model=str(tiny_dir), window=TINY_WINDOW, sinks=TINY_SINKS)
    settings = Settings(data_dir=root / "data", model=options)
    before = dict(os.environ)
    os.environ["GRADIO_ALLOWED_PATHS"] = str(root)
    os.environ["GRADIO_SHARE"] = "true"
    uploads = settings.uploads_dir / "one"
    uploads.mkdir(parents=True)
    close_environment(uploads)
    from app.web.page import build

    service = Service(settings, lambda options: Runtime.load(**options.as_dict()))
    page = build(service)
    made = framework.make_framework(
        page.blocks,
        max_threads=8,
        max_file_bytes=MAX_FILE,
        root_path="",
        changes=page.changes.text,
        file_of=service.transfers.file_of,
    )
    guard = Guard(made.app, Rules(Hosts("127.0.0.1"), MAX_UPLOAD), made.pages)
    with TestClient(guard, base_url=OWN, headers={"Origin": OWN}) as client:
        yield client, made, service
    service.close()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def inner(served):
    return served[1].app.routes[-1].app


def test_every_route_of_the_framework_has_a_reason_to_be_open_or_is_closed(served):
    """A new route fails here: say in app/web/doors.py why it is open, or why it is closed."""
    open_for = {(door.path, method) for door in doors.OPEN for method in door.methods}
    routes = served[1].routes
    assert len(routes) > 60, "the walk finds those of included routers, too"
    unasked = [
        (path, method)
        for path, methods in routes
        for method in methods or ("none",)
        if (path, method) not in open_for and path not in doors.CLOSED
    ]
    assert unasked == []
    gone = {path for path, _ in open_for} | set(doors.CLOSED)
    assert gone - {path for path, _ in routes} == set(), "the framework has these no more"
    assert all(door.why for door in doors.OPEN) and all(doors.CLOSED.values())


def test_no_route_that_is_not_open_answers(served):
    client, made, _ = served
    open_for = {(door.path, method) for door in doors.OPEN for method in door.methods}
    for path, methods in made.routes:
        address = re.sub(r"\{[^}]*\}", "1", path)
        for method in methods - {"HEAD"}:
            if (path, method) not in open_for:
                assert client.request(method, address).status_code == 404, (method, path)


def test_every_event_comes_through_the_queue_for_other_routes_of_events_are_closed(inner):
    fns = inner.get_blocks().fns.values()
    assert [fn.api_name for fn in fns if fn.fn is not None and not fn.queue] == []


class Outside(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from elsewhere")

    def log_message(self, *_):
        pass


@pytest.fixture
def outside():
    Outside.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/secret"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("prefix", ["file=", "file/", "proxy="])
def test_the_server_fetches_nothing_for_a_visitor(served, outside, prefix):
    answer = served[0].get(f"/gradio_api/{prefix}{outside}")
    assert answer.status_code == 404 and "elsewhere" not in answer.text
    assert Outside.asked == []


def join(client, fn_index, data, page_id=PAGE_ID):
    event = {"data": data, "fn_index": fn_index, "session_hash": page_id, "trigger_id": None}
    return client.post("/gradio_api/queue/join", json=event)


def messages(client, page_id=PAGE_ID):
    headers = {"Sec-Fetch-Site": "same-origin"}
    text = client.get(f"/gradio_api/queue/data?session_hash={page_id}", headers=headers).text
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def upload_event(inner):
    """The number of the event that adds uploaded files."""
    return next(i for i, fn in inner.get_blocks().fns.items() if fn.api_name == "upload")


def file_data(path, **more):
    return [{"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "a.txt", **more}]


def test_an_uploaded_file_is_a_document_and_the_upload_is_deleted(served, inner):
    client, _, service = served
    text = b"The lamp in the tower was lit by keeper number seven. " * 20
    (path,) = client.post("/gradio_api/upload", files={"files": ("a.txt", text)}).json()
    assert service.settings.uploads_dir in Path(path).parents
    assert os.path.isfile(path)
    assert client.get(f"/gradio_api/file={path}").status_code == 404, "nobody gets it by its path"
    service.sessions.ensure("s")
    assert (
        join(client, upload_event(inner), ["s", file_data(path), "", "", None, None]).status_code
        == 200
    )
    assert messages(client)[-1]["msg"] == "close_stream"
    assert [s.document.title for s in service.documents.list("s")] == ["a"]
    assert not os.path.exists(path) and not os.path.exists(os.path.dirname(path))


def test_an_address_is_no_upload(served, inner, outside):
    client, _, service = served
    service.sessions.ensure("s")
    before = len(service.documents.list("s"))
    for named in (file_data(outside), file_data(outside, url=outside), file_data("x", url=outside)):
        assert join(client, upload_event(inner), ["s", named, "", ""]).status_code == 200
        done = next(m for m in messages(client) if m["msg"] == "process_completed")
        assert done["success"] is False
    assert Outside.asked == [] and len(service.documents.list("s")) == before


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "{data}/ammon.sqlite", "{uploads}/../../ammon.sqlite"]
)
def test_a_file_that_was_not_uploaded_is_no_upload(served, inner, path):
    client, _, service = served
    service.sessions.ensure("s")
    before = len(service.documents.list("s"))
    uploads = os.environ["GRADIO_TEMP_DIR"]
    path = path.format(data=service.settings.data_dir, uploads=uploads)
    assert os.path.exists(path)
    join(client, upload_event(inner), ["s", file_data(path), "", "", None, None])
    done = next(m for m in messages(client) if m["msg"] == "process_completed")
    assert done["success"] is False and len(service.documents.list("s")) == before
    assert os.path.exists(path)


def test_uploads_are_bounded_and_what_is_refused_leaves_nothing(served):
    client, _, service = served
    uploads = os.environ["GRADIO_TEMP_DIR"]
    before = sorted(os.listdir(uploads))
    large = {"files": ("a.txt", b"x" * (MAX_FILE + 1))}
    assert client.post("/gradio_api/upload", files=large).status_code == 413
    many = [("files", (f"{i}.txt", b"x" * (MAX_FILE - 1))) for i in range(5)]
    assert client.post("/gradio_api/upload", files=many).status_code == 413
    field = {"title": "x" * (framework.MAX_FIELD_BYTES + 1)}
    answer = client.post("/gradio_api/upload", data=field, files={"files": ("a.txt", b"x")})
    assert answer.status_code in (400, 413)
    assert sorted(os.listdir(uploads)) == before


def test_an_exported_session_is_saved_by_its_own_page_and_only_by_its_number(served, tmp_path):
    client, _, service = served
    service.sessions.ensure("L\u00e4mp")
    number = service.transfers.begin_export("L\u00e4mp", tmp_path)
    deadline = time.monotonic() + 60
    while service.transfers.file_of(number) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    answer = client.get(f"/exports/{number}")
    assert answer.content == service.transfers.file_of(number).path.read_bytes()
    assert answer.headers["content-disposition"] == ("attachment; filename*=utf-8''L%C3%A4mp.ammon")
    assert answer.headers["cache-control"] == "no-store"
    evil = {"Origin": "https://evil.example"}
    assert client.get(f"/exports/{number}", headers=evil).status_code == 403
    for wrong in (number + 1, "x", "1" * 40, "..%2fammon.sqlite", "%C2%B2"):
        assert client.get(f"/exports/{wrong}").status_code == 404, wrong
    service.transfers.end(number)
    gone = client.get(f"/exports/{number}")
    assert gone.status_code == 404 and "export the session again" in gone.text


@pytest.mark.parametrize("number", [99_999, -1, 10**30])
def test_an_event_that_this_version_does_not_have_is_refused_with_a_sentence(served, number):
    answer = join(served[0], number, [])
    assert answer.status_code == 400 and "reload" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path, status",
    [
        ("/?page=nowhere", 200),
        ("/?deep_link=../../x", 200),
        (f"/assets/{'a' * 900}", 404),
        (f"/assets/{'a' * 5000}", 404),
        ("/static/a%00b", 404),
        ("/static/%0d%0aSet-Cookie:x", 404),
    ],
)
def test_no_address_makes_the_framework_fail(served, path, status):
    assert served[0].get(path).status_code == status


def part(name, file_name=None):
    file = "" if file_name is None else f'; filename="{file_name}"'
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\nx\r\n'


@pytest.mark.parametrize(
    "body",
    [
        part("files", "a.txt") + part("files") + "--b--\r\n",
        part("files", "a.txt") + part("others", "b.txt") + "--b--\r\n",
        part("files", "a.txt") + part("files", "..") + "--b--\r\n",
        part("files", "a.txt") + part("files", "b.txt"),
        "--b\r\nnonsense\r\n\r\n",
    ],
    ids=["text for a file", "another field", "no name", "no end", "no header"],
)
def test_what_is_no_upload_leaves_neither_a_file_nor_a_watched_progress(served, inner, body):
    from gradio import routes

    client, made, _ = served
    uploads = os.environ["GRADIO_TEMP_DIR"]
    before = sorted(os.listdir(uploads))
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    address = "/gradio_api/upload?upload_id=watched"
    assert client.post(address, content=body, headers=headers).status_code in (400, 413)
    assert sorted(os.listdir(uploads)) == before

    async def sweep():
        framework.sweep(inner, made.pages)

    client.portal.call(sweep)
    assert routes.file_upload_statuses._statuses == {}


def test_an_upload_that_breaks_off_leaves_no_file(served):
    """The announced end of the body never comes: what was written is deleted."""
    client, made, _ = served
    uploads = os.environ["GRADIO_TEMP_DIR"]
    before = sorted(os.listdir(uploads))
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    parts = iter([head + b"x" * 5000])

    async def run():
        async def receive():
            for part in parts:
                return {"type": "http.request", "body": part, "more_body": True}
            return {"type": "http.disconnect"}

        async def send(message):
            pass

        headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
        headers.append((b"content-type", b"multipart/form-data; boundary=b"))
        scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": headers}
        scope |= {"query_string": b"", "http_version": "1.1", "scheme": "http"}
        guard = Guard(made.app, Rules(Hosts("127.0.0.1"), MAX_UPLOAD), made.pages)
        try:
            await guard(scope, receive, send)
        except Exception as error:
            assert "Disconnect" in type(error).__name__

    client.portal.call(run)
    assert sorted(os.listdir(uploads)) == before


def test_the_framework_keeps_no_state_of_invented_pages(served, inner, monkeypatch):
    client, made, _ = served
    queue = inner.get_blocks()._queue
    tick = next(i for i, fn in inner.get_blocks().fns.items() if fn.api_name == "tick")
    for number in range(20):
        assert join(client, tick, [None, "", None], f"invented{number}").status_code == 200
    deadline = time.monotonic() + 60
    while queue.event_ids_to_events and time.monotonic() < deadline:
        time.sleep(0.02)
    now = time.monotonic() + 2 * QUIET_S
    monkeypatch.setattr(made.pages, "_clock", lambda: now)

    async def sweep():
        framework.sweep(inner, made.pages)

    client.portal.call(sweep)
    kept = [inner.state_holder.session_data, queue.pending_event_ids_session]
    kept += [queue.pending_messages_per_session, queue.event_ids_to_events]
    assert not [page for ids in kept for page in ids if str(page).startswith("invented")]
    assert len(made.pages) == 0


def test_the_queue_of_events_is_bounded(served, inner, monkeypatch):
    client, _, _ = served
    queue = inner.get_blocks()._queue
    assert queue.max_size == framework.MAX_EVENTS
    monkeypatch.setattr(queue, "max_size", 0)
    assert join(client, upload_event(inner), ["s", None, "", ""]).status_code == 503


def test_no_answer_lets_another_site_read_it(served):
    client = served[0]
    for headers in ({"Origin": "https://evil.example"}, {"Origin": OWN}):
        for path in ("/", "/theme.css", "/config", "/favicon.ico"):
            answer = client.get(path, headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]
    assert (
        client.post("/gradio_api/upload", headers={"Origin": "https://evil.example"}).status_code
        == 403
    )


def test_switches_of_the_framework_in_the_environment_do_nothing(served, inner):
    assert sorted(name for name in os.environ if name.startswith("GRADIO_")) == [
        "GRADIO_ANALYTICS_ENABLED",
        "GRADIO_ANALYTICS_MAX_EVENTS",
        "GRADIO_TEMP_DIR",
    ]
    blocks = inner.get_blocks()
    assert blocks.allowed_paths == [] and not blocks.share and not blocks.enable_monitoring
    assert not blocks.mcp_server and not blocks.ssr_mode


def test_a_door_matches_its_own_path_only():
    assert doors.find("GET", "/assets/a/b.js") and not doors.find("GET", "/assets/")
    assert doors.find("GET", "/gradio_api/heartbeat/abc")
    assert not doors.find("GET", "/gradio_api/heartbeat/abc/d")
    assert not doors.find("GET", "/gradio_api/heartbeat/abc\n")
    assert not doors.find("POST", "/")
    dotted = replace(doors.OPEN[0], path="/theme.css")
    assert dotted.match("/theme.css") and not dotted.match("/themeXcss")
