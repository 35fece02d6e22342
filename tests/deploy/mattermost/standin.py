"""Becomes `bin/mattermost` of the archives that the tests make: says its version, serves the ping, and fails on demand.

`standin.json` beside it has the version and a fault: `wrong` (another version), `dies` (at once), `silent` (never
listens), `unwell` (answers 500), `stores` (its database is not well), `collapses` (after the first answers), `stubborn`
(does not stop when asked to), `other` (answers as another version). With `gate`, the path of a file, it does not listen
before that file is there: so a test holds a run where it wants it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FACTS = json.loads((Path(__file__).resolve().parent / "standin.json").read_text())
FAULT = FACTS.get("fault", "")
VERSION = FACTS["version"]


def migrate(config: dict) -> None:
    """Do to the operator's folders and the database what a newer server may do."""
    if VERSION in config.setdefault("Seen", []):
        return
    config["Seen"].append(VERSION)
    Path("config/config.json").write_text(json.dumps(config))
    for folder in ("data", "plugins", "client/plugins"):
        Path(folder).mkdir(exist_ok=True)
        (Path(folder) / f"made-by-{VERSION}").write_text("new")
    Path("data/changed").write_text(f"by {VERSION}")
    Path("data/victim").unlink(missing_ok=True)
    if FACTS.get("sql"):
        source = config["SqlSettings"]["DataSource"]
        subprocess.run(["psql", source, "--quiet", "--set=ON_ERROR_STOP=1", "--command", FACTS["sql"]], check=True)


if sys.argv[1:2] == ["version"]:
    print(f"Version: {'9.9.9' if FAULT == 'wrong' else VERSION}\nBuild Number: 42")
    sys.exit()

from http.server import BaseHTTPRequestHandler, HTTPServer  # noqa: E402 - the version is asked for often, this takes long


class Ping(BaseHTTPRequestHandler):
    """Answers the ping as the fault has it."""

    count = 0

    def do_GET(self) -> None:
        """GET."""
        Ping.count += 1
        if FAULT == "collapses" and Ping.count > 1:
            os._exit(7)
        unwell = FAULT == "unwell" or (FAULT == "stores" and "get_server_status" in self.path)
        answer = {"status": "UNHEALTHY" if unwell else "OK"}
        if "get_server_status" in self.path:
            answer |= {"database_status": answer["status"], "filestore_status": "OK"}
        body = json.dumps(answer).encode()
        self.send_response(500 if unwell else 200 if self.path.split("?")[0] == PATH else 404)
        self.send_header("X-Version-Id", f"{'1.2.3' if FAULT == 'other' else VERSION}.0.hash.true")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


PATH = os.environ.get("STANDIN_PATH", "") + "/api/v4/system/ping"

signal.signal(signal.SIGTERM, signal.SIG_IGN if FAULT == "stubborn" else lambda *_: os._exit(0))
settings = json.loads(Path("config/config.json").read_text())
Path("data").mkdir(exist_ok=True)
Path("data/environment").write_text(json.dumps({k: v for k, v in os.environ.items() if k.startswith("MM_")}))
migrate(settings)
if FAULT == "dies":
    sys.exit("cannot start")
while FAULT == "silent":
    time.sleep(1)
while "gate" in FACTS and not Path(FACTS["gate"]).exists():
    Path(FACTS["gate"] + ".waiting").touch()
    time.sleep(0.02)
address = os.environ.get("MM_SERVICESETTINGS_LISTENADDRESS") or settings["ServiceSettings"]["ListenAddress"]
HTTPServer(("127.0.0.1", int(address.rpartition(":")[2])), Ping).serve_forever()
