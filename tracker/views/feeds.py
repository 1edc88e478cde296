"""Calendar feeds (RFC 5545), which calendars fetch by a secret address, and the page about them."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple

import segno
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from icalendar import Alarm, Calendar, Event, vRecur

from catalog.graph import current_graph
from mlmath.rest.rendering import CONTENT_SECURITY_POLICY
from tracker.actions import feeds as actions
from tracker.forms.feeds import AlarmForm
from tracker.models import User
from tracker.summaries.feed_events import FeedEvent
from tracker.summaries.feeds import (
    feed_addresses,
    group_events,
    group_of_feed,
    person_events,
    person_of_feed,
)
from tracker.views.requests import AppRequest

MAXIMUM_AGE = timedelta(minutes=15)


class ShownAddress(NamedTuple):
    """An address as the page shows it; `webcal` opens a calendar program, `code` a phone's."""

    name: str
    url: str
    webcal: str
    code: str


@require_safe
@login_not_required
def my_feed(request: HttpRequest, token: str) -> HttpResponse:
    user = person_of_feed(token)
    events = person_events(user=user, graph=current_graph(), at=timezone.now())
    return _calendar(request, user, "mlmath", events)


@require_safe
@login_not_required
def group_feed(request: HttpRequest, token: str, public_id: str) -> HttpResponse:
    user = person_of_feed(token)
    group = group_of_feed(user=user, group_id=public_id)
    events = group_events(user=user, group=group, graph=current_graph(), at=timezone.now())
    return _calendar(request, user, group.name, events)


@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: AppRequest) -> HttpResponse:
    """The addresses, and how early calendars remind."""
    form = AlarmForm(
        request.POST if request.method == "POST" else None,
        initial={"alarm": request.user.feed_alarm_minutes or ""},
    )
    if form.is_valid():
        actions.set_alarm(user=request.user, minutes=form.cleaned_data["alarm"])
        return redirect("tracker:feeds")
    shown = [
        _shown(name, request.build_absolute_uri(path))
        for name, path in feed_addresses(user=request.user)
    ]
    status = 422 if form.is_bound else 200
    context = {"form": form, "addresses": shown}
    return TemplateResponse(request, "tracker/feeds.html", context, status=status)


@require_POST
def replace(request: AppRequest) -> HttpResponse:
    actions.replace_feeds(user=request.user)
    return redirect(f"{reverse('tracker:feeds')}?replaced=1")


def _shown(name: str, url: str) -> ShownAddress:
    webcal = f"webcal://{url.partition('://')[2]}"
    # Cameras want dark on light, in dark mode too.
    code = segno.make(webcal, micro=False).svg_data_uri(
        scale=4, border=2, dark="#1c2333", light="#fff"
    )
    return ShownAddress(name, url, webcal, code)


def _calendar(request: HttpRequest, user: User, name: str, events: list[FeedEvent]) -> HttpResponse:
    """Most calendars ask again and again for what they have: they are told so before it is written.

    Its tag is of all that it is written from, so that equal calendars have equal ones.
    """
    written = _Written(request.build_absolute_uri("/")[:-1], user.feed_alarm_minutes)
    values = repr((_frame(name), _sample(), written, events)).encode()
    etag = f'"{hashlib.blake2b(values, digest_size=16).hexdigest()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(
            _body(name, events, written), content_type="text/calendar; charset=utf-8"
        )
        response["Content-Disposition"] = 'inline; filename="mlmath.ics"'
    elif isinstance(response, HttpResponseNotModified):
        del response["Content-Type"]
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={int(MAXIMUM_AGE.total_seconds())}"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


class _Written(NamedTuple):
    """How entries are written: what stands before their local addresses, and when they remind."""

    site: str
    alarm_minutes: int | None


def _body(name: str, events: list[FeedEvent], written: _Written) -> bytes:
    return b"".join([_frame(name), *(_entry(event, written) for event in events), _END])


_END = b"END:VCALENDAR\r\n"


@lru_cache(maxsize=512)
def _frame(name: str) -> bytes:
    """A calendar without entries, up to where it ends."""
    calendar = Calendar()
    calendar.add("prodid", "-//mlmath//learning tracker//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    written: bytes = calendar.to_ical()
    return written.removesuffix(_END)


@cache
def _sample() -> bytes:
    """One entry with everything, so that tags change with a release that writes otherwise."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    event = FeedEvent(
        uid="sample@mlmath",
        title="Sample",
        starts=noon,
        ends=noon,
        changed_at=noon,
        sequence=0,
        path="/",
        description="Sample",
        has_alarm=True,
        place="Sample",
        rrule="FREQ=WEEKLY;BYDAY=MO",
        without=(noon.date(),),
    )
    return _entry(event, _Written("", 0))


# The library takes longer to write an entry than the database to find it. What a group reads is
# the same entry for all who have not read it yet.
@lru_cache(maxsize=2048)
def _entry(event: FeedEvent, written: _Written) -> bytes:
    entry = Event()
    entry.add("uid", event.uid)
    entry.add("summary", event.title)
    entry.add("dtstart", _in_utc(event.starts))
    entry.add("dtend", _in_utc(event.ends))
    # Without METHOD this is when the entry was last changed, so equal calendars are equal bytes.
    changed_at = _in_utc(event.changed_at)
    entry.add("dtstamp", changed_at)
    entry.add("last-modified", changed_at)
    entry.add("sequence", event.sequence)
    entry.add("url", written.site + event.path)
    entry.add("transp", "OPAQUE" if event.is_busy else "TRANSPARENT")
    if event.place:
        entry.add("location", event.place)
    if event.description:
        entry.add("description", event.description)
    if event.is_cancelled:
        entry.add("status", "CANCELLED")
    if event.rrule:
        entry.add("rrule", vRecur.from_ical(event.rrule))
    for day in event.without:
        entry.add("exdate", day)
    if event.has_alarm and written.alarm_minutes is not None and not event.is_cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", event.title)
        alarm.add("trigger", timedelta(minutes=-written.alarm_minutes))
        entry.add_component(alarm)
    lines: bytes = entry.to_ical()
    return lines


def _in_utc(moment: date | datetime) -> date | datetime:
    """Instants in UTC, which every calendar understands; days stay days."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).replace(microsecond=0)
    return moment
