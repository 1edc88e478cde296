"""What search engines are told."""

from urllib.robotparser import RobotFileParser

import pytest


@pytest.fixture
def robots(client, db):
    found = RobotFileParser()
    found.parse(client.get("/robots.txt").content.decode().splitlines())
    return found


@pytest.mark.parametrize("path", ["/", "/roles/data-scientist/", "/topics/vectors/", "/library/"])
def test_the_catalog_is_for_search_engines(robots, path):
    assert robots.can_fetch("*", path)


@pytest.mark.parametrize("path", ["/accounts/login/?next=/today/", "/join/code/", "/search/?q=x"])
def test_what_is_personal_or_endless_is_not(robots, path):
    assert not robots.can_fetch("*", path)


def test_it_may_be_kept_for_a_day_and_sets_no_cookie(client, db):
    answer = client.get("/robots.txt")

    assert answer["Cache-Control"] == "public, max-age=86400"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert not answer.cookies
