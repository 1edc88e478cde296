"""Recomputes the results that the exercises on linear algebra state."""

from itertools import permutations

import sympy


def _tex(value: object) -> str:
    """A number, a point or a matrix as inline maths: exact, with fractions."""
    if isinstance(value, sympy.MatrixBase):
        if value.cols == 1:
            return _tex(tuple(value))
        rows = [" & ".join(_tex(entry).strip("$") for entry in row) for row in value.tolist()]
        return "$\\begin{pmatrix} " + " \\\\ ".join(rows) + " \\end{pmatrix}$"
    if isinstance(value, tuple):
        return "$(" + ", ".join(_tex(entry).strip("$") for entry in value) + ")$"
    return "$" + str(sympy.latex(sympy.sympify(value))).replace("- ", "-") + "$"


def _zeros(expression: sympy.Expr, unknown: sympy.Symbol) -> list[sympy.Expr]:
    return sorted(sympy.solve(expression, unknown))


def _determinant(matrix: sympy.Matrix) -> sympy.Expr:
    """The sum over all permutations, which shares no step with elimination."""
    size = matrix.rows
    total = sympy.Integer(0)
    for order in permutations(range(size)):
        swaps = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size))
        term = sympy.Integer((-1) ** swaps)
        for row, column in enumerate(order):
            term *= matrix[row, column]
        total += term
    return total


def vectors() -> list[str]:
    u, v = sympy.Matrix([2, -1]), sympy.Matrix([1, 3])
    a, b = sympy.symbols("a b")
    weights = sympy.solve(list(a * u + b * v - sympy.Matrix([7, 0])), [a, b])
    return [_tex(3 * u - 2 * v), _tex(weights[a]), _tex(weights[b])]


def dot_products_and_norms() -> list[str]:
    u, v = (3, 4), (4, 3)
    t = sympy.Symbol("t")
    dot = sum(a * b for a, b in zip(u, v, strict=True))
    # The cosine comes from the law of cosines, not from the dot product.
    a, b, c = (sympy.sqrt(p**2 + q**2) for p, q in (u, v, (u[0] - v[0], u[1] - v[1])))
    (upright,) = _zeros(t * u[0] + 2 * u[1], t)
    return [_tex(dot), _tex(a), _tex((a**2 + b**2 - c**2) / (2 * a * b)), _tex(upright)]


def matrices_and_matrix_arithmetic() -> list[str]:
    weights, change = sympy.Matrix([[1, 0], [2, -3]]), sympy.Matrix([[4, -2], [0, 6]])
    return [_tex(weights - change / 2), str(len(sympy.zeros(1000, 20)))]


def matrix_multiplication() -> list[str]:
    a, b = sympy.Matrix([[1, 2], [0, 1]]), sympy.Matrix([[0, -1], [1, 0]])
    units = sympy.eye(2)
    # Column by column: where the one map sends what the other made of a unit vector.
    ab = sympy.Matrix.hstack(*(a * (b * units[:, j]) for j in range(2)))
    ba = sympy.Matrix.hstack(*(b * (a * units[:, j]) for j in range(2)))
    return [_tex(ab), _tex(ba)]


def tensor_shapes() -> list[str]:
    batch = sympy.MatrixSymbol("X", 32, 28 * 28)
    first, second = sympy.MatrixSymbol("V", 28 * 28, 128), sympy.MatrixSymbol("W", 128, 10)
    rows, columns = (batch * first * second).shape
    parameters = sum((layer.rows + 1) * layer.cols for layer in (first, second))
    return [f"${rows} \\times {columns}$", str(parameters)]


def linear_systems_and_elimination() -> list[str]:
    box = range(-9, 10)
    (solution,) = [
        (x, y, z)
        for x in box
        for y in box
        for z in box
        if (x + y + z, 2 * x + y - z, x - y + 2 * z) == (6, 1, 5)
    ]
    determinant = sympy.Matrix([[1, 1, 1], [2, 1, -1], [1, -1, 2]]).det()
    assert determinant != 0  # so the solution in the box is the only one
    k = sympy.Symbol("k")
    (clash,) = _zeros(_determinant(sympy.Matrix([[1, 2], [2, k]])), k)
    assert sympy.Matrix([[1, 2, 3], [2, clash, 5]]).rank() == 2
    return [_tex(solution), _tex(clash)]


