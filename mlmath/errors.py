"""The ways in which mlmath says no. Knows nothing of HTTP answers, templates or REST."""

from django.core.exceptions import BadRequest


class DomainError(Exception):
    """The rules say no.

    `code` is stable and machine-readable; the text of the exception is a sentence for a person
    that says what happened and what to do. Pages show the sentence, the API answers 409.
    """

    code = "conflict"


__all__ = ["BadRequest", "DomainError"]
