"""Templates: MiniJinja with values escaped by default; a missing value removes its line (`output`).

Simple templates become Python functions; the engine, MiniJinja, only checks them.
"""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from typing import Any, Final

from minijinja import Environment, TemplateError

from gateway.errors import TranslationError
from gateway.language import growth, lint, syntax
from gateway.language.absent import as_written, completed, contained
from gateway.language.arguments import signatures
from gateway.language.fast import branches, expressions
from gateway.language.fast.expressions import Words
from gateway.language.fast.source import Emit, Evaluate, Source
from gateway.language.functions import TABLE, Function
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Kind, begin_run, end_run
from gateway.language.lint import METHODS, Unusable
from gateway.language.output import ABSENT, Mode, Output, finalizer, tidied
from gateway.language.troubles import is_of_nothing, trouble

Context = dict[str, Any]

FUEL: Final = 50_000
"""MiniJinja instructions that one template may use; a loop over 1,000 values with three filters stays below."""

LONGEST: Final = 8_000
"""Characters of one template."""

_SINGLE = re.compile(r"\s*\{\{-?((?:(?!\}\}|\{\{).)*?)-?\}\}\s*", re.S)
_FAILURES: Final = (TypeError, ValueError, AttributeError, LookupError, RecursionError, OverflowError, MemoryError)
"""The errors that a function or the engine may raise on an odd value."""
_GLOBALS: Final = ("debug", "dict", "namespace", "cycler", "joiner", "range")
"""The engine's own globals, which templates may not use."""


_last_value: ContextVar[Any] = ContextVar("kept")
"""The last value given to the filter `keep_` in this thread: templates of one engine may run in several."""


def _keep(value: Any) -> str:
    """The filter `keep_`: store a value with its type, which the rendered text has lost."""
    _last_value.set(value)
    return ""


class Engine:
    """Compiles templates in one thread; they run in any.

    `names_used` collects every name that a compiled template may look up in its context. `copies` says of names that
    templates have made how often they hold other values, and `parts` the same of the last template (`growth`).
    """

    def __init__(self, table: Mapping[str, Function] = TABLE) -> None:
        known = signatures(table)
        self._environments = {mode: _environment(mode, table) for mode in Mode}
        self._globals = frozenset(_calls(Mode.RAW, table, "global"))
        self._words = {
            mode: Words(_calls(mode, table, "filter"), _calls(mode, table, "global"), Output(mode).value)
            for mode in Mode
        }
        self._markdown_functions = {n for n, f in table.items() if f.call_plain is not f.call}
        self._filters = {name: one for name, one in known.items() if name not in self._globals}
        self._functions = {name: known[name] for name in self._globals}
        self.names_used: set[str] = set()
        self.copies: dict[str, int] = {}
        self.parts = 1
        for mode in (Mode.MARKDOWN, Mode.LINES):
            self._environments[mode].add_filter("keep_", _keep)

    def template(self, source: str, mode: Mode, name: str) -> "Template":
        """A template that renders to text; `name` is "service/document#/pointer". Raises Unusable."""
        whole, words = completed(source), self._words[mode]
        compiled = self._compiled(source, mode, name, lambda _: whole)
        simple = expressions.text(whole, words) or branches.text(whole, words)
        if simple is None:
            return Template(lambda context: tidied(compiled.run(context), mode))
        compiled.forget()
        if "{" not in source:
            constant = tidied(source, mode) or ""
            return Template(lambda _: constant)
        return Template(self._function(simple, name, Output(mode).text))

    def condition(self, source: str, name: str) -> "Condition":
        """A condition: an expression, with or without its braces. Raises Unusable."""
        single = _SINGLE.fullmatch(source)
        expression = single[1] if single else source
        compiled = self._compiled("{% if " + expression + " %}1{% endif %}", Mode.RAW, name)
        simple = branches.condition(expression, self._words[Mode.RAW])
        if simple is None:
            return Condition(lambda context: compiled.run(context) == "1")
        compiled.forget()
        return Condition(self._function(simple, name, lambda _, holds: f"bool({holds})"))

    def value(self, source: str, name: str, mode: Mode = Mode.MARKDOWN) -> "Value":
        """A template whose result keeps its type when it is one expression, and is text otherwise. Raises Unusable.

        The value is for a message, or with Mode.LINES for a service outside, which gets texts as they are.
        """
        single = _SINGLE.fullmatch(source)
        if single is None and mode is Mode.LINES:
            return TextValue(self.template(source, mode, name), markup=False)
        if single is None:
            has_markdown = self._markdown_functions & self._checked_code(source).filters
            template = self.template(source, Mode.MARKDOWN if has_markdown else Mode.RAW, name)
            return TextValue(template, markup=bool(has_markdown))
        compiled = self._compiled(source, mode, name, lambda _: "{{ (" + single[1] + ") | keep_ }}")
        simple = expressions.expression(single[1], self._words[mode])
        if simple is None:
            return KeptValue(compiled)
        compiled.forget()
        return SimpleValue(self._function(simple, name, lambda _, value: value))

    def expression(self, source: str, name: str) -> "Value":
        """As `value`, for keys that always hold an expression, with or without its braces. Raises Unusable."""
        return self.value(source if _SINGLE.fullmatch(source) else "{{ " + source + " }}", name)

    def _checked_code(self, source: str) -> lint.Code:
        """The tokens of a template. Raises Unusable for a template that is too long or uses what is not allowed."""
        if len(source) > LONGEST:
            raise Unusable(f"a template has at most {LONGEST:,} characters, this has {len(source):,}")
        code = lint.tokens(source)
        lint.check(code, self._filters, self._functions)
        self.parts = growth.largest(code, self.copies)
        return code

    def _compiled(
        self, source: str, mode: Mode, name: str, rewrite: Callable[[str], str] = lambda source: source
    ) -> "Compiled":
        """Check `source` and add what `rewrite` makes of it to the engine. Raises Unusable."""
        tokens = self._checked_code(source)
        environment, code = self._environments[mode], contained(rewrite(source))
        try:
            environment.add_template(name, code)
        except TemplateError as error:
            said = error.detail or str(error.kind)
            raise syntax.unusable(tokens, said, _line_start(source, error.line or 1)) from error
        self.names_used |= tokens.names
        return Compiled(environment, name, code, tokens.names)

    def _function(self, value: Emit, name: str, result: Callable[[Source, str], str]) -> Evaluate:
        """The function of a simple template; `result` writes its result from the expression of its value."""
        source = Source()
        with source.block("try"):
            found = source.let(value(source))
        with source.block(f"except {source.bind(_FAILURES)} as error"):
            source.line(f"raise {source.bind(_failure)}({source.bind(name)}, error) from error")
        return source.function(result(source, found))


