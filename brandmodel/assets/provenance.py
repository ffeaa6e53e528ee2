"""Provenance (C2PA): foreign metadata out, the brand's signed claim in; and reading it back.

Nothing here uses the network: no time-stamp authority, no fetching of manifests or revocation
lists. A manifest holds random salts, so signing twice gives two different files that are equally
valid; that a repeated run gives equal bytes is the journal's doing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import anyio.to_thread

from brandmodel.assets import remux, sound
from brandmodel.assets.egress import MARK, is_text
from brandmodel.assets.identity import UNNAMED, Identity, ensure, part
from brandmodel.assets.movie import FILM
from brandmodel.assets.pixels import FORMS, encoded_anew
from brandmodel.assets.sound import SOUNDS, WAVE
from brandmodel.errors import ConfigError, InvalidRequestError, RunError
from brandmodel.tasks import Call, Done, Sign, Signed

State = Literal["Trusted", "Valid", "Invalid", "Unsigned"]

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a file says about where it is from, and whether it holds.

    Attributes:
        state: "Trusted": signed by somebody the anchors vouch for; "Valid": whole, by somebody
            unknown; "Invalid": changed after signing, or damaged; "Unsigned": says nothing.
        signer: organisation in the certificate.
        source_type: IPTC digital source type, for example ``algorithmicMedia``.
        assertions: everything else that is claimed, by label.
    """

    state: State
    signer: str = ""
    source_type: str = ""
    assertions: Mapping[str, Any] = field(default_factory=dict[str, Any])


def sign_bytes(data: bytes, media_type_out: str, *, identity: Identity, request: Sign) -> bytes:
    """A picture's pixels, or what is heard and seen, signed by ``identity``; text unchanged.

    Raises:
        InvalidRequestError: not a picture, sound or film that can be signed.
        MissingExtraError: the extra ``local`` is not installed, or ffmpeg lacks an encoder.
        RunError: the certificate is none that C2PA takes.
    """
    return _signed(data, media_type_out, identity, request)[0]


def verify(data: bytes, media_type: str, *, anchors: str = "") -> Verified:
    """Check the claim in a file.

    Args:
        data: the file.
        media_type: its media type.
        anchors: PEM certificates of roots that are trusted, for example ``Identity.anchors``.

    Raises:
        MissingExtraError: the extra ``local`` is not installed.
    """
    c2pa = part("c2pa")
    settings: dict[str, Any] = {"verify": _OFFLINE | {"verify_trust": True}}
    if anchors:
        settings["trust"] = {"trust_anchors": anchors}
    # Settings count only through a context: the older call that sets them for the whole process
    # leaves the anchors without effect.
    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(settings)) as context,
            c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            return _verified(reader.get_validation_state(), reader.get_active_manifest() or {})
    except c2pa.C2paError.ManifestNotFound:
        return Verified("Unsigned")
    except c2pa.C2paError:
        return Verified("Invalid")


def _verified(state: State, manifest: Mapping[str, Any]) -> Verified:
    found: list[Mapping[str, Any]] = manifest.get("assertions", [])
    assertions = {str(item["label"]): item["data"] for item in found}
    actions: list[Mapping[str, Any]] = []
    for label, content in assertions.items():
        if label.startswith("c2pa.actions"):
            actions += content["actions"]
    sources = [str(a["digitalSourceType"]) for a in actions if "digitalSourceType" in a]
    return Verified(
        state=state,
        signer=str(manifest.get("signature_info", {}).get("issuer", "")),
        source_type=sources[0].rpartition("/")[2] if sources else "",
        assertions=assertions,
    )


def _signed(
    data: bytes, media_type: str, identity: Identity, request: Sign
) -> tuple[bytes, tuple[str, ...]]:
    if is_text(media_type):
        return _checked_text(data, media_type), (_unsigned_text(media_type),)
    clean, notes = _clean(data, media_type)
    return _embedded(clean, media_type, identity, _manifest(request, identity)), notes


def _clean(data: bytes, media_type: str) -> tuple[bytes, tuple[str, ...]]:
    """Pictures are encoded anew; of a film or sound what is seen and heard is copied."""
    if media_type == FILM:
        return remux.cleaned(data), ()
    if media_type.startswith("audio/"):
        return sound.cleaned(data, media_type), ()
    return encoded_anew(data, media_type)


