"""The JSON Schema of a translator: a fast yes or no, and a slow list of what does not hold.

jsonschema-rs answers on the hot path; jsonschema writes the explanation, because its errors read better. Both speak
draft 2020-12.
"""

import json
from typing import Any

import jsonschema_rs

from gateway.model import JSON

_SHOWN = 5


class Schema:
    """A compiled schema. Raises ValueError when the schema itself is not one."""

    def __init__(self, raw: JSON) -> None:
        self._raw = raw
        try:
            self._validator: Any = jsonschema_rs.Draft202012Validator(raw)
        except (jsonschema_rs.ValidationError, ValueError, TypeError) as error:
            raise ValueError(f"not a JSON Schema: {str(error).splitlines()[0]}") from error

    def holds(self, value: JSON) -> bool:
        """Whether the value fits the schema."""
        return bool(self._validator.is_valid(value))

    def faults(self, value: JSON, limit: int = _SHOWN) -> list[str]:
        """What does not hold, the `limit` most telling first: `$.commits[0].id: 7 is not of type 'string'`."""
        import jsonschema  # slow to import, and rarely needed

        errors = jsonschema.Draft202012Validator(self._raw).iter_errors(value)
        chosen = sorted(errors, key=jsonschema.exceptions.relevance, reverse=True)[:limit]
        return [f"{error.json_path}: {_short(error.message)}" for error in chosen]


def _short(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit // 2] + " … " + text[-limit // 2 :]


def describe(value: JSON) -> str:
    """A value as an error shows it: JSON, cut."""
    return _short(json.dumps(value, ensure_ascii=False, default=str), 80)
