"""What the lines of the log look like: in production one of JSON per event, nowhere with secrets.

Without Django, so that the process that only looks after its workers can write the same lines.
"""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

# The request that is being answered; "" in the worker and between requests.
request_id: ContextVar[str] = ContextVar("request_id", default="")

# Addresses whose next part opens something to whoever has it.
SECRET_PLACES = (
    "join",
    "feeds",
    "unsubscribe",
    "accounts/confirm-email",
    "accounts/password/reset/key",
)
# Every repetition has an end, so that a long line of somebody's making is read once.
_SECRETS = re.compile(
    rf"(?P<place>/(?:{'|'.join(SECRET_PLACES)})/)[^/\s\"'\\?]+"
    # As much of a token as its owner sees in the list of tokens.
    r"|(?P<token>\bmlm_\w{4})\w+"
    r"|(?P<server>://[^\s:/@\"]{0,100}:)[^\s/@\"]{1,200}(?=@)"
    # People are named by their public id, which is gone with the account.
    r"|\b[\w.+-]{1,64}@\w[\w-]{0,62}\.[\w.-]{1,64}",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """`text` with codes, tokens, passwords in addresses and mail addresses cut out."""
    return _SECRETS.sub(
        lambda found: f"{found[found.lastgroup] if found.lastgroup else ''}***", text
    )


class Lines(logging.Formatter):
    """For people: time, level, logger and message, and a traceback below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class JsonLines(logging.Formatter):
    """For machines: an object on one line; `extra={"about": {...}}` adds to it.

    Only ASCII: what somebody sends can neither end the line nor speak to a terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if about_request := request_id.get():
            line["request_id"] = about_request
        line |= getattr(record, "about", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, default=str))
