"""Writing mail down in the transaction of what it is about, and what becomes of it.

The worker sends it; how letters look is no matter of this module.
"""

import zoneinfo
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from tracker.actions.jobs import take_slot
from tracker.actions.locking import lock_name, lock_person
from tracker.models import (
    ApiToken,
    Invitation,
    MailCategory,
    MailKind,
    MailSettings,
    Notice,
    Outcome,
    Outgoing,
    User,
)
from tracker.models.ids import new_public_id
from tracker.summaries.mail import (
    mail_settings_of,
    people_for_the_week,
    people_with_chapters_due,
    quiet_end,
    settings_with,
    waiting_mail,
)

# However many leaders invite somebody, their mailbox is not flooded.
INVITATIONS_PER_DAY = 2
# When the day's mail is written, by each person's clock; who sleeps in until noon has none.
MORNING, NOON = time(7), time(12)
MONDAY = 0
# News of the night waits this long in the morning, so that the day's mail can take it along.
AFTER_THE_NIGHT = timedelta(minutes=10)
PEOPLE_AT_ONCE = 100
# How long to wait before each further try.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))


@transaction.atomic
def mail_invitation(*, invitation: Invitation, code: str, at: datetime | None = None) -> bool:
    """Send the link with `code` to the address of `invitation`. May be repeated: it is sent once.

    It is not sent any more once the invitation is revoked, used up or expired, or its group gone.
    Returns whether a mail is on its way: an address gets two invitations a day at most.
    """
    at = at or timezone.now()
    key = f"invitation-{invitation.public_id}"
    # Leaders of several groups may write to one address at the same moment.
    lock_name(f"invitations to {invitation.email}")
    recent = Outgoing.objects.filter(
        kind=MailKind.INVITATION,
        address=invitation.email,
        written_at__gt=at - timedelta(days=1),
    ).exclude(key=key)
    if recent.count() >= INVITATIONS_PER_DAY:
        return False
    payload = {"invitation": invitation.public_id, "code": code}
    _write(kind=MailKind.INVITATION, key=key, address=invitation.email, payload=payload, at=at)
    return True


def mail_about_token(*, token: ApiToken, at: datetime) -> None:
    """Tell its person that a token was made. One query."""
    payload = {"name": token.name, "scopes": list(token.scopes)}
    _write(
        kind=MailKind.TOKEN, key=f"token-{token.public_id}", user=token.user, payload=payload, at=at
    )


def mail_about_sign_in(*, user: User, browser: str, at: datetime) -> None:
    """Tell `user` that somebody has signed in with an unknown browser. One query."""
    payload = {"browser": browser, "at": at.isoformat()}
    key = f"sign-in-{new_public_id()}"
    _write(kind=MailKind.SIGN_IN, key=key, user=user, payload=payload, at=at)


def mail_about_account(
    *, address: str, subject: str, text: str, user: User | None, at: datetime | None = None
) -> None:
    """Send what the account library has written. With a `user` it dies with their account."""
    _write(
        kind=MailKind.ACCOUNT,
        key=f"account-{new_public_id()}",
        user=user,
        address=address,
        payload={"subject": subject, "text": text},
        at=at or timezone.now(),
    )


def _write(
    *,
    kind: MailKind,
    key: str,
    payload: Mapping[str, object],
    at: datetime,
    user: User | None = None,
    address: str = "",
) -> None:
    mail = Outgoing(
        kind=kind,
        key=key,
        user=user,
        address=address,
        payload=payload,
        written_at=at,
        not_before=at,
    )
    Outgoing.objects.bulk_create([mail], ignore_conflicts=True)


def write_news_mails(*, at: datetime | None = None) -> int:
    """A mail to everybody who has been told something that they have not read for ten minutes.

    Everything told to a person goes into one; in their quiet hours it waits. Each person is a
    transaction of its own, which locks their row; a hundred are served by one call. Returns how
    many mails it were.
    """
    at = at or timezone.now()
    waiting = Notice.objects.filter(mail_after__lte=at).values_list("user", flat=True)
    keys = list(waiting.order_by("user").distinct()[:PEOPLE_AT_ONCE])
    settings = mail_settings_of(keys)
    return sum(
        _write_news(user, settings[user.pk], at) for user in User.objects.filter(pk__in=keys)
    )


