"""The commands of docker-compose.yml, each with its environment, run without containers.

The image has everything at the same place, so what differs is only where the services find each
other: the names of the network become ports on loopback.
"""

import http.client
import json
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from tests import clusters
from tests.clusters import cluster, free_port
from tests.programs import program
from tests.server import collected_static_files
from tests.test_headers import EVERYWHERE

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 180
CANARY = "canaryOfAnInvitation"
METRICS_TOKEN = "kept-by-who-collects-0123456789-abcdefghijklmnopqrstuvwxyz"


@dataclass(kw_only=True)
class Containers:
    """The services of the file, natively; `places` says where each is found."""

    folder: Path
    chosen: dict[str, str]
    places: dict[str, str]
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def __post_init__(self):
        text = (ROOT / "docker-compose.yml").read_text()
        self.services = yaml.safe_load(
            re.sub(r"\$\{(\w+)(?::([-?])([^}]*))?\}", self._value, text)
        )["services"]

    def _value(self, found):
        name, operator, default = found.groups()
        assert operator != "?" or name in self.chosen, f"{name} has to be chosen"
        return self.chosen.get(name, default or "")

    def here(self, text):
        """The addresses of the network as they are here."""
        names = sorted(self.places, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, names)), lambda one: self.places[one[0]], text)

    def environment(self, name, **more):
        given = self.services[name].get("environment", {})
        kept = {one: os.environ[one] for one in ("HOME", "LANG", "PATH") if one in os.environ}
        return kept | {one: self.here(str(value or "")) for one, value in given.items()} | more

    def command(self, name, words=None):
        program_name, *rest = words or shlex.split(self.services[name]["command"])
        programs = {
            "python": sys.executable,
            "caddy": program("caddy", package="caddy"),
            "valkey-server": program("valkey-server", "redis-server", package="redis-server"),
            "valkey-cli": program("valkey-cli", "redis-cli", package="redis-tools"),
            "pg_isready": str(clusters.BIN / "pg_isready"),
        }
        return [programs[program_name], *map(self.here, rest)]

    def run(self, name, words=None):
        """What the service prints, which has to end well."""
        done = subprocess.run(
            self.command(name, words),
            cwd=ROOT,
            env=self.environment(name, MLMATH_VAR=str(self.folder / "var")),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start(self, name, **more):
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.command(name),
                cwd=self.folder if name == "cache" else ROOT,
                env=self.environment(name, MLMATH_VAR=str(self.folder / "var"), **more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def lines(self, name):
        return [json.loads(line) for line in self.log(name).splitlines() if line[:1] == "{"]

    def stop(self, name):
        process = self.processes.pop(name)
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)

    @property
    def port(self):
        return int(self.chosen["SITE_URL"].rpartition(":")[2])

    def ask(self, method, path, body=None, **headers):
        """Ask the proxy, with TLS that is checked; (status, headers, bytes)."""
        authority = self.folder / "data/caddy/pki/authorities/local/root.crt"
        line = http.client.HTTPSConnection(
            "localhost", self.port, context=ssl.create_default_context(cafile=authority), timeout=60
        )
        return _answer(line, method, path, body, headers)

    def ask_web(self, method, path, **headers):
        """Ask past the proxy, as nobody outside can."""
        line = http.client.HTTPConnection(self.places["web:8000"], timeout=60)
        return _answer(line, method, path, None, {"Host": "localhost"} | headers)


def _answer(line, method, path, body, headers):
    with closing(line):
        line.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        response = line.getresponse()
        return response.status, response.headers, response.read()


@contextmanager
def _running(containers: Containers) -> Iterator[Containers]:
    database = containers.services["database"]
    settings = dict(one.split("=") for one in re.findall(r"-c (\S+=\S+)", database["command"]))
    with ExitStack() as stack:
        server = stack.enter_context(cluster(**settings))
        server.sql(f"CREATE DATABASE {database['environment']['POSTGRES_DB']}")
        containers.places |= {
            "@database:5432": f"@127.0.0.1:{server.port}",
            "--port=5432": f"--port={server.port}",
        }

        def stop_all():
            for process in containers.processes.values():
                process.terminate()
            for name in list(containers.processes):
                containers.stop(name)

        stack.callback(stop_all)
        (static,) = re.findall(r"manage\.py prepare --static", (ROOT / "Dockerfile").read_text())
        with collected_static_files(containers.folder / "var"):
            containers.run("prepare", ["python", *static.split()])
        containers.start("cache")
        containers.run("prepare")
        containers.start("web")
        containers.start("worker")
        data = str(containers.folder / "data")
        containers.start("proxy", XDG_DATA_HOME=data, XDG_CONFIG_HOME=data)
        _until(lambda: containers.ask("GET", "/health/ready/")[0] == 200)
        yield containers


@pytest.fixture(scope="module")
def containers(tmp_path_factory) -> Iterator[Containers]:
    folder = tmp_path_factory.mktemp("containers")
    web, cache, https, plain, health = (free_port() for _ in range(5))
    chosen = {
        "POSTGRES_PASSWORD": "native",
        "SECRET_KEY": "kept-by-the-operator-0123456789-abcdefghijklmnopqrstuvwxyz",
        "MLMATH_ENV": "production",
        "SITE_URL": f"https://localhost:{https}",
        "ALLOWED_HOSTS": "localhost",
        "EMAIL_URL": "smtp+tls://mlmath:secret@mail.invalid:587",
        "MAIL_FROM": "mlmath <mail@mlmath.example>",
        "WEB_WORKERS": "2",
        "METRICS_TOKEN": METRICS_TOKEN,
        # So slow is every query.
        "SLOW_QUERY_MS": "1",
    }
    places = {
        "/etc/caddy/Caddyfile": str(ROOT / "Caddyfile"),
        "redis://cache:6379": f"redis://127.0.0.1:{cache}",
        "--port 6379": f"--port {cache}",
        "6379": str(cache),
        "http://localhost:8000/health": f"http://localhost:{web}/health",
        "web:8000": f"127.0.0.1:{web}",
        "8000": str(web),
        ":9000": f":{health}",
    }
    found = Containers(folder=folder, chosen=chosen, places=places)
    # In its container the proxy has these by default.
    found.services["proxy"]["environment"] |= {
        "WEB": f"127.0.0.1:{web}",
        "HTTP_PORT": str(plain),
        "HTTPS_PORT": str(https),
        "HEALTH_PORT": str(health),
    }
    with _running(found) as running:
        yield running


def _until(is_so, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if is_so():
                return
        except (OSError, AssertionError):
            pass
        assert time.monotonic() < deadline, "It did not come about in time."
        time.sleep(0.1)


def has_all_headers(headers):
    return {name: headers[name] for name in EVERYWHERE} == EVERYWHERE and not headers["Server"]


def test_every_health_check_says_well(containers):
    # Until the worker has moved its clock for the first time.
    _until(lambda: containers.run("worker", _check_of(containers, "worker")))
    for name in ("web", "database", "cache"):
        containers.run(name, _check_of(containers, name))
    address = containers.here(_check_of(containers, "proxy")[-1])
    line = http.client.HTTPConnection(address.split("/")[2], timeout=10)
    assert _answer(line, "GET", "/", None, {})[::2] == (200, b"alive")


def _check_of(containers, name):
    kind, *words = containers.services[name]["healthcheck"]["test"]
    assert kind == "CMD"
    return words


def test_a_process_that_dies_is_told_of_and_replaced(containers):
    web = containers.processes["web"]
    children = Path(f"/proc/{web.pid}/task/{web.pid}/children").read_text().split()
    worker = next(
        one
        for one in map(int, children)
        if b"resource_tracker" not in Path(f"/proc/{one}/cmdline").read_bytes()
    )
    os.kill(worker, signal.SIGKILL)
    _until(lambda: "_granian" in containers.log("web"))
    _until(lambda: containers.ask("GET", "/roles/")[0] == 200)


def test_the_proxy_ends_tls_and_compresses_what_the_application_says(containers):
    for accepted in ("gzip", "zstd"):
        status, headers, body = containers.ask("GET", "/roles/", Accept_Encoding=accepted)
        assert (status, headers["Content-Encoding"]) == (200, accepted)
        assert len(body) < 20_000
        assert has_all_headers(headers)
    _, _, page = containers.ask("GET", "/roles/")
    style = re.search(rb'href="(/static/[^"]+\.css)"', page)[1].decode()
    status, headers, _ = containers.ask("GET", style, Accept_Encoding="gzip, br")
    assert (status, headers["Content-Encoding"]) == (200, "br")
    assert "immutable" in headers["Cache-Control"]
    assert has_all_headers(headers)


def test_plain_http_leads_to_https(containers):
    plain = containers.services["proxy"]["environment"]["HTTP_PORT"]
    line = http.client.HTTPConnection("localhost", int(plain), timeout=10)

    status, headers, _ = _answer(line, "GET", "/roles/", None, {})

    assert (status, headers["Location"]) == (308, "https://localhost/roles/")


def test_a_sign_in_is_counted_in_the_cache_and_kept_in_a_cookie_of_the_host(containers):
    _, headers, page = containers.ask("GET", "/accounts/login/")
    form = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1].decode()
    token = SimpleCookie(headers["Set-Cookie"])["__Host-csrftoken"].value

    status, _, _ = containers.ask(
        "POST",
        "/accounts/login/",
        urlencode({"csrfmiddlewaretoken": form, "login": "x@example.org", "password": "guess"}),
        Cookie=f"__Host-csrftoken={token}",
        Content_Type="application/x-www-form-urlencoded",
        Origin=containers.chosen["SITE_URL"],
    )

    assert status == 200
    kept = containers.run("cache", ["valkey-cli", "-p", "6379", "--scan"])
    assert "allauth" in kept


def test_what_a_client_says_of_itself_is_not_believed(containers):
    lies = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=6.6.6.6;proto=http",
        "X-Request-ID": "said-by-the-client",
    }
    status, headers, _ = containers.ask("GET", "/roles/", **lies)
    past_the_proxy = containers.ask_web(
        "GET", "/roles/", **lies | {"X-Forwarded-Proto": "https", "X-Request-ID": "past-the-proxy"}
    )

    assert status == past_the_proxy[0] == 200
    told = {line["request_id"]: line["ip"] for line in containers.lines("web") if "ip" in line}
    assert headers["X-Request-ID"] != "said-by-the-client"
    assert told[headers["X-Request-ID"]] in {"127.0.0.1", "::1"}
    # The same words are believed where nobody takes them away.
    assert told["past-the-proxy"] == "6.6.6.6"


