"""All settings, from the environment.

Nothing set means a local trial: SQLite and the secret in `var/`, plain http on localhost, mail
to the console. `MLMATH_ENV=production` switches on everything that a public site needs and
refuses to start while something is missing. The README lists every variable.
"""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from mlmath import environment

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(environment.text("MLMATH_VAR", str(BASE_DIR / "var")))

IS_PRODUCTION = environment.choice("MLMATH_ENV", ("local", "production"), "local") == "production"
DEBUG = environment.flag("DEBUG", default=False)
SECRET_KEY = environment.secret(
    "SECRET_KEY", kept_in=None if IS_PRODUCTION else VAR_DIR / "secret-key"
)
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS", [])
# Whoever sends it may read /metrics; without one there are none.
METRICS_TOKEN = environment.optional_secret("METRICS_TOKEN")
# Queries that take so many milliseconds are written into the log; 0 times none.
SLOW_QUERY_MS = environment.integer("SLOW_QUERY_MS", 500 if IS_PRODUCTION else 0, at_least=0)
BACKUP_KEY = environment.optional_secret("BACKUP_KEY")
ALLOWED_HOSTS = environment.words(
    "ALLOWED_HOSTS", [] if IS_PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
)
SITE_URL = environment.address("SITE_URL", "" if IS_PRODUCTION else "http://localhost:8000")
TRUSTED_PROXIES = environment.integer("TRUSTED_PROXIES", 0, at_least=0)

if IS_PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG is on. A public site shows its secrets: unset DEBUG.")
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS is not set. Name the site's hosts, by commas.")
    if any(host == "*" or host.startswith(".") for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured("ALLOWED_HOSTS holds a wildcard. Name each host in full.")
    if not SITE_URL.startswith("https://"):
        raise ImproperlyConfigured("SITE_URL must start with https:// in production.")
    if not environment.text("DATABASE_URL"):
        raise ImproperlyConfigured(
            "DATABASE_URL is not set. Use postgres://user:password@host:5432/name."
        )
    if not environment.text("EMAIL_URL"):
        raise ImproperlyConfigured("EMAIL_URL is not set. Use smtp+tls://user:password@host:587.")

INSTALLED_APPS = [
    "tracker",
    "catalog",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "mlmath.observing.observe_requests",
    "mlmath.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "mlmath.middleware.refuse_plain_api",
    "mlmath.staticfiles.AnyReleasesFiles",
    "mlmath.middleware.conditional_pages",
    "mlmath.middleware.bounded_waits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mlmath.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "mlmath.middleware.local_time",
    "mlmath.middleware.Refusals",
]

ROOT_URLCONF = "mlmath.urls"
WSGI_APPLICATION = "mlmath.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["mlmath.templating"],
            "loaders": [
                (
                    "mlmath.quick_templates.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database ------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": environment.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'mlmath.sqlite3'}")
}
_database = DATABASES["default"]
_options: dict[str, Any] = _database.setdefault("OPTIONS", {})
if _database["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    # Immediate transactions take the write lock at their start, so that a transaction that reads
    # first and writes later waits for its turn instead of failing half-way.
    _options |= {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        ),
    }
else:
    _database["CONN_MAX_AGE"] = None
    _database["CONN_HEALTH_CHECKS"] = True
    # A dead network is noticed on this side of the socket: the server cannot tell us any more.
    _patience = {
        "connect_timeout": 3,
        "keepalives_idle": 3,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 5000,
    }
    _options |= _patience
    # Between two transactions, a pooler such as PgBouncer lends the connection to somebody else.
    # Nothing may be left behind on it, and it takes no options at its start (mlmath.postgresql).
    _is_pooled = (
        environment.choice("DATABASE_POOLER", ("none", "transaction"), "none") == "transaction"
    )
    _database["IS_POOLED"] = _database["DISABLE_SERVER_SIDE_CURSORS"] = _is_pooled

# --- Reading from a second server (mlmath.replica); nothing of it is loaded otherwise -----------

# A replica that is further behind is not asked at all. Half of what a write is remembered for.
REPLICA_MAX_LAG = environment.integer("REPLICA_MAX_LAG", 5, at_least=1)
if REPLICA_MAX_LAG > 30:
    raise ImproperlyConfigured("REPLICA_MAX_LAG is more than 30 seconds. Use 1 to 30.")
POSITION_COOKIE_NAME = "__Host-position" if IS_PRODUCTION else "position"
if environment.text("REPLICA_URL"):
    _replica = environment.database("REPLICA_URL", "")
    if not _database["ENGINE"] == _replica["ENGINE"] == "mlmath.postgresql":
        raise ImproperlyConfigured(
            "REPLICA_URL needs a DATABASE_URL of PostgreSQL, and is one itself."
        )
    DATABASES["replica"] = _database | _replica
    DATABASES["replica"] |= {
        "ENGINE": "mlmath.replica",
        "OPTIONS": _patience | {"connect_timeout": 2} | _replica.get("OPTIONS", {}),
        # A statement that fails is done again at the primary; the rows of a cursor could not be.
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "TEST": {"MIRROR": "default"},
    }
    DATABASE_ROUTERS = ["mlmath.replica.reading.Router"]
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.contrib.sessions.middleware.SessionMiddleware"),
        "mlmath.replica.reading.reads_your_writes",
    )
