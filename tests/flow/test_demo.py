"""The demonstration, run as a newcomer runs it."""

import re
import sys

import pytest

from gateway.demo.show import SHOWN

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-demo")]


async def test_the_demo_shows_requests_messages_and_throughput(program):
    """`mattergate demo` ends with 0 and shows every sender's request, the messages, and how fast the burst went."""
    demo = await program(sys.executable, "-m", "gateway", "demo", "--events", "200", "--no-stay")
    code = await demo.ended()
    text = demo.out.decode()
    assert code == 0, demo.text
    assert not demo.err, demo.text
    assert re.search(r"console is at http://127.0.0.1:\d+/ ", text)
    for service in SHOWN:
        assert f"/in/{service} " in text
    assert text.count("← 202 message, translated by ") == len(re.findall("^→ ", text, re.MULTILINE))
    assert "┃ " in text
    assert re.search(r"200 accepted durably in [\d.]+ s \([\d,]+/s\)", text)
    assert re.search(r"arrived after [\d.]+ s \([\d,]+/s end to end", text)
