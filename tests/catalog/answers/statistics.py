"""Recomputes the results that the exercises on statistics state.

This module shares its name with one of the standard library, so it does not import that one.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product

import sympy


def descriptive_statistics() -> list[str]:
    values, mistyped = [1, 3, 3, 5, 8], [1, 3, 3, 5, 28]
    return [
        _plain(_mean(values)),
        _plain(_median(values)),
        _plain(_variance(values)),
        _plain(_mean(mistyped)),
        _plain(_median(mistyped)),
    ]


def exploratory_data_analysis() -> list[str]:
    values = [3, 5, 6, 7, 8, 9, 10, 12, 13, 14, 30]
    middle = _median(values)
    lower = _median([value for value in values if value < middle])
    upper = _median([value for value in values if value > middle])
    width = upper - lower
    fences = lower - Fraction(3, 2) * width, upper + Fraction(3, 2) * width
    outside = [value for value in values if not fences[0] <= value <= fences[1]]
    return [_plain(width), _plain(fences[1]), *[_plain(value) for value in outside]]


def sampling_and_study_design() -> list[str]:
    seen = [1] * 150 + [0] * 50
    missed = [1] * 320 + [0] * 480
    reported = Fraction(sum(seen), len(seen))
    true = Fraction(sum(seen + missed), len(seen + missed))
    return [_plain(reported), _plain(true), _plain(reported - true)]


def sampling_distributions() -> list[str]:
    accuracy = Fraction(9, 10)

    def variance(size: int) -> Fraction:
        """The variance of the share of hits, summed over every possible number of hits."""
        total = Fraction(0)
        for hits in range(size + 1):
            chance = math.comb(size, hits) * accuracy**hits * (1 - accuracy) ** (size - hits)
            total += chance * (Fraction(hits, size) - accuracy) ** 2
        return total

    size, wanted = 1, Fraction(5, 1000) ** 2
    one = variance(1)
    while one / size > wanted:
        size += 1
    return [_plain(_root(variance(400))), _plain(size)]


def confidence_intervals() -> list[str]:
    reach = math.sqrt(2) * float(sympy.erfinv(sympy.Rational(95, 100)).evalf())
    assert round(_normal(reach) - _normal(-reach), 12) == 0.95
    margin = reach * 10 / math.sqrt(100)
    misses = 40 * (1 - Fraction(95, 100))
    return [f"{50 - margin:.2f}", f"{50 + margin:.2f}", _plain(misses)]


def hypothesis_testing() -> list[str]:
    def accused(heads: Fraction) -> Fraction:
        total = Fraction(0)
        for tosses in product([True, False], repeat=5):
            if len(set(tosses)) == 1:
                total += math.prod((heads if toss else 1 - heads for toss in tosses), start=1)
        return total

    return [_plain(accused(Fraction(1, 2))), f"{float(1 - accused(Fraction(4, 5))):.3f}"]


def p_values() -> list[str]:
    wins = [sum(series) for series in product([0, 1], repeat=8)]
    one_sided = Fraction(sum(won >= 7 for won in wins), len(wins))
    two_sided = Fraction(sum(abs(won - 4) >= 3 for won in wins), len(wins))
    return [f"{float(one_sided):.3f}", f"{float(two_sided):.3f}"]


def z_test() -> list[str]:
    clicks, visitors, usual = 108, 900, Fraction(1, 10)
    standard_error = _root(usual * (1 - usual) / visitors)
    z = (Fraction(clicks, visitors) - usual) / standard_error
    p = _normal(-abs(z)) + 1 - _normal(abs(z))
    return [_plain(z), f"{p:.3f}"]


def t_test() -> list[str]:
    differences = [1, 3, 2, 2]
    size, freedom = len(differences), len(differences) - 1
    spread = math.sqrt(_variance(differences) * size / freedom)
    t = _mean(differences) / (spread / math.sqrt(size))
    # The tail beyond t, from the density of Student's distribution, must be below 5% two-sided.
    x = sympy.Symbol("x")
    density = 6 * sympy.sqrt(3) / (sympy.pi * (3 + x**2) ** 2)
    below = sympy.integrate(density, x)
    first, last = (sympy.limit(below, x, end) for end in (-sympy.oo, sympy.oo))
    assert last - first == 1
    assert 0.04 < 2 * float(last - below.subs(x, 3.18)) < 0.0505
    assert 2 * float(last - below.subs(x, t)) < 0.05
    return [f"{t:.2f}", str(freedom)]


def chi_square_test() -> list[str]:
    table = [[30, 10], [30, 30]]
    statistic = _chi_square(table)
    freedom = (len(table) - 1) * (len(table[0]) - 1)
    # With one degree of freedom the statistic is a squared standard normal variable.
    assert round(2 * _normal(-math.sqrt(3.84)), 3) == 0.05
    assert statistic > 3.84
    return [_plain(statistic), str(freedom)]


def choosing_a_statistical_test() -> list[str]:
    pairs = 12
    countries, layouts = 2, 3
    buyers, visitors, usual = 430, 10000, 0.04
    # Freedom is what is left of the entries once the stated sums are fixed.
    free_differences = pairs - sympy.ones(1, pairs).rank()
    fixed_sums = sympy.Matrix(
        [[int(cell // layouts == row) for cell in range(countries * layouts)] for row in range(2)]
        + [[int(cell % layouts == col) for cell in range(countries * layouts)] for col in range(3)]
    )
    free_cells = countries * layouts - fixed_sums.rank()
    z = (buyers - visitors * usual) / math.sqrt(visitors * usual * (1 - usual))
    return [str(free_differences), str(free_cells), f"{z:.2f}"]


def statistical_power_and_multiple_testing() -> list[str]:
    level, tests = Fraction(5, 100), 10
    alarm = sum(
        math.comb(tests, count) * level**count * (1 - level) ** (tests - count)
        for count in range(1, tests + 1)
    )
    sigma, shift = Fraction(10), Fraction(2)
    size = ((Fraction(196, 100) + Fraction(84, 100)) * sigma / shift) ** 2
    centre = float(shift / sigma) * math.sqrt(size)
    assert round(_normal(-1.96 - centre) + 1 - _normal(1.96 - centre), 2) == 0.80
    return [f"{float(alarm):.2f}", _plain(level / tests), _plain(size)]


def estimators_bias_and_variance() -> list[str]:
    def error(factor: sympy.Rational, mean: int) -> sympy.Expr:
        """The mean squared error over all samples of a two-point variable with variance 8."""
        values = [mean - sympy.sqrt(8), mean + sympy.sqrt(8)]
        samples = list(product(values, repeat=4))
        squares = [(factor * sum(sample) / 4 - mean) ** 2 for sample in samples]
        return sympy.expand(sum(squares)) / len(samples)

    half, whole = sympy.Rational(1, 2), sympy.Integer(1)
    assert error(whole, 2) == error(whole, 4)
    return [_plain(error(whole, 2)), _plain(error(half, 2)), _plain(error(half, 4))]


def maximum_likelihood_estimation() -> list[str]:
    rate = sympy.Symbol("lambda", positive=True)
    likelihood = sympy.prod([rate * sympy.exp(-rate * time) for time in (1, 2, 3, 6)])
    (best,) = sympy.solve(sympy.diff(likelihood, rate), rate)
    assert sympy.diff(likelihood, rate, 2).subs(rate, best) < 0
    return [f"${sympy.latex(best)}$"]


def bayesian_inference() -> list[str]:
    theta = sympy.Symbol("theta")
    prior, likelihood = sympy.Integer(1), theta**2
    area = sympy.integrate(prior * likelihood, (theta, 0, 1))
    mean = sympy.integrate(theta * prior * likelihood, (theta, 0, 1)) / area
    half = sympy.Rational(1, 2)
    above = sympy.integrate(prior * likelihood, (theta, half, 1)) / area
    return [_plain(mean), _plain(above)]


def mse_and_residuals() -> list[str]:
    observed = {0: 1, 1: 4, 2: 4, 3: 9}
    residuals = [Fraction(y - (2 * x + 1)) for x, y in observed.items()]
    shift = sum(residuals) / len(residuals)
    before = sum(residual**2 for residual in residuals) / len(residuals)
    after = sum((residual - shift) ** 2 for residual in residuals) / len(residuals)
    return [_plain(before), _plain(after)]


def linear_regression() -> list[str]:
    points = [(1, 2), (2, 3), (3, 7)]
    slope, intercept = sympy.symbols("slope intercept")
    loss = sum((y - intercept - slope * x) ** 2 for x, y in points)
    best = sympy.solve([sympy.diff(loss, slope), sympy.diff(loss, intercept)], [slope, intercept])
    return [
        _plain(best[slope]),
        f"${best[intercept]}$",
        _plain(best[intercept] + 4 * best[slope]),
    ]


def logistic_sigmoid() -> list[str]:
    z = sympy.Symbol("z", real=True)
    sigmoid = 1 / (1 + sympy.exp(-z))
    (score,) = sympy.solve(sympy.Eq(sigmoid, sympy.Rational(1, 5)), z)
    powers = [sympy.exp(value) for value in (0, sympy.log(2), sympy.log(5))]
    return [
        _plain(sigmoid.subs(z, sympy.log(3))),
        f"$-\\ln {sympy.simplify(sympy.exp(-score))}$",
        _plain(powers[-1] / sum(powers)),
    ]


def logistic_regression() -> list[str]:
    x = sympy.Symbol("x", real=True)
    score = x * sympy.log(2) - 3 * sympy.log(2)
    chance = 1 / (1 + sympy.exp(-score))
    odds = chance / (1 - chance)
    (even,) = sympy.solve(sympy.Eq(score, 0), x)
    assert sympy.simplify(chance.subs(x, even)) == sympy.Rational(1, 2)
    return [
        _plain(sympy.simplify(chance.subs(x, 5))),
        _plain(even),
        _plain(sympy.simplify(odds.subs(x, x + 1) / odds)),
    ]


def analysis_of_variance() -> list[str]:
    groups = [[1, 2, 3], [2, 3, 4], [6, 7, 8]]
    everything = [Fraction(value) for group in groups for value in group]
    total = len(everything) * _variance(everything)
    within = sum(len(group) * _variance(group) for group in groups)
    between = total - within
    freedom = len(groups) - 1, len(everything) - len(groups)
    f = (between / freedom[0]) / (within / freedom[1])
    # With two upper degrees of freedom the tail of the F distribution has a closed form.
    assert round((1 + freedom[0] * 5.14 / freedom[1]) ** (-freedom[1] / 2), 3) == 0.05
    return [_plain(between), _plain(within), _plain(f)]


def analysis_of_covariance() -> list[str]:
    schools = [[(1, 4), (2, 4), (3, 7)], [(5, 7), (6, 6), (7, 8)]]
    first, second, slope = sympy.symbols("first second slope")
    loss = sum(
        (y - intercept - slope * x) ** 2
        for intercept, school in zip((first, second), schools, strict=True)
        for x, y in school
    )
    unknowns = [first, second, slope]
    best = sympy.solve([sympy.diff(loss, unknown) for unknown in unknowns], unknowns)
    raw = [Fraction(sum(y for _, y in school), len(school)) for school in schools]
    return [_plain(best[slope]), _plain(raw[1] - raw[0]), f"${best[second] - best[first]}$"]


def bootstrap_and_resampling() -> list[str]:
    resamples = list(product([1, 4, 7], repeat=3))

    def fraction(holds: Callable[[Sequence[int]], bool]) -> str:
        share = Fraction(sum(holds(resample) for resample in resamples), len(resamples))
        return f"$\\frac{{{share.numerator}}}{{{share.denominator}}}$"

    return [
        str(len(resamples)),
        fraction(lambda resample: _median(resample) == 7),
        fraction(lambda resample: 7 not in resample),
    ]


def regularization() -> list[str]:
    w, strength = sympy.symbols("w lambda", positive=True)
    squares = sum((y - w * x) ** 2 for x, y in [(1, 2), (2, 4)])
    (ridge,) = sympy.solve(sympy.diff(squares + 5 * w**2, w), w)
    (lasso,) = sympy.solve(sympy.diff(squares + 5 * w, w), w)
    slope_at_zero = sympy.diff(squares + strength * w, w).subs(w, 0)
    (threshold,) = sympy.solve(slope_at_zero, strength)
    return [_plain(ridge), _plain(lasso), _plain(threshold)]


def exponential_family_and_glms() -> list[str]:
    y, mean = sympy.symbols("y mu", positive=True)
    eta = sympy.Symbol("eta", real=True)
    log_mass = y * sympy.log(mean) - mean - sympy.log(sympy.factorial(y))
    for count in range(6):
        mass = mean**count * sympy.exp(-mean) / sympy.factorial(count)
        assert sympy.simplify(sympy.exp(log_mass.subs(y, count)) - mass) == 0
    natural = log_mass.coeff(y)
    (inverse,) = sympy.solve(sympy.Eq(natural, eta), mean)
    normaliser = -sympy.expand(log_mass).subs(y, 0).subs(mean, inverse)
    assert sympy.diff(normaliser, eta).subs(eta, natural) == mean
    predicted = inverse.subs(eta, 2 * sympy.log(3) + sympy.log(2))
    return [
        f"$\\ln {sympy.latex(sympy.exp(natural))}$",
        f"${sympy.latex(normaliser)}$",
        _plain(sympy.simplify(predicted)),
    ]


def em_and_gaussian_mixtures() -> list[str]:
    points, weights = [0, 1, 2], [0.5, 0.5]
    means = [0, 2]
    shares = []
    for point in points:
        parts = [
            weight * math.exp(-((point - mean) ** 2) / 2) / math.sqrt(2 * math.pi)
            for weight, mean in zip(weights, means, strict=True)
        ]
        shares.append(parts[0] / sum(parts))
    total = sum(share * point for share, point in zip(shares, points, strict=True))
    return [f"{shares[0]:.2f}", f"{total / sum(shares):.2f}"]


def mathematical_statistics_theory() -> list[str]:
    theta, size = sympy.Symbol("theta", positive=True), 100
    at = sympy.Rational(1, 5)
    masses = {0: 1 - theta, 1: theta}
    curvature = -sum(mass * sympy.diff(sympy.log(mass), theta, 2) for mass in masses.values())
    slope = sum(mass * sympy.diff(sympy.log(mass), theta) ** 2 for mass in masses.values())
    assert sympy.simplify(curvature - slope) == 0
    information = slope.subs(theta, at)
    floor = 1 / (size * information)
    mean = sum(x * mass for x, mass in masses.items())
    variance = sum((x - mean) ** 2 * mass for x, mass in masses.items()).subs(theta, at) / size
    assert sympy.simplify(floor - variance) == 0
    return [_plain(information), _plain(floor)]


def _plain(number: object) -> str:
    """Write an exact number as a terminating decimal; anything else is an error."""
    exact = sympy.nsimplify(str(number), rational=True)
    digits = 0
    while (exact * 10**digits).q != 1:
        digits += 1
        assert digits < 8, f"{number} has no short decimal form"
    return f"{float(exact):.{digits}f}"


def _mean(values: Sequence[int | Fraction]) -> Fraction:
    return Fraction(sum(values)) / len(values)


def _median(values: Sequence[int]) -> Fraction:
    ordered, half = sorted(values), len(values) // 2
    return Fraction(ordered[half] + ordered[-half - 1], 2)


def _variance(values: Sequence[int | Fraction]) -> Fraction:
    """The mean squared distance from the mean, divided by the number of values."""
    return _mean([(value - _mean(values)) ** 2 for value in values])


def _normal(z: float | Fraction) -> float:
    """The standard normal distribution function."""
    return math.erfc(-z / math.sqrt(2)) / 2


def _root(square: Fraction) -> Fraction:
    """The exact square root of a fraction whose two parts are square numbers."""
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    assert root**2 == square
    return root


def _chi_square(table: list[list[int]]) -> Fraction:
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    statistic = Fraction(0)
    for row, counts in zip(rows, table, strict=True):
        for column, observed in zip(columns, counts, strict=True):
            expected = Fraction(row * column, sum(rows))
            statistic += (observed - expected) ** 2 / expected
    return statistic
