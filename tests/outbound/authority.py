"""An authority that issues certificates, and a host on this machine which has one: the Internet of a test, over TLS."""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm

PEM = serialization.Encoding.PEM


class Authority:
    """A root, or an authority below `issuer`. Keys are of P-256, which are made at once."""

    def __init__(self, name: str = "Test Root", issuer: "Authority | None" = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        extensions = (x509.BasicConstraints(ca=True, path_length=None), usage)
        self.certificate = (issuer or self).sign(self.name, self.key, *extensions)

    def sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *extensions: x509.ExtensionType,
        begin: timedelta = timedelta(-1),
        end: timedelta = timedelta(1),
    ) -> x509.Certificate:
        """Certify a key, from `begin` to `end` as seen from now."""
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begin)
            .not_valid_after(now + end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for extension in extensions:
            made = made.add_extension(extension, critical=not isinstance(extension, x509.SubjectAlternativeName))
        return made.sign(self.key, hashes.SHA256())

    def issue(
        self, *names: str, begin: timedelta = timedelta(-1), end: timedelta = timedelta(1)
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """A certificate for hosts with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        hosts = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        return self.sign(subject, key, hosts, begin=begin, end=end), key

    def trusted(self) -> ssl.SSLContext:
        """What trusts this authority and no other."""
        return ssl.create_default_context(cadata=pem(self.certificate).decode())

    def serving(self, *names: str) -> ssl.SSLContext:
        """What a server of these hosts uses."""
        certificate, key = self.issue(*names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "host.pem"
            file.write_bytes(
                pem(certificate)
                + key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            )
            context.load_cert_chain(file)
        return context


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates as a document."""
    return b"".join(one.public_bytes(PEM) for one in certificates)


SIGNING = ec.generate_private_key(ec.SECP256R1())
"""The key of every key id."""


def jwks(*kids: str) -> bytes:
    """A set of keys (RFC 7517) for ES256 with these ids."""
    key = ECAlgorithm.to_jwk(SIGNING.public_key(), as_dict=True)
    return json.dumps({"keys": [key | {"kid": kid, "alg": "ES256", "use": "sig"} for kid in kids]}).encode()


class Names(AbstractResolver):
    """Resolves names to addresses, each with the port of a server that stands for port 443; it notes who was sought."""

    def __init__(self, addresses: Sequence[str] = ("127.0.0.1",), port: int | None = None) -> None:
        self.addresses = addresses
        self.port = port
        self.sought: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """Give the addresses of any name; without any, the name does not exist."""
        self.sought.append(host)
        if not self.addresses:
            raise OSError(None, "no such name")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=self.port or port,
                family=2 if ip_address(address).version == 4 else 10,
                proto=0,
                flags=0,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


class Host:
    """A host of the test's Internet: it answers by `answer`, and notes what it is asked for."""

    def __init__(self, authority: Authority, answer: Callable[[web.Request], object]) -> None:
        self.authority = authority
        self.answer = answer
        self.asked: list[str] = []
        self.names = Names()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer with bytes, or with a response."""
        self.asked.append(request.path_qs)
        found = self.answer(request)
        if hasattr(found, "__await__"):
            found = await found
        return found if isinstance(found, web.StreamResponse) else web.Response(body=found)


@asynccontextmanager
async def serving(
    answer: Callable[[web.Request], object], *names: str, authority: Authority | None = None
) -> AsyncIterator[Host]:
    """A host by these names on this machine; it resolves to where it listens."""
    host = Host(authority or Authority(), answer)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", host.handle)
    server = TestServer(application, scheme="https")
    await server.start_server(ssl=host.authority.serving(*names))
    host.names.port = server.port
    try:
        yield host
    finally:
        await server.close()
