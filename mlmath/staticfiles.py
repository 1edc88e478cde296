"""Static files with the hash of their content in the name, compressed beforehand."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """As WhiteNoise does it, but a reference to a source map that is left out does no harm.

    `collectstatic` ignores source maps and Redoc, which nobody here downloads.
    """

    manifest_strict = False
