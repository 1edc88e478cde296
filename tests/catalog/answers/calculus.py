"""Recomputes the results that the exercises on calculus state."""

from decimal import Decimal
from fractions import Fraction

import sympy


def _tex(value: object) -> str:
    """A number, tuple or matrix as inline maths: exact, with fractions."""
    if isinstance(value, Fraction):
        value = sympy.Rational(value.numerator, value.denominator)
    if isinstance(value, tuple):
        return "$(" + ", ".join(_tex(entry).strip("$") for entry in value) + ")$"
    if isinstance(value, sympy.MatrixBase):
        rows = [" & ".join(_tex(entry).strip("$") for entry in row) for row in value.tolist()]
        return "$\\begin{pmatrix} " + " \\\\ ".join(rows) + " \\end{pmatrix}$"
    return "$" + str(sympy.latex(value)).replace("- ", "-") + "$"


def _decimal(value: Fraction) -> str:
    """A number that ends after a few decimal places, written with all of them."""
    return f"${Decimal(value.numerator) / Decimal(value.denominator)}$"


def rise_over_run() -> list[str]:
    def slope(left: Fraction, right: Fraction) -> Fraction:
        return (right**2 - left**2) / (right - left)

    wide = slope(Fraction(1), Fraction(4))
    narrow = slope(Fraction(1), Fraction("1.1"))
    return [_tex(wide), _decimal(narrow)]


def limits_and_continuity() -> list[str]:
    x, c = sympy.symbols("x c")
    limit = sympy.limit((x**2 + x - 6) / (x - 2), x, 2)
    from_the_left = sympy.limit(c * x + 1, x, 2, "-")
    from_the_right = sympy.limit(x**2 + 3, x, 2, "+")
    (glue,) = sympy.solve(sympy.Eq(from_the_left, from_the_right), c)
    return [_tex(limit), _tex(glue)]


def derivatives() -> list[str]:
    h = sympy.Symbol("h")

    def slope(function: sympy.Lambda, point: int) -> sympy.Expr:
        return sympy.limit((function(point + h) - function(point)) / h, h, 0)

    x = sympy.Symbol("x")
    product = sympy.Lambda(x, x * sympy.exp(2 * x))
    chain = sympy.Lambda(x, sympy.log(1 + x**2))
    return [_tex(slope(product, 0)), _tex(slope(chain, 2))]


def higher_order_derivatives() -> list[str]:
    x = sympy.Symbol("x")
    function = x**3 - 6 * x**2 + 5
    first, second = function.diff(x), function.diff(x, 2)
    (inflection,) = (
        root
        for root in sympy.solve(second, x)
        if second.subs(x, root - 1) * second.subs(x, root + 1) < 0
    )
    return [_tex(first.subs(x, 1)), _tex(second.subs(x, 1)), _tex(inflection)]


def maxima_and_minima() -> list[str]:
    x = sympy.Symbol("x", real=True)
    interval = sympy.Interval(0, 3)
    values = sympy.calculus.util.function_range(x**3 - 3 * x, x, interval)
    return [_tex(values.inf), _tex(values.sup)]


def taylor_series() -> list[str]:
    x = sympy.Symbol("x")
    step = sympy.Rational(1, 5)
    polynomial = sympy.series(sympy.exp(x), x, 0, 3).removeO()
    value = polynomial.subs(x, step)
    # The largest error allowed by a third derivative of 2 is that of the cubic x³ · 2 / 3!.
    bound = sympy.integrate(sympy.integrate(sympy.integrate(2, x), x), x).subs(x, step)
    if not 0 < sympy.exp(step) - value < bound:
        raise ArithmeticError("the error exceeds its bound")
    return [_decimal(Fraction(value.p, value.q)), _tex(bound)]


def integrals_and_area() -> list[str]:
    width = Fraction(1, 2)
    rectangles = sum((3 * (width * k) ** 2 * width for k in range(4)), Fraction())
    x = sympy.Symbol("x")
    n, k = sympy.symbols("n k", positive=True, integer=True)
    strips = sympy.summation((3 * x**2).subs(x, 2 * k / n) * 2 / n, (k, 0, n - 1))
    return [_decimal(rectangles), _tex(sympy.limit(strips, n, sympy.oo))]


