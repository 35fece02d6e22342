"""Whether a fetched certificate is one that an authority vouches for, and of this time (RFC 5280 section 6)."""

import ssl
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

LEEWAY: Final = timedelta(minutes=5)
"""By how much this machine's clock may be wrong."""

MOST: Final = 10
"""The most certificates that a document may have."""


def system_roots() -> Sequence[x509.Certificate]:
    """The authorities that the system trusts; reads files. None where it names none: then no chain ends well."""
    context = ssl.create_default_context()
    found = context.get_ca_certs(binary_form=True)  # what OpenSSL would only look up in a folder is not among them
    folder = ssl.get_default_verify_paths().capath
    if not found and folder is not None:
        for path in sorted(Path(folder).glob("*.pem")):
            context.load_verify_locations(path)
        found = context.get_ca_certs(binary_form=True)
    with warnings.catch_warnings():  # of old ones that break a rule, and are trusted all the same
        warnings.simplefilter("ignore")
        return [one for der in found if (one := _root(der)) is not None]


def check_chain(document: bytes, roots: Sequence[x509.Certificate], now: float) -> None:
    """Raise ValueError, which says why, unless the first certificate of a PEM document is to be trusted.

    A document with the certificates of its issuers must lead to one of the `roots`, and so must a certificate alone
    whose issuer has the name of a root. One alone of an issuer in between leads nowhere: those of Amazon SNS are such.
    It is trusted as the keys of a JWKS are, for where it comes from: over TLS, whose own chain was verified, from a
    host that the service lists. That is how AWS has SNS verified (SNS developer guide, "Verifying the signature of an
    Amazon SNS message": take the key of the certificate that an AWS host serves over https). So `hosts` must name only
    hosts that nobody but the vendor writes to. One that has signed itself is refused, as no authority issues such.
    `now` is in seconds since the epoch.
    """
    first, *issuers = _certificates(document)
    moment = datetime.fromtimestamp(now, UTC)
    if not first.not_valid_before_utc - LEEWAY <= moment <= first.not_valid_after_utc + LEEWAY:
        raise ValueError(
            f"the certificate is valid from {_day(first.not_valid_before_utc)} to {_day(first.not_valid_after_utc)}"
        )
    known = any(root.subject == first.issuer for root in roots)
    if first in roots or not (issuers or known or first.issuer == first.subject):
        return
    within = min(max(moment, first.not_valid_before_utc), first.not_valid_after_utc)
    if not roots:
        raise ValueError("the system trusts no authority: install its certificates (ca-certificates)")
    policy = (
        PolicyBuilder()
        .store(Store(list(roots)))
        .time(within)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all())
    )
    try:
        policy.build_client_verifier().verify(first, issuers)
    except VerificationError:
        raise ValueError("no authority that the system trusts has issued the certificate") from None


def _root(der: bytes) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        return None


def _certificates(document: bytes) -> Sequence[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(document)
    except ValueError:
        raise ValueError("it holds no certificate in PEM") from None
    if len(found) > MOST:
        raise ValueError(f"it holds more than {MOST} certificates")
    return found


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")
