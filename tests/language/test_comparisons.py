"""Comparisons that cannot hold."""

import pytest

from gateway.language.known import ANY, FLAG, NUMBER, SCALAR, Known
from gateway.language.reader import Reader


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ n == '0' }}", ["write 0 without quotes"]),
        ("{% if 'up' != n %}a{% endif %}", ["compare it with a number"]),
        ("{{ 'a' if job.n not in ['1', 2] }}", ["write 1 without quotes"]),
        ("{{ ok == 'true' }}", ["write `ok` or `not ok` alone"]),
        ("{% set m = n or job.n %}{{ m == '1' }}", ["write 1 without quotes"]),
        ("{{ n == 0 }}{{ n in [1, 2] }}{{ n in '12' }}{{ ok == true }}{{ t == '0' }}{{ x == '0' }}", []),
        (
            "{% set m = n if ok %}{{ m == '' }}{% set s = n | trim %}{{ s == '1' }}{% set e = n or t %}{{ e == 'a' }}",
            [],
        ),
    ],
)
def test_what_is_never_a_text_equals_none(source, told):
    """A number or a flag compared with a text in quotes; what may be a text is not judged."""
    reader = Reader(())
    reader.template(source, Known.of(n=NUMBER, ok=FLAG, t=SCALAR, x=ANY, job=Known.of(n=NUMBER)))
    assert [one.remedy for one in reader.unknown] == [f"{one}, or say in `input` that it is `text`" for one in told]
