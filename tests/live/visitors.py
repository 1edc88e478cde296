"""Browsers and programs at a running server: cookies, the CSRF token, and one line for a call."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import Any

from tests.server import PATIENCE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    headers: HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *_: object) -> None:
        return None


class Visitor:
    """Keeps cookies as a browser does; every request comes on a connection of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            _Stay, urllib.request.HTTPCookieProcessor(self.cookies)
        )
        self._csrf = ""

    def get(self, path: str, **headers: str) -> Reply:
        return self._send(urllib.request.Request(self.address + path, headers=headers))

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Reply:
        """Sends a form, with the CSRF token of the page that was read last."""
        body = urllib.parse.urlencode(fields or {}).encode()
        headers = {"X-CSRFToken": self._csrf, "Origin": self.address} | headers
        return self._send(urllib.request.Request(self.address + path, body, headers))

    def sign_in(self, email: str) -> None:
        # The factories know models, for which Django has to be set up; visiting does not.
        from tests.factories import PASSWORD

        self.get("/accounts/login/")
        assert self.post("/accounts/login/", {"login": email, "password": PASSWORD}).status == 302
        self.get("/settings/")

    def forget(self, cookie: str) -> None:
        """Lose a cookie, as a visitor without the promise that it holds."""
        for one in list(self.cookies):
            if one.name == cookie:
                self.cookies.clear(one.domain, one.path, one.name)

    def _send(self, request: urllib.request.Request) -> Reply:
        reply = _reply(self._opener, request)
        if found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', reply.text):
            self._csrf = found[1]
        return reply


@dataclass(frozen=True, kw_only=True)
class Program:
    """Calls the API with a token and keeps nothing."""

    address: str
    token: str
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(_Stay)
    )

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        } | headers
        url = f"{self.address}/api/v1{path}"
        return _reply(self.opener, urllib.request.Request(url, data, headers, method=method))


def _reply(opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> Reply:
    try:
        answer = opener.open(request, timeout=PATIENCE_SECONDS)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read().decode()
        return Reply(status=answer.status, headers=answer.headers, text=text)
