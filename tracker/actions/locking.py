"""How writers take turns."""

from tracker.models import User


def lock_person(user: User) -> None:
    """Let the writers of one person's things take turns, until the transaction ends. One query.

    FOR NO KEY UPDATE lets rows that only point at the person pass.
    """
    User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk").get()
