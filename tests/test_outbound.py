"""Calling addresses that people gave us: none of our own network, nothing that waits for ever."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlmath.outbound import AddressRefused, NoAnswer, check_outbound, is_closed, post

PUBLIC = "93.184.216.34"


@pytest.fixture
def names(monkeypatch, settings):
    """What names mean; whoever connects fails the test, unless it says otherwise."""
    settings.OUTBOUND_MAY_BE_LOCAL = False
    known = {"hooks.example.org": [PUBLIC]}

    def getaddrinfo(host, port, **_):
        if host not in known:
            raise socket.gaierror("unknown")
        return [
            (
                socket.AF_INET6 if ":" in one else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (one, port),
            )
            for one in known[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def no_connection(monkeypatch):
    def connect(self, address):
        pytest.fail(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/x",
        "https://user@hooks.example.org/",
        "https://hooks.example.org@127.0.0.1/",
        "https://hooks.example.org:444/",
        "https://hooks.example.org:99999/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://localhost/",
        "https://localhost./",
        "https://①②⑦.⓪.⓪.①/",
        "https://hooks.example.org/\r\nHost: x",
        "https://hooks.example.org/ x",
        "https://hooks.example.org\\@127.0.0.1/",
        "https://nowhere.example.org/",
        "file:///etc/passwd",
        "gopher://hooks.example.org/",
        "javascript:alert(1)",
        "https://",
        "",
        "https://hooks.example.org/" + "x" * 500,
    ],
)
def test_no_such_address_is_kept_or_called(names, no_connection, url):
    with pytest.raises(AddressRefused):
        check_outbound(url)
    with pytest.raises((AddressRefused, NoAnswer)):
        post(url, b"{}", {})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "fc00::1",
        "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    ],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused_with_all_its_addresses(names, no_connection, address):
    names["rebound.example.org"] = [PUBLIC, address]

    assert is_closed(address)
    with pytest.raises(AddressRefused, match="private network"):
        check_outbound("https://rebound.example.org/")
    with pytest.raises(AddressRefused):
        post("https://rebound.example.org/", b"{}", {})


def test_a_public_name_is_fine(names):
    check_outbound("https://hooks.example.org/services/T1/B1?x=1")
    check_outbound("https://hooks.example.org.:443/")

    assert not is_closed(PUBLIC)
    assert not is_closed("2606:2800:220:1:248:1893:25c8:1946")


def test_a_name_that_moves_inside_later_is_not_called(names, no_connection):
    check_outbound("https://hooks.example.org/")
    names["hooks.example.org"] = ["127.0.0.1"]

    with pytest.raises(AddressRefused):
        post("https://hooks.example.org/", b"{}", {})


def test_the_connection_goes_to_the_judged_address_and_no_second_lookup_is_made(names, monkeypatch):
    asked, connected = [], []
    lookup = socket.getaddrinfo

    def look_up(*args, **kw):
        asked.append(args)
        return lookup(*args, **kw)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    def connect(self, address):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)

    with pytest.raises(NoAnswer):
        post("https://hooks.example.org/", b"{}", {})

    assert connected == [(PUBLIC, 443)]
    assert len(asked) == 1


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, body, dict(self.headers)))
        kind = self.path.strip("/")
        if kind == "slow":
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
                try:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(1)
            return
        status = {"redirect": 302, "busy": 429, "gone": 410}.get(kind, 204)
        self.send_response(status)
        if kind == "redirect":
            self.send_header("Location", "/elsewhere")
        if kind == "busy":
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver(settings):
    settings.OUTBOUND_MAY_BE_LOCAL = True
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def test_the_body_and_the_headers_arrive_and_the_status_comes_back(receiver):
    answered = post(f"{receiver.address}/hook?x=1", b'{"a": 1}', {"Content-Type": "text/x-test"})

    (path, body, headers) = receiver.received[0]
    assert (path, body, headers["Content-Type"]) == ("/hook?x=1", b'{"a": 1}', "text/x-test")
    assert (answered.status, answered.retry_after) == (204, None)


def test_a_redirect_is_told_and_not_followed(receiver):
    assert post(f"{receiver.address}/redirect", b"{}", {}).status == 302
    assert [path for path, *_ in receiver.received] == ["/redirect"]


def test_how_long_to_wait_is_told(receiver):
    answered = post(f"{receiver.address}/busy", b"{}", {})

    assert (answered.status, answered.retry_after) == (429, 7)


def test_one_byte_a_second_is_no_answer(receiver):
    begun = time.monotonic()

    with pytest.raises(NoAnswer):
        post(f"{receiver.address}/slow", b"{}", {}, seconds=1.5)

    # The answer as a whole would take 38 seconds.
    assert time.monotonic() - begun < 30


def test_a_dead_receiver_is_no_answer(settings):
    settings.OUTBOUND_MAY_BE_LOCAL = True
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]

        with pytest.raises(NoAnswer):
            post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_plain_text_where_tls_is_expected_is_no_answer(receiver):
    with pytest.raises(NoAnswer):
        post(receiver.address.replace("http:", "https:"), b"{}", {}, seconds=2)