@transaction.atomic
def _write_news(user: User, settings: MailSettings, at: datetime) -> bool:
    lock_person(user)
    waiting = user.notices.filter(mail_after__isnull=False)
    end = quiet_end(user=user, settings=settings, at=at)
    if end is not None and user.is_active:
        waiting.filter(mail_after__lt=end + AFTER_THE_NIGHT).update(
            mail_after=end + AFTER_THE_NIGHT
        )
        return False
    unsettled = settle_notices(user=user, settings=settings)
    if not unsettled:
        return False
    oldest = min(unsettled, key=lambda notice: (notice.told_at, notice.pk))
    key = f"news-{oldest.public_id}"
    _write(kind=MailKind.NEWS, key=key, user=user, payload={}, at=at)
    take_notices(mail=Outgoing.objects.get(key=key))
    return True


def settle_notices(*, user: User, settings: MailSettings) -> list[Notice]:
    """What `user` has read at the bell by now, or does not want by mail, will not be mailed.

    Returns what is left to be mailed. One query, two where something is settled.
    """
    waiting = list(user.notices.filter(mail_after__isnull=False).select_related("group"))
    settled = {
        notice.pk
        for notice in waiting
        if notice.read_at is not None
        or not user.is_active
        or not settings.wants(notice.kind, notice.group.public_id if notice.group else "")
    }
    if settled:
        Notice.objects.filter(pk__in=settled).update(mail_after=None)
    return [notice for notice in waiting if notice.pk not in settled]


def take_notices(*, mail: Outgoing) -> None:
    """Let `mail` tell all that its person is still to be told by mail. One query."""
    Notice.objects.filter(user=mail.user_id, mail_after__isnull=False).update(
        mail=mail, mail_after=None
    )


def write_morning_mails(*, at: datetime | None = None) -> int:
    """The day's mail to everybody for whom it is seven in the morning: what is due tomorrow, on
    Mondays the week.

    May be repeated: the people of a time zone are written to once on a day of theirs. Whether there
    is anything to say is looked at when the mail is sent. Returns how many mails it were.
    """
    at = at or timezone.now()
    zones = User.objects.order_by("time_zone").values_list("time_zone", flat=True).distinct()
    return sum(_write_mornings(zone, at) for zone in zones)


@transaction.atomic
def _write_mornings(time_zone: str, at: datetime) -> int:
    local = at.astimezone(zoneinfo.ZoneInfo(time_zone))
    day = local.date()
    if not MORNING <= local.time() < NOON:
        return 0
    slot = datetime.combine(day, time(0), UTC)
    if not take_slot(name=f"morning-{time_zone}", slot=slot):
        return 0
    people = people_with_chapters_due(time_zone=time_zone, day=day + timedelta(days=1))
    is_monday = day.weekday() == MONDAY
    if is_monday:
        people |= people_for_the_week(time_zone=time_zone, at=at)
    settings = mail_settings_of(people)
    mails = []
    for user in User.objects.filter(pk__in=people, is_active=True).order_by("pk"):
        wishes = settings[user.pk]
        has_week = is_monday and wishes.wants(MailCategory.DIGEST)
        if has_week or wishes.wants(MailCategory.DUE):
            mails.append(
                Outgoing(
                    kind=MailKind.MORNING,
                    key=f"morning-{user.public_id}-{day}",
                    user=user,
                    payload={"day": day.isoformat(), "has_week": has_week},
                    written_at=at,
                    not_before=quiet_end(user=user, settings=wishes, at=at) or at,
                )
            )
    Outgoing.objects.bulk_create(mails, ignore_conflicts=True, batch_size=500)
    return len(mails)