def _line_start(source: str, line: int) -> int:
    """The offset at which a line (from 1) of a template begins."""
    return sum(len(one) for one in source.splitlines(keepends=True)[: line - 1])


def _calls(mode: Mode, table: Mapping[str, Function], kind: Kind) -> Mapping[str, Callable[..., Any]]:
    return {name: _call(mode, function) for name, function in table.items() if function.kind == kind}


def _call(mode: Mode, function: Function) -> Callable[..., Any]:
    return function.call if mode is Mode.MARKDOWN else function.call_plain


def _environment(mode: Mode, table: Mapping[str, Function]) -> Environment:
    environment = Environment(
        fuel=FUEL,
        debug=False,
        undefined_behavior="chainable",
        auto_escape_callback=lambda _: False,
        finalizer=finalizer(mode),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _GLOBALS:
        environment.remove_global(name)
    for name, function in table.items():
        if function.kind == "filter":
            environment.add_filter(name, _call(mode, function))
        else:
            environment.add_global(name, _call(mode, function))
    return environment


def _error(name: str, problem: str) -> TranslationError:
    """The error of the template of this name."""
    document, _, pointer = name.partition("#")
    return TranslationError(document, pointer, problem)


def _told(error: TemplateError, code: str) -> str:
    """What went wrong, and the expression of the template in which it did."""
    start, end = error.range or (0, 0)
    at = as_written(code.encode()[start:end].decode(errors="replace"))  # the engine counts bytes
    why = trouble(str(error.kind), error.detail)
    return f"{why}, in `{' '.join(at.split())}`" if at else why


def _failure(name: str, error: Exception) -> TranslationError:
    """The error of a template in which a function or the engine raised `error`."""
    return _error(name, f"{type(error).__name__}: {error}")


class Compiled:
    """A template in the engine, and the context names that it may look up: passing only those is faster."""

    __slots__ = ("_code", "_environment", "_name", "_names")

    def __init__(self, environment: Environment, name: str, code: str, names: AbstractSet[str]) -> None:
        self._environment = environment
        self._name = name
        self._code = code
        self._names = sorted(names)

    def run(self, context: Context) -> str:
        """The output. Raises TranslationError, whatever the functions of the template raised.

        What is computed of a missing value is missing: ABSENT, for a template of one line, which goes as a whole.
        """
        try:
            # A missing name that is also a method of dict is passed as None, else the engine would find the method.
            seen = {name: context.get(name) for name in self._names if name in context or name in METHODS}
            begin_run()
            return self._environment.render_template(self._name, **seen)
        except TemplateError as error:
            if is_of_nothing(error.detail) and "\n" not in self._code:
                return ABSENT
            raise _error(self._name, _told(error, self._code)) from error
        except _FAILURES as error:
            raise _failure(self._name, error) from error
        finally:
            end_run()

    def forget(self) -> None:
        """Remove the template from the engine, once a Python function replaces it: that frees about 8 kB."""
        self._environment.remove_template(self._name)


class Template:
    """Text with values in it; see `Engine.template`.

    `render` gives the text without lines whose values are missing, None when nothing is left. Raises TranslationError.
    """

    __slots__ = ("render",)

    def __init__(self, render: Callable[[Context], str | None]) -> None:
        self.render = render


class Condition:
    """An expression that is true or false; see `Engine.condition`.

    `holds` tells whether the expression is true; a missing value is false. Raises TranslationError.
    """

    __slots__ = ("holds",)

    def __init__(self, holds: Callable[[Context], bool]) -> None:
        self.holds = holds


class TextValue:
    """The text of a template with more than one expression, as a value for other templates."""

    __slots__ = ("_markup", "_template")

    def __init__(self, template: Template, markup: bool) -> None:
        self._template = template
        self._markup = markup

    def get(self, context: Context) -> Any:
        """The text, or None when nothing is left of it. Raises TranslationError."""
        text = self._template.render(context)
        return Markup(text) if self._markup and text is not None else text


class KeptValue:
    """The value of one expression, with its type; see `Engine.value`."""

    __slots__ = ("_compiled",)

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled

    def get(self, context: Context) -> Any:
        """The value; None when it is missing. Raises TranslationError."""
        return None if self._compiled.run(context) == ABSENT else _last_value.get()


class SimpleValue:
    """The value of one simple expression, with its type; see `Engine.value`.

    `get` gives the value, None when it is missing. Raises TranslationError.
    """

    __slots__ = ("get",)

    def __init__(self, get: Evaluate) -> None:
        self.get = get


Value = TextValue | KeptValue | SimpleValue
