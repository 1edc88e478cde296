"""The ways in which mlmath says no. Knows nothing of HTTP answers, templates or REST."""

from django.core.exceptions import BadRequest, PermissionDenied


class DomainError(Exception):
    """The rules say no.

    `code` is stable and machine-readable; the text of the exception is a sentence for a person
    that says what happened and what to do. Pages show the sentence, the API answers 409.
    """

    code = "conflict"


class Changed(DomainError):
    """Somebody has changed it since it was read; pages show both, the API answers 412."""

    code = "precondition_failed"


class NotFound(Exception):
    """What was asked for does not exist, or must look as if it did not: a 404 at every door."""


__all__ = ["BadRequest", "Changed", "DomainError", "NotFound", "PermissionDenied"]
