"""The study group of the demo account: half of a book, nine people, somebody who needs help."""

from datetime import date, datetime, time, timedelta

from catalog.graph import current_graph
from tracker.actions.answers import answer_question
from tracker.actions.assignment_progress import mark_mine
from tracker.actions.assignments import assign_units
from tracker.actions.groups import create_group
from tracker.actions.locking import lock_leadership
from tracker.actions.meetings import create_meeting
from tracker.actions.members import add_member
from tracker.actions.questions import ask_question
from tracker.models import (
    AnswerToAssignment,
    Assignment,
    AssignmentState,
    StudyGroup,
    User,
)
from tracker.models.assignments import END_OF_DAY
from tracker.summaries.recurrence import read_rule

NAME = "Tuesday Readers"
RESOURCE = "mml-book"
CHAPTERS = 7
PAST_CHAPTERS = 3
TUESDAY = 1
ADDRESS = "{}.demo@example.org"
# How many chapters each has done, and whether they are reading the next one.
READERS = {
    "Emmy": (4, False),
    "Carl": (4, True),
    "Sofia": (3, True),
    "Alan": (3, False),
    "Maryam": (4, False),
    "Kurt": (3, True),
    "Henri": (1, False),
    "Sophie": (3, True),
}
ABOUT = """\
We read **Mathematics for Machine Learning**, a chapter a week, and meet on Tuesdays.

Bring one question and one exercise.
"""
QUESTION = """\
In the proof that the rank of $A$ equals the rank of $A^T$, why may we choose the basis freely?

I see it for $2 \\times 2$ matrices, but not in general.
"""
ANSWER = """\
Because the rank does not depend on it: a change of basis multiplies by invertible matrices,

$$ \\operatorname{rank}(PAQ) = \\operatorname{rank}(A). $$
"""


def remove_demo_group(leader: User) -> None:
    """Take an earlier demo away, with the people in it."""
    StudyGroup.objects.filter(memberships__user=leader).delete()
    User.objects.filter(email__in=[_address(name) for name in READERS]).delete()


def make_demo_group(leader: User, now: datetime) -> StudyGroup:
    """A group that `leader` began four weeks ago, by the public actions."""
    start = now - timedelta(weeks=PAST_CHAPTERS + 1)
    resource = current_graph().resources[RESOURCE]
    group = create_group(user=leader, name=NAME, about=ABOUT, resource=resource, at=start)
    people = [_join(group, leader, name, start) for name in READERS]
    first = _tuesday_on_or_after(now.date()) - timedelta(weeks=PAST_CHAPTERS)
    dates = [
        (unit, datetime.combine(first + timedelta(weeks=week), END_OF_DAY))
        for week, unit in enumerate(resource.units[:CHAPTERS])
    ]
    chapters = assign_units(
        user=leader, group=group, dates=dates, note="At least one exercise", at=start
    )
    for person, (done, is_reading) in zip(people, READERS.values(), strict=True):
        _read(person, chapters, done, now, is_reading=is_reading)
    _read(leader, chapters, PAST_CHAPTERS, now, is_reading=True)
    mark_mine(
        user=people[-1],
        assignment=chapters[PAST_CHAPTERS],
        answer=AnswerToAssignment.MORE_TIME,
        at=now - timedelta(hours=20),
    )
    question = ask_question(
        user=people[-1],
        group=group,
        title="Why does the rank not depend on the basis?",
        body=QUESTION,
        unit=resource.units[1],
        at=now - timedelta(days=2),
    )
    answer_question(user=people[0], question=question, body=ANSWER, at=now - timedelta(days=1))
    create_meeting(
        user=leader,
        group=group,
        title="Reading circle",
        starts_on=_tuesday_on_or_after(start.date()),
        start_time=time(18, 30),
        minutes=90,
        rule=read_rule("FREQ=WEEKLY;BYDAY=TU"),
        place="Room 2",
        link="https://meet.example.org/readers",
        agenda="One person presents the chapter, then exercises.",
        at=start,
    )
    return group


def _join(group: StudyGroup, leader: User, name: str, at: datetime) -> User:
    person = User.objects.create_user(_address(name), name=name, joined_at=at)
    lock_leadership(group=group, user=leader)
    add_member(group=group, user=person, shares_readiness=True, at=at)
    return person


def _read(
    person: User, chapters: list[Assignment], done: int, now: datetime, *, is_reading: bool
) -> None:
    """A chapter a week, a day before it is due; what is due later was read yesterday."""
    for chapter in chapters[:done]:
        at = min(chapter.due_at - timedelta(days=1), now - timedelta(days=1))
        mark_mine(user=person, assignment=chapter, state=AssignmentState.DONE, at=at)
    if is_reading:
        mark_mine(
            user=person,
            assignment=chapters[done],
            state=AssignmentState.READING,
            at=now - timedelta(hours=5),
        )


def _tuesday_on_or_after(day: date) -> date:
    return day + timedelta(days=(TUESDAY - day.weekday()) % 7)


def _address(name: str) -> str:
    return ADDRESS.format(name.lower())