def inverse_and_transpose() -> list[str]:
    matrix = sympy.Matrix([[2, 1], [5, 3]])
    entries = sympy.symbols("p q r s")
    unknown = sympy.Matrix(2, 2, entries)
    inverse = unknown.subs(sympy.solve(list(matrix * unknown - sympy.eye(2)), entries))
    x, y, a = sympy.symbols("x y a")
    solution = sympy.solve([2 * x + 5 * y - 1, x + 3 * y], [x, y])
    (singular,) = _zeros(2 * a - 6 * 3, a)
    return [_tex(inverse), _tex((solution[x], solution[y])), _tex(singular)]


def vector_spaces_basis_and_rank() -> list[str]:
    matrix = sympy.Matrix([[1, 2, 3], [2, 4, 6], [1, 0, 1]])
    null_space = matrix.nullspace()
    (null_vector,) = (vector / vector[-1] for vector in null_space)
    return [_tex(matrix.rank()), _tex(len(null_space)), _tex(null_vector)]


def linear_transformations() -> list[str]:
    def both(point: tuple[int, int]) -> tuple[int, int]:
        reflected = (point[1], point[0])
        return 3 * reflected[0], reflected[1]

    return [_tex(sympy.Matrix([both((1, 0)), both((0, 1))]).T), _tex(both((2, 5)))]


def change_of_basis() -> list[str]:
    basis = sympy.Matrix([[1, 1], [1, -1]])
    swap = sympy.Matrix([[0, 1], [1, 0]])
    return [_tex(basis.inv() * sympy.Matrix([5, 1])), _tex(basis.inv() * swap * basis)]


def determinants() -> list[str]:
    matrix = sympy.Matrix([[2, 1, 0], [4, 3, 1], [0, 1, 5]])
    return [_tex(_determinant(m)) for m in (matrix, 2 * matrix, matrix.inv())]


def orthogonality_and_projections() -> list[str]:
    a, b = sympy.Matrix([1, 1, 0]), sympy.Matrix([1, 3, 4])
    t = sympy.Symbol("t", real=True)
    squared_distance = (b - t * a).dot(b - t * a)
    (nearest,) = _zeros(squared_distance.diff(t), t)
    rest = b - nearest * a
    return [_tex(nearest * a), _tex(rest), _tex(sympy.sqrt(squared_distance.subs(t, nearest)))]


def least_squares() -> list[str]:
    c, m = sympy.symbols("c m")
    squares = sum((c + m * t - y) ** 2 for t, y in ((0, 1), (1, 2), (2, 6)))
    best = sympy.solve([squares.diff(c), squares.diff(m)], [c, m])
    return [_tex(best[c]), _tex(best[m]), _tex(squares.subs(best))]


def eigenvalues_and_eigenvectors() -> list[str]:
    matrix = sympy.Matrix([[4, 1], [2, 3]])
    x, y = sympy.symbols("x y")
    # Directions (1, x) that the map keeps; the first entry of the image is the eigenvalue.
    kept = sympy.solve(sympy.Eq(2 + 3 * x, x * (4 + x)), x)
    by_value = sorted(((4 + slope, (1, slope)) for slope in kept), reverse=True)
    vector = sympy.Matrix(by_value[0][1])
    (scaling,) = sympy.solve(list(matrix**3 * vector - y * vector), [y]).values()
    return [_tex(by_value[0][0]), _tex(by_value[1][0]), _tex(vector), _tex(scaling)]


