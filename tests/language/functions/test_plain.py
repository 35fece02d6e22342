"""Markdown with its marks taken off: the words stay, and nothing else."""

from gateway.language.functions.plain import unmark


def test_unmark_reads_the_marks_of_this_package() -> None:
    """Plain text keeps the words of Markdown and none of its marks."""
    assert unmark("> **a** [`b`](https://x.example) ~~c~~ snake_case \\*d\\*") == "a b c snake_case *d*"
