"""The bell in Chromium: with htmx in place, without it by whole pages."""

import re

import pytest
from playwright.sync_api import expect

TELL = """
from tracker.actions.notices import tell
from tracker.models import NoticeKind, User
user = User.objects.get(email={email!r})
for key in ("first", "second"):
    tell(people=[user], kind=NoticeKind.QUESTION, key=key, text=f"The {{key}} news.",
         address="/roadmap/data-scientist/")
"""


@pytest.fixture
def reader(newcomer, server):
    server.manage("shell", "-v0", "-c", TELL.format(email=newcomer.email))
    return newcomer


def test_the_bell_counts_down_as_news_is_read(any_page, reader, server):
    reader.enter(any_page, server)
    any_page.goto("/today/")
    bell = any_page.get_by_role("link", name="Notifications, 2 unread")
    bell.click()

    any_page.get_by_role("button", name="Mark read The first news.").click()
    expect(any_page.get_by_role("link", name="Notifications, 1 unread")).to_be_visible()
    expect(any_page.get_by_role("button", name="Mark unread The first news.")).to_be_visible()

    any_page.get_by_role("button", name="Unread: The second news.", exact=True).click()
    expect(any_page).to_have_url(re.compile(r"/roadmap/data-scientist/$"))
    expect(any_page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()


def test_all_news_is_read_at_once(any_page, reader, server):
    reader.enter(any_page, server)
    any_page.goto("/notifications/")

    any_page.get_by_role("button", name="Mark all read").click()

    expect(any_page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
    expect(any_page.get_by_role("button", name="The first news.", exact=True)).to_be_visible()
