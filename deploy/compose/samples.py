"""Send samples of the catalog to a gateway, signed as their services would, each under a delivery id of its own."""

import argparse
import hashlib
import hmac
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

from gateway.catalog import files
from gateway.demo.show import SHOWN
from gateway.model import Request
from gateway.pipeline import sample, samplefile

DELIVERY_ID = "x-github-delivery"


def request_of(service: str) -> Request:
    """The sample of a service, as a request that never was before where the service numbers its requests."""
    request = sample.as_request(
        samplefile.load(files.builtin_folder() / service / "samples" / f"{SHOWN[service]}.yaml").request
    )
    fresh = {DELIVERY_ID: str(uuid.uuid4())} if DELIVERY_ID in request.headers else {}
    return Request(request.method, {**request.headers, **fresh}, request.query, request.body)


def send(gateway: str, service: str, secret: str) -> int:
    """Send one sample to the route named like its service; gives the status of the answer. OSError: nobody answered."""
    request = request_of(service)
    headers = dict(request.headers)
    url = f"{gateway}/in/{service}"
    if service == "github":
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.digest(secret.encode(), request.body, hashlib.sha256).hex()
    else:
        url += "/" + urllib.parse.quote(secret)
    if request.query:
        url += "?" + urllib.parse.urlencode(request.query)
    sent = urllib.request.Request(url, request.body, headers, method=request.method)
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def main() -> None:
    """Send rounds of samples; exit 1 when one is refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", required=True, help="the URL of the gateway")
    parser.add_argument("--secret", type=Path, required=True, help="the file with the secret of its routes")
    parser.add_argument("--pause", type=float, default=1, help="seconds between two requests")
    parser.add_argument("--rounds", type=int, default=1, help="how often every service sends")
    options = parser.parse_args()
    secret = options.secret.read_text().strip()
    for service in [*SHOWN] * options.rounds:
        status = send(options.gateway.rstrip("/"), service, secret)
        print(f"{service}: {status}", flush=True)
        if status >= 300:
            sys.exit(f"the gateway refuses the sample of {service}; its log says why")
        time.sleep(options.pause)


if __name__ == "__main__":
    main()