def symmetric_and_positive_definite_matrices() -> list[str]:
    eigenvalues = sorted(sympy.Matrix([[2, 1], [1, 2]]).eigenvals())
    k = sympy.Symbol("k", real=True)
    smallest = sympy.Rational(5, 2) - sympy.sqrt(k**2 + sympy.Rational(9, 4))
    assert any(
        sympy.simplify(smallest - value) == 0
        for value in sympy.Matrix([[1, k], [k, 4]]).eigenvals()
    )
    low, high = _zeros(smallest, k)
    assert smallest.subs(k, (low + high) / 2) > 0
    return [_tex(value) for value in (*eigenvalues, low, high)]


def singular_value_decomposition() -> list[str]:
    matrix = sympy.Matrix([[3, 0], [4, 5]])
    largest, smallest = sorted(matrix.singular_values(), reverse=True)
    # The best approximation keeps what the matrix does along one direction (cos, sin):
    # the one for which the squared errors of all entries add up to the least.
    angle = sympy.Symbol("angle", real=True)
    direction = sympy.Matrix([sympy.cos(angle), sympy.sin(angle)])
    error = matrix - matrix * direction * direction.T
    squares = sympy.trigsimp(sum(entry**2 for entry in error))
    turning = sympy.solveset(squares.diff(angle), angle, sympy.Interval.Ropen(0, sympy.pi))
    best = min(turning, key=lambda at: squares.subs(angle, at).evalf())
    assert sympy.simplify(squares.subs(angle, best) - smallest**2) == 0
    approximation = (matrix - error).subs(angle, best)
    return [_tex(largest), _tex(smallest), _tex(approximation)]


def principal_component_analysis() -> list[str]:
    points = ((0, 1), (1, 0), (3, 4), (4, 3))
    means = [sympy.Rational(sum(column), len(points)) for column in zip(*points, strict=True)]
    centred = [[x - mean for x, mean in zip(p, means, strict=True)] for p in points]
    angle = sympy.Symbol("angle", real=True)
    scores = [x * sympy.cos(angle) + y * sympy.sin(angle) for x, y in centred]
    variance = sum(score**2 for score in scores) / (len(points) - 1)
    turning = sympy.solveset(variance.diff(angle), angle, sympy.Interval.Ropen(0, sympy.pi))
    low, high = sorted(sympy.simplify(variance.subs(angle, at)) for at in turning)
    return [_tex(high), _tex(low), _tex(high / (high + low))]


def vector_geometry() -> list[str]:
    a, b, c = sympy.Point3D(3, 0, 0), sympy.Point3D(0, 3, 0), sympy.Point3D(0, 0, 6)
    normal = sympy.Matrix(b - a).cross(sympy.Matrix(c - a))
    distance = sympy.Plane(a, b, c).distance(sympy.Point3D(0, 0, 0))
    # Heron's formula: the area from the three sides alone.
    sides = a.distance(b), b.distance(c), c.distance(a)
    half = sum(sides) / 2
    area = sympy.sqrt(
        sympy.expand(half * (half - sides[0]) * (half - sides[1]) * (half - sides[2]))
    )
    return [_tex(normal), _tex(distance), _tex(area)]


def projective_geometry() -> list[str]:
    camera = sympy.Matrix([[800, 0, 320], [0, 800, 240], [0, 0, 1]])
    depth = sympy.Symbol("depth", positive=True)

    def image(*point: sympy.Expr | int) -> tuple[sympy.Expr, sympy.Expr]:
        x, y, scale = camera * sympy.Matrix(point)
        return x / scale, y / scale

    height = sympy.Rational(3, 2)
    ends = [
        tuple(sympy.limit(coordinate, depth, sympy.oo) for coordinate in image(x, height, depth))
        for x in (-1, 1)
    ]
    assert ends[0] == ends[1]
    return [_tex(image(1, sympy.Rational(-1, 2), 4)), _tex(ends[0])]


def numerical_linear_algebra() -> list[str]:
    matrix = sympy.Matrix([[1, 1], [1, sympy.Rational(101, 100)]])
    first = matrix.solve(sympy.Matrix([2, 2]))
    second = matrix.solve(sympy.Matrix([2, sympy.Rational(201, 100)]))
    largest, smallest = sorted(matrix.singular_values(), reverse=True)
    return [_tex(first), _tex(second), _tex(round((largest / smallest).evalf()))]
