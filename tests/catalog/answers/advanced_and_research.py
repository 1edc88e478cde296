"""Recomputes the results that the exercises of the advanced and research topics state."""

from decimal import Decimal
from fractions import Fraction
from itertools import count, product

import sympy


def _tex(value: sympy.Expr | Fraction) -> str:
    """An exact fraction as inline maths."""
    return f"${sympy.latex(sympy.nsimplify(value))}$"


def _decimal(value: sympy.Expr | Fraction) -> str:
    """A rational number that ends after a few decimal places, written with all of them."""
    exact = sympy.nsimplify(value)
    assert exact.is_rational
    number = Decimal(int(exact.p)) / Decimal(int(exact.q))
    assert Fraction(number) == Fraction(int(exact.p), int(exact.q))
    return f"{number.normalize():f}"


def _log2(value: sympy.Expr) -> sympy.Expr:
    return sympy.log(value) / sympy.log(2)


def _divergence(p: list[sympy.Rational], q: list[sympy.Rational]) -> sympy.Expr:
    """The Kullback-Leibler divergence of `p` from `q` in bits."""
    return sum(a * _log2(a / b) for a, b in zip(p, q, strict=True) if a)


def probabilistic_graphical_models() -> list[str]:
    parents = [0] + [1] * 19
    numbers = sum(2**parent_count for parent_count in parents)
    weathers = [(rain, sprinkler) for rain, sprinkler in product((0, 1), repeat=2)]
    wet = [weather for weather in weathers if any(weather)]
    wet_by_sprinkler = [weather for weather in wet if weather[1]]

    def rain_share(cases: list[tuple[int, int]]) -> Fraction:
        return Fraction(sum(rain for rain, _ in cases), len(cases))

    return [str(numbers), _tex(rain_share(wet)), _tex(rain_share(wet_by_sprinkler))]


def variational_inference() -> list[str]:
    joint = [sympy.Rational(3, 8), sympy.Rational(1, 8)]
    q = [sympy.Rational(1, 2)] * 2
    evidence = sum(joint)
    posterior = [mass / evidence for mass in joint]
    bound = sum(a * _log2(b / a) for a, b in zip(q, joint, strict=True))
    divergence = _divergence(q, posterior)
    assert abs(sympy.N(bound + divergence - _log2(evidence))) < 1e-9
    return [
        f"${sympy.simplify(_log2(evidence))}$",
        f"${float(bound):.2f}$",
        f"{float(divergence):.2f}",
    ]


def monte_carlo_and_mcmc() -> list[str]:
    weights = [1, 2, 4]
    step = sympy.zeros(3, 3)
    for here, there in product(range(3), repeat=2):
        if here != there:
            accepted = min(Fraction(1), Fraction(weights[there], weights[here]))
            step[here, there] = sympy.nsimplify(accepted) / 2
    for here in range(3):
        step[here, here] = 1 - sum(step.row(here))
    (left,) = (step.T - sympy.eye(3)).nullspace()
    return [_tex(step[2, 0]), _tex(step[2, 2]), _tex(left[2] / sum(left))]


def real_analysis() -> list[str]:
    x = sympy.Symbol("x")
    n = sympy.Symbol("n", positive=True)
    term = n * x * (1 - x**2) ** n
    points = [sympy.Rational(numerator, 10) for numerator in range(11)]
    limits = {sympy.limit(term.subs(x, point), n, sympy.oo) for point in points}
    (pointwise,) = limits
    antiderivative = -n * (1 - x**2) ** (n + 1) / (2 * (n + 1))
    assert sympy.simplify(antiderivative.diff(x) - term) == 0
    integral = antiderivative.subs(x, 1) - antiderivative.subs(x, 0)
    for degree in (1, 2, 7):
        exact = sympy.integrate(sympy.expand(term.subs(n, degree)), (x, 0, 1))
        assert sympy.simplify(exact - integral.subs(n, degree)) == 0
    return [str(pointwise), _tex(sympy.limit(integral, n, sympy.oo))]


