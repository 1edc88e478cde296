"""Recomputes the results that the exercises on optimisation state."""

from decimal import Decimal
from fractions import Fraction

import sympy


def _tex(value: object) -> str:
    """A number as inline maths: exact, with fractions."""
    if isinstance(value, Fraction):
        value = sympy.Rational(value.numerator, value.denominator)
    return "$" + str(sympy.latex(value)).replace("- ", "-") + "$"


def _decimal(value: Fraction) -> str:
    """A number that ends after a few decimal places, written with all of them."""
    return f"${Decimal(value.numerator) / Decimal(value.denominator)}$"


def _pair(first: str, second: str) -> str:
    return f"$({first.strip('$')}, {second.strip('$')})$"


def loss_functions() -> list[str]:
    misses = [1, -1, 1, -1, 6]
    squared = Fraction(sum(miss * miss for miss in misses), len(misses))
    absolute = Fraction(sum(abs(miss) for miss in misses), len(misses))
    label, score = -1, Fraction("0.4")
    hinge = max(Fraction(0), 1 - label * score)
    return [_tex(squared), _tex(absolute), _decimal(hinge)]


def gradient_descent() -> list[str]:
    x, eta = sympy.symbols("x eta", positive=True)
    loss = (x - 3) ** 2
    places = [sympy.Integer(0)]
    for _ in range(2):
        places.append(places[-1] - sympy.Rational(1, 10) * loss.diff(x).subs(x, places[-1]))
    after_a_step = x - eta * loss.diff(x)
    factor = sympy.simplify((after_a_step - 3) / (x - 3))
    diverging = sympy.solveset(sympy.Abs(factor) > 1, eta, sympy.Interval.open(0, sympy.oo))
    first, second = (Fraction(place.p, place.q) for place in places[1:])
    return [_decimal(first), _decimal(second), _tex(diverging.inf)]


def stochastic_gradient_descent() -> list[str]:
    beta, eta = Fraction("0.9"), Fraction("0.1")
    gradients = [Fraction(2), Fraction(1)]
    # Written without velocities: gradient number s moves the parameter in every later step.
    place = 1 - eta * sum(
        beta ** (step - start) * gradients[start] for step in range(2) for start in range(step + 1)
    )
    # Independent variances add up, and the mean divides their sum by the count squared.
    spread = sympy.sqrt(sympy.Rational(sum([8**2] * 64), 64**2))
    return [_decimal(Fraction(place)), _tex(spread)]


def newton_and_second_order_methods() -> list[str]:
    x, y = sympy.symbols("x y", positive=True)
    bowl = x**2 + x * y + y**2 - 3 * x
    start = {x: 0, y: 0}
    gradient = sympy.Matrix([bowl.diff(x), bowl.diff(y)]).subs(start)
    step = -sympy.hessian(bowl, (x, y)).subs(start).inv() * gradient
    slope = (x - sympy.log(x)).diff(x)
    places = [sympy.Rational(1, 2)]
    for _ in range(2):
        places.append((x - slope / slope.diff(x)).subs(x, places[-1]))
    return [_pair(_tex(step[0]), _tex(step[1])), _tex(places[1]), _tex(places[2])]


def lagrange_multipliers() -> list[str]:
    y, c = sympy.symbols("y c")
    # With x = c - 2y put in, one variable is left and the multiplier is a derivative by c.
    on_the_line = (c - 2 * y) * y
    (top,) = sympy.solve(on_the_line.diff(y), y)
    best = sympy.expand(on_the_line.subs(y, top))
    maximum, rate = best.subs(c, 8), best.diff(c).subs(c, 8)
    if best.subs(c, sympy.Rational(81, 10)) != sympy.Rational("8.20125"):
        raise ArithmeticError("the exact value differs from the one in the answer")
    predicted = maximum + rate / 10
    return [_tex(maximum), _tex(rate), _decimal(Fraction(predicted.p, predicted.q))]


def convex_optimization() -> list[str]:
    x, y, a = sympy.symbols("x y a", real=True)
    function = x**2 + a * x * y + 4 * y**2
    smallest = min(
        sympy.hessian(function, (x, y)).eigenvals(), key=lambda root: root.subs(a, 0).evalf()
    )
    convex = sympy.solveset(smallest >= 0, a, sympy.S.Reals)
    values = {function.subs({a: 5, x: 2 * sign, y: -sign}) for sign in (1, -1)}
    (value,) = values
    return [f"${convex.start} \\le a \\le {convex.end}$", _tex(value)]


def duality_and_kkt() -> list[str]:
    x, y, price = sympy.symbols("x y price", real=True)
    lagrangian = x**2 + y**2 + price * (4 - x - y)
    dual = lagrangian.subs(sympy.solve([lagrangian.diff(x), lagrangian.diff(y)], [x, y]))
    (best_price,) = sympy.solve(dual.diff(price), price)
    # The minimum comes from the original problem, where the constraint holds with equality.
    on_the_edge = (x**2 + y**2).subs(y, 4 - x)
    minimum = sympy.calculus.util.minimum(on_the_edge, x)
    if dual.subs(price, best_price) != minimum:
        raise ArithmeticError("the dual leaves a gap")
    return [_tex(best_price), _tex(minimum)]


def non_convex_optimization() -> list[str]:
    u, v = sympy.symbols("u v")
    function = (u * v - 1) ** 2
    middle = {u: 0, v: 0}
    eigenvalues = sorted(sympy.hessian(function, (u, v)).subs(middle).eigenvals())
    start = {u: 1, v: -1}
    moved = [
        start[variable] - function.diff(variable).subs(start) * sympy.Rational(1, 10)
        for variable in (u, v)
    ]
    place = _pair(*(_decimal(Fraction(entry.p, entry.q)) for entry in moved))
    return [_tex(function.subs(middle)), *(_tex(root) for root in eigenvalues), place]
