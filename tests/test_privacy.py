"""What the registry says of every column, held against the export and against what is erased."""

import json
from datetime import time, timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from catalog.graph import current_graph
from catalog.models import Unit
from tests.factories import make_assignment, make_token, make_user
from tests.filled import make_examples, study
from tracker.actions.deletions import erase_deleted
from tracker.actions.people import delete_account
from tracker.models import (
    Answer,
    EarlierText,
    GroupRole,
    Invitation,
    Membership,
    Mention,
    Notice,
    Outgoing,
    Question,
    Reader,
    StudyGroup,
    User,
    Webhook,
)
from tracker.models.privacy import ABOUT_NOBODY, REGISTRY, End, LeftOut, naming
from tracker.summaries.export import export_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
MODELS = {model._meta.label: model for model in apps.get_models(include_auto_created=True)}


def columns(model):
    return [field for field in model._meta.concrete_fields if not field.generated]


# --- Everything is in it -------------------------------------------------------------------------


def test_every_table_is_in_the_registry():
    """A new one is not known by what becomes of it when somebody leaves."""
    listed = {*REGISTRY, *ABOUT_NOBODY}
    catalog = {label for label in MODELS if label.startswith("catalog.")}

    assert set(MODELS) - catalog == listed
    assert not set(REGISTRY) & ABOUT_NOBODY


@pytest.mark.parametrize("label", REGISTRY)
def test_every_column_is_in_the_registry_once(label):
    columns = [field.attname for field in MODELS[label]._meta.concrete_fields]

    assert sorted(REGISTRY[label].fields) == sorted(columns)


@pytest.mark.parametrize("label", REGISTRY)
def test_every_way_from_a_row_to_a_person_is_in_the_registry(label):
    table = REGISTRY[label]
    ways = {
        field.name
        for field in MODELS[label]._meta.concrete_fields
        if field.is_relation and field.related_model is User
    }

    named = {path for path in (table.owner, *table.others) if path != "pk" and "__" not in path}
    assert ways == named - {""}
    if {table.end, *table.others.values()} & {End.KEPT, End.NAMELESS}:
        assert table.until


@pytest.mark.parametrize("label", sorted(ABOUT_NOBODY))
def test_what_is_about_nobody_leads_to_nobody(label):
    related = {field.related_model for field in MODELS[label]._meta.concrete_fields}

    assert User not in related


# --- A world with two people, and something in every table --------------------------------------


def live(user):
    """A row of `user` in every table that has an owner, as far as the site itself makes them."""
    at = timezone.now()
    make_token(user)
    graph_user = User.objects.get(pk=user.pk)
    graph_user.groups.add(Group.objects.get_or_create(name="Curators")[0])
    graph_user.user_permissions.add(Permission.objects.latest("pk"))
    session = SessionStore()
    session["account_authentication_methods"] = [{"email": user.email}]
    session.create()
    rows = {
        "account.EmailAddress": {"user": user, "email": user.email, "verified": True},
        "mfa.Authenticator": {"user": user, "type": "totp", "data": {"secret": "x"}},
        "usersessions.UserSession": {
            "user": user,
            "ip": "192.0.2.7",
            "session_key": session.session_key,
            "user_agent": "Firefox",
        },
        "socialaccount.SocialAccount": {"user": user, "provider": "github", "uid": str(user.pk)},
        "admin.LogEntry": {
            "user": user,
            "action_flag": 2,
            "content_type": ContentType.objects.first(),
            "action_time": at,
        },
        "tracker.Inactivity": {"user": user, "told_at": at},
        "tracker.KnownBrowser": {"user": user, "name": "Safari on a Mac", "seen_at": at},
    }
    made = {
        label: MODELS[label]._default_manager.create(**fields) for label, fields in rows.items()
    }
    MODELS["account.EmailConfirmation"]._default_manager.create(
        email_address=made["account.EmailAddress"], key=f"key-{user.pk}", sent=at
    )
    app, _ = MODELS["socialaccount.SocialApp"]._default_manager.get_or_create(
        provider="github", name="GitHub", client_id="x"
    )
    MODELS["socialaccount.SocialToken"]._default_manager.create(
        app=app, account=made["socialaccount.SocialAccount"], token="t", token_secret="s"
    )
    user.last_login, user.feed_alarm_minutes = at, 60
    user.save()