def test_what_is_too_big_is_stopped_at_the_door(containers):
    much = {"Content-Length": str(11 * 1024 * 1024)}
    page = containers.ask("POST", "/settings/import/", **much)
    call = containers.ask("POST", "/api/v1/me/import/", **much)
    within = containers.ask("PATCH", "/api/v1/me/", b" " * (1024 * 1024 + 1))

    lengthy = containers.ask("GET", "/roles/", X_Long="x" * 100_000)

    assert (page[0], call[0], within[0], lengthy[0]) == (413, 413, 401, 431)
    assert json.loads(call[2])["code"] == "too_large"
    assert call[1]["Content-Type"] == "application/problem+json"
    assert has_all_headers_but_reports(page[1])
    assert has_all_headers_but_reports(call[1])


def has_all_headers_but_reports(headers):
    """Where the application is away, nobody could take reports either."""
    wanted = {name: value for name, value in EVERYWHERE.items() if name != "Reporting-Endpoints"}
    return {name: headers[name] for name in wanted} == wanted and not headers["Server"]


def test_metrics_are_those_of_all_processes_and_not_for_everybody(containers):
    def roles_so_far():
        _, _, body = containers.ask_web("GET", "/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
        name = 'mlmath_requests_total{method="GET",route="catalog:role-list",status="200"}'
        found = re.search(rf"^{re.escape(name)} (\S+)$", body.decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    before = roles_so_far()
    for _ in range(20):
        containers.ask("GET", "/roles/")

    # Each asks one of two processes, which has counted only some of them.
    assert {roles_so_far() for _ in range(8)} == {before + 20}
    assert containers.ask("GET", "/metrics")[0] == 404


def test_slow_queries_are_told_without_what_people_wrote(containers):
    containers.ask("GET", "/api/v1/me/", Authorization=f"Bearer mlm_{'0' * 32}00001e")
    containers.ask("GET", f"/join/{CANARY}/", Cookie=f"__Host-sessionid={CANARY}")

    slow = [line for line in containers.lines("web") if line["logger"] == "mlmath.queries"]

    assert slow
    assert all(line["message"].startswith("Slow query, ") for line in slow)
    assert CANARY not in containers.log("web")


def test_web_processes_keep_nothing_to_themselves(containers):
    assert sorted(path.name for path in (containers.folder / "var").iterdir()) == [
        "static",
        "static.stamp",
    ]


def test_while_web_is_away_there_is_a_page_that_says_so_and_then_it_goes_on(containers):
    containers.stop("web")
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        cookie = {"Cookie": f"__Host-sessionid={CANARY}"}
        waiting = pool.submit(containers.ask, "GET", f"/join/{CANARY}/", **cookie)
        call = containers.ask("GET", "/api/v1/roles/")
        page = waiting.result()
    # So long they waited for another process to come, as it does where one is replaced.
    assert time.monotonic() - began > 7.5

    assert (page[0], page[1]["Retry-After"], page[1]["Cache-Control"]) == (503, "30", "no-store")
    assert "taking a short break" in page[2].decode()
    assert has_all_headers_but_reports(page[1])
    (style,) = re.findall(r"<style>(.*?)</style>", page[2].decode(), re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in page[1]["Content-Security-Policy"]
    assert (call[0], call[1]["Content-Type"]) == (503, "application/problem+json")
    assert json.loads(call[2])["code"] == "unavailable"
    assert call[1]["Content-Security-Policy"].endswith("sandbox")
    assert has_all_headers_but_reports(call[1])
    containers.start("web")
    _until(lambda: containers.ask("GET", "/roles/")[0] == 200)


def test_all_that_was_logged_is_json_without_secrets(containers):
    containers.ask("GET", f"/join/{CANARY}/")

    for name in ("proxy", "web", "worker"):
        log = containers.log(name)
        rest = [one for one in log.splitlines() if one[:1] != "{"]
        assert [one for one in rest if not one.startswith("mlmath is at ")] == [], name
        assert containers.lines(name) or name == "worker"
        assert CANARY not in log
