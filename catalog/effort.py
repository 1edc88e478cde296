"""How many hours a topic takes and how many study days a pile of hours needs.

Pure arithmetic: no rows, no people, no calendar.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, copysign, sqrt
from statistics import NormalDist
from typing import Self

LOW_FACTOR = 0.7
HIGH_FACTOR = 1.5
# The standard deviation of a day's study minutes, as a share of their mean.
DAILY_SPREAD = 0.7

CARD_MINUTES_PER_DAY = 90
DAYS_PER_MONTH = 30.4

# The same three chances are asked for on every page.
_quantile = lru_cache(maxsize=64)(NormalDist().inv_cdf)


@dataclass(frozen=True, slots=True)
class Hours:
    """An estimate in hours: triangular between `low` and `high` with its peak at `likely`."""

    low: float
    likely: float
    high: float

    @classmethod
    def around(cls, likely: float) -> Self:
        return cls(
            low=round(likely * LOW_FACTOR, 2),
            likely=likely,
            high=round(likely * HIGH_FACTOR, 2),
        )

    @property
    def mean(self) -> float:
        return (self.low + self.likely + self.high) / 3

    @property
    def variance(self) -> float:
        """Of a triangular distribution: (a² + b² + c² − ab − ac − bc) / 18."""
        a, b, c = self.low, self.likely, self.high
        return (a * a + b * b + c * c - a * b - a * c - b * c) / 18


@dataclass(frozen=True, slots=True)
class Workload:
    """The sum of independent estimates, in hours and hours squared."""

    mean: float
    variance: float

    @classmethod
    def of(cls, estimates: Iterable[Hours]) -> Self:
        mean = variance = 0.0
        # As in `mean` and `variance` above; a plan adds up a hundred of them.
        for hours in estimates:
            a, b, c = hours.low, hours.likely, hours.high
            mean += (a + b + c) / 3
            variance += (a * a + b * b + c * c - a * b - a * c - b * c) / 18
        return cls(mean=mean, variance=variance)


def study_days(work: Workload, *, minutes_per_day: float, chance: float) -> int:
    """The smallest number n of study days with P(n) ≥ `chance`; 0 when there is no work.

    P(n) = Φ((n·m − μ) / √(n·(0.7·m)² + σ²)): μ and σ² belong to the work, and a study day brings
    m minutes on average with a standard deviation of 0.7·m. `minutes_per_day` must be positive.
    """
    if work.mean <= 0:
        return 0
    m = minutes_per_day / 60
    wanted, of_a_day = _quantile(chance), (DAILY_SPREAD * m) ** 2

    def is_enough(days: int) -> bool:
        spread = sqrt(days * of_a_day + work.variance)
        # A hair of tolerance: at chance 0.5 the two sides may be equal up to rounding.
        return days * m - work.mean >= wanted * spread - 1e-9

    # Squared, the condition is a quadratic equation in n, of which `wanted` takes the upper or the
    # lower root. P grows with n, so what rounding has spoilt is mended by a step.
    half = m * work.mean + wanted * wanted * of_a_day / 2
    rest = half * half - m * m * (work.mean**2 - wanted * wanted * work.variance)
    days = max(ceil((half + copysign(sqrt(max(rest, 0.0)), wanted)) / (m * m)), 1)
    while not is_enough(days):
        days += 1
    while days > 1 and is_enough(days - 1):
        days -= 1
    return days


def card_months(work: Workload) -> float:
    """Months of 30.4 days to the likely finish, at 90 minutes on every day of the week."""
    days = study_days(work, minutes_per_day=CARD_MINUTES_PER_DAY, chance=0.5)
    return days / DAYS_PER_MONTH