def partial_derivatives() -> list[str]:
    h = sympy.Symbol("h")

    def loss(w: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
        return (3 * w + b - 5) ** 2

    by_weight = sympy.limit((loss(1 + h, 0) - loss(1, 0)) / h, h, 0)
    by_bias = sympy.limit((loss(1, h) - loss(1, 0)) / h, h, 0)
    return [_tex(by_weight), _tex(by_bias)]


def gradients_and_directional_derivatives() -> list[str]:
    x, y, t = sympy.symbols("x y t", real=True)
    function = x * y + y**2
    here = {x: -2, y: 3}
    gradient = tuple(function.diff(variable).subs(here) for variable in (x, y))

    def slope(right: sympy.Expr, up: sympy.Expr) -> sympy.Expr:
        """The slope per unit of length, from the function itself."""
        length = sympy.sqrt(right**2 + up**2)
        along = function.subs({x: -2 + t * right / length, y: 3 + t * up / length})
        return sympy.simplify(along.diff(t).subs(t, 0))

    angle = sympy.Symbol("angle", real=True)
    every_slope = slope(sympy.cos(angle), sympy.sin(angle))
    steepest = max(
        sympy.simplify(every_slope.subs(angle, level))
        for level in sympy.solve(every_slope.diff(angle), angle)
    )
    return [_tex(gradient), _tex(steepest), _tex(slope(sympy.Integer(-3), sympy.Integer(4)))]


def jacobians() -> list[str]:
    x, y = sympy.symbols("x y")
    here = {x: 2, y: 1}
    inner = sympy.Matrix([x * y, x + y])
    composed = sympy.Matrix([inner[0] ** 2 + inner[1]])
    return [_tex(outputs.jacobian([x, y]).subs(here)) for outputs in (inner, composed)]


def chain_rule_and_backpropagation() -> list[str]:
    w, b = sympy.symbols("w b")
    x, y = 2, 1
    activation = 1 / (1 + sympy.exp(-(w * x + b)))
    loss = (activation - y) ** 2
    return [_tex(loss.diff(weight).subs({w: 1, b: -2})) for weight in (w, b)]


def hessians_and_multivariable_extrema() -> list[str]:
    x, y = sympy.symbols("x y")
    function = x**3 - 3 * x * y + y**3
    results = []
    for point, lowest in (((0, 0), False), ((1, 1), True)):
        here = dict(zip((x, y), point, strict=True))
        if any(function.diff(variable).subs(here) != 0 for variable in (x, y)):
            raise ArithmeticError("the gradient does not vanish")
        hessian = sympy.hessian(function, (x, y)).subs(here)
        if bool(hessian.is_positive_definite) is not lowest:
            raise ArithmeticError("the point is of the other kind")
        results.append(_tex(hessian.det()))
    return results


def multiple_integrals() -> list[str]:
    c, x, y = sympy.symbols("c x y")
    half = sympy.Rational(1, 2)
    # The exercise slices at fixed x; here the slices are taken at fixed y.
    volume = sympy.integrate(c * x * y, (x, y, 1), (y, 0, 1))
    (height,) = sympy.solve(sympy.Eq(volume, 1), c)
    part = sympy.integrate(height * x * y, (x, y, half), (y, 0, half))
    return [_tex(height), _tex(part)]


def matrix_calculus() -> list[str]:
    weights = sympy.Matrix(sympy.symbols("w1 w2"))
    inputs = sympy.Matrix([[1, 2], [0, 1], [1, 0]])
    targets = sympy.Matrix([0, 1, 0])
    residuals = inputs * weights - targets
    loss = sum(residual**2 for residual in residuals)
    here = dict(zip(weights, (1, 0), strict=True))
    gradient = sympy.Matrix([loss.diff(weight) for weight in weights]).subs(here)
    return [_tex(gradient), _tex(sympy.hessian(loss, list(weights)))]