# Who somebody is and may be, and what must not go back and forth between two servers: apps, models.
READ_AT_THE_PRIMARY = {
    "account",
    "auth",
    "catalog",
    "contenttypes",
    "django_cache",
    "django_tasks_database",
    "mfa",
    "sessions",
    "socialaccount",
    "usersessions",
    "tracker.apitoken",
    "tracker.user",
}

# --- Caches and sessions -------------------------------------------------------------------

# Sign-in limits are counted here, so every process must see the same counters.
CACHES = {
    "default": environment.cache("CACHE_URL")
    or {
        "BACKEND": "mlmath.shared_cache.SharedCache",
        "LOCATION": "shared_cache",
    }
}
SESSION_ENGINE = "mlmath.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None  # as long as the browser is open
CSRF_FAILURE_VIEW = "mlmath.failures.csrf_failure"

# --- People ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "tracker.User"
AUTHENTICATION_BACKENDS = ["tracker.accounts.SignInBackend"]
PASSWORD_HASHERS = [
    "mlmath.hashing.Argon2id",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "tracker:today"
LOGOUT_REDIRECT_URL = "catalog:landing"

ACCOUNT_ADAPTER = "tracker.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "tracker.forms.people.SignupForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "tracker.accounts.display_name"
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if IS_PRODUCTION else "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
# The library's own beside these: 30 sign-ins a minute from an address of the net, and 5 failures
# in 5 minutes for one account.
ACCOUNT_RATE_LIMITS = {"reset_password": "20/m/ip,2/h/key,5/d/key"}
ACCOUNT_SIGNUP_REDIRECT_URL = "tracker:start"
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "tracker.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "mlmath"
# Browsers treat localhost as safe without TLS; the library has to be told.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = False

SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {}
for _provider in ("github", "google"):
    _client_id = environment.text(f"{_provider.upper()}_CLIENT_ID")
    _client_secret = environment.text(f"{_provider.upper()}_CLIENT_SECRET")
    if bool(_client_id) != bool(_client_secret):
        raise ImproperlyConfigured(
            f"{_provider.upper()}_CLIENT_ID and {_provider.upper()}_CLIENT_SECRET go together: "
            "set both or neither."
        )
    if _client_id:
        INSTALLED_APPS.append(f"allauth.socialaccount.providers.{_provider}")
        SOCIALACCOUNT_PROVIDERS[_provider] = {
            "APPS": [{"client_id": _client_id, "secret": _client_secret}]
        }

# --- Calling out ------------------------------------------------------------------------------

# Lets webhooks reach this machine and its network over plain http. For tests, never for real.
OUTBOUND_MAY_BE_LOCAL = environment.flag("OUTBOUND_MAY_BE_LOCAL", default=False)
if IS_PRODUCTION and OUTBOUND_MAY_BE_LOCAL:
    raise ImproperlyConfigured(
        "OUTBOUND_MAY_BE_LOCAL opens the private network to everybody who makes a webhook. "
        "Leave it out in production."
    )

# --- Mail -----------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = environment.text("MAIL_FROM", "mlmath <mlmath@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_TIMEOUT = 10
_email = environment.email("EMAIL_URL")
if _email:
    vars().update({key: value for key, value in _email.items() if key.startswith("EMAIL_")})

# --- Work in the background: the queue is in the database, the worker is `manage.py work` --------

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Language and time: UTC inside, the person's zone outside --------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ---------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "mlmath" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "mlmath.staticfiles.HashedFiles"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- Security headers; the parts that Django does not know are in mlmath.middleware ----------

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
CSP_REPORTS = "/csp-report"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": CSP_REPORTS,
        "report-to": "csp",
    }
}
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = True
    # A program that follows a redirect has already sent its token in the clear.
    # Probes and metrics are asked for inside, past the proxy that ends TLS.
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$", r"^api/"]
    SECURE_HSTS_SECONDS = 63_072_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    CSRF_COOKIE_SECURE = True
    MESSAGE_STORAGE = "mlmath.messages.HostStorage"
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- REST -----------------------------------------------------------------------------------