def _checked_text(data: bytes, media_type: str) -> bytes:
    """A picture must not pass unsigned because somebody calls it text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        raise InvalidRequestError(f"what shall go out as {media_type} is not text") from None
    return data


def _unsigned_text(media_type: str) -> str:
    return f"{media_type} has no place for a signature: it goes out as it is"


def _manifest(request: Sign, identity: Identity) -> dict[str, Any]:
    brand = request.brand or identity.name or UNNAMED
    source = _IPTC + request.source_type
    created = {"action": "c2pa.created", "digitalSourceType": source}
    author = {"@type": "Organization", "name": brand}
    work = {"@context": "https://schema.org", "@type": "CreativeWork", "author": [author]}
    return {
        "claim_generator_info": [{"name": "brandmodel"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": "stds.schema-org.CreativeWork", "kind": "Json", "data": work},
            {"label": MARK, "data": {"prompt": request.prompt, "seed": request.seed}},
        ],
    }


def _embedded(
    data: bytes, media_type: str, identity: Identity, manifest: Mapping[str, Any]
) -> bytes:
    c2pa = part("c2pa")
    info = c2pa.C2paSignerInfo(
        identity.algorithm, identity.chain.encode(), identity.key.encode(), b""
    )
    # No time-stamp authority. Only some versions take None above, and "" counts as an address.
    info.ta_url = None
    settings = {"builder": {"thumbnail": {"enabled": False}}, "verify": _OFFLINE}
    out = io.BytesIO()
    try:
        signer = c2pa.Signer.from_info(info)
        with c2pa.Context(c2pa.Settings.from_dict(settings), signer) as context:
            c2pa.Builder(json.dumps(manifest), context).sign(media_type, io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise RunError(
            f"the file could not be signed with certificate {identity.fingerprint[:12]}",
            hint=f"C2PA says: {error}",
        ) from None
    return out.getvalue()


def _form(request: Sign) -> str:
    """What the signed file shall be: what is asked for, else as it is, else PNG, WAV or MP4.

    Raises:
        InvalidRequestError: one kind of media is asked of another, such as text of a picture.
    """
    have, wanted = request.asset.media_type, request.media_type
    if is_text(have):
        if wanted not in (None, have):
            raise InvalidRequestError(f"{have} cannot become {wanted}")
        return have
    if wanted:
        if _family(wanted) != _family(have):
            raise InvalidRequestError(f"{have} cannot become {wanted}")
        return wanted
    usual = {"image": "image/png", "audio": WAVE, "video": FILM}.get(_family(have), have)
    return have if have in (*FORMS, *SOUNDS) else usual


def _family(media_type: str) -> str:
    return media_type.partition("/")[0]


class ProvenanceProvider:
    """Serves ``Sign`` with the brand's identity; the first call makes one where there is none."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    async def start(self, call: Call) -> Done:
        """Strip, sign and keep.

        Raises:
            ConfigError: the brand's certificate is another one than the request was made for.
            InvalidRequestError: the asset is none that can be signed.
            MissingExtraError: the extra ``local`` is not installed.
        """
        if not isinstance(call.request, Sign):
            raise InvalidRequestError(
                f"{type(call.request).__name__} is not served here: only Sign"
            )
        request: Sign = call.request
        media_type = _form(request)
        if is_text(media_type):
            return Done(Signed(asset=request.asset, notes=(_unsigned_text(media_type),)))
        data = await call.blobs.read(request.asset)
        made, notes = await anyio.to_thread.run_sync(self._sign, data, media_type, request)
        asset = await call.blobs.put(made, name=f"signed.{media_type.rpartition('/')[2]}")
        return Done(Signed(asset=asset, notes=notes))

    async def aclose(self) -> None:
        """Nothing is held."""

    def _sign(self, data: bytes, media_type: str, request: Sign) -> tuple[bytes, tuple[str, ...]]:
        identity = ensure(self._folder, self._name)
        if request.signer and request.signer != identity.fingerprint:
            raise ConfigError(
                "the brand's certificate was changed while the run was going on",
                hint="run again: the picture is then signed with the new one",
            )
        return _signed(data, media_type, identity, request)
