"""What somebody has been told: at the bell, on its page and over the API."""

from datetime import UTC, datetime, timedelta

import pytest

from mlmath.errors import NotFound
from tests.factories import make_group, make_user
from tracker.actions.notices import mark_all_read, mark_notice, tell
from tracker.actions.retention import purge
from tracker.models import Notice, NoticeKind, User
from tracker.summaries.notices import notices_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
NOBODYS = "a" * 20


def told(user, text="Grace answered.", *, at=NOON, **fields):
    key = f"test-{Notice.objects.count()}"
    defaults = {"kind": NoticeKind.QUESTION, "address": "/today/"}
    tell(people=[user], key=key, text=text, at=at, **defaults | fields)
    return Notice.objects.get(key=key)


def test_a_notice_keeps_the_first_time_when_it_is_read_again(ada):
    notice = told(ada)

    mark_notice(user=ada, public_id=notice.public_id, is_read=True, at=NOON)
    mark_notice(user=ada, public_id=notice.public_id, is_read=True, at=LATER)

    assert Notice.objects.get().read_at == NOON


def test_a_notice_can_be_unread_again(ada):
    notice = told(ada)
    mark_notice(user=ada, public_id=notice.public_id, is_read=True)

    mark_notice(user=ada, public_id=notice.public_id, is_read=False)

    assert Notice.objects.get().read_at is None


def test_nobody_reads_the_notices_of_another(ada):
    notice = told(make_user())

    with pytest.raises(NotFound):
        mark_notice(user=ada, public_id=notice.public_id, is_read=True)
    assert mark_all_read(user=ada) == 0
    assert Notice.objects.get().read_at is None


def test_what_comes_in_while_somebody_looks_stays_unread(ada):
    seen, same_moment = told(ada), told(ada)
    newer = told(ada, at=LATER)

    assert mark_all_read(user=ada, up_to=same_moment.public_id) == 2

    assert [one for one in Notice.objects.all() if one.read_at] == [seen, same_moment]
    assert mark_all_read(user=ada) == 1
    assert Notice.objects.get(pk=newer.pk).read_at is not None


def test_notices_come_newest_first_and_page_by_page(ada):
    first, second, third = told(ada), told(ada), told(ada, at=LATER)

    page = notices_of(user=ada, size=2)
    rest = notices_of(user=ada, size=2, cursor=page.next_cursor)

    assert page.notices == (third, second)
    assert (rest.notices, rest.next_cursor) == ((first,), "")


def test_what_was_told_half_a_year_ago_is_forgotten(ada):
    told(ada)
    kept = told(ada, at=LATER)

    purge(at=NOON + timedelta(days=183, seconds=1))

    assert list(Notice.objects.all()) == [kept]


@pytest.mark.parametrize("count", [0, 1, 12])
def test_the_number_at_the_bell_is_what_is_unread(ada, count):
    for _ in range(count):
        told(ada)
    told(make_user())
    read = told(ada)
    mark_notice(user=ada, public_id=read.public_id, is_read=True)

    assert User.objects.by_key(ada.pk).unread_notices == count
    assert ada.notices.filter(read_at=None).count() == count


def test_the_bell_costs_no_query(ada, ada_browser, catalog, count_queries):
    with count_queries() as before:
        ada_browser.get("/notes/")
    told(ada)
    with count_queries() as after:
        page = ada_browser.get("/notes/").content.decode()

    assert len(after) == len(before)
    assert 'class="bell-count">1<' in page


def test_the_bell_stops_counting_at_nine(ada, ada_browser, catalog):
    for _ in range(10):
        told(ada)

    assert 'class="bell-count">9+<' in ada_browser.get("/notes/").content.decode()


def test_a_guest_has_no_bell(client, db, catalog):
    assert 'id="bell"' not in client.get("/roles/").content.decode()


def test_the_page_is_empty_with_a_sentence(ada_browser):
    assert "All quiet" in ada_browser.get("/notifications/").content.decode()


def test_the_page_shows_what_is_unread_and_escapes(ada, ada_browser):
    group = make_group("<b>Readers</b>", members=[ada])
    told(ada, "Grace: <script>", group=group)

    page = ada_browser.get("/notifications/").content.decode()

    assert "Unread: </span>Grace: &lt;script&gt;" in page
    assert "&lt;b&gt;Readers&lt;/b&gt;" in page
    assert "Mark all read" in page


