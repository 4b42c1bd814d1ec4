"""The types of single settings: money, secrets, names, addresses. Each reads one value and says what is wrong with it."""

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from tollhouse.domain.governance import PPM, ppm_of
from tollhouse.domain.money import femto_per_token, nano_from_usd, usd_from_nano
from tollhouse.domain.providers import Secret

from .yaml import WrittenFloat, WrittenInt

MONEY_CHARACTERS_MAX = 28
"""Ten digits before the point and nine after are meaningful; below 28 digits decimal arithmetic is exact."""

SECRET_CHARACTERS_MIN = 16
SECRET_CHARACTERS_MAX = 256

NAME_CHARACTERS_MAX = 64
MODEL_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 2_000
WAIT_MS_MAX = 24 * 3_600_000
"""A day: no single answer takes longer, and sums stay far from any limit of a timer."""

BYTES_MAX = 1024**3
TYPE_CHARACTERS_MAX = 32
"""Of a pattern's name, which stands in placeholders: the end of a stream is held back as long as one may follow."""

PHRASE_CHARACTERS_MAX = 200
TOPIC_WORDS_MAX = 500
TOPIC_EXAMPLES_MAX = 50
"""Each costs a comparison with every sentence, and 20 ms once."""

_MONEY = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})", re.ASCII)
_SLASHES = re.compile(r"(?<![:/])/{2,}")
"""An address in a variable often ends in a slash (Azure's does), and the file adds a path to it."""
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?", re.ASCII)
_HOST_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9._-]{0,252}[a-z0-9])?", re.ASCII)
_HERE = ("localhost", "127.0.0.1", "[::1]")
"""Hosts whose pages never cross a network, so that they may be served without TLS."""
_DEFAULT_PORTS = {"https": "443", "http": "80"}
_PATTERN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*", re.ASCII)
_WORDED = re.compile(r"\w")
_LINK_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|[0-9a-f:]{2,45}", re.ASCII)
_BASE64_KEY = re.compile(r"[A-Za-z0-9+/_-]{43}=?", re.ASCII)


def wrong(what: str, todo: str, key: str = "") -> PydanticCustomError:
    """Return the error of a setting, or of one `key` of a part. Never with the value of a secret."""
    return PydanticCustomError("setting", "{what}", {"what": what, "todo": todo, "key": key})


def listen_address(text: str) -> tuple[str, int]:
    """Split `host:port` (IPv6 in brackets, which are taken off). Raises ValueError."""
    match = _LISTEN.fullmatch(text)
    if match is None or int(match["port"]) > 65_535:
        raise ValueError("not host:port")
    return match["host"].strip("[]"), int(match["port"])


def is_loopback(host: str) -> bool:
    """Can only this machine reach what listens there?"""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def master_key(text: str) -> bytes:
    """Decode 32 bytes of base64, standard or URL-safe, with or without the final `=`. Raises ValueError."""
    if not _BASE64_KEY.fullmatch(text):
        raise ValueError("not 32 bytes in base64")
    standard = text.rstrip("=").replace("-", "+").replace("_", "/") + "="
    try:
        return base64.b64decode(standard, validate=True)
    except binascii.Error:
        raise ValueError("not 32 bytes in base64") from None


def moment_ms(text: str, zone: ZoneInfo) -> int:
    """Read a date (its first moment in that zone) or an RFC 3339 time as Unix milliseconds. Raises ValueError."""
    if len(text) == 10:
        return _ms(datetime.combine(date.fromisoformat(text), time(), zone))
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset from UTC")
    return _ms(moment)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _written_text(value: object) -> object:
    """A number where text is wanted (`model: 4`, a secret of digits in a variable) is the text as it was written."""
    return value.text if isinstance(value, WrittenInt | WrittenFloat) else value


def _money(read: Callable[[str], int]) -> Callable[[object], str]:
    def check(value: object) -> str:
        text = str(_written_text(value)) if isinstance(value, int | WrittenFloat) else value
        if not isinstance(text, str) or isinstance(value, bool):
            raise wrong("not an amount of money", 'write a decimal number of USD, for example "12.50"')
        if len(text) > MONEY_CHARACTERS_MAX:
            raise wrong("an amount with too many digits", "write at most nine decimal places")
        if not _MONEY.fullmatch(text):
            raise wrong(
                f"{text!r} is not a plain decimal number", 'write USD without exponent or sign, for example "12.50"'
            )
        try:
            return usd_from_nano(read(text))
        except ValueError as error:
            raise wrong(str(error), 'write USD as a decimal number, for example "12.50"') from None

    return check


