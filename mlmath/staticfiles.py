"""Static files with the hash of their content in the name, compressed beforehand."""

import re

from django.core.files import File
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

_HASH = re.compile(r"\.[0-9a-f]{12}(?=\.\w+$)")


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # brings no types
    """As WhiteNoise does it, but a reference to a source map that is left out does no harm.

    `manage.py prepare` leaves source maps out, which are for debugging other people's scripts.
    """

    def hashed_name(
        self, name: str, content: "File[bytes] | None" = None, filename: str | None = None
    ) -> str:
        if name.endswith(".map") and not self.exists(filename or name):
            return name
        hashed: str = super().hashed_name(name, content, filename)
        return hashed


class AnyReleasesFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # brings no types
    """As WhiteNoise does it, but what another release calls a file leads to the one of this.

    While a release takes the place of another, a page may come from the one and its files be asked
    of the other: better a style of yesterday than none. Nobody keeps it under that name.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path not in self.files and path.startswith(self.static_prefix):
            name, changed = _HASH.subn("", path.removeprefix(self.static_prefix))
            own = self.files.get(self.get_static_url(name)) if changed else None
            if own is not None:
                response: HttpResponseBase = self.serve(own, request)
                response["Cache-Control"] = "no-cache"
                return response
        answer: HttpResponseBase = super().__call__(request)
        return answer
