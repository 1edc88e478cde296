"""ETag and If-Match of what several people edit: nobody overwrites what they have not seen.

A call declares `has_etag`, which also lets GET answer 304, and `takes_if_match`; then

    def patch(self, request: ApiRequest, id: str) -> HttpResponse:
        group = …                                # 404 for those who may not know of it
        data = self.read_body(request)
        group = actions.edit_group(
            user=request.user, group=group, version=wanted_version(request, group), **data
        )
        return send_version(request, group, group_output(group))

The action compares in its UPDATE, after it has looked who may do this: 404, 400, 401 and 403 come
before the 412.
"""

import hashlib
import re
from typing import Protocol

from django.http import HttpResponse
from rest_framework.request import Request

from mlmath.rest.prepared import is_known, not_modified
from mlmath.rest.problems import FieldError, invalid
from mlmath.rest.rendering import to_json

IF_MATCH = "If-Match"
# What no row has: versions count from 1.
_NO_VERSION = 0
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class Versioned(Protocol):
    """A row whose version moves with every edit."""

    @property
    def public_id(self) -> str: ...
    @property
    def version(self) -> int: ...


def send_version(
    request: Request, row: Versioned, answer: object, *, status: int = 200
) -> HttpResponse:
    """`answer`, which shows `row`, with its ETag; 304 for a client that has read just that.

    The tag names the version, for If-Match, and the bytes, which also depend on who asks and on
    what others have done meanwhile.
    """
    body = to_json(answer)
    etag = f'"{row.public_id}-{row.version}-{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
    if request.method in {"GET", "HEAD"} and is_known(request, etag):
        return not_modified(etag)
    headers = {"ETag": etag}
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)


def wanted_version(request: Request, row: Versioned) -> int | None:
    """The version that If-Match makes the condition; None without one, and for “*”.

    One that no row has where the header names other versions only. Raises a 400 for a header that
    is no list of tags.
    """
    header = request.headers.get(IF_MATCH)
    if header is None or header.strip() == "*":
        return None
    tags = _TAG.findall(header)
    between = _TAG.sub("", header)
    if not tags or between.strip(", \t") or between.count(",") < len(tags) - 1:
        detail = f"“{IF_MATCH}” takes ETags in double quotes, parted by commas, or *."
        raise invalid([FieldError(pointer=f"/{IF_MATCH}", code="invalid", detail=detail)])
    # Weak tags never match here.
    named = {tag.rpartition("-")[0] for weak, tag in tags if not weak}
    return row.version if f"{row.public_id}-{row.version}" in named else _NO_VERSION
