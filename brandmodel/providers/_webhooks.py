"""Who sent a webhook: signatures of the three kinds that vendors use.

| scheme | who | what is signed |
|---|---|---|
| ``standard`` | OpenAI, Replicate, Anthropic (Standard Webhooks, formerly Svix) | HMAC of id, time, body |
| ``fal`` | fal | Ed25519 of id, user, time, digest of the body; the keys are public |
| ``elevenlabs`` | ElevenLabs | HMAC of time and body |

A hook that was sent twice has the same id: ``Seen`` tells the first from the rest. Sources: the Standard
Webhooks specification, fal's page on webhooks, and the clients of OpenAI, Replicate and ElevenLabs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from brandmodel.errors import ConfigError, InvalidRequestError, MissingExtraError
from brandmodel.providers._json import fields, items, text

Scheme = Literal["standard", "fal", "elevenlabs"]
Secret = str | Mapping[str, Any]
"""The signing secret; of ``fal`` its public keys, as a JWKS."""

_SKEW_S = 300
_OLDEST_S = {"standard": 300, "fal": 300, "elevenlabs": 30 * 60}
_SECONDS = re.compile(r"[0-9]{1,12}")
_SVIX = {f"svix-{name}": f"webhook-{name}" for name in ("id", "timestamp", "signature")}


@dataclass(frozen=True, slots=True)
class VerifiedHook:
    """A webhook whose sender is sure.

    Attributes:
        id: the same whenever the same hook is sent again.
        job: the vendor's id of what it is about; '' where the body does not tell.
        timestamp: when it was signed, in Unix seconds.
        body: what it says.
    """

    id: str
    job: str
    timestamp: int
    body: Mapping[str, Any] = field(repr=False)


@dataclass(slots=True)
class Seen:
    """Remembers the latest ids, so that a hook that is sent again is known.

    Attributes:
        most: how many are remembered.
    """

    most: int = 10_000
    _ids: OrderedDict[str, None] = field(default_factory=OrderedDict[str, None])

    def first(self, id_: str) -> bool:
        """Whether this one has not come before."""
        new = id_ not in self._ids
        self._ids[id_] = None
        self._ids.move_to_end(id_)
        if len(self._ids) > self.most:
            self._ids.popitem(last=False)
        return new


def verify(
    scheme: Scheme, headers: Mapping[str, str], body: bytes, secret: Secret, *, now: float
) -> VerifiedHook:
    """Check a webhook's signature and its time; what it says is read after that.

    Args:
        scheme: which kind of signature the vendor uses.
        headers: as they came.
        body: the raw bytes as they came; parsed and written again they are others.
        secret: what the vendor signs with, or the public keys for it.
        now: Unix seconds.

    Raises:
        InvalidRequestError: a header is missing, the time too long ago or to come, the signature wrong.
        ConfigError: the secret is none of this scheme.
        MissingExtraError: public keys need a part that is not installed.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    hook_id, timestamp = _CHECKS[scheme](lower, body, secret)
    if timestamp < now - _OLDEST_S[scheme]:
        raise InvalidRequestError("the webhook is too old")
    if timestamp > now + _SKEW_S:
        raise InvalidRequestError("the webhook comes from the future", hint="check this clock")
    told = _parsed(body)
    return VerifiedHook(hook_id, _job(scheme, told), timestamp, told)


def _standard(headers: Mapping[str, str], body: bytes, secret: Secret) -> tuple[str, int]:
    renamed = {_SVIX.get(name, name): value for name, value in headers.items()}
    hook_id = _header(renamed, "webhook-id")
    stamp = _header(renamed, "webhook-timestamp")
    given = _header(renamed, "webhook-signature")
    expected = _mac(_standard_key(secret), _plain(f"{hook_id}.{stamp}.") + body)
    signatures = [part[3:] for part in given.split() if part.startswith("v1,")]
    _require(any([_equal(_unpacked(one), expected) for one in signatures]))
    return hook_id, _seconds(stamp)


def _standard_key(secret: Secret) -> bytes:
    """After ``whsec_`` stands base64; what has no such beginning is taken as it is."""
    secret = _text_secret(secret)
    if not secret.startswith("whsec_"):
        return secret.encode()
    key = _unpacked(secret.removeprefix("whsec_"))
    if not key:
        raise _no_secret("what follows whsec_ is not base64")
    return key


