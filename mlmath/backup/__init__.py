"""Copies of the whole database: the file that holds one, and the programs that make and load it."""


class BackupError(Exception):
    """It cannot be done; the text is a sentence for whoever runs the site. Nothing has changed."""