@transaction.atomic
def claim_mail(*, key: int, at: datetime) -> Outgoing | None:
    """The mail with that primary key, for the caller alone to send; None when somebody else has it.

    Its person and their settings come along. What is for a person and comes with news takes along
    what they have been told meanwhile. Two queries where that is nothing.
    """
    taken = waiting_mail(at).filter(pk=key).order_by().update(claimed_at=at, tries=F("tries") + 1)
    if not taken:
        return None
    news = Notice.objects.filter(user=OuterRef("user"), mail_after__isnull=False)
    mail = (
        Outgoing.objects.select_related("user__mail_settings")
        .annotate(has_news=Exists(news))
        .get(pk=key)
    )
    user = mail.user
    if user and mail.has_news and mail.kind in {MailKind.NEWS, MailKind.MORNING}:
        settle_notices(user=user, settings=settings_with(user))
        take_notices(mail=mail)
    return mail


@transaction.atomic
def end_mail(*, mail: Outgoing, outcome: Outcome, at: datetime, finish: date | None = None) -> None:
    """Write down what became of `mail`, and keep nothing of what it said.

    `finish` is the likely day that it named, which the next weekly mail compares with. An address
    that refuses mail is counted; a mail that arrives ends the count. Locks the person's row where
    something is kept about them; of most mails only their end is, by one query.
    """
    if mail.user_id is not None and (outcome == Outcome.REFUSED or finish is not None):
        # People before their mail, as when an account is deleted; that may just have happened.
        people = User.objects.select_for_update(no_key=True).filter(pk=mail.user_id)
        if not people.values_list("pk").first():
            return
        settings, _ = MailSettings.objects.get_or_create(user_id=mail.user_id)
        settings.finish_told_on = finish or settings.finish_told_on
        settings.refusals += outcome == Outcome.REFUSED
        settings.save(update_fields=["finish_told_on", "refusals"])
    Outgoing.objects.filter(pk=mail.pk).update(ended_at=at, outcome=outcome, payload={})
    if outcome == Outcome.SENT and mail.user and settings_with(mail.user).refusals:
        MailSettings.objects.filter(user=mail.user_id).exclude(refusals=0).update(refusals=0)


def put_off_mail(*, mail: Outgoing, at: datetime) -> None:
    """Try `mail` again later, each time a little later; after a day of trying give up."""
    if mail.tries > len(WAITS):
        end_mail(mail=mail, outcome=Outcome.GIVEN_UP, at=at)
        return
    wait = WAITS[mail.tries - 1]
    Outgoing.objects.filter(pk=mail.pk).update(claimed_at=None, not_before=at + wait)


def give_back_mail(*, mail: Outgoing) -> None:
    """Nothing was tried: the mail waits as before."""
    Outgoing.objects.filter(pk=mail.pk).update(claimed_at=None, tries=F("tries") - 1)


@transaction.atomic
def change_mail_settings(
    *,
    user: User,
    wanted: Collection[str] | None = None,
    muted: Mapping[str, Collection[str]] | None = None,
    quiet_from: time | None = None,
    quiet_until: time | None = None,
) -> MailSettings:
    """Set which categories `user` wants, and which not from the groups with those public ids.

    What is missing stays as it is. May be repeated. An address that mail was refused at is tried
    again. Locks the person's row.
    """
    lock_person(user)
    settings = mail_settings_of([user.pk])[user.pk]
    if wanted is not None:
        settings.choices = {name: name in wanted for name in MailCategory.values}
    if muted is not None:
        settings.muted = {group: sorted(names) for group, names in muted.items() if names}
    settings.quiet_from = settings.quiet_from if quiet_from is None else quiet_from
    settings.quiet_until = settings.quiet_until if quiet_until is None else quiet_until
    settings.refusals = 0
    settings.save()
    return settings


@transaction.atomic
def unsubscribe(*, user: User, categories: Collection[str]) -> None:
    """Switch these categories off for `user`. May be repeated. Locks the person's row."""
    lock_person(user)
    settings = mail_settings_of([user.pk])[user.pk]
    settings.choices = settings.choices | dict.fromkeys(categories, False)
    settings.save()


def forget_address(address: str) -> None:
    """Remove all mail to an address that is nobody's any more, sent or not."""
    Outgoing.objects.filter(address=address).delete()
