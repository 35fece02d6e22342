"""The forges prove themselves, name their events and their deliveries, each by headers of its own."""

import hashlib
import hmac
from urllib.parse import quote_plus

import pytest

from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.model import Request
from gateway.verify.verify import verify
from tests import builtin

SECRET, NOW = "open sesame", 1_760_000_000.0
BODY = b'{"action": "closed", "n": "a b"}'
FORM = f"payload={quote_plus(BODY.decode())}".encode()
SIGNED = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


def is_authentic(service: str, body: bytes, **headers: str) -> bool:
    """Whether a request passes the schemes of a service."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        return bool(verify(builtin.service(service).verify, [SECRET], Content(Request(headers=named, body=body)), NOW))
    except Refused:
        return False


@pytest.mark.parametrize(
    ("service", "header", "signature"),
    [
        ("gitea", "x_gitea_signature", SIGNED),
        ("gitea", "x_forgejo_signature", SIGNED),
        ("gogs", "x_gogs_signature", SIGNED),
        ("gitlab", "x_gitlab_signature", SIGNED),
        ("github", "x_hub_signature_256", "sha256=" + SIGNED),
        ("bitbucket", "x_hub_signature", "sha256=" + SIGNED),
        ("bitbucket-server", "x_hub_signature", "sha256=" + SIGNED),
    ],
)
def test_a_signature_of_the_body_proves_it(service, header, signature):
    """The HMAC of the body with the secret; of another body, cut, empty or absent it proves nothing."""
    assert is_authentic(service, BODY, **{header: signature})
    assert not is_authentic(service, BODY + b" ", **{header: signature})
    for wrong in (signature[:-2], signature[:-1] + "x", "", "sha256="):
        assert not is_authentic(service, BODY, **{header: wrong})
    assert not is_authentic(service, BODY)


@pytest.mark.parametrize("service", ["gitea", "gogs"])
def test_a_form_is_signed_by_its_field(service):
    """Gitea and Gogs sign the JSON in a form, not the form."""
    content_type = {"content_type": "application/x-www-form-urlencoded"}
    header = {f"x_{service}_signature": SIGNED}
    assert is_authentic(service, FORM, **content_type, **header)
    assert not is_authentic(service, FORM.replace(b"closed", b"opened"), **content_type, **header)


@pytest.mark.parametrize(
    ("headers", "event", "key"),
    [
        ({"x-gogs-event": "push", "x-gogs-delivery": "1", "x-github-event": "x"}, "", ""),
        ({"x-gitea-event": "push", "x-gogs-event": "x", "x-gitea-delivery": "1", "x-gogs-delivery": "2"}, "push", "1"),
        ({"x-forgejo-event": "issues", "x-forgejo-delivery": "1"}, "issues", "1"),
        ({"x-gitea-event": "", "x-gogs-event": "", "x-gitea-delivery": "1"}, "package", "1"),
        ({"x-github-event": "issues"}, "", ""),
    ],
)  # fmt: skip
def test_the_family_of_gitea_names_its_events(headers, event, key):
    """The newest name of a header goes first; without any, a package is known by its own key and nothing else is."""
    service = builtin.service("gitea")
    payload = {"package": {}} if event == "package" else {}
    request = Request(headers=headers)
    assert service.event_name(request, payload) == event
    assert service.delivery_key(request, payload) == key


def test_a_status_check_has_a_name_of_its_own():
    """Routes can show or ignore what GitLab asks of a status check apart from what happens to a merge request."""
    service = builtin.service("gitlab")
    payload = {"object_kind": "merge_request", "object_attributes": {"action": "update"}}
    assert service.event_name(Request(), payload) == "merge_request.update"
    checked = {**payload, "external_approval_rule": {"name": "QA"}}
    assert service.event_name(Request(), checked) == "merge_request.status_check.update"