def measure_theoretic_probability() -> list[str]:
    u = sympy.Symbol("u", real=True)
    half, quarter = sympy.Rational(1, 2), sympy.Rational(1, 4)
    x = sympy.Piecewise((2 * u - 1, u > half), (0, True))
    at_zero = sympy.integrate(sympy.Piecewise((0, u > half), (1, True)), (u, 0, 1))
    mean = sympy.integrate(x, (u, 0, 1))
    on_event = sympy.integrate(x, (u, quarter, 1)) / (1 - quarter)
    return [_tex(at_zero), _tex(mean), _tex(on_event)]


def hilbert_spaces_and_kernels() -> list[str]:
    def feature(x: int) -> sympy.Matrix:
        return sympy.Matrix([1, sympy.sqrt(2) * x, x**2])

    difference = feature(1) - feature(2)
    t = sympy.Symbol("t")
    return [
        str(sympy.simplify(feature(2).dot(feature(3)))),
        str(sympy.simplify(difference.dot(difference))),
        str(sympy.integrate(t * t**2, (t, -1, 1))),
    ]


def statistical_learning_theory() -> list[str]:
    epsilon = sympy.Rational(1, 10)

    def enough(models: int) -> int:
        return next(
            n for n in count(1) if sympy.N(2 * models * sympy.exp(-2 * n * epsilon**2)) <= 0.05
        )

    return [str(enough(1)), str(enough(1000))]


def adversarial_network_mathematics() -> list[str]:
    half = sympy.Rational(1, 2)
    p, q = [half, half, sympy.Integer(0)], [sympy.Integer(0), half, half]
    # At each point the discriminator maximises a log d + b log(1 - d).
    d = sympy.Symbol("d")
    best = []
    for a, b in zip(p, q, strict=True):
        (stationary,) = sympy.solve(sympy.Eq(a * (1 - d), b * d), d)
        best.append(stationary)
    value = sum(a * _log2(reply) for a, reply in zip(p, best, strict=True) if a)
    value += sum(b * _log2(1 - reply) for b, reply in zip(q, best, strict=True) if b)
    mixture = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    divergence = sympy.simplify((_divergence(p, mixture) + _divergence(q, mixture)) / 2)
    assert sympy.simplify(value - (2 * divergence - 2)) == 0
    entries = ", ".join(sympy.latex(reply) for reply in best)
    return [f"$({entries})$", f"${sympy.simplify(value)}$", _decimal(divergence)]


def convolution_and_fourier() -> list[str]:
    f, g = [1, 2, 3, 4], [1, 1, 0, 0]
    size = len(f)
    result = [sum(f[k] * g[(n - k) % size] for k in range(size)) for n in range(size)]

    def transform(signal: list[int], frequency: int) -> sympy.Expr:
        wave = [sympy.I ** (-frequency * n) for n in range(size)]
        return sympy.expand(sum(a * b for a, b in zip(signal, wave, strict=True)))

    for frequency in range(size):
        parts = transform(f, frequency) * transform(g, frequency)
        assert sympy.expand(parts - transform(result, frequency)) == 0
    entries = ", ".join(str(entry) for entry in result)
    return [f"$({entries})$", str(transform(result, 0)), str(transform(result, 2))]


def language_model_probability() -> list[str]:
    words = [sympy.Rational(1, denominator) for denominator in (2, 4, 8, 4)]
    sentence = sympy.prod(words)
    surprise = sum(-sympy.log(word) for word in words) / len(words)
    perplexity = sympy.simplify(sympy.exp(surprise))
    scores = [sympy.log(6), sympy.log(3), sympy.Integer(0)]
    total = sum(sympy.exp(score) for score in scores)
    softmax = ", ".join(_decimal(sympy.exp(score) / total) for score in scores)
    return [_tex(sentence), str(perplexity), f"$({softmax})$"]


def word_embedding_mathematics() -> list[str]:
    tea, coffee, tar = (sympy.Matrix(counts) for counts in ([4, 3, 0], [3, 4, 0], [0, 3, 4]))

    def cosine(u: sympy.Matrix, v: sympy.Matrix) -> sympy.Expr:
        return u.dot(v) / (u.norm() * v.norm())

    sigmoid = 1 / (1 + sympy.exp(-sympy.log(3)))
    return [_decimal(cosine(tea, coffee)), _decimal(cosine(tea, tar)), _decimal(sigmoid)]