def place(user, other):
    """What only the other one of the two has after `make_examples`."""
    at = timezone.now()
    group = StudyGroup.objects.filter(memberships__user=user).latest("pk")
    rows = [
        ("tracker.JoinRequest", {"group": group, "user": user, "asked_at": at}),
        ("tracker.Ban", {"group": group, "user": user, "banned_at": at}),
        ("tracker.StaffLook", {"person": user, "by": other, "table": "tracker.User", "at": at}),
        ("tracker.LeaderAct", {"group": group, "member": user, "by": other, "kind": "nudged",
                               "at": at}),
        ("tracker.Nudge", {"group": group, "user": user, "by": other, "day": at.date(),
                           "nudged_at": at}),
    ]  # fmt: skip
    for label, fields in rows:
        MODELS[label]._default_manager.create(**fields)
    assignments = list(group.assignments.order_by("pk"))
    for assignment in assignments:
        for label, fields in (
            ("tracker.Recipient", {}),
            ("tracker.AssignmentProgress", {"changed_at": at, "is_reading": True}),
        ):
            MODELS[label]._default_manager.get_or_create(
                assignment=assignment, user=user, defaults=fields
            )
    if not MODELS["tracker.Presenter"]._default_manager.filter(user=user).exists():
        free = assignments[1 if user.email.startswith("ada") else 2]
        MODELS["tracker.Presenter"]._default_manager.create(
            assignment=free, user=user, chosen_at=at
        )
    meeting = group.meetings.first()
    MODELS["tracker.Rsvp"]._default_manager.get_or_create(
        meeting=meeting, user=user, day=meeting.starts_on,
        defaults={"answer": "yes", "answered_at": at},
    )  # fmt: skip
    question = Question.objects.filter(author=other, group=group).first()
    if question is None:
        question = Question.objects.create(
            group=group, author=other, title="What?", body="b", body_html="", written_at=at,
            last_post_at=at,
        )  # fmt: skip
        EarlierText.objects.create(question=question, title="o", body="o", written_at=at)
    answer = Answer.objects.create(question=question, author=user, body="b", written_at=at)
    EarlierText.objects.create(answer=answer, body="o", written_at=at)
    Mention.objects.get_or_create(question=question, user=user)
    Mention.objects.get_or_create(answer=answer, user=user)
    Reader.objects.get_or_create(question=question, user=user, defaults={"read_at": at})
    Notice.objects.create(
        user=other, by=user, kind="mention", key=f"by-{user.pk}", text="x", address="/",
        told_at=at, group=group,
    )  # fmt: skip
    Invitation.objects.create(
        group=group, digest=f"digest-{user.pk}", prefix="x", email=user.email, invited_by=user,
        created_at=at, expires_at=at,
    )  # fmt: skip


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker):
    """Ada and Emmy, who lead the same group; both have something in every table. Made once: what a
    test does to them is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        current_graph()
        ada = make_user("ada@example.org", name="Ada", role="data-scientist")
        emmy = make_user("emmy@example.org", name="Emmy", role="data-scientist")
        study(ada)
        make_examples(emmy, member=ada)
        for person in (ada, emmy):
            live(person)
        Membership.objects.filter(user=ada).update(role=GroupRole.LEADER)
        place(ada, emmy)
        place(emmy, ada)
        group = StudyGroup.objects.filter(memberships__user=ada).latest("pk")
        taken = group.assignments.values_list("unit", flat=True)
        make_assignment(group, Unit.objects.exclude(pk__in=list(taken)).latest("pk"))
        yield User.objects.get(pk=ada.pk), User.objects.get(pk=emmy.pk)
        transaction.set_rollback(True)


def rows_of(label, user):
    return MODELS[label]._base_manager.filter(**{REGISTRY[label].owner: user.pk})


def test_both_have_something_in_every_table(people):
    """Or else what follows would prove nothing."""
    for person in people:
        empty = [
            label
            for label, table in REGISTRY.items()
            if table.owner and not rows_of(label, person).exists()
        ]
        assert empty == []


# --- The export ----------------------------------------------------------------------------------


def exported(user):
    return json.dumps(export_of(user=User.objects.get(pk=user.pk), at=NOW), sort_keys=True)


def other_values(field, value):
    """Values that such a column can have instead, the likeliest to be taken first."""
    if field.choices:
        return [choice for choice, _ in field.choices if choice not in {value, ""}]
    if field.is_relation:
        others = field.related_model._base_manager.exclude(pk=value)
        return list(others.order_by("-pk").values_list("pk", flat=True)[:3])
    if isinstance(field, models.BooleanField):
        return [not value]
    if isinstance(field, models.DateTimeField):
        return [(value or NOW) - timedelta(seconds=1)]
    if isinstance(field, models.DateField):
        return [(value or NOW.date()) - timedelta(days=300)]
    if isinstance(field, models.TimeField):
        return [time(3)]
    if isinstance(field, models.JSONField):
        return [{"canary": []} if isinstance(value, dict) else ["2026-02-03"]]
    if isinstance(field, models.GenericIPAddressField):
        return ["192.0.2.99"]
    if isinstance(field, (models.IntegerField, models.FloatField)):
        return [value - 1 if value is not None and value > 1 else 7]
    if field.name == "time_zone":
        return ["Europe/Lisbon"]
    if isinstance(field, models.EmailField):
        return ["canary@example.org"]
    return ["canary"[: field.max_length or 10]]


def changes(field, row, user, before):
    """Whether another value in that column changes what `user` exports; None: it takes no other."""
    for value in other_values(field, getattr(row, field.attname)):
        found = changes_by(row, {field.attname: value}, user, before)
        if found is not None:
            return found
    return None


def changes_by(row, values, user, before):
    try:
        with transaction.atomic():
            type(row)._base_manager.filter(pk=row.pk).update(**values)
            changed = exported(user) != before
            transaction.set_rollback(True)
    except IntegrityError:
        return None
    return changed


def is_path(field, table):
    """The owner of a row and its key: with another, it is another row."""
    return field.primary_key or field.name == table.owner or field.name in table.owner.split("__")


@pytest.mark.parametrize(
    "label", [label for label, table in REGISTRY.items() if table.owner or table.exported]
)
def test_the_export_holds_what_the_registry_says_and_nothing_else(people, label):
    ada, _ = people
    table, before = REGISTRY[label], exported(ada)
    rows = (
        rows_of(label, ada)[: 3 if table.exported else 1]
        if table.owner
        else MODELS[label]._base_manager.all()[:6]
    )
    decides = table.left_out.get(LeftOut.DECIDES, "").split()
    for field in columns(MODELS[label]):
        if is_path(field, table) and field.attname not in table.exported.split():
            continue
        wanted = field.attname in [*table.exported.split(), *decides]
        found = [changes(field, row, ada, before) for row in rows]
        assert (True in found) is wanted, f"{label}.{field.attname}"


@pytest.mark.parametrize("label", [label for label, table in REGISTRY.items() if table.owner])
def test_the_export_holds_nothing_of_anybody_else(people, label):
    ada, emmy = people
    before = exported(ada)
    row = rows_of(label, emmy).exclude(pk__in=rows_of(label, ada)).first()
    # Whom one has answered, and where, is named by its id.
    fields = [
        field
        for field in columns(MODELS[label])
        if not is_path(field, REGISTRY[label])
        and field.name != "public_id"
        and (label, field.name) != ("tracker.Question", "group")
    ]
    others = {one.attname: other_values(one, getattr(row, one.attname))[:1] for one in fields}
    all_at_once = {name: values[0] for name, values in others.items() if values}
    if changes_by(row, all_at_once, ada, before) is not False:
        for field in fields:
            assert not changes(field, row, ada, before), f"{label}.{field.attname}"


# --- The end of the account ----------------------------------------------------------------------


def canary(number, field, value):
    """A value of its own for that column, at which one can tell later whence it came."""
    sign = f"canary{number:04d}x"
    if isinstance(field, models.EmailField):
        return f"{sign}@example.org"
    if isinstance(field, models.JSONField):
        return {"canary": sign} if isinstance(value, dict) else [sign]
    return sign[: field.max_length or len(sign)]


def is_free_text(field):
    is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
    # What is shorter holds no canary that one could tell from others.
    has_room = (field.max_length or 99) >= 11
    return is_text and has_room and not (field.choices or field.primary_key or field.generated)


def plant(user):
    """Write a canary into every text of `user`; returns what each of them is."""
    planted: dict[str, str] = {}
    for label, table in REGISTRY.items():
        rows = list(rows_of(label, user)) if table.owner else []
        rows += [
            row
            for path in table.others
            for row in MODELS[label]._base_manager.filter(**{path: user.pk})
        ]
        for row in rows:
            for field in filter(is_free_text, columns(MODELS[label])):
                # By these the account itself is found, and the sessions of it.
                if (label, field.name) in LEADS:
                    continue
                sign = canary(len(planted), field, getattr(row, field.attname))
                type(row)._base_manager.filter(pk=row.pk).update(**{field.attname: sign})
                planted[f"canary{len(planted):04d}x"] = f"{label}.{field.name}"
    return planted


LEADS = {
    ("tracker.User", "public_id"), ("tracker.User", "time_zone"),
    ("usersessions.UserSession", "session_key"), ("account.EmailAddress", "email"),
    ("tracker.User", "email"),
}  # fmt: skip


def dump():
    """Everything that is in the database, by table."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        found = {}
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            found[table] = repr(cursor.fetchall())
    # Sessions are packed; what they hold is looked at as they are read.
    found["in sessions"] = repr([row.get_decoded() for row in Session.objects.all()])
    return found


