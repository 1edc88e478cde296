"""Hours, workloads and study days against numbers worked out by other means."""

import random
from math import sqrt
from statistics import NormalDist

import pytest

from catalog.effort import Hours, Workload, card_months, study_days


def test_an_estimate_reaches_from_seven_tenths_to_one_and_a_half():
    assert Hours.around(10) == Hours(low=7.0, likely=10, high=15.0)


def test_mean_and_variance_are_those_of_the_triangular_distribution():
    hours = Hours(low=7, likely=10, high=15)
    draws = [random.Random(seed).triangular(7, 15, 10) for seed in range(20_000)]
    mean = sum(draws) / len(draws)

    assert hours.mean == pytest.approx(32 / 3)
    assert hours.variance == pytest.approx(49 / 18)
    assert mean == pytest.approx(hours.mean, rel=0.01)
    assert sum((one - mean) ** 2 for one in draws) / len(draws) == pytest.approx(
        hours.variance, rel=0.05
    )


def test_a_workload_adds_means_and_variances():
    work = Workload.of([Hours.around(10), Hours.around(20)])

    assert work.mean == pytest.approx(32)
    assert work.variance == pytest.approx(5 * 49 / 18)


@pytest.mark.parametrize(
    ("chance", "days"),
    # P(n) = Φ((n − 72) / (0.7 √n)) is 0.19 and 0.24 after 67 and 68, 0.79 and 0.83 after 77 and 78.
    [(0.2, 68), (0.5, 72), (0.8, 78)],
)
def test_study_days_of_seventy_two_sure_hours_at_an_hour_a_day(chance, days):
    work = Workload(mean=72, variance=0)

    assert study_days(work, minutes_per_day=60, chance=chance) == days


@pytest.mark.parametrize("mean", [0.3, 1, 9.9, 103.5, 710])
@pytest.mark.parametrize("minutes", [5, 45, 90, 600])
@pytest.mark.parametrize("chance", [0.2, 0.5, 0.8])
def test_study_days_is_the_first_number_of_days_that_is_enough(mean, minutes, chance):
    work = Workload(mean=mean, variance=mean * 0.6)
    m = minutes / 60

    def done_after(n: int) -> float:
        return NormalDist().cdf((n * m - mean) / sqrt(n * (0.7 * m) ** 2 + work.variance))

    days = study_days(work, minutes_per_day=minutes, chance=chance)

    assert done_after(days) >= chance - 1e-9
    assert days == 1 or done_after(days - 1) < chance


def test_no_work_takes_no_day():
    assert study_days(Workload(mean=0, variance=0), minutes_per_day=60, chance=0.8) == 0


def test_an_even_chance_is_not_lost_to_rounding():
    assert study_days(Workload(mean=30, variance=2), minutes_per_day=90, chance=0.5) == 20


def test_months_on_a_card_are_study_days_over_thirty_point_four():
    assert card_months(Workload(mean=45.6, variance=1)) == pytest.approx(31 / 30.4)
