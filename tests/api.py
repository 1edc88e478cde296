"""The API's own description, for tests that go through all of it."""

from typing import Any

from mlmath.rest.schema_views import openapi_document

# (method, path template, operation)
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (method.upper(), path, operation)
    for path, methods in openapi_document()["paths"].items()
    for method, operation in methods.items()
]


def address_of(path: str) -> str:
    """The path with the examples of its parameters filled in."""
    for _, other, operation in OPERATIONS:
        if other == path:
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    return path
