"""The closed table of functions that templates may call: `TABLE` by name, filled by the modules imported here."""

from gateway.language.functions import (
    adf,
    blocks,
    emoji,
    encode,
    facts,
    gist,
    html,
    jira,
    lists,
    marks,
    masked,
    mrkdwn,
    names,
    numbers,
    states,
    text,
    textile,
    thirdparty,
    time,
    urls,
    values,
)
from gateway.language.functions.markdown import escape
from gateway.language.functions.registry import MAX_INPUT, MAX_OUTPUT, TABLE, Example, Function, function

MODULES = (
    text,
    values,
    names,
    lists,
    time,
    numbers,
    states,
    urls,
    marks,
    thirdparty,
    html,
    mrkdwn,
    blocks,
    emoji,
    jira,
    textile,
    adf,
    facts,
    masked,
    gist,
    encode,
)
"""The modules that fill the table, in the order of the manual."""

__all__ = ["MAX_INPUT", "MAX_OUTPUT", "MODULES", "TABLE", "Example", "Function", "escape", "function"]
