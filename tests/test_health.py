"""What a load balancer gets to hear."""

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError


def test_live_asks_no_database(client):
    response = client.get("/health/live/")

    assert (response.status_code, response.content) == (200, b"alive\n")
    assert "no-store" in response["Cache-Control"]


def test_ready_proves_a_write(client, db):
    for _ in range(2):
        response = client.get("/health/ready/")
        assert (response.status_code, response.content) == (200, b"ready\n")

    assert Session.objects.count() == 1


def test_not_ready_while_the_database_takes_no_writes(client, db, monkeypatch, caplog):
    def refuse(*args, **kwargs):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Session.objects, "bulk_create", refuse)

    response = client.get("/health/ready/")

    assert response.status_code == 503
    assert b"disk" not in response.content
    assert "Not ready" in caplog.text


@pytest.mark.parametrize("path", ["/health/live/", "/health/ready/"])
def test_only_looking_is_allowed(client, db, path):
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_the_probes_session_is_nobodys_session(client, db, ada):
    client.get("/health/ready/")
    client.cookies["sessionid"] = "readiness-probe"

    assert client.get("/today/").status_code == 302
