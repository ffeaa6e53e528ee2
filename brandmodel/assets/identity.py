"""The brand's signing identity: a certificate of its own and the private key that goes with it.

``certificate.pem`` (leaf first) and ``private-key.pem`` in the folder are the brand's own, from
whatever authority it trusts, and are used as they are. Without them an identity is made on first
use: a root and a leaf certificate under ``<folder>/<slug of the name>/``. Its pictures verify as
"Trusted" for whoever is given ``root.pem`` as an anchor, and as "Valid" for everybody else.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from brandmodel.errors import ConfigError, MissingExtraError, StorageError

CERTIFICATE = "certificate.pem"
PRIVATE_KEY = "private-key.pem"
ROOT = "root.pem"
ROOT_KEY = "root-key.pem"
UNNAMED = "Unnamed brand"
"""Subject of the certificate when the brand has no name: C2PA wants an organisation."""

INSTALL = "pip install 'brandmodel[local]'"

_YEARS_ROOT, _YEARS_LEAF = 30, 10
_FIRST_CERTIFICATE = re.compile(
    rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL
)
_ALGORITHMS = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs.

    Attributes:
        name: the brand's name; empty for the neutral brand.
        algorithm: C2PA's name of the signature, for example ``es256``.
        chain: PEM certificates, leaf first, as they are put into the file.
        anchors: PEM certificates that make ``verify`` say "Trusted".
        fingerprint: SHA-256 of the leaf's DER, lower-case hex.
        key: PEM of the private key; never shown.
    """

    name: str
    algorithm: str
    chain: str = field(repr=False)
    anchors: str = field(repr=False)
    fingerprint: str
    key: str = field(repr=False, compare=False)


def part(module: str) -> Any:
    """A module of the extra ``local``, imported when it is first needed.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        message = f"signing needs {module.partition('.')[0]}, which is not installed"
        raise MissingExtraError(message, hint=INSTALL) from error


def fingerprint(folder: Path, name: str) -> str:
    """SHA-256 of the certificate that signs for the brand, or '' while there is none yet."""
    for place in (folder, folder / _slug(name)):
        try:
            return _digest((place / CERTIFICATE).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            continue
    return ""


def ensure(folder: Path, name: str) -> Identity:
    """The brand's identity: its own, the one made earlier, or a new one.

    Any number of processes may ask at once: a finished identity is moved into its place in one
    step, and whoever comes second takes the first one's.

    Raises:
        ConfigError: certificate and key cannot be used: unreadable, expired, not a pair.
        MissingExtraError: the extra ``local`` is not installed.
        StorageError: the folder cannot be written.
    """
    own = (folder / CERTIFICATE).exists()
    if not own and (folder / PRIVATE_KEY).exists():
        raise ConfigError(
            f"{folder}: {PRIVATE_KEY} has no {CERTIFICATE} beside it",
            hint=f"put the certificate chain, leaf first, into {CERTIFICATE}",
        )
    place = folder if own else folder / _slug(name)
    if not own and not (place / CERTIFICATE).exists():
        _make(place, name)
    return _load(place, name)


def _slug(name: str) -> str:
    """A folder's name for the brand: readable, and different for different names."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "brand"
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _digest(pem: bytes) -> str:
    found = _FIRST_CERTIFICATE.search(pem)
    return hashlib.sha256(base64.b64decode(found[1])).hexdigest() if found else ""


def _load(place: Path, name: str) -> Identity:
    certificate, private = place / CERTIFICATE, place / PRIVATE_KEY
    try:
        chain, key = certificate.read_bytes(), private.read_bytes()
        root = (place / ROOT).read_bytes() if (place / ROOT).exists() else b""
    except OSError as error:
        problem = f"{error.filename}: the signing identity cannot be read: {error.strerror}"
        raise ConfigError(
            problem, hint=f"{CERTIFICATE} and {PRIVATE_KEY} belong together"
        ) from None
    leaf, last = _certificates(certificate, chain)
    return Identity(
        name=name,
        algorithm=_algorithm(private, key, leaf),
        chain=chain.decode("ascii", "replace"),
        anchors=(root or last).decode("ascii", "replace"),
        fingerprint=_digest(chain),
        key=key.decode("ascii", "replace"),
    )


def _certificates(file: Path, chain: bytes) -> tuple[Any, bytes]:
    """The leaf, and the last certificate of the chain as PEM."""
    x509 = part("cryptography.x509")
    serialization = part("cryptography.hazmat.primitives.serialization")
    try:
        found = x509.load_pem_x509_certificates(chain)
    except ValueError:
        raise ConfigError(
            f"{file}: holds no certificate that can be read",
            hint="it must be PEM: the leaf first, then those that vouch for it",
        ) from None
    leaf = found[0]
    if leaf.not_valid_after_utc < datetime.now(UTC):
        raise ConfigError(
            f"{file}: the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}",
            hint=f"put a renewed one there, or remove {file.parent} to have a new one made",
        )
    return leaf, found[-1].public_bytes(serialization.Encoding.PEM)


