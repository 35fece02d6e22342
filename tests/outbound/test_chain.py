"""Certificates that sign requests: by whom they must be issued, and when."""

from datetime import timedelta
from time import time

import pytest

from gateway.outbound.chain import check_chain, system_roots
from tests.outbound.authority import Authority, pem

ROOT = Authority()
BELOW = Authority("Test Issuing", ROOT)
MINUTE = timedelta(minutes=1)


def problem(document: bytes, roots=(ROOT.certificate,)) -> str:
    """Why a document is not trusted now; "" when it is."""
    try:
        check_chain(document, roots, time())
    except ValueError as error:
        return str(error)
    return ""


def test_a_chain_leads_to_a_root():
    """With the issuers between, or issued by the root itself."""
    below, direct = BELOW.issue("sns.example.com")[0], ROOT.issue("sns.example.com")[0]
    assert problem(pem(below, BELOW.certificate)) == ""
    assert problem(pem(below, BELOW.certificate, ROOT.certificate)) == ""
    assert problem(pem(direct)) == ""


def test_a_certificate_without_its_issuers():
    """As Amazon SNS gives it: the host that served it over TLS vouches for it, whoever issued it but itself."""
    assert problem(pem(BELOW.issue("sns.example.com")[0])) == ""
    unknown = Authority("Other Issuing", Authority("Other Root"))
    assert problem(pem(unknown.issue("sns.example.com")[0])) == ""
    assert problem(pem(unknown.issue("sns.example.com")[0], unknown.certificate)), "with issuers it must lead to a root"
    assert problem(pem(Authority("Itself").certificate))


def test_a_chain_to_nobody():
    """Somebody else's root, an issuer that did not sign it, and one that vouches for itself."""
    refused = "no authority that the system trusts has issued the certificate"
    other = Authority("Other Root")
    impostor = Authority()  # has the name of the root, and another key
    assert problem(pem(other.issue("sns.example.com")[0], other.certificate)) == refused
    assert problem(pem(BELOW.issue("sns.example.com")[0], Authority("Test Issuing", other).certificate)) == refused
    assert problem(pem(impostor.issue("sns.example.com")[0])) == refused
    assert problem(pem(other.certificate)) == refused
    assert "install its certificates" in problem(pem(other.certificate), roots=())


def test_no_certificate_of_a_host_issues_others():
    """Only an authority does (RFC 5280 section 4.2.1.9)."""
    certificate, key = ROOT.issue("sns.example.com")
    fake = Authority("Fake", ROOT)
    fake.certificate, fake.key, fake.name = certificate, key, certificate.subject
    assert problem(pem(fake.issue("sns.example.com")[0], certificate))


@pytest.mark.parametrize(
    ("begin", "end", "fits"),
    [
        (-MINUTE, MINUTE, True),
        (4 * MINUTE, 60 * MINUTE, True),
        (-60 * MINUTE, -4 * MINUTE, True),
        (6 * MINUTE, 60 * MINUTE, False),
        (-60 * MINUTE, -6 * MINUTE, False),
    ],
)
@pytest.mark.parametrize("authority", [ROOT, BELOW])
def test_the_time_of_a_certificate(authority, begin, end, fits):
    """A clock may be wrong by five minutes."""
    assert (problem(pem(authority.issue("sns.example.com", begin=begin, end=end)[0])) == "") is fits


def test_what_is_no_certificate():
    """And too many of them."""
    assert problem(b"<html>") == "it holds no certificate in PEM"
    assert problem(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----") == "it holds no certificate in PEM"
    assert problem(pem(ROOT.certificate) * 11) == "it holds more than 10 certificates"


def test_the_system_names_authorities():
    """Those that TLS trusts."""
    assert len(system_roots()) > 10