def places_of(sign):
    return {table for table, rows in dump().items() if sign in rows}


def own_rows(user):
    """What is a person's own, to the byte."""
    return {
        label: list(rows_of(label, user).order_by("pk").values_list())
        for label, table in REGISTRY.items()
        if table.owner
    }


# The texts of posts, and where they were told. What others wrote stays theirs.
STAYING = {
    f"tracker.{name}"
    for name in ("Question.body", "Question.body_html", "Question.title", "Question.public_id",
                 "Answer.body", "Answer.body_html", "Answer.public_id",
                 # A webhook is the group's, whoever set it up; so is a nudge its member's.
                 *(f"Webhook.{field}" for field in ("public_id", "name", "sealed_url", "url_digest",
                   "shown_url", "sealed_secret", "sealed_previous_secret", "events",
                   "disabled_because")),
                 # What leaders did about somebody says no name; staff's looks neither.
                 "LeaderAct.about", "StaffLook.table",
                 # An invitation is the leaders' to look back at.
                 *(f"Invitation.{field}" for field in ("public_id", "digest", "email")))
}  # fmt: skip


def test_after_the_end_no_word_of_the_account_is_left_but_in_posts(people):
    ada, _ = people
    Webhook.objects.update(created_by=ada)
    planted = plant(ada)
    assert len(planted) > 80

    delete_account(user=ada)
    erase_deleted()

    everything = "".join(dump().values())
    left = {column for sign, column in planted.items() if sign in everything}
    assert left == STAYING
    assert places_of(ada.public_id) == {"tracker_deletion"}
    assert places_of("ada@example.org") == set()


