"""Rows that are written by one sentence for all of them."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mlmath.statements import Insert
from tests.factories import make_topic, make_user
from tracker.models import TopicProgress

pytestmark = pytest.mark.django_db
states = Insert(TopicProgress, unique=["user", "topic"], update=["state", "changed_at"])


def state(user, topic, name):
    return TopicProgress(
        user=user, topic=topic, state=name, source="manual", changed_at=timezone.now()
    )


@pytest.mark.parametrize("number", [1, 2])
def test_an_insert_writes_new_rows_and_moves_those_that_are_there(number, count_queries):
    user, topics = make_user(), [make_topic(f"topic-{place}") for place in range(number)]
    states.rows([state(user, topic, "learning") for topic in topics])
    keys = set(TopicProgress.objects.values_list("pk", flat=True))

    with count_queries() as queries:
        states.rows([state(user, topic, "done") for topic in topics])

    assert len(queries) == 1
    assert set(TopicProgress.objects.values_list("pk", "state")) == {(key, "done") for key in keys}


def test_an_insert_leaves_alone_what_it_does_not_move():
    user, topic = make_user(), make_topic()
    states.rows([state(user, topic, "learning")])

    again = state(user, topic, "done")
    again.source = "import"
    states.rows([again])

    assert TopicProgress.objects.get().source == "manual"


def test_an_insert_that_breaks_a_rule_raises_what_django_raises():
    user, topic = make_user(), make_topic()

    with pytest.raises(IntegrityError), transaction.atomic():
        states.rows([state(user, topic, "burnt")])

    assert not TopicProgress.objects.exists()


def test_an_insert_writes_text_as_it_is():
    user, topic = make_user(), make_topic()
    row = state(user, topic, "learning")
    row.stuck_note = "50 % of 'it' — $1, %s and \\"

    with transaction.atomic():
        states.rows([row])

    assert TopicProgress.objects.get().stuck_note == "50 % of 'it' — $1, %s and \\"


def test_an_insert_of_no_rows_asks_nothing(count_queries):
    with count_queries() as queries:
        states.rows([])

    assert queries == []
