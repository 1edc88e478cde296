"""OpenAPI 3.1 from the declared operations.

REST framework's views are found by drf-spectacular; what a call takes and answers is read off its
Operation, outputs off their dataclasses and inputs off their serializers.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from http import HTTPStatus
from inspect import cleandoc
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import orjson
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from mlmath.rest import problems
from mlmath.rest.answers import Foreign
from mlmath.rest.fields import EmailAddress, Input, Text
from mlmath.rest.operations import Operation, operation_of
from mlmath.rest.problems import Kind
from mlmath.rest.query import Parameter
from mlmath.rest.rendering import to_json

JsonSchema = dict[str, Any]

_BASIC: dict[object, JsonSchema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}
# What can go wrong with any call at all.
_ALWAYS = (
    problems.INVALID_REQUEST,
    problems.INVALID_TOKEN,
    problems.METHOD_NOT_ALLOWED,
    problems.NOT_ACCEPTABLE,
    problems.TOO_MANY_REQUESTS,
    problems.SERVER_ERROR,
    problems.UNAVAILABLE,
)
_PROBLEM_HEADERS: dict[HTTPStatus, JsonSchema] = {
    HTTPStatus.UNAUTHORIZED: {
        "WWW-Authenticate": {
            "description": "How to authenticate",
            "schema": {"type": "string"},
            "example": 'Bearer realm="mlmath"',
        }
    },
    HTTPStatus.METHOD_NOT_ALLOWED: {
        "Allow": {
            "description": "The methods of this address",
            "schema": {"type": "string"},
            "example": "GET, HEAD, OPTIONS",
        }
    },
    HTTPStatus.CONFLICT: {
        "Retry-After": {
            "description": "Seconds; only there when the same call is still running",
            "schema": {"type": "integer"},
            "example": 1,
        }
    },
    HTTPStatus.TOO_MANY_REQUESTS: {
        "Retry-After": {"description": "Seconds", "schema": {"type": "integer"}, "example": 60}
    },
    HTTPStatus.SERVICE_UNAVAILABLE: {
        "Retry-After": {"description": "Seconds", "schema": {"type": "integer"}, "example": 2}
    },
}
_ETAG = {
    "description": "Changes when the answer changes",
    "schema": {"type": "string"},
    "example": '"6a1f9f0b5c3d4e2f8a7b6c5d4e3f2a1b"',
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Answer 304 when the ETag is one of these",
    "schema": {"type": "string"},
    "example": _ETAG["example"],
}
_VERSION = {
    "description": "Names this version and these bytes of it, for If-Match and If-None-Match",
    "schema": {"type": "string"},
    "example": '"k3v9x2m7q4w8n6p5t2r7-3-9f86d081884c7d65"',
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "Do it only if the thing still is in the version of one of these ETags; "
    "otherwise 412",
    "schema": {
        "type": "string",
        "minLength": 1,
        "pattern": '^(\\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$',
    },
    "example": "*",
}
_LIMIT_HEADERS: JsonSchema = {
    "RateLimit-Policy": {
        "description": "How many calls (q) in so many seconds (w)",
        "schema": {"type": "string"},
        "example": '"person";q=600;w=60',
    },
    "RateLimit": {
        "description": "How many calls are left (r) for so many seconds (t)",
        "schema": {"type": "string"},
        "example": '"person";r=599;t=60',
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes the call safe to repeat: for 24 hours the same key with the same body "
    "gets the first answer again and changes nothing. Visible characters, in quotes or without.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!#-\\[\\]-~]+$",
    },
    "example": "4f0c1c9e-7c4b-4b52-9d0c-6d3f0d6f1a5e",
}
_REPLAYED = {
    "description": "Only there, and true, when this is the answer to an earlier call",
    "schema": {"type": "string", "enum": ["true"]},
    "example": "true",
}
_LOCATION = {
    "description": "Where the new thing is",
    "schema": {"type": "string", "format": "uri-reference"},
    "example": "/api/v1/me/sessions/k3v9x2m7q4w8n6p5t2r7/",
}
_PUBLIC_HEADERS: JsonSchema = {
    "ETag": _ETAG,
    "Cache-Control": {
        "description": "How long a cache may keep the answer",
        "schema": {"type": "string"},
        "example": "public, max-age=60, must-revalidate",
    },
}


class Schema(AutoSchema):
    """One operation of the OpenAPI document."""

    registry: ComponentRegistry
    path: str
    method: str

    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> JsonSchema | None:
        self.registry, self.path, self.method = registry, path, method
        handler = getattr(self.view, method.lower())
        declared = operation_of(handler)
        if declared is None:
            return None
        self._declare_security()
        described: JsonSchema = {
            "operationId": declared.id,
            "summary": declared.summary,
            "tags": [self.view.tag],  # type: ignore[attr-defined]  # every view of ours has one
            "parameters": self._parameters(declared),
            "security": _security(declared),
            "responses": self._responses(declared),
        }
        if handler.__doc__:
            described["description"] = cleandoc(handler.__doc__)
        if declared.body is not None:
            described["requestBody"] = {
                "required": declared.is_body_required,
                "content": {
                    "application/json": {
                        "schema": self._body(declared.body),
                        "example": dict(declared.body_example),
                    }
                },
            }
        return described

    def _parameters(self, declared: Operation) -> list[JsonSchema]:
        in_path = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": about,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, (about, example) in declared.address.items()
        ]
        in_query = [_in_query(parameter) for parameter in declared.query]
        headers = []
        if declared.is_public or (declared.has_etag and self.method == "GET"):
            headers.append(_IF_NONE_MATCH)
        if declared.takes_if_match:
            headers.append(_IF_MATCH)
        if declared.takes_key:
            headers.append(_IDEMPOTENCY_KEY)
        return [*in_path, *in_query, *headers]

    def _responses(self, declared: Operation) -> JsonSchema:
        success: JsonSchema = {"description": declared.summary}
        if declared.answer is None:
            success["description"] = "Done; the answer is empty"
        else:
            success["content"] = self._content(declared)
        headers: JsonSchema = dict(_PUBLIC_HEADERS) if declared.is_public else {}
        if declared.has_etag:
            headers["ETag"] = _VERSION
        if declared.scope or declared.is_session_only:
            headers |= _LIMIT_HEADERS
        if declared.has_location:
            headers["Location"] = _LOCATION
        if declared.takes_key:
            headers["Idempotency-Replayed"] = _REPLAYED
        if headers:
            success["headers"] = headers
        responses: JsonSchema = {str(declared.status): success}
        if declared.has_dry_run and declared.status != HTTPStatus.OK:
            responses["200"] = {
                "description": "What it would do, with `?dry_run=true`: nothing was saved",
                "content": self._content(declared),
                "headers": _LIMIT_HEADERS,
            }
        if declared.is_public:
            responses["304"] = {"description": "You have it already", "headers": _PUBLIC_HEADERS}
        if declared.has_etag and self.method == "GET":
            responses["304"] = {
                "description": "You have it already",
                "headers": {"ETag": _VERSION},
            }
        if declared.may_move:
            location = {"schema": {"type": "string", "format": "uri-reference"}}
            responses["301"] = {
                "description": "The slug is an old one",
                "headers": {"Location": {"description": "Where it is now", **location}},
            }
        for kind in _problems(declared):
            responses[str(kind.status.value)] = self._problem_response(kind.status)
        return dict(sorted(responses.items()))

    def _content(self, declared: Operation) -> JsonSchema:
        if isinstance(declared.answer, dict):
            return declared.answer
        media_type: JsonSchema = {
            "schema": self.schema_of(declared.answer),
            "example": _as_json(declared.example),
        }
        also = {
            name: {"schema": {"type": "string"}, "example": text}
            for name, text in declared.also.items()
        }
        return {"application/json": media_type, **also}

    def _problem_response(self, status: HTTPStatus) -> JsonSchema:
        """A shared response for each status, with an example for each kind of problem."""
        kinds = [kind for kind in problems.KINDS.values() if kind.status == status]
        name = status.name.title().replace("_", "")
        is_validation = problems.INVALID_REQUEST in kinds
        output = problems.ValidationProblemOutput if is_validation else problems.ProblemOutput
        component = _component(ResolvedComponent.RESPONSE, name, status)
        component.schema = {
            "description": status.phrase,
            "headers": _PROBLEM_HEADERS.get(status, {}),
            "content": {
                problems.MEDIA_TYPE: {
                    "schema": self.schema_of(output),
                    "examples": {
                        kind.slug: {"summary": kind.title, "value": _example_of(kind)}
                        for kind in kinds
                    },
                }
            },
        }
        self.registry.register_on_missing(component)
        return dict(component.ref)

    def _body(self, body: type[Input] | Foreign | tuple[type[Input] | Foreign, ...]) -> JsonSchema:
        if isinstance(body, tuple):
            return {"oneOf": [self._body(one) for one in body]}
        return self.schema_of(body) if isinstance(body, Foreign) else self._input(body)

    def _input(self, serializer: type[Input]) -> JsonSchema:
        """The reference to an input and all within it, closed: unknown names are refused."""
        return dict(self.resolve_serializer(serializer, "request").ref)

    def _map_serializer(self, serializer: Any, direction: str, *args: Any) -> JsonSchema:
        schema: JsonSchema = super()._map_serializer(serializer, direction, *args)  # type: ignore[no-untyped-call]  # drf-spectacular has few types
        size = {"minProperties": 1, "maxProperties": 1} if serializer.takes_one else {}
        return {**schema, **size, "additionalProperties": False}

    def _map_serializer_field(self, field: Any, direction: str, *args: Any) -> JsonSchema | None:
        schema: JsonSchema | None = super()._map_serializer_field(field, direction, *args)  # type: ignore[no-untyped-call]
        if schema is not None:
            # A mark for a step of drf-spectacular that is not taken here.
            schema.pop("x-spec-enum-id", None)
            if isinstance(field, Text):
                schema["pattern"] = field.pattern
            if isinstance(field, EmailAddress):
                schema["format"] = "email"
        return schema

    def _insert_field_validators(self, field: Any, schema: JsonSchema) -> None:
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        # drf-spectacular adds the blank as an alternative; where the pattern takes it already, that
        # fits both, which is none of them.
        if isinstance(field, Text) and "oneOf" in schema:
            schema |= schema.pop("oneOf")[0]

    def get_serializer_name(self, serializer: Any, direction: str) -> str:
        return type(serializer).__name__.removesuffix("Input")

    def _declare_security(self) -> None:
        for name, scheme in _SECURITY_SCHEMES.items():
            component = _component(ResolvedComponent.SECURITY_SCHEMA, name, name)
            component.schema = scheme
            self.registry.register_on_missing(component)

    def schema_of(self, hint: Any) -> JsonSchema:
        """The JSON schema of an annotation; objects become shared components."""
        origin = get_origin(hint)
        if hint in _BASIC:
            return dict(_BASIC[hint])
        if origin is Annotated:
            bare, *additions = get_args(hint)
            schema = self.schema_of(bare)
            for addition in additions:
                schema |= addition.additions
            return schema
        if origin in {Union, types.UnionType}:
            return self._one_of(hint)
        if origin is list:
            (item,) = get_args(hint)
            return {"type": "array", "items": self.schema_of(item)}
        if origin is dict:
            _, value = get_args(hint)
            return {"type": "object", "additionalProperties": self.schema_of(value)}
        if origin is Literal:
            return {"type": "string", "enum": list(get_args(hint))}
        if isinstance(hint, Foreign):
            component = _component(ResolvedComponent.SCHEMA, hint.name, hint)
            component.schema = dict(hint.schema)
            self.registry.register_on_missing(component)
            return dict(component.ref)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return {"type": "string", "enum": [member.value for member in hint]}
        return self._component(hint)

    def _one_of(self, hint: Any) -> JsonSchema:
        """Of something or null, or of several objects that differ in their fields."""
        inner = [one for one in get_args(hint) if one is not types.NoneType]
        if len(inner) == len(get_args(hint)):
            return {"oneOf": [self._component(one) for one in inner]}
        if len(inner) != 1:
            raise TypeError(f"{hint} is neither one thing nor null")
        schema = self.schema_of(inner[0])
        if "$ref" in schema:
            return {"oneOf": [schema, {"type": "null"}]}
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        return {**schema, "type": [schema["type"], "null"]}

    def _component(self, hint: Any) -> JsonSchema:
        bare = get_origin(hint) or hint
        given = dict(zip(getattr(bare, "__parameters__", ()), get_args(hint), strict=True))
        name = "".join(_short_name(one) for one in (*get_args(hint), bare))
        component = _component(ResolvedComponent.SCHEMA, name, hint)
        if component not in self.registry:
            self.registry.register(component)
            properties = {
                field: self.schema_of(_filled(inner, given))
                for field, inner in _hints_of(bare).items()
            }
            component.schema = {
                "type": "object",
                "description": cleandoc(bare.__doc__ or ""),
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            }
        return dict(component.ref)


_SECURITY_SCHEMES: dict[str, JsonSchema] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "mlm_…",
        "description": "An API token. What a call lists beside it is the scope that it needs: "
        "`read` (everything of mine), `write` (change my own things) or `groups` (everything "
        "that a leader does).",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in browser; under https the cookie is called "
        "`__Host-sessionid`. Calls that change something need the page's CSRF token in the header "
        "`X-CSRFToken`.",
    },
}


def _component(section: str, name: str, identity: object) -> ResolvedComponent:
    return ResolvedComponent(name=name, type=section, object=identity)  # type: ignore[no-untyped-call]  # drf-spectacular has few types


def _security(declared: Operation) -> list[JsonSchema]:
    if declared.is_session_only:
        return [{"session": []}]
    if declared.scope:
        # Any one of the list is enough to call; `needs` decides between them.
        scopes = ["write", "groups"] if declared.needs else [declared.scope]
        return [*({"token": [scope]} for scope in scopes), {"session": []}]
    return [{}, {"token": []}]


def _problems(declared: Operation) -> list[Kind]:
    found = [*_ALWAYS, *declared.problems]
    if declared.scope or declared.is_session_only:
        found.append(problems.FORBIDDEN)
    if declared.address or any(parameter.name == "page" for parameter in declared.query):
        found.append(problems.NOT_FOUND)
    if declared.takes_if_match:
        found.append(problems.PRECONDITION_FAILED)
    if declared.takes_key:
        found += [problems.IDEMPOTENCY_KEY_IN_USE, problems.IDEMPOTENCY_KEY_REUSED]
    if declared.body is not None:
        found += [problems.TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE]
    return found


def _in_query(parameter: Parameter) -> JsonSchema:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_required,
        "description": parameter.about,
        "schema": parameter.schema(),
        "example": parameter.example,
    }


def _example_of(kind: Kind) -> object:
    errors = []
    if kind is problems.INVALID_REQUEST:
        detail = "There is no parameter “colour”. This call takes none."
        errors = [problems.FieldError(pointer="/colour", code="unknown_parameter", detail=detail)]
    return _as_json(problems.problem_document(kind, errors=errors, instance="/api/v1/me/topics/"))


def _as_json(example: object) -> object:
    return orjson.loads(to_json(example))


def _short_name(hint: Any) -> str:
    return str(hint.__name__).removesuffix("Output")


def _hints_of(bare: Any) -> Mapping[str, Any]:
    hints = get_type_hints(bare, include_extras=True)
    if is_typeddict(bare):
        return hints
    if not is_dataclass(bare):
        raise TypeError(f"{bare} has no schema")
    return {field.name: hints[field.name] for field in fields(bare)}


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    """`hint` with its type variables replaced."""
    if hint in given:
        return given[hint]
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(given[one] for one in parameters)] if parameters else hint