API_CALLS_PER_MINUTE = environment.integer("API_CALLS_PER_MINUTE", 600, at_least=1)
REST_FRAMEWORK = {
    # The token comes first, so that a missing credential is a 401 with WWW-Authenticate.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tracker.api.authentication.TokenAuthentication",
        "tracker.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "tracker.api.authentication.HasScope",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["tracker.api.limits.PersonThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["mlmath.rest.rendering.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mlmath.rest.rendering.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["mlmath.rest.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "mlmath.rest.schema.Schema",
    "EXCEPTION_HANDLER": "mlmath.rest.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "mlmath",
    "DESCRIPTION": (
        "The mathematics that machine learning needs: what there is to learn, where I stand, and "
        "what comes next.\n\n"
        "JSON in UTF-8. Instants are RFC 3339 in UTC; calendar days are those of the person's time "
        "zone. Lists come in pages. Unknown parameters and fields are refused. Every error is a "
        "problem document (RFC 9457) whose `type` leads to a page that explains it. Within this "
        "version changes only add."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],
    "SORT_OPERATIONS": False,
    "TAGS": [
        {"name": "catalog", "description": "What there is to learn; public"},
        {"name": "me", "description": "Who I am and where I stand"},
        {"name": "study", "description": "What I do: chapters, sessions, reviews, notes"},
        {"name": "groups", "description": "Reading together"},
        {"name": "feeds", "description": "Calendars, by secret addresses"},
        {"name": "webhooks", "description": "What a group tells chats and programs"},
        {"name": "tokens", "description": "How programs sign in"},
        {"name": "about", "description": "This API itself"},
    ],
}

# --- Catalog --------------------------------------------------------------------------------

# Each process asks at most this often whether the catalog has moved.
CATALOG_CHECK_SECONDS = 1.0
# What a web process does before it takes its first request.
WARM_UP = ["catalog.graph.current_graph"]

# --- Logs: to standard error, where systemd, containers and people look for them -------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"mlmath.logs.{'JsonLines' if IS_PRODUCTION else 'Lines'}"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "mlmath": {"level": "INFO"},
        # A public site says who asked for what and who signed in; a trial need not.
        "mlmath.requests": {"level": "INFO" if IS_PRODUCTION else "WARNING"},
        "mlmath.accounts": {"level": "INFO" if IS_PRODUCTION else "WARNING"},
        # Each request has a line of its own, so only what broke needs another one.
        "django.request": {"level": "ERROR" if IS_PRODUCTION else "WARNING"},
        # Scanners send foreign hosts all day, each with a traceback; they get their 400.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # That the worker has been asked to stop is no warning to anybody.
        "django_tasks_db": {"level": "ERROR"},
    },
}

# --- Sentry, where somebody wants it; nothing of it is loaded otherwise --------------------------

if _dsn := environment.text("SENTRY_DSN"):
    from mlmath import sentry

    sentry.start(_dsn)