def _secret(value: object) -> Secret:
    text = _written_text(value)
    if not isinstance(text, str) or not text:
        raise wrong("not a secret", "write it as text, best as a variable: ${NAME}")
    if not text.isascii() or not text.isprintable():
        raise wrong("a secret with characters outside printable ASCII", "check for line breaks and quotes in it")
    return Secret(text)


def _caller_secret(value: object) -> Secret:
    secret = _secret(value)
    if not SECRET_CHARACTERS_MIN <= len(secret.reveal()) <= SECRET_CHARACTERS_MAX:
        raise wrong(
            f"a secret must have {SECRET_CHARACTERS_MIN} to {SECRET_CHARACTERS_MAX} characters",
            "make one with `openssl rand -hex 32`",
        )
    return secret


def _master_key(value: object) -> Secret:
    secret = _secret(value)
    try:
        master_key(secret.reveal())
    except ValueError:
        raise wrong("the master key is not 32 bytes in base64", "make one with `openssl rand -base64 32`") from None
    return secret


def _database(value: object) -> Secret:
    secret = _secret(value)
    if not secret.reveal().startswith(("postgresql://", "postgres://")) or not urlsplit(secret.reveal()).hostname:
        raise wrong(
            "not a PostgreSQL address",
            "write postgresql://user:password@host/name, or null for SQLite under storage.path",
        )
    return secret


def _listen(text: str) -> str:
    try:
        listen_address(text)
    except ValueError:
        raise wrong(
            f"{text!r} is not an address to listen on", 'write host:port, for example "127.0.0.1:8088"'
        ) from None
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise wrong(f"{text!r} is not a time zone", "write a name such as Europe/Zurich or UTC") from None
    return text


