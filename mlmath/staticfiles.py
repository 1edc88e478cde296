"""Static files with the hash of their content in the name, compressed beforehand."""

from django.core.files import File
from whitenoise.storage import CompressedManifestStaticFilesStorage


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