def test_opening_a_notice_reads_it_and_leads_to_its_page(ada, ada_browser):
    notice = told(ada, address="/roadmap/?show=ready")

    answer = ada_browser.post(f"/notifications/{notice.public_id}/open/")

    assert (answer.status_code, answer["Location"]) == (302, "/roadmap/?show=ready")
    assert Notice.objects.get().read_at is not None


def test_a_get_reads_nothing(ada, ada_browser):
    notice = told(ada)

    assert ada_browser.get(f"/notifications/{notice.public_id}/open/").status_code == 405
    ada_browser.get("/notifications/")

    assert Notice.objects.get().read_at is None


def test_a_plain_form_comes_back_and_htmx_gets_the_row_and_the_bell(ada, ada_browser, ada_htmx):
    notice = told(ada)
    told(ada)
    address = f"/notifications/{notice.public_id}/mark/"

    plain = ada_browser.post(address, {"read": "1", "next": "/notifications/?before=x"})
    piece = ada_htmx.post(address, {"read": "1"}).content.decode()

    assert plain["Location"] == "/notifications/?before=x"
    assert f'id="notice-{notice.public_id}"' in piece
    assert "Mark unread" in piece
    assert 'id="bell"' in piece
    assert 'hx-swap-oob="true"' in piece
    assert 'class="bell-count">1<' in piece


def test_all_can_be_read_at_once(ada, ada_browser):
    notice = told(ada)

    answer = ada_browser.post("/notifications/read/", {"up_to": notice.public_id})

    assert answer["Location"] == "/notifications/"
    assert Notice.objects.get().read_at is not None


@pytest.mark.parametrize("name", [NOBODYS, "\0", "ä" * 20, "x" * 3000])
def test_the_page_forgives_a_broken_address(ada, ada_browser, name):
    told(ada)

    assert ada_browser.get("/notifications/", {"before": name}).status_code == 200
    assert ada_browser.post("/notifications/read/", {"up_to": name}).status_code in {302, 404}


def test_another_person_s_notice_is_not_found(ada_browser):
    notice = told(make_user())

    for door in ("open", "mark"):
        answer = ada_browser.post(f"/notifications/{notice.public_id}/{door}/", {"read": "1"})
        assert answer.status_code == 404


@pytest.mark.parametrize("count", [1, 25])
def test_the_page_costs_three_queries(ada, ada_browser, count_queries, count):
    group = make_group(members=[ada])
    for _ in range(count):
        told(ada, group=group)

    with count_queries() as queries:
        ada_browser.get("/notifications/")

    assert len(queries) == 3, queries


def test_the_api_lists_notices_by_cursor(ada, ada_api):
    group = make_group(members=[ada])
    notice = told(ada, "Chapter 3 by Friday.", group=group, kind=NoticeKind.ASSIGNMENT)
    told(ada, at=LATER)

    first = ada_api.get("/api/v1/me/notices/?page_size=1").json()
    second = ada_api.get(first["next"]).json()

    assert second == {
        "next": None,
        "results": [
            {
                "id": notice.public_id,
                "kind": "assignment",
                "text": "Chapter 3 by Friday.",
                "url": "http://testserver/today/",
                "group": group.public_id,
                "told_at": "2026-11-20T12:00:00Z",
                "read_at": None,
            }
        ],
    }


def test_the_api_reads_one_and_all(ada, ada_api):
    notice = told(ada)
    told(ada, at=LATER)
    address = "/api/v1/me/notices/"

    one = ada_api.patch(
        f"{address}{notice.public_id}/", {"read": True}, content_type="application/json"
    )
    unread = ada_api.get(f"{address}?unread=true").json()["results"]
    rest = ada_api.patch(address, {}, content_type="application/json")

    assert one.json()["read_at"] is not None
    assert len(unread) == 1
    assert rest.json() == {"unread": 0}


def test_the_api_refuses_what_is_not_mine(ada_api):
    notice = told(make_user())
    address = "/api/v1/me/notices/"

    body = {"content_type": "application/json"}
    assert ada_api.patch(f"{address}{notice.public_id}/", {"read": True}, **body).status_code == 404
    faults = ada_api.patch(address, {"up_to": notice.public_id}, **body).json()["errors"]
    assert [fault["pointer"] for fault in faults] == ["/up_to"]
    assert ada_api.get(f"{address}?cursor={notice.public_id}").status_code == 400