def _expires(text: str) -> str:
    try:
        moment_ms(text, ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        raise wrong(
            f"{text!r} is not a moment", "write a date (2027-01-31) or a time with its offset (2027-01-31T18:00:00Z)"
        ) from None
    return text


def _base_url(text: str) -> str:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or url.scheme not in ("http", "https") or not text.isprintable() or " " in text:
        raise wrong("not a web address", 'write it as the provider does, for example "https://api.openai.com/v1"')
    if url.username or url.password:
        raise wrong("a base_url with a user or password in it", "put the secret into api_key")
    if url.query or url.fragment:
        raise wrong("a base_url with `?` or `#`", "end it with the path; Azure's version goes into api_version")
    return _SLASHES.sub("/", text).rstrip("/")


def _origin(text: str) -> str:
    """Return the origin as browsers send it: lower case, without the scheme's own port."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None or int(match["port"] or 0) > 65_535:
        raise wrong(
            f"{text!r} is not an origin", "write scheme, host and port only, for example https://shop.example; no `*`"
        )
    if match["scheme"] == "http" and match["host"] not in _HERE:
        raise wrong(f"{text!r} is not https", "write https; only localhost may be http")
    port = match["port"]
    written = "" if port is None or port == _DEFAULT_PORTS[match["scheme"]] else f":{int(port)}"
    return f"{match['scheme']}://{match['host']}{written}"


def _host(text: str) -> str:
    """A name without a port, `*.` before it for all below; or a plain address, IPv6 without brackets."""
    bare = text.strip("[]").lower()
    if not _HOST_NAME.fullmatch(bare) and not _is_address(bare):
        raise wrong(
            f"{text!r} is not a host",
            "write a name or an address without port, for example gateway.example or *.example",
        )
    return bare


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise wrong(f"{text!r} is not an address or network", "write it as 10.0.0.7 or 10.0.0.0/8") from None


def _threshold(value: object) -> float:
    """Check the part as it is written. The float is good to six places, which is all there is: `threshold_ppm` gives it back."""
    text = _written_text(value)
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise wrong("not a part of the limit", "write a number such as 0.8")
    try:
        return ppm_of(str(text)) / PPM
    except ValueError as error:
        raise wrong(str(error), "write a number such as 0.8") from None


def threshold_ppm(part: float) -> int:
    """Return a checked threshold as parts per million."""
    return round(part * PPM)


def _personal_type(text: str) -> str:
    from tollhouse.privacy.recognisers import ON_REQUEST

    if text not in ON_REQUEST:
        raise wrong(f"{text[:40]!r} is no type that is looked for on request", f"write one of {', '.join(ON_REQUEST)}")
    return text


def _pattern_name(text: str) -> str:
    if len(text) > TYPE_CHARACTERS_MAX or not _PATTERN_NAME.fullmatch(text):
        raise wrong(
            f"{text[:40]!r} is not a name that a placeholder can have",
            f"write words of letters and digits, with `-` between them, at most {TYPE_CHARACTERS_MAX} characters",
        )
    return text


def _pattern(text: str) -> str:
    from tollhouse.privacy.recognisers.patterns import PatternRefused, compiled

    try:
        compiled(text)
    except PatternRefused as error:
        raise wrong(f"the pattern cannot be used: {error}", "write another; docs/configuration.md says which") from None
    return text


def _phrase(text: str) -> str:
    if len(text) > PHRASE_CHARACTERS_MAX or not _WORDED.search(text):
        raise wrong(f"{text[:40]!r} is no phrase", f"write words, at most {PHRASE_CHARACTERS_MAX} characters")
    return text


def _link_host(text: str) -> str:
    if not _LINK_HOST.fullmatch(text):
        raise wrong(f"{text[:40]!r} is no host", "write a name as help.example.com, or *.example.com for all below it")
    return text.lower()


def _trimmed(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise wrong("a name with spaces at its ends or unprintable characters", "remove them")
    return text


def _amount(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise wrong("not a number of 0 or more", "write a number such as 1 or 0.5")
    return int(value) if isinstance(value, int) else float(value)


def _plain(value: object) -> object:
    """Return free-form values as JSON has them: lists, and numbers that forgot how they were written."""
    if isinstance(value, dict):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise wrong("not a finite number", "write a number that JSON can hold")
        return float(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


_SECRET_SCHEMA = WithJsonSchema({"type": "string"})
_MONEY_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "pattern": r"^([0-9]+(\.[0-9]{1,9}0*)?|.*\$\{.*)$"},
            {"type": "number", "minimum": 0},
        ]
    }
)
_STARS = PlainSerializer(repr, return_type=str)

AnySecret = Annotated[Secret, PlainValidator(_secret), _STARS, _SECRET_SCHEMA]
CallerSecret = Annotated[Secret, PlainValidator(_caller_secret), _STARS, _SECRET_SCHEMA]
MasterKey = Annotated[Secret, PlainValidator(_master_key), _STARS, _SECRET_SCHEMA]
DatabaseAddress = Annotated[Secret, PlainValidator(_database), _STARS, _SECRET_SCHEMA]

Usd = Annotated[str, BeforeValidator(_money(nano_from_usd)), _MONEY_SCHEMA]
UsdPerMillion = Annotated[str, BeforeValidator(_money(femto_per_token)), _MONEY_SCHEMA]

Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_CHARACTERS_MAX), BeforeValidator(_written_text)]
Listen = Annotated[Text, AfterValidator(_listen)]
TimeZone = Annotated[Text, AfterValidator(_time_zone)]
PersonalType = Annotated[Text, AfterValidator(_personal_type)]
PatternName = Annotated[str, AfterValidator(_pattern_name)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
Phrase = Annotated[Text, AfterValidator(_phrase)]
"""Words; one that ends in `*` stands for all that begin so."""
TopicWords = Annotated[tuple[Phrase, ...], Field(max_length=TOPIC_WORDS_MAX)]
TopicExamples = Annotated[tuple[Text, ...], Field(max_length=TOPIC_EXAMPLES_MAX)]
LinkHost = Annotated[Text, AfterValidator(_link_host)]
Expires = Annotated[Text, AfterValidator(_expires)]
BaseUrl = Annotated[Text, AfterValidator(_base_url)]
Origin = Annotated[Text, AfterValidator(_origin)]
Host = Annotated[Text, AfterValidator(_host)]
Network = Annotated[Text, AfterValidator(_network)]
Threshold = Annotated[
    float,
    PlainValidator(_threshold),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
]

Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=NAME_CHARACTERS_MAX),
    BeforeValidator(_written_text),
    AfterValidator(_trimmed),
]
"""A name for people: teams, keys, the organisation."""

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=NAME_CHARACTERS_MAX),
    BeforeValidator(_written_text),
]
"""A name that stands in a header, a path or before a `/`: use cases, providers, prompts, workflows, parameters."""

ModelName = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]+$", max_length=MODEL_CHARACTERS_MAX),
    BeforeValidator(_written_text),
]
"""What callers and providers call a model; printable ASCII without spaces, `*` in patterns."""

HeaderName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", max_length=NAME_CHARACTERS_MAX),
    AfterValidator(str.lower),
]
"""The name of a request header, in lower case."""

Amount = Annotated[int | float, PlainValidator(_amount), WithJsonSchema({"type": "number", "minimum": 0})]
Json = Annotated[object, BeforeValidator(_plain)]

Count = Annotated[int, Field(ge=1, le=2**53)]
WaitMs = Annotated[int, Field(ge=0, le=WAIT_MS_MAX)]
LimitMs = Annotated[int, Field(ge=1, le=WAIT_MS_MAX)]
Bytes = Annotated[int, Field(ge=1, le=BYTES_MAX)]
