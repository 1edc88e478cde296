"""When a request may read from the replica. tests/live/test_replica.py has real ones."""

import pytest
from django.contrib.sessions.models import Session
from django.core.signing import get_cookie_signer
from django.db import OperationalError, connections
from django.http import HttpResponse
from django.test import RequestFactory

from catalog.models import Topic
from mlmath.replica import reading, standing
from mlmath.replica.reading import Router, may_read_from_replica, reads_your_writes
from mlmath.replica.standing import Standing
from tracker.models import ApiToken, TopicProgress, User


class Servers:
    """A primary and a replica as numbers, and a clock that stands."""

    def __init__(self):
        self.now, self.primary, self.replica = 1000.0, 50, 50
        self.questions = 0

    def position(self):
        self.questions += 1
        return self.primary

    def replayed(self):
        self.questions += 1
        return self.replica


@pytest.fixture
def servers(monkeypatch):
    servers = Servers()
    monkeypatch.setattr(standing, "position", servers.position)
    monkeypatch.setattr(standing, "_replayed", servers.replayed)
    monkeypatch.setattr(reading, "position", servers.position)
    return servers


@pytest.fixture
def known(servers, settings):
    settings.REPLICA_MAX_LAG = 5
    return Standing(clock=lambda: servers.now)


def test_a_replica_that_has_everything_is_fresh(known):
    assert known.is_fresh()


def test_looking_is_done_once_a_second(known, servers):
    for _ in range(10):
        known.is_fresh()
    assert servers.questions == 2
    servers.now += 1
    known.is_fresh()
    assert servers.questions == 4


def test_a_replica_is_fresh_while_what_it_lacks_is_not_too_old(known, servers):
    known.is_fresh()
    servers.primary = 60
    for _ in range(5):
        servers.now += 1
        assert known.is_fresh()
    servers.now += 1
    assert not known.is_fresh()


def test_a_replica_that_always_lags_a_little_is_fresh(known, servers):
    for _ in range(20):
        servers.primary += 10
        servers.replica = servers.primary - 15
        servers.now += 1
        known.is_fresh()
    assert known.is_fresh()


def test_a_replica_that_nobody_has_looked_at_for_long_is_not_fresh_before_somebody_has(
    known, servers
):
    known.is_fresh()
    servers.primary = 60
    servers.now += 3600
    assert not known.is_fresh()
    servers.replica = 60
    servers.now += 1
    assert known.is_fresh()


def test_a_replica_has_what_it_has_replayed(known, servers):
    assert known.has(50)
    assert not known.has(51)
    servers.replica = 51
    assert known.has(51)


def test_what_is_known_to_be_replayed_is_not_asked_again(known, servers):
    known.has(50)
    asked = servers.questions
    known.has(49)
    assert servers.questions == asked


def test_a_replica_that_does_not_answer_is_left_alone_for_five_seconds(known, servers):
    servers.replica = standing.NOWHERE
    assert not known.is_fresh()
    asked = servers.questions
    servers.now += 4
    assert not known.has(1)
    assert servers.questions == asked
    servers.now, servers.replica = servers.now + 1, 50
    assert known.is_fresh()


def test_a_lost_replica_is_looked_at_before_it_is_read_from_again(known, servers):
    known.is_fresh()
    known.is_lost()
    servers.replica = standing.NOWHERE
    assert not known.is_fresh()


def test_without_the_primary_nobody_reads_from_the_replica(known, monkeypatch):
    def gone():
        raise OperationalError

    monkeypatch.setattr(standing, "position", gone)
    assert not known.is_fresh()


# --- Requests -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def replica(known, settings, monkeypatch):
    """Settings as with REPLICA_URL."""
    monkeypatch.setitem(settings.DATABASES, "replica", {})
    monkeypatch.setattr(reading, "standing", known)
    return known


