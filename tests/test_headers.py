"""What every answer of a public site carries, whatever went right or wrong: headers and cookies."""

import http.client
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPMessage
from http.cookies import SimpleCookie
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from mlmath import csp_reports
from tests.factories import PASSWORD
from tests.server import Server, serving

HOST = "mlmath.example"
EVERYWHERE = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Reporting-Endpoints": 'csp="/csp-report"',
}
FOR_PAGES = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
    "font-src 'self'", "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'",
    "form-action 'self'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'",
    "report-uri /csp-report", "report-to csp",
}  # fmt: skip
FOR_PROGRAMS = {"default-src 'none'", "frame-ancestors 'none'", "sandbox"}
# What production adds to the settings of the tests; the site below has it from its environment.
SECURE = {
    "SECURE_HSTS_SECONDS": 63_072_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
}
FORGET = '"cache", "cookies", "storage"'


def policy(response) -> set[str]:
    return set(response.headers["Content-Security-Policy"].split("; "))


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: HTTPMessage
    text: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site as in production, behind a proxy that tells how people came to it."""

    server: Server
    email: str
    session: str
    token: str
    feed: str

    def ask(self, method, path, body=None, **headers):
        address = self.server.address.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        sent = {"Host": HOST, "X-Forwarded-Proto": "https"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        connection.close()
        return Answer(status=response.status, headers=response.headers, text=text)

    def press(self, path, page, session="", **fields):
        """Send the form of `page`, with the cookie that came with it."""
        token = SimpleCookie(page.headers["Set-Cookie"])["__Host-csrftoken"].value
        form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        return self.ask(
            "POST",
            path,
            urlencode({"csrfmiddlewaretoken": form, **fields}),
            Cookie=f"__Host-csrftoken={token}; __Host-sessionid={session}",
            Content_Type="application/x-www-form-urlencoded",
            Origin=f"https://{HOST}",
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("var")
    settings = {
        "MLMATH_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "SITE_URL": f"https://{HOST}",
        "MAIL_FROM": f"mlmath <hello@{HOST}>",
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "TRUSTED_PROXIES": "1",
        "API_CALLS_PER_MINUTE": "5",
    }
    with serving(folder, workers=1, **settings) as server:
        script = "from tests.browser import people; people.subscriber()"
        printed = server.manage("shell", "-v0", "-c", script).splitlines()[-1]
        yield Site(server=server, **json.loads(printed))


def test_every_answer_carries_the_headers(site):
    ada = {"Cookie": f"__Host-sessionid={site.session}"}
    landing = site.ask("GET", "/")
    style = re.search(r'href="(/static/[^"]+\.css)"', landing.text)[1]
    etag = site.ask("GET", "/api/v1/roles/").headers["ETag"]
    too_much = {
        "Authorization": f"Bearer {site.token}",
        "Content-Type": "application/json",
        "body": b" " * (1024 * 1024 + 1),
    }
    cases = [
        # status, method, path, policy, what is sent
        (200, "GET", "/", FOR_PAGES, {}),
        (200, "GET", "/roles/", FOR_PAGES, {}),
        (200, "GET", "/today/", FOR_PAGES, ada),
        (302, "GET", "/today/", FOR_PAGES, {}),
        (301, "GET", "/roles", FOR_PAGES, {}),
        (400, "GET", "/", FOR_PAGES, {"Host": "evil.example"}),
        (400, "POST", "/csp-report", FOR_PAGES, {"Host": "evil.example"}),
        (403, "POST", "/topics/vectors/mark/", FOR_PAGES, ada),
        (404, "GET", "/no-such-page/", FOR_PAGES, {}),
        (404, "GET", "/.git/config", FOR_PAGES, {}),
        (404, "GET", "/static/", FOR_PAGES, {}),
        (404, "GET", "/static/no-such-file.css", FOR_PAGES, {}),
        (405, "GET", "/timer/start/", FOR_PAGES, ada),
        (405, "TRACE", "/", FOR_PAGES, {}),
        (200, "GET", style, FOR_PAGES, {}),
        (200, "GET", "/schemas/export-1.json", FOR_PAGES, {}),
        (200, "GET", "/settings/export/csv/", FOR_PAGES, ada),
        (200, "GET", "/health/live/", FOR_PAGES, {}),
        (200, "GET", "/health/ready/", FOR_PAGES, {}),
        (204, "POST", "/csp-report", FOR_PAGES, {}),
        (200, "GET", f"/feeds/{site.feed}/me.ics", FOR_PROGRAMS, {}),
        (404, "GET", "/feeds/forged/me.ics", FOR_PAGES, {}),
        (200, "GET", "/api/v1/topics/", FOR_PROGRAMS, {}),
        (304, "GET", "/api/v1/roles/", FOR_PROGRAMS, {"If-None-Match": etag}),
        (308, "GET", "/api/v1/roles", FOR_PROGRAMS, {}),
        (400, "GET", "/api/v1/topics/?x=1", FOR_PROGRAMS, {}),
        (400, "GET", "/api/v1/topics/", FOR_PROGRAMS, {"Host": "evil.example"}),
        (401, "GET", "/api/v1/me/", FOR_PROGRAMS, {}),
        (401, "GET", "/api/v1/topics/", FOR_PROGRAMS, {"Authorization": "Bearer x"}),
        (403, "PUT", "/api/v1/me/topics/vectors/", FOR_PROGRAMS, ada),
        (404, "GET", "/api/nothing", FOR_PROGRAMS, {}),
        (405, "PUT", "/api/v1/topics/", FOR_PROGRAMS, {}),
        (406, "GET", "/api/v1/topics/", FOR_PROGRAMS, {"Accept": "text/html"}),
        (200, "GET", "/api/v1/docs/", FOR_PAGES | {"style-src 'self' 'unsafe-inline'"}, {}),
        (413, "PATCH", "/api/v1/me/", FOR_PROGRAMS, too_much),
        *[(200, "GET", "/api/v1/me/", FOR_PROGRAMS, ada)] * 4,
        (429, "GET", "/api/v1/me/", FOR_PROGRAMS, ada),
    ]
    faults = []
    for status, method, path, wanted, sent in cases:
        response = site.ask(method, path, **sent)
        carried = {name: response.headers[name] for name in EVERYWHERE}
        is_feed = response.headers["Content-Type"] == "text/calendar; charset=utf-8"
        found = (
            response.status,
            {name for name, value in EVERYWHERE.items() if carried[name] != value},
            policy(response) ^ wanted,
            response.headers["Referrer-Policy"],
            response.headers["Server"],
            response.headers["Access-Control-Allow-Origin"],
        )
        if "/docs/" in path:
            found[2].discard("style-src 'self'")
        if found != (
            status, set(), set(), "no-referrer" if is_feed else "same-origin", "granian", None,
        ):  # fmt: skip
            faults.append((method, path, sent, found))
    assert not faults, "\n".join(map(str, faults))


def test_cookies_are_the_hosts_own_and_a_sign_out_takes_everything_along(site):
    page = site.ask("GET", "/accounts/login/")
    signed_in = site.press(
        "/accounts/login/", page, login=site.email, password=PASSWORD, remember="on"
    )
    set_at_sign_in = signed_in.headers.get_all("Set-Cookie")
    session = SimpleCookie("; ".join(set_at_sign_in))["__Host-sessionid"].value
    ada = {"Cookie": f"__Host-sessionid={session}"}
    assert site.ask("GET", "/today/", **ada).status == 200

    signed_out = site.press("/accounts/logout/", page, session=session)

    kept = [re.sub(r"=[^;]+; (expires=[^;]+; )?", "=…; ", one, count=1) for one in set_at_sign_in]
    assert sorted(kept) == [
        "__Host-csrftoken=…; HttpOnly; Path=/; SameSite=Lax; Secure",
        "__Host-sessionid=…; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax; Secure",
    ]
    set_at_sign_out = signed_out.headers.get_all("Set-Cookie")
    assert "__Host-messages" in {one.partition("=")[0] for one in set_at_sign_out}
    assert all(one.startswith("__Host-") for one in set_at_sign_out)
    assert signed_out.headers["Clear-Site-Data"] == FORGET
    assert signed_in.headers["Clear-Site-Data"] is None
    assert site.ask("GET", "/today/", **ada).status == 302


def test_personal_pages_are_kept_by_nobody_and_styles_for_ever(site):
    style = re.search(r'href="(/static/[^"]+\.css)"', site.ask("GET", "/").text)[1]
    ada = {"Cookie": f"__Host-sessionid={site.session}"}

    assert site.ask("GET", "/today/", **ada).headers["Cache-Control"] == "no-store"
    assert site.ask("GET", "/nothing/", **ada).headers["Cache-Control"] == "no-store"
    assert site.ask("GET", style).headers["Cache-Control"] == "max-age=315360000, public, immutable"
    feed = site.ask("GET", f"/feeds/{site.feed}/me.ics")
    assert feed.headers["Cache-Control"] == "private, max-age=900"


def test_what_another_release_calls_a_style_is_this_ones_and_kept_by_nobody(site):
    style = re.search(r'href="(/static/[^"]+\.css)"', site.ask("GET", "/").text)[1]
    other = re.sub(r"\.[0-9a-f]{12}\.", ".0123456789ab.", style)

    found = site.ask("GET", other)

    assert found.status == 200
    assert found.text == site.ask("GET", style).text
    assert found.headers["Cache-Control"] == "no-cache"
    assert site.ask("GET", "/static/mlmath/css/nothing.0123456789ab.css").status == 404
    assert site.ask("GET", "/static/mlmath/css/base.css").status == 404


def test_pages_lead_to_https_and_the_api_refuses_plain_http(site):
    page = site.ask("GET", "/roles/", X_Forwarded_Proto="http")
    call = site.ask(
        "GET", "/api/v1/me/", X_Forwarded_Proto="http", Authorization="Bearer mlm_0123456789"
    )

    assert (page.status, page.headers["Location"]) == (301, f"https://{HOST}/roles/")
    assert (call.status, call.headers["Location"]) == (403, None)
    assert call.headers["Content-Type"] == "application/problem+json"
    assert "replace the token" in call.text
    log = (site.server.folder / "server.log").read_text()
    assert "A token was sent over plain http: 'mlm_0123'" in log
    assert "mlm_01234" not in log


def test_the_log_has_a_line_for_each_request_and_no_secret_in_it(site):
    site.ask("GET", f"/feeds/{site.feed}/me.ics", X_Request_ID="asked-for-the-feed")

    log = (site.server.folder / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    (feed,) = [line for line in lines if line.get("request_id") == "asked-for-the-feed"]
    assert (feed["path"], feed["route"], feed["status"]) == (
        "/feeds/***/me.ics", "tracker:my-feed", 200,
    )  # fmt: skip
    for secret in (site.session, site.token, site.feed, site.email, PASSWORD):
        assert secret not in log


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "path", "status", "wanted"),
    [
        (RuntimeError, "/search/?q=svd", 500, FOR_PAGES),
        (RuntimeError, "/api/v1/search/?q=svd", 500, FOR_PROGRAMS),
        (OperationalError, "/search/?q=svd", 503, FOR_PAGES),
        (OperationalError, "/api/v1/search/?q=svd", 503, FOR_PROGRAMS),
    ],
)
def test_our_own_mistakes_carry_them_as_well(error, path, status, wanted):
    client = Client(raise_request_exception=False)
    door = "catalog.api.search.search" if "/api/" in path else "catalog.views.search.search"
    with override_settings(**SECURE), patch(door, side_effect=error):
        response = client.get(path, secure=True)

    assert response.status_code == status
    assert policy(response) == wanted
    assert {name: response.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


# --- Reports of what broke the policy ----------------------------------------------------------


@pytest.fixture
def reports(caplog, monkeypatch):
    monkeypatch.setattr(csp_reports, "_minute", -1)

    def send(body, content_type="application/csp-report"):
        response = Client(enforce_csrf_checks=True).post("/csp-report", body, content_type)
        assert (response.status_code, response.content) == (204, b"")
        found = [one.getMessage() for one in caplog.records]
        caplog.clear()
        return found

    return send


def test_a_report_names_the_page_without_what_is_secret_in_its_address(reports):
    breach = {
        "violated-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?key=1",
        "document-uri": "https://mlmath.example/topics/vectors/?q=secret#secret",
    }
    line = (
        "Content policy: 'script-src-elem' blocked 'https://evil.example/x.js' "
        "on /topics/<slug:slug>/"
    )
    newer = {
        "type": "csp-violation",
        "body": {
            "effectiveDirective": "script-src-elem",
            "blockedURL": "https://evil.example/x.js",
            "documentURL": "https://mlmath.example/topics/vectors/",
        },
    }

    assert reports(json.dumps({"csp-report": breach})) == [line]
    assert reports(json.dumps([newer]), "application/reports+json") == [line]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"1", b"null", b"[[]]", b'{"csp-report": 1}', b"\xff", b"[" * 10_000,
        json.dumps({"csp-report": {"violated-directive": "x" * 20_000}}).encode(),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_report_is_passed_over(reports, body):
    assert reports(body) == []


def test_a_report_cannot_write_lines_of_its_own_into_the_log(reports):
    (line,) = reports(json.dumps({"csp-report": {"blocked-uri": "x\n2026-01-01 ERROR gone"}}))

    assert "\n" not in line


def test_a_flood_of_reports_does_not_fill_the_log(reports):
    found = [reports(b'{"csp-report": {}}') for _ in range(30)]

    assert sum(len(one) for one in found) == 20