def _algorithm(file: Path, pem: bytes, leaf: Any) -> str:
    """C2PA's name of the key's signature; checks that the key is the leaf's."""
    serialization = part("cryptography.hazmat.primitives.serialization")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    # "from None" throughout: what a parser says about a key is nobody's business.
    except TypeError:
        raise ConfigError(
            f"{file}: the key is locked with a password", hint="store it without one, mode 0600"
        ) from None
    except ValueError:
        raise ConfigError(f"{file}: holds no private key that can be read") from None
    if key.public_key() != leaf.public_key():
        raise ConfigError(f"{file}: is not the key of {CERTIFICATE}", hint="bring the pair")
    curve = getattr(getattr(key, "curve", None), "name", type(key).__name__)
    known = _ALGORITHMS | {"Ed25519PrivateKey": "ed25519", "RSAPrivateKey": "ps256"}
    if curve not in known:
        raise ConfigError(
            f"{file}: C2PA has no signature for a {curve} key",
            hint="use P-256, P-384, P-521, Ed25519 or RSA",
        )
    return known[curve]


def _make(place: Path, name: str) -> None:
    """Write a new identity beside its place and move it there whole; a lost race is no error."""
    made = _new(name or UNNAMED)
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(6)}")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.parent.chmod(0o700)
        temporary.mkdir(mode=0o700)
        try:
            for file, data in made.items():
                _write(temporary / file, data)
            _sync(temporary)
            # A folder replaces only an empty one: the second of two processes fails here.
            temporary.rename(place)
            _sync(place.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        if not (place / CERTIFICATE).exists():
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            problem = f"{place}: the signing identity cannot be kept: {error.strerror}"
            hint = "free space and run again" if full else "make the folder writable"
            raise StorageError(problem, hint=hint) from error


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle of a folder to flush
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _new(name: str) -> dict[str, bytes]:
    """A root that signs a leaf, as files. C2PA asks e-mail protection of a leaf's uses."""
    x509, oid = part("cryptography.x509"), part("cryptography.x509.oid")
    ec = part("cryptography.hazmat.primitives.asymmetric.ec")
    serialization = part("cryptography.hazmat.primitives.serialization")
    root_key = ec.generate_private_key(ec.SECP256R1())
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _subject(f"{name[:56]} root", name), _subject(name[:64], name)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    e_mail = x509.ExtendedKeyUsage([oid.ExtendedKeyUsageOID.EMAIL_PROTECTION])
    root = _certificate(
        issuer, issuer, root_key.public_key(), root_key, _YEARS_ROOT, _uses(signs=False)
    )
    leaf = _certificate(
        subject, issuer, leaf_key.public_key(), root_key, _YEARS_LEAF,
        [*_uses(signs=True), (e_mail, False), (authority, False)],
    )  # fmt: skip

    def pem(key: Any) -> bytes:
        plain = serialization.NoEncryption()
        pkcs8 = serialization.PrivateFormat.PKCS8
        return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)

    return {
        ROOT: root.public_bytes(serialization.Encoding.PEM),
        ROOT_KEY: pem(root_key),
        PRIVATE_KEY: pem(leaf_key),
        CERTIFICATE: leaf.public_bytes(serialization.Encoding.PEM),
    }


def _subject(common: str, organisation: str) -> Any:
    x509, oid = part("cryptography.x509"), part("cryptography.x509.oid")
    return x509.Name(
        [
            x509.NameAttribute(oid.NameOID.COMMON_NAME, common),
            x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, organisation[:64]),
        ]
    )


def _uses(*, signs: bool) -> list[tuple[Any, bool]]:
    """Basic constraints and key usage: a leaf signs files, a root signs certificates."""
    x509 = part("cryptography.x509")
    usage = x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )
    return [(x509.BasicConstraints(ca=not signs, path_length=None), True), (usage, True)]


def _certificate(
    subject: Any, issuer: Any, public: Any, signed_by: Any, years: int, uses: list[tuple[Any, bool]]
) -> Any:
    x509 = part("cryptography.x509")
    # A day back: the clock of whoever verifies may be behind ours.
    since = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    for extension, critical in uses:
        made = made.add_extension(extension, critical=critical)
    return made.sign(signed_by, part("cryptography.hazmat.primitives.hashes").SHA256())
