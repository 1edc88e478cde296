"""What a public site has to set, and no more than that."""

PRODUCTION = {
    "MLMATH_ENV": "production",
    "SECRET_KEY": "kept-by-the-operator-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "mlmath.example",
    "SITE_URL": "https://mlmath.example",
    "DATABASE_URL": "postgres://ada:secret@db.example/mlmath",
    "EMAIL_URL": "smtp+tls://ada:secret@mail.example:587",
    "MAIL_FROM": "mlmath <hello@mlmath.example>",
    "TRUSTED_PROXIES": "1",
}
