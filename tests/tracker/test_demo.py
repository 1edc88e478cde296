"""The account that `make demo` makes."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tracker.models import StudySession, TopicState, User


def demo() -> str:
    said = StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


def test_demo_says_how_to_sign_in_to_an_account_with_progress(catalog, client):
    said = demo()

    assert said == (
        "Demo account: sign in as ada@example.org with the password “learning by doing”.\n"
    )
    user = User.objects.get(email="ada@example.org")
    assert user.check_password("learning by doing")
    assert user.topic_progress.filter(state=TopicState.LEARNING).count() == 3
    group = user.memberships.get().group
    assert (group.memberships.count(), group.assignments.count()) == (9, 7)
    client.force_login(user)
    assert client.get("/today/").status_code == 200


def test_demo_starts_anew_when_repeated(catalog, ada):
    sizes = set()
    for _ in range(2):
        demo()
        sizes.add((User.objects.count(), StudySession.objects.count()))

    assert len(sizes) == 1


def test_demo_is_refused_on_a_public_site(db, settings):
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError, match="whose password everybody knows"):
        demo()
