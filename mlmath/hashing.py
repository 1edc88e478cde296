"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: a row of the OWASP ASVS 5.0 table.

    Django's own values cost 0.22 s and 100 MiB for each sign-in; these cost 0.02 s, so that a class
    can sign in at nine o'clock on a small machine.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
