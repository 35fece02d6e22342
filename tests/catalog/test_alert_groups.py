"""Groups of many alerts arrive whole, and what is linked leads to the right alert."""

import re
from urllib.parse import unquote

import msgspec
import pytest

from gateway.mattermost.payload import Message
from gateway.model import JSON, Request
from gateway.pipeline import sample
from tests import builtin

SERVICES = ["alertmanager", "grafana"]


def group(count: int, **keys: JSON) -> JSON:
    """A group of so many alerts, every fifth of them resolved."""
    alerts = [
        {
            "status": "resolved" if number % 5 == 4 else "firing",
            "labels": {"alertname": "PodDown", "pod": f"cart-{number}-", "severity": "critical"},
            "annotations": {"summary": "gone"},
            "generatorURL": f"https://prometheus.example.com/graph?n={number}",
        }
        for number in range(count)
    ]
    return {"status": "firing", "groupKey": "g", "externalURL": "https://alerts.example.com", "alerts": alerts, **keys}


def messages(service: str, body: JSON) -> list[Message]:
    """What the gateway posts for a body."""
    request = Request(headers={"content-type": "application/json"}, body=msgspec.json.encode(body))
    return list(sample.read(builtin.service(service), request).pieces[0].messages)


def visible(posts: list[Message]) -> str:
    """All titles and texts."""
    return "\n".join(f"{part.title}\n{part.text}" for post in posts for part in post.attachments)


@pytest.mark.parametrize("service", SERVICES)
def test_a_group_of_200_alerts_arrives_whole(service):
    """Each alert has its place and state: ten in full, the others on a line each."""
    posts = messages(service, group(200))
    seen = visible(posts)
    assert all(f"cart-{number}-" in seen for number in range(200))
    assert "190 more alerts: 152 firing, 38 resolved" in seen
    assert "- Resolved: [PodDown](https://prometheus.example.com/graph?n=14) on cart-14-" in seen
    assert "and " not in seen


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_beyond_the_lines_is_counted(service):
    """Alerts that neither the lines nor the sender show are said to exist."""
    assert "- and 93 more" in visible(messages(service, group(300, truncatedAlerts=3)))
    assert "3 more alerts" in visible(messages(service, group(4, truncatedAlerts=3)))


@pytest.mark.parametrize("service", SERVICES)
def test_only_a_firing_critical_alert_is_important(service):
    """The priority follows what still fires, not what is over."""
    one = group(1)
    assert messages(service, one)[0].priority is not None
    one["alerts"][0]["status"] = one["status"] = "resolved"
    assert messages(service, one)[0].priority is None
    two = group(2)
    two["alerts"][0]["labels"]["severity"] = two["alerts"][1]["labels"]["severity"] = "warning"
    assert messages(service, two)[0].priority is None


def test_silence_links_survive_any_label():
    """The matchers of each alert are those of its own labels, with quotes, commas and backslashes inside."""
    body = group(3)
    body["alerts"][0]["labels"] = None
    body["alerts"][1]["labels"] = {"alertname": 'a "b", c=\\d & {e}'}
    body["alerts"][2]["labels"] = {"alertname": "PodDown", "pod": "x y_z"}
    texts = [part.text or "" for part in messages("alertmanager", body)[0].attachments]
    filters = [unquote(found[1]) if (found := re.search(r"filter=([^)\s]*)\)", text)) else "" for text in texts]
    assert filters == ["", '{alertname="a \\"b\\", c=\\\\d & {e}"}', '{alertname="PodDown",pod="x y_z"}']