def answer_to(request, act=lambda: None):
    """What a request leads to that does `act`, and where it would read then."""
    seen = []

    def view(_):
        act()
        seen.append(Router().db_for_read(TopicProgress))
        return HttpResponse()

    response = reads_your_writes(view)(request)
    return response, seen[0]


def wrote():
    Router().db_for_write(TopicProgress)


@pytest.fixture
def requests():
    return RequestFactory()


def test_looking_reads_from_the_replica_and_sets_no_cookie(requests):
    response, read_from = answer_to(requests.get("/"))

    assert read_from == "replica"
    assert response.cookies == {}


def test_changing_reads_from_the_primary(requests):
    assert answer_to(requests.post("/"))[1] == "default"


def test_from_its_first_write_on_a_request_reads_from_the_primary(requests):
    response, read_from = answer_to(requests.get("/"), wrote)

    assert read_from == "default"
    assert "position" in response.cookies


def test_a_transaction_reads_from_the_primary(requests, monkeypatch):
    def act():
        monkeypatch.setattr(connections["default"], "in_atomic_block", True)

    assert answer_to(requests.get("/"), act)[1] == "default"


@pytest.mark.parametrize("model", [Session, User, ApiToken, Topic])
def test_who_somebody_is_and_the_catalog_are_read_at_the_primary(requests, model):
    def view(_):
        assert Router().db_for_read(model) == "default"
        return HttpResponse()

    reads_your_writes(view)(requests.get("/"))


def test_rows_of_the_replica_lead_nobody_back_to_it():
    """Django would stay with the database of the row at hand."""
    row = TopicProgress()
    row._state.db = "replica"

    assert Router().db_for_read(TopicProgress, instance=row) == "default"
    assert Router().db_for_write(TopicProgress, instance=row) == "default"


def test_the_cookie_keeps_its_owner_from_a_replica_that_is_behind(requests, servers):
    answer_to(requests.get("/"))
    servers.primary = 60
    response, _ = answer_to(requests.post("/"), wrote)
    cookie = response.cookies["position"]
    requests.cookies["position"] = cookie.value

    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (60, True, "Lax")
    assert answer_to(requests.get("/"))[1] == "default"
    servers.replica = 60
    assert answer_to(requests.get("/"))[1] == "replica"


def test_a_forged_cookie_says_nothing(requests):
    requests.cookies["position"] = "99999:forged"
    assert answer_to(requests.get("/"))[1] == "replica"

    requests.cookies["position"] = get_cookie_signer(salt="position").sign("99999")
    assert answer_to(requests.get("/"))[1] == "default"


def test_where_the_position_is_not_to_be_had_the_primary_is_read(requests, servers, monkeypatch):
    def gone():
        raise OperationalError

    monkeypatch.setattr(reading, "position", gone)
    response, _ = answer_to(requests.post("/"), wrote)
    requests.cookies["position"] = response.cookies["position"].value

    assert answer_to(requests.get("/"))[1] == "default"


def test_a_request_with_a_token_reads_from_the_primary_until_it_is_counted(requests):
    def counted(seconds):
        request = requests.get("/", headers={"Authorization": "Bearer mlm_x"})
        act = lambda: may_read_from_replica(seconds_since_write=seconds)  # noqa: E731
        return answer_to(request, act)[1]

    request = requests.get("/", headers={"Authorization": "Bearer mlm_x"})
    assert answer_to(request)[1] == "default"
    assert counted(61) == "replica"
    assert counted(60) == "default"


def test_a_token_that_has_just_written_gets_no_cookie(requests):
    request = requests.get("/", headers={"Authorization": "Bearer mlm_x"})

    def act():
        wrote()
        may_read_from_replica(seconds_since_write=10**9)

    response, read_from = answer_to(request, act)
    assert read_from == "default"
    assert response.cookies == {}


def test_after_a_request_everything_is_read_at_the_primary(requests):
    answer_to(requests.get("/"))
    assert Router().db_for_read(TopicProgress) == "default"
