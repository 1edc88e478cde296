"""What Schemathesis is told about this API; it loads this module by the name in SCHEMATHESIS_HOOKS.

`FUZZ_CALLER` is the e-mail address of who calls, empty for nobody, and `FUZZ_DATABASE` what the
server runs on, which nobody else uses. Into the file `FUZZ_REPORT` goes a line for each call: what
was called, in which phase, the status of the answer and the milliseconds that it took.
"""

import os
import re
import uuid
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from tests.live.scene import Scene

CALLER = os.environ["FUZZ_CALLER"]
REPORT = Path(os.environ["FUZZ_REPORT"])
KEY, IF_MATCH = "Idempotency-Key", "If-Match"
# How tests.filled marks what only its owner may see.
SECRET = re.compile(r"my secret: ([a-z]+@example\.org)")
# What no schema can say: which names there are, what has been said before, and the hour. By the
# code of the error, where in a request it can be.
BEYOND_SHAPE = {
    "address_refused": {"/url"},
    "bad_rule": {"/rrule"},
    "due_impossible": {"/due_at", "/first_due_on", "/days"},
    "import_faulty": {"/activity/*", "/sessions/*/day"},
    "invitation_impossible": {"/expires_at"},
    "no_date": {"/day"},
    "no_shift": {"/days"},
    "not_a_member": {"/member", "/members/*"},
    "repeated": {"/topics/*/slug"},
    "session_impossible": {"/started_at"},
    "unfit_date": {"/rrule", "/starts_on"},
    "unfit_link": {"/link"},
    "unknown": {
        "/kind", "/muted/*/group", "/provider", "/resource", "/role", "/subject", "/topic", "/unit",
        "/up_to",
    },
    "unknown_cursor": {"/cursor"},
    "unknown_resource": {"/resource"},
    "unknown_role": {"/role"},
    "unknown_time_zone": {"/time_zone"},
    "unknown_topic": {"/topic", "/topics/*/slug"},
    "unknown_unit": {"/unit", "/units/*"},
    "wrong": {"/password"},
}  # fmt: skip

scene = Scene(os.environ["FUZZ_DATABASE"])


@schemathesis.hook
def flatmap_path_parameters(
    context: HookContext, path_parameters: dict[str, Any] | None
) -> st.SearchStrategy[dict[str, Any] | None]:
    """Most calls are about something that exists: the examples all do."""
    assert context.operation is not None
    examples = {
        parameter.name: parameter.definition["example"]
        for parameter in context.operation.path_parameters
    }
    return st.sampled_from([examples, examples, examples, path_parameters])


@schemathesis.hook
def flatmap_case(context: HookContext, case: Case) -> st.SearchStrategy[Case]:
    """Most bodies that fit name what exists: all that the example names as well says what it says
    there, but for one thing at most."""
    body, example = case.body, _example_of_body(case)
    names = sorted(set(example) & set(body)) if isinstance(body, dict) else []
    if not isinstance(body, dict) or not names or not _is_good_body(case):
        return st.just(case)

    def with_names(own: str | None) -> Case:
        case.body = {**body, **{name: example[name] for name in names if name != own}}
        return case

    named = st.sampled_from([None, *names]).map(with_names)
    return st.integers(0, 3).flatmap(lambda number: named if number else st.just(case))


def _example_of_body(case: Case) -> dict[str, Any]:
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    example = content.get("application/json", {}).get("example")
    return example if isinstance(example, dict) else {}


def _is_good_body(case: Case) -> bool:
    if case.meta is None or case.meta.phase.name != TestPhase.FUZZING:
        return False
    body = case.meta.components.get(ParameterLocation.BODY)
    return body is not None and body.mode.is_positive


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """A request that fits the schema may still name what does not exist, or the wrong hour."""
    match type(failure).__name__:
        case "RejectedPositiveData":
            return not _is_beyond_shape(case, response)
        case "AcceptedNegativeData":
            # It leaves out its own cookie or spoils it, and the browser's goes all the same.
            return not ("`sessionid`" in failure.message and "cookie" in failure.message)
    return True


def _is_beyond_shape(case: Case, response: Response) -> bool:
    problem = response.json()
    if response.status_code in {412, 422}:
        # A version that is not the present one; a key that an earlier call has used up.
        return (IF_MATCH if response.status_code == 412 else KEY) in (case.headers or {})
    errors = {(re.sub(r"\d+", "*", one["pointer"]), one["code"]) for one in problem["errors"]}
    return all(
        pointer in BEYOND_SHAPE.get(code, ())
        or (pointer == f"/{IF_MATCH}" and _breaks_pattern(case))
        for pointer, code in errors
    )


def _breaks_pattern(case: Case) -> bool:
    """Schemathesis has values of its own for this header, whatever its pattern says."""
    [parameter] = [one for one in case.operation.headers if one.name == IF_MATCH]
    pattern = parameter.definition["schema"]["pattern"]
    sent = case.headers.get(IF_MATCH, "") if case.headers else ""
    return re.search(pattern, str(sent)) is None


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """What an earlier call has changed is as it was. Stateful runs look at what theirs change.

    The key of the example again would keep the call from doing anything.
    """
    if case.meta is None or case.meta.phase.name != TestPhase.STATEFUL:
        scene.restore()
    keys = {
        parameter.definition["example"]
        for parameter in case.operation.headers
        if parameter.name == KEY
    }
    if case.headers and case.headers.get(KEY) in keys:
        case.headers[KEY] = str(uuid.uuid4())


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    scene.is_changed |= case.method != "GET" and response.status_code < 300
    if case.method == case.operation.method.upper():
        name = case.operation.definition.raw["operationId"]
        phase = case.meta.phase.name.value if case.meta else "-"
        milliseconds = round(response.elapsed * 1000)
        with REPORT.open("a") as report:
            report.write(f"{name} {phase} {response.status_code} {milliseconds}\n")


@schemathesis.check
def shows_no_secret_of_others(ctx: CheckContext, response: Response, case: Case) -> None:
    owners = set(SECRET.findall(response.text)) - {CALLER}
    assert not owners, f"It shows {CALLER or 'everybody'} what is a secret of {owners}"
