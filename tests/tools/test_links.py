"""Which outer links of a book are broken: asked of a server on this machine."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools import links


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(links.time, "sleep", lambda seconds: None)


@pytest.mark.parametrize("code, said", [(200, ""), (404, "broken"), (403, "refused")])
def test_what_an_answer_means(server, code, said):
    assert links.state(f"{server}/{code}").partition(":")[0] == said


def test_who_does_not_answer_is_broken():
    assert links.state("http://127.0.0.1:9/").startswith("broken")


def test_a_book_with_a_broken_link_fails_and_names_its_page(server, tmp_path, capsys):
    (tmp_path / "a.html").write_text(f'<a href="{server}/200#x">a</a><a href="b">')
    assert links.main(tmp_path) == 0
    (tmp_path / "b.html").write_text(f'<a href="{server}/404">b</a>')
    assert links.main(tmp_path) == 1
    assert "/404  (b.html)" in capsys.readouterr().out


def test_a_book_without_links_is_none(tmp_path):
    assert links.main(tmp_path) == 1


def test_links_to_the_book_itself_are_left_out(tmp_path):
    own = "".join(f'<a href="{address}/x">' for address in links.OWN)
    (tmp_path / "a.html").write_text(own)
    assert links.links(tmp_path) == {}
