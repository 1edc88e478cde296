"""Texts of a group as they are shown, with the people whom they mention."""

from collections import defaultdict

from mlmath.markdown import to_html_with_mentions
from tracker.models import StudyGroup, User


def people_in(group: StudyGroup) -> list[User]:
    """Those who can be mentioned: everybody in the group who has a name, by name. One query."""
    people = User.objects.filter(memberships__group=group).exclude(name="").order_by("name", "id")
    return [person for person in people if person.name.strip()]


def rendered(*, group: StudyGroup, body: str) -> tuple[str, list[User]]:
    """Safe HTML for `body`, and whom it mentions by `@` and their name: all who are called so.

    One query, none for a text without an at sign.
    """
    by_name: dict[str, list[User]] = defaultdict(list)
    if "@" in body:
        for person in people_in(group):
            by_name[person.name.strip().casefold()].append(person)
    names = [people[0].name.strip() for people in by_name.values()]
    html, found = to_html_with_mentions(body, names=names)
    return html, [person for name in sorted(found) for person in by_name.get(name, ())]
