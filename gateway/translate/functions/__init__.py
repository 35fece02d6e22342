"""The closed table of functions that templates may call: `TABLE` by name, filled by the modules imported here."""

from gateway.translate.functions import lists, marks, mrkdwn, numbers, states, text, thirdparty, time, values
from gateway.translate.functions.markdown import escape
from gateway.translate.functions.registry import TABLE, Example, Function, function

__all__ = ["TABLE", "Example", "Function", "escape", "function", "lists", "marks", "mrkdwn", "numbers", "states", "text", "thirdparty", "time", "values"]
