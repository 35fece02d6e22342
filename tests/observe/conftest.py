"""A gateway that sends its traces to a collector."""

import pytest

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "a route secret that nobody may see"
ROUTES = f"""
[routes.items]
service = "generic"
destinations = ["ops"]
secrets = ["{SECRET}"]
[routes.github]
service = "github"
destinations = ["ops"]
secrets = ["correct horse battery staple"]
strict = true
[routes.open]
service = "generic"
destinations = ["ops"]
allow_unsigned = true
"""
BEARER = {"Authorization": f"Bearer {SECRET}"}
REQUEST = "POST /in/{route}"
HOOK = "hookhookhookhookhookhook42"


@pytest.fixture
def traced(collector, start):
    """Give a function that runs a gateway that sends its traces to the collector."""

    async def begin(more: str = "", tables: str = ""):
        return await start(ROUTES, tables=f'[tracing]\nendpoint = "{collector.url}"\n{more}\n{tables}')

    return begin
