"""Recomputes the results that the exercises on information theory state."""

import collections
import itertools
from decimal import Decimal
from fractions import Fraction

import sympy

HALF, QUARTER, EIGHTH = Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)


def _log2(value: Fraction) -> sympy.Expr:
    return sympy.log(sympy.Rational(value.numerator, value.denominator), 2)


def _exact(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def _entropy(probabilities: list[Fraction]) -> sympy.Expr:
    return -sum(_exact(p) * _log2(p) for p in probabilities)


def _decimal(value: sympy.Expr) -> str:
    """A number of bits that ends after a few decimal places, written with all of them."""
    exact = sympy.Rational(sympy.simplify(value))
    return f"${Decimal(exact.p) / Decimal(exact.q)}$"


def entropy() -> list[str]:
    letter = [HALF, QUARTER, EIGHTH, EIGHTH]
    return [_decimal(_entropy(letter)), _decimal(_entropy([Fraction(1, 4)] * 4))]


def cross_entropy() -> list[str]:
    given = [HALF, QUARTER, EIGHTH]
    # The mean of logarithms is the logarithm of the geometric mean.
    mean_loss = -_log2(given[0] * given[1] * given[2]) / len(given)
    p, q = [HALF, QUARTER, QUARTER], [QUARTER, HALF, QUARTER]
    crossed = -sum(_exact(a) * _log2(b) for a, b in zip(p, q, strict=True))
    return [_decimal(mean_loss), _decimal(crossed), _decimal(_entropy(p))]


def kl_divergence() -> list[str]:
    p = [HALF, QUARTER, EIGHTH, EIGHTH]
    q = [EIGHTH, HALF, QUARTER, EIGHTH]

    def divergence(truth: list[Fraction], model: list[Fraction]) -> sympy.Expr:
        return sum(_exact(a) * _log2(a / b) for a, b in zip(truth, model, strict=True))

    return [_decimal(divergence(p, q)), _decimal(divergence(q, p))]


def mutual_information() -> list[str]:
    pairs: collections.Counter[tuple[str, str]] = collections.Counter()
    for bit, lost in itertools.product("01", (False, True)):
        pairs[bit, "?" if lost else bit] += 1
    joint = {pair: Fraction(count, pairs.total()) for pair, count in pairs.items()}
    sent: dict[str, Fraction] = {}
    arrived: dict[str, Fraction] = {}
    for (x, y), p in joint.items():
        sent[x] = sent.get(x, Fraction()) + p
        arrived[y] = arrived.get(y, Fraction()) + p
    shared = sum(_exact(p) * _log2(p / (sent[x] * arrived[y])) for (x, y), p in joint.items())
    return [
        _decimal(_entropy(list(arrived.values()))),
        _decimal(_entropy(list(joint.values()))),
        _decimal(shared),
    ]
