"""Recomputes the results that the exercises on the foundations state."""

from fractions import Fraction
from itertools import product

import sympy


def _tex(value: object) -> str:
    """A number or a point as inline maths: exact, with fractions."""
    if isinstance(value, tuple):
        inner = ", ".join(_tex(entry).strip("$") for entry in value)
        return f"$\\left({inner}\\right)$" if "\\frac" in inner else f"$({inner})$"
    return f"${sympy.latex(sympy.sympify(value))}$"


def algebra_and_functions() -> list[str]:
    w, b, x = sympy.symbols("w b x")
    line = sympy.solve([w * 1 + b - 5, w * 3 + b - 11], [w, b])
    meeting = sympy.solve(sympy.Eq(line[w] * x + line[b], x**2 + 4), x)
    return [_tex(value) for value in (line[w], line[b], *sorted(meeting))]


def exponentials_and_logarithms() -> list[str]:
    x = sympy.Symbol("x", real=True)
    exponent = next(k for k in range(20) if 2**k == 8 * 32)
    (power,) = sympy.solve(sympy.Eq(3 ** (2 * x - 1), 27), x)
    simplified = sympy.exp(2 * sympy.log(5) - sympy.log(10)).simplify()
    return [_tex(exponent), _tex(power), _tex(simplified)]


def mathematical_notation() -> list[str]:
    x = {1: 2, 2: -1, 3: 3}
    positive = {i for i in x if x[i] > 0}
    factors = 1
    for i in (1, 2, 3):
        factors *= x[i] + i
    return [_tex(len(positive)), _tex(sum(x[i] ** 2 for i in positive)), _tex(factors)]


def trigonometry_refresher() -> list[str]:
    def angle(hour: int) -> sympy.Expr:
        return 2 * sympy.pi * hour / 24

    def point(hour: int) -> tuple[sympy.Expr, sympy.Expr]:
        return sympy.cos(angle(hour)), sympy.sin(angle(hour))

    squares = sum((a - b) ** 2 for a, b in zip(point(23), point(3), strict=True))
    return [_tex(angle(4)), _tex(point(4)), _tex(sympy.sqrt(squares.expand().simplify()))]


def programming_for_mathematics() -> list[str]:
    squares = sum(entry**2 for entry in (1, 2, 3, 4))
    rolls = list(product(range(1, 7), repeat=2))
    share = Fraction(sum(sum(roll) == 9 for roll in rolls), len(rolls))
    return [str(squares), _tex(share)]


def proof_techniques() -> list[str]:
    return [str(sum(range(1, 100, 2)))]
