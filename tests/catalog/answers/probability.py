"""Recomputes the results that the exercises on probability state."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, permutations, product
from math import erf, exp, factorial, sqrt
from typing import TypeVar

import sympy

_Outcome = TypeVar("_Outcome")


def _tex(value: Fraction) -> str:
    """An exact fraction as inline maths."""
    return f"${sympy.latex(sympy.Rational(value.numerator, value.denominator))}$"


def _decimal(value: Fraction | int) -> str:
    """A number that ends after a few decimal places, written with all of them."""
    number = Decimal(value.numerator) / Decimal(value.denominator)
    assert Fraction(number) == value
    return f"{number.normalize():f}"


def _rounded(value: object, places: int) -> str:
    return f"{float(sympy.N(value)):.{places}f}"


def _fraction(value: sympy.Expr) -> Fraction:
    """The exact value of a sympy number, which must be rational."""
    rational = sympy.nsimplify(sympy.simplify(value))
    assert rational.is_rational
    return Fraction(int(rational.p), int(rational.q))


def _share(
    outcomes: Iterable[_Outcome],
    event: Callable[[_Outcome], bool],
    given: Callable[[_Outcome], bool] = lambda outcome: True,
) -> Fraction:
    """The probability of `event` among equally likely outcomes, those outside `given` deleted."""
    kept = [outcome for outcome in outcomes if given(outcome)]
    return Fraction(sum(event(outcome) for outcome in kept), len(kept))


def _mean(masses: dict[Fraction, Fraction]) -> Fraction:
    assert sum(masses.values()) == 1
    return sum((value * mass for value, mass in masses.items()), Fraction(0))


def _variance(masses: dict[Fraction, Fraction]) -> Fraction:
    mean = _mean(masses)
    return sum(((value - mean) ** 2 * mass for value, mass in masses.items()), Fraction(0))


def _phi(z: float) -> float:
    """The distribution function of the standard normal distribution."""
    return (1 + erf(z / sqrt(2))) / 2


_DIE = range(1, 7)


def probability_basics() -> list[str]:
    rolls = list(product(_DIE, repeat=2))
    either = _share(rolls, lambda roll: sum(roll) == 8 or roll[0] == 3)
    neither = _share(rolls, lambda roll: sum(roll) != 8 and roll[0] != 3)
    return [str(len(rolls)), _tex(either), _tex(neither)]


def counting_and_combinatorics() -> list[str]:
    features = ["height", "weight", "a", "b", "c", "d", "e", "f"]
    groups = [set(group) for group in combinations(features, 3)]
    ordered = list(permutations(features, 3))
    allowed = [group for group in groups if not {"height", "weight"} <= group]
    return [str(len(groups)), str(len(ordered)), str(len(allowed))]


def conditional_probability() -> list[str]:
    kinds = {("spam", True): 60, ("spam", False): 200 - 60, ("other", True): 40}
    kinds["other", False] = 1000 - sum(kinds.values())
    mails = [mail for mail, count in kinds.items() for _ in range(count)]

    def is_spam(mail: tuple[str, bool]) -> bool:
        return mail[0] == "spam"

    def has_prize(mail: tuple[str, bool]) -> bool:
        return mail[1]

    return [
        _decimal(_share(mails, has_prize, given=is_spam)),
        _decimal(_share(mails, is_spam, given=has_prize)),
        _tex(_share(mails, is_spam, given=lambda mail: not has_prize(mail))),
    ]


def statistical_independence() -> list[str]:
    tosses = list(product("HT", repeat=2))
    events: list[Callable[[tuple[str, ...]], bool]] = [
        lambda toss: toss[0] == "H",
        lambda toss: toss[1] == "H",
        lambda toss: toss[0] == toss[1],
    ]
    first, _, agree = events
    pair = _share(tosses, lambda toss: first(toss) and agree(toss))
    assert pair == _share(tosses, first) * _share(tosses, agree)
    triple = _share(tosses, lambda toss: all(event(toss) for event in events))
    separate = Fraction(1)
    for event in events:
        separate *= _share(tosses, event)
    return [_tex(pair), _tex(triple), _tex(separate)]


def bayes_theorem() -> list[str]:
    rate = {True: Fraction("0.9"), False: Fraction("0.05")}
    prior = {True: Fraction("0.01"), False: Fraction("0.99")}

    def after(alarms: int) -> Fraction:
        joint = {fraud: prior[fraud] * rate[fraud] ** alarms for fraud in prior}
        return joint[True] / sum(joint.values())

    return [_tex(after(1)), _tex(after(2))]


def random_variables() -> list[str]:
    rolls = list(product(_DIE, repeat=2))
    return [
        _tex(_share(rolls, lambda roll: max(roll) <= 3)),
        _tex(_share(rolls, lambda roll: max(roll) == 3)),
        _tex(_share(rolls, lambda roll: max(roll) == 6)),
    ]


def probability_mass_functions() -> list[str]:
    values = range(1, 5)
    c = Fraction(1, sum(values))
    masses = {value: c * value for value in values}
    even = sum(mass for value, mass in masses.items() if value % 2 == 0)
    chosen = next(
        value
        for value in values
        if sum(masses[smaller] for smaller in values if smaller <= value) > Fraction("0.55")
    )
    return [_decimal(c), _decimal(even), str(chosen)]


def probability_density_functions() -> list[str]:
    x, c = sympy.symbols("x c")
    (factor,) = sympy.solve(sympy.integrate(c * x**2, (x, 0, 2)) - 1, c)
    density = factor * x**2
    lower = sympy.integrate(density, (x, 0, 1))
    height = density.subs(x, 2)
    return [_tex(_fraction(factor)), _tex(_fraction(lower)), _decimal(_fraction(height))]


def expectation_and_variance() -> list[str]:
    quarter = Fraction(1, 4)
    x = {Fraction(0): 2 * quarter, Fraction(2): quarter, Fraction(4): quarter}
    y = {3 - 2 * value: mass for value, mass in x.items()}
    return [_decimal(answer) for answer in (_mean(x), _variance(x), _mean(y), _variance(y))]


def binomial_distribution() -> list[str]:
    wrong = Fraction("0.2")

    def chance(questions: int, accept: Callable[[int], bool]) -> Fraction:
        """Adds up the probabilities of all sequences of errors that are accepted."""
        total = Fraction(0)
        for errors in product((0, 1), repeat=questions):
            if accept(sum(errors)):
                total += wrong ** sum(errors) * (1 - wrong) ** (questions - sum(errors))
        return total

    return [
        _decimal(chance(5, lambda errors: errors == 1)),
        _decimal(chance(5, lambda errors: errors <= 1)),
        _decimal(chance(3, lambda errors: errors <= 1)),
    ]


def gaussian_distribution() -> list[str]:
    def at_most(ms: int) -> float:
        return _phi((ms - 200) / 20)

    assert round(_phi(1), 4) == 0.8413
    assert round(_phi(2), 4) == 0.9772
    (time,) = (ms for ms in range(100, 300) if Fraction(ms - 200, 20) == Fraction("-1.5"))
    return [
        _rounded(1 - at_most(240), 3),
        _rounded(at_most(240) - at_most(180), 2),
        str(time),
    ]


def poisson_distribution() -> list[str]:
    average = sympy.Rational(122, 200)
    assert _rounded(sympy.exp(-average), 4) == "0.5434"

    def expected(count: int) -> sympy.Expr:
        return 200 * average**count * sympy.exp(-average) / factorial(count)

    return [_rounded(expected(0), 1), _rounded(expected(1), 1)]


def exponential_distribution() -> list[str]:
    t, end = sympy.symbols("t end", positive=True)
    rate = sympy.Rational(1, 20)
    density = rate * sympy.exp(-rate * t)

    def later_than(moment: int) -> sympy.Expr:
        return sympy.integrate(density, (t, moment, sympy.oo))

    (median,) = sympy.solve(
        sympy.Eq(sympy.integrate(density, (t, 0, end)), sympy.Rational(1, 2)), end
    )
    return [
        _rounded(later_than(40), 3),
        _rounded(later_than(60 + 40) / later_than(60), 3),
        _rounded(median, 1),
    ]


def student_t_distribution() -> list[str]:
    data = [sympy.Integer(reading) for reading in (3, 5, 5, 7)]
    n = len(data)
    mean = sum(data) / n
    spread = sympy.sqrt(sum((reading - mean) ** 2 for reading in data) / (n - 1))
    statistic = (mean - 4) / (spread / sympy.sqrt(n))
    freedom = n - 1

    def density(t: int) -> sympy.Expr:
        half = sympy.Rational(freedom + 1, 2)
        scale = sympy.gamma(half) / sympy.sqrt(sympy.pi * freedom)
        scale /= sympy.gamma(sympy.Rational(freedom, 2))
        return scale * (1 + sympy.Rational(t**2, freedom)) ** -half

    ratio = sympy.simplify(density(0) / density(3))
    bell = exp(-(0**2) / 2) / exp(-(3**2) / 2)
    return [_rounded(statistic, 2), str(freedom), str(ratio), _rounded(bell, 0)]


def chi_square_distribution() -> list[str]:
    z = sympy.Symbol("z", real=True)
    bell = sympy.exp(-(z**2) / 2) / sympy.sqrt(2 * sympy.pi)

    def moment(power: int) -> sympy.Expr:
        return sympy.integrate(z**power * bell, (z, -sympy.oo, sympy.oo))

    assert (moment(2), moment(4)) == (1, 3)
    variance = sympy.integrate((z**2 - 1) ** 2 * bell, (z, -sympy.oo, sympy.oo))
    below_four = sympy.integrate(bell, (z, -2, 2))
    return [
        str(variance),
        str(200 * moment(2)),
        str(sympy.sqrt(200 * variance)),
        _rounded(below_four, 3),
    ]


def joint_distributions() -> list[str]:
    joint = {
        ("phone", "purchase"): Fraction("0.1"),
        ("phone", "none"): Fraction("0.5"),
        ("laptop", "purchase"): Fraction("0.2"),
        ("laptop", "none"): Fraction("0.2"),
    }
    assert sum(joint.values()) == 1

    def margin(value: str) -> Fraction:
        return sum((share for cell, share in joint.items() if value in cell), Fraction(0))

    return [
        _decimal(margin("purchase")),
        _decimal(joint["laptop", "purchase"] / margin("laptop")),
        _decimal(margin("phone") * margin("purchase")),
    ]


def covariance_and_correlation() -> list[str]:
    def mean(values: list[int]) -> sympy.Rational:
        return sympy.Rational(sum(values), len(values))

    def covariance(xs: list[int], ys: list[int]) -> sympy.Expr:
        products = [(x - mean(xs)) * (y - mean(ys)) for x, y in zip(xs, ys, strict=True)]
        return sum(products) / len(products)

    xs, ys = [0, 1, 2], [0, 2, 1]
    correlation = covariance(xs, ys) / sympy.sqrt(covariance(xs, xs) * covariance(ys, ys))
    sums = [x + y for x, y in zip(xs, ys, strict=True)]
    parabola = [-1, 0, 1]
    return [
        _tex(_fraction(covariance(xs, ys))),
        _tex(_fraction(correlation)),
        str(covariance(sums, sums)),
        str(covariance(parabola, [x**2 for x in parabola])),
    ]


def multivariate_distributions() -> list[str]:
    x, y = sympy.symbols("x y")
    half, quarter = sympy.Rational(1, 2), sympy.Rational(1, 4)
    # The triangle: x from 0 to 1 and y from 0 to x, or y from 0 to 1 and x from y to 1.
    assert sympy.integrate(2, (y, 0, x), (x, 0, 1)) == 1
    slice_at_half = sympy.integrate(2, (y, 0, half))
    below = sympy.integrate(2, (x, y, 1), (y, 0, quarter))
    conditional = sympy.integrate(2, (y, 0, quarter)) / slice_at_half
    return [str(slice_at_half), _tex(_fraction(below)), _tex(_fraction(conditional))]


def multivariate_gaussian() -> list[str]:
    sigma = sympy.Matrix([[4, 2], [2, 2]])
    y = sympy.Symbol("y", real=True)
    point = sympy.Matrix([2, y])
    # The density along the line x = 2, without its constant, normalised by integration. Moved to
    # its peak first: there the integrals take a fraction of a second.
    exponent = -(point.T * sigma.inv() * point)[0] / 2
    [peak] = sympy.solve(exponent.diff(y), y)

    def total(function: sympy.Expr) -> sympy.Expr:
        moved = (function * sympy.exp(exponent)).subs(y, y + peak)
        return sympy.integrate(moved.simplify(), (y, -sympy.oo, sympy.oo))

    area = total(sympy.Integer(1))
    mean = sympy.simplify(total(y) / area)
    variance = sympy.simplify(total((y - mean) ** 2) / area)
    difference = sympy.Matrix([[1, -1]])
    spread = (difference * sigma * difference.T)[0]
    return [str(sigma.det()), str(mean), str(variance), str(spread)]


def central_limit_theorem() -> list[str]:
    assert round(_phi(2), 3) == 0.977

    def total(jobs: int) -> tuple[sympy.Expr, sympy.Expr]:
        return jobs * sympy.Integer(5), sympy.sqrt(jobs * sympy.Integer(4) ** 2)

    few_mean, few_spread = total(400)
    many_mean, many_spread = total(1600)
    per_job = _fraction((many_mean + 2 * many_spread) / 1600)
    return [str(few_spread), str(few_mean + 2 * few_spread), _decimal(per_job)]


def markov_chains() -> list[str]:
    tenth = sympy.Rational(1, 10)
    step = sympy.Matrix([[9, 1], [3, 7]]) * tenth
    in_two_days = _fraction((step**2)[0, 0])
    (left,) = (step.T - sympy.eye(2)).nullspace()
    stationary = [_decimal(_fraction(entry / sum(left))) for entry in left]
    (other,) = (value for value in step.eigenvals() if value != 1)
    return [_decimal(in_two_days), f"$({', '.join(stationary)})$", _decimal(_fraction(other))]
