"""How a sender spells its own name and those of its headers; both are in lower case where requests are read."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

_ACRONYM: Final = 4
"""Letters of the longest name that is written in capitals."""

_ABBREVIATED: Final = re.compile("[b-df-hj-np-tv-xz]{2,4}")
"""A word that nobody can say."""


class Spelling:
    """The spellings in `text`, which is requests as they were recorded; `key` is that of the service in a catalog."""

    def __init__(self, key: str, text: str = "") -> None:
        self._text = text
        self._usual = " ".join(
            part.upper() if _ABBREVIATED.fullmatch(part) else part.title() for part in key.split("-")
        )
        self.name = self._product(key)

    def _product(self, key: str) -> str:
        """The name of the service as it stands there most often with capitals in it: "PagerDuty"."""
        pattern = r"(?<![A-Za-z0-9])" + "[-_ ]?".join(map(re.escape, key.split("-"))) + r"(?![A-Za-z0-9])"
        found = Counter(re.findall(pattern, self._text, re.IGNORECASE))
        good = [one for one, _ in found.most_common() if one != one.lower() and (one != one.upper() or _is_short(one))]
        return re.sub("[-_ ]+", " ", good[0]) if good else self._usual

    def header(self, name: str) -> str:
        """A header as it was sent; one that came in lower case with the name of the service as that is written."""
        pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
        sent = next((one for one in re.findall(pattern, self._text, re.IGNORECASE) if one != one.lower()), "")
        word = self.name.replace(" ", "")
        return sent or "-".join(word if part.lower() == word.lower() else part for part in name.split("-"))

    def headers(self, value: Any) -> Any:
        """Selectors or schemes with their headers spelled so."""
        if isinstance(value, Mapping):
            return {
                key: self.header(one) if key == "header" and isinstance(one, str) else self.headers(one)
                for key, one in value.items()
            }
        return [self.headers(one) for one in value] if isinstance(value, list | tuple) else value


def _is_short(word: str) -> bool:
    return len(word) <= _ACRONYM