def test_who_asks_for_it_leaves_no_post_either(people):
    ada, _ = people
    planted = plant(ada)

    delete_account(user=ada, empties_posts=True)
    erase_deleted()

    everything = "".join(dump().values())
    left = {column for sign, column in planted.items() if sign in everything}
    assert {one for one in left if one.startswith(("tracker.Question", "tracker.Answer"))} == {
        "tracker.Question.public_id", "tracker.Answer.public_id",
    }  # fmt: skip


def test_what_is_dead_at_once_is_gone_before_the_worker_comes(people):
    ada, _ = people

    delete_account(user=ada)

    left = {
        label for label, table in REGISTRY.items() if table.owner and rows_of(label, ada).exists()
    }
    assert left == {label for label, table in REGISTRY.items() if table.end == End.ERASED}


def test_the_rows_of_the_other_person_are_the_same_to_the_byte(people):
    ada, emmy = people
    before = own_rows(emmy)
    told = Notice.objects.filter(user=emmy, by=ada).values_list("pk", flat=True)
    # What she told goes; what else names her as well does so no longer.
    gone = {"tracker.Notice": set(told)}
    nameless = dict(naming(End.NAMELESS))

    delete_account(user=ada)
    erase_deleted()

    after = own_rows(emmy)
    for label, rows in before.items():
        kept = [row for row in rows if row[0] not in gone.get(label, ())]
        if label in nameless:
            names = [field.name for field in MODELS[label]._meta.concrete_fields]
            by = names.index(nameless[label])
            assert {row[by] for row in kept} == {ada.pk}
            kept = [(*row[:by], None, *row[by + 1 :]) for row in kept]
        assert after[label] == kept, label


def test_the_search_would_find_what_is_left(people):
    """The positive control."""
    ada, emmy = people
    delete_account(user=ada)
    erase_deleted()
    Outgoing.objects.filter(user=emmy).update(payload={"to": "ada@example.org"})
    session = SessionStore()
    session["email"] = "ada@example.org"
    session.create()

    assert places_of("ada@example.org") == {"tracker_outgoing", "in sessions"}
