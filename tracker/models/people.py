"""A person: how they sign in, what they want to become, when they study."""

import zoneinfo
from typing import ClassVar

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from catalog.models import Role, Topic, Unit
from mlmath.statements import Statement
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.text import check_text

MOST_REVIEWS_PER_DAY = 100
MINUTES_IN_A_DAY = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_WEEKDAYS_MASK = 2 ** len(WEEKDAYS) - 1


def check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            f"{name!r} is no time zone. Use a name such as Europe/Lisbon.", code="unknown_time_zone"
        )


def check_plain_text(text: str) -> None:
    """Names are one line; control characters have no place in them."""
    check_text(text)
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValidationError("Remove line breaks and control characters.", code="control_char")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Make a person; without a password they cannot sign in by one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def by_key(self, key: int) -> "User | None":
        """The person with that primary key, or None. One query, written once per process.

        Every signed-in request loads its person, and building that query takes longer than
        running it.
        """
        for *fields, unread in _by_key.rows(key):
            user = User.from_db(router.db_for_read(User), _FIELDS, fields)
            user.unread_notices = unread
            return user
        return None

    def get_by_natural_key(self, username: str | None) -> "User":
        """Addresses are kept in small letters; people type them as they like."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. They sign in by e-mail address; `public_id` is the id that others see.

    A null `minutes_per_day` means that they have not said how much they study, a null `role` that
    they have not chosen one, a null `timer_started_at` that no timer runs. `unread_notices` is the
    number at the bell as `by_key` found it, and 0 on rows that came otherwise.
    """

    unread_notices = 0

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True, validators=[check_plain_text])
    role = models.ForeignKey(
        Role, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    minutes_per_day = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MINUTES_IN_A_DAY)],
    )
    study_days_mask = models.PositiveSmallIntegerField(
        default=ALL_WEEKDAYS_MASK, help_text="Bit 0 is Monday"
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    show_dates = models.BooleanField(default=True)
    days_off = models.JSONField(
        default=list, blank=True, help_text="Days without study, as ISO dates, oldest first"
    )
    reviews_per_day = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MOST_REVIEWS_PER_DAY)], help_text="0: no reviews"
    )
    timer_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    timer_topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    timer_unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    feed_number = models.PositiveIntegerField(
        default=0, editable=False, help_text="How often the calendar addresses were replaced"
    )
    feed_alarm_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How long before a due date calendars remind; null: never"
    )
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            # With the plain unique index this makes Ada@x.org and ada@x.org one person.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="email_is_lower_case"),
            models.CheckConstraint(
                condition=Q(minutes_per_day__isnull=True)
                | Q(minutes_per_day__gte=1, minutes_per_day__lte=MINUTES_IN_A_DAY),
                name="minutes_per_day_fit_in_a_day",
            ),
            models.CheckConstraint(
                condition=Q(study_days_mask__lte=ALL_WEEKDAYS_MASK), name="study_days_are_weekdays"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @property
    def study_days(self) -> list[str]:
        """The weekdays on which they study, Monday first."""
        return [day for bit, day in enumerate(WEEKDAYS) if self.study_days_mask >> bit & 1]

    @study_days.setter
    def study_days(self, days: list[str]) -> None:
        self.study_days_mask = sum(1 << WEEKDAYS.index(day) for day in set(days))

    @property
    def short_name(self) -> str:
        """What to call them: the first word of their name, or the address before the @."""
        return self.name.split()[0] if self.name.split() else self.email.partition("@")[0]


_FIELDS = [field.attname for field in User._meta.concrete_fields]


def _with_unread_notices(key: int) -> "models.QuerySet[User]":
    # Counted in the same statement: no page pays a query for the bell, and no counter can drift.
    notices = apps.get_model("tracker", "Notice").objects.filter(user=OuterRef("pk"), read_at=None)
    number = notices.order_by().values("user").annotate(number=Count("pk")).values("number")
    return User.objects.filter(pk=key).annotate(unread=Coalesce(Subquery(number), 0))


_by_key = Statement(User, _with_unread_notices)
