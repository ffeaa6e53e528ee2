"""What the fake vendors sign their webhooks with, made anew for every server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """One secret for the vendors that share theirs, one pair of keys for fal."""

    def __init__(self) -> None:
        self._shared = secrets.token_bytes(24)

    @property
    def secret(self) -> str:
        """The shared secret, as vendors write it."""
        return f"whsec_{base64.b64encode(self._shared).decode()}"

    def standard(self, hook_id: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
        """Headers of Standard Webhooks."""
        stamp = str(int(time.time() if at is None else at))
        mac = hmac.new(self._shared, f"{hook_id}.{stamp}.".encode() + body, hashlib.sha256)
        signature = f"v1,{base64.b64encode(mac.digest()).decode()}"
        named = {"id": hook_id, "timestamp": stamp, "signature": signature}
        return {f"webhook-{name}": value for name, value in named.items()}

    def fal(self, request_id: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
        """Headers of fal."""
        stamp, user = str(int(time.time() if at is None else at)), "fake-user"
        digest = hashlib.sha256(body).hexdigest()
        signature = self._key.sign(f"{request_id}\n{user}\n{stamp}\n{digest}".encode()).hex()
        named = {"request-id": request_id, "user-id": user, "timestamp": stamp}
        named["signature"] = signature
        return {f"x-fal-webhook-{name}": value for name, value in named.items()}

    def jwks(self) -> dict[str, Any]:
        """The public key of ``fal``."""
        raw = self._key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "fake", "x": x}]}

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.generate()