def _elevenlabs(headers: Mapping[str, str], body: bytes, secret: Secret) -> tuple[str, int]:
    given = _header(headers, "elevenlabs-signature")
    parts = [part.strip().partition("=") for part in given.split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    macs = [value for name, _, value in parts if name == "v0"]
    if not stamp or not macs:
        raise InvalidRequestError("the webhook's signature lacks its time or itself")
    expected = _mac(_text_secret(secret).encode(), _plain(f"{stamp}.") + body).hex().encode()
    _require(any([_equal(_plain(one), expected) for one in macs]))
    # There is no id in it. The same event has the same body, whenever it is signed.
    return hashlib.sha256(body).hexdigest(), _seconds(stamp)


def _fal(headers: Mapping[str, str], body: bytes, secret: Secret) -> tuple[str, int]:
    names = ("request-id", "user-id", "timestamp", "signature")
    hook_id, user, stamp, given = (_header(headers, f"x-fal-webhook-{name}") for name in names)
    digest = hashlib.sha256(body).hexdigest()
    try:
        signature = bytes.fromhex(given)
    except ValueError:
        signature = b""
    message = _plain(f"{hook_id}\n{user}\n{stamp}\n{digest}")
    _require(any([_signed(key, signature, message) for key in _public_keys(secret)]))
    return hook_id, _seconds(stamp)


def _public_keys(secret: Secret) -> list[bytes]:
    """The Ed25519 keys of a JWKS, given as data or as its JSON."""
    if isinstance(secret, str):
        try:
            secret = fields(json.loads(secret))
        except ValueError as error:
            raise _no_secret("it is no JWKS") from error
    found = [_public_key(fields(one)) for one in items(secret.get("keys"))]
    keys = [key for key in found if len(key) == 32]
    if not keys:
        raise _no_secret("it holds no Ed25519 key")
    return keys


def _public_key(told: Mapping[str, Any]) -> bytes:
    if told.get("kty") != "OKP" or told.get("crv") != "Ed25519":
        return b""
    key = text(told.get("x"))
    return _unpacked(key.replace("-", "+").replace("_", "/") + "=" * (-len(key) % 4))


def _signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise MissingExtraError(
            "checking this webhook needs cryptography, which is not installed",
            hint="pip install 'brandmodel[local]'",
        ) from error
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


_CHECKS: Mapping[Scheme, Callable[[Mapping[str, str], bytes, Secret], tuple[str, int]]] = {
    "standard": _standard,
    "fal": _fal,
    "elevenlabs": _elevenlabs,
}


def _job(scheme: Scheme, told: Mapping[str, Any]) -> str:
    """The id of the job that the vendor's other replies use.

    Replicate sends the prediction itself; of OpenAI and Anthropic it is an event about ``data``.
    """
    about = fields(told.get("data")) if "data" in told else told
    names = {"standard": ("id",), "fal": ("request_id",)}
    found = [
        text(about.get(name)) for name in names.get(scheme, ("request_id", "transcription_id"))
    ]
    return next(filter(None, found), "")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "").strip()
    if not value:
        # The header's whole name would say who the vendor is.
        raise InvalidRequestError(f"the webhook lacks its {name.rpartition('-')[2]}")
    return value


def _seconds(stamp: str) -> int:
    if not _SECONDS.fullmatch(stamp):
        raise InvalidRequestError("the webhook's time is none")
    return int(stamp)


def _text_secret(secret: Secret) -> str:
    if not isinstance(secret, str) or not secret.strip():
        raise _no_secret("it is empty")
    return secret.strip()


def _no_secret(why: str) -> ConfigError:
    return ConfigError(
        f"the secret for webhooks cannot be used: {why}",
        hint="copy it once more from where the webhook was made",
    )


def _unpacked(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _plain(value: str) -> bytes:
    """A header as bytes, whatever stands in it."""
    return value.encode(errors="replace")


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _equal(given: bytes, expected: bytes) -> bool:
    return hmac.compare_digest(given, expected)


def _require(sound: bool) -> None:
    if not sound:
        raise InvalidRequestError("the webhook's signature is wrong")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("the webhook's body is not JSON") from error
    if not isinstance(told, dict):
        raise InvalidRequestError("the webhook's body is no object")
    return fields(told)
