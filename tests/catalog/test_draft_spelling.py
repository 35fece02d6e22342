"""How a sender spells its name and its headers."""

import pytest

from gateway.catalog.draft_spelling import Spelling


@pytest.mark.parametrize(
    ("key", "text", "name"),
    [
        ("pagerduty", "User-Agent: PagerDuty-Webhook/V3.0\nhttps://acme.pagerduty.com", "PagerDuty"),
        ("uptime-kuma", "User-Agent: Uptime-Kuma/2.0", "Uptime Kuma"),
        ("sns", "x-amz: SNS", "SNS"),
        ("harbor", "HARBOR_URL harbor", "Harbor"),
        ("acme-orders", "", "Acme Orders"),
        ("acme", "AcmeX", "Acme"),
        ("aws-sns", "", "Aws SNS"),
    ],
)
def test_the_name_of_a_service(key, text, name):
    """With the capitals that it is written with; without any, its key in words."""
    assert Spelling(key, text).name == name


def test_headers():
    """As they were sent, in selectors and schemes at any depth; in lower case only the name of the service is known."""
    spelling = Spelling("pagerduty", '{"X-PagerDuty-Signature": "v1=a", "x-pagerduty-id": 1}')
    raw = [
        {"hmac": "sha256", "header": "X-Pagerduty-Signature", "timestamp": {"header": "X-Pagerduty-Id"}},
        {"json": "a"},
    ]
    assert spelling.headers(raw) == [
        {"hmac": "sha256", "header": "X-PagerDuty-Signature", "timestamp": {"header": "X-PagerDuty-Id"}},
        {"json": "a"},
    ]
