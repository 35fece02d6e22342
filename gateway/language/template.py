"""Templates: MiniJinja with values escaped by default, and what is missing taking its line with it (`output`).

Simple ones become Python functions, which the engine has only checked.
"""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final

from minijinja import Environment, TemplateError

from gateway.errors import TranslationError
from gateway.language import lint
from gateway.language.fast import branches, expressions
from gateway.language.fast.expressions import Words
from gateway.language.fast.source import Emit, Evaluate, Source
from gateway.language.functions import TABLE, Function
from gateway.language.functions.markup import Markup
from gateway.language.lint import METHODS, Unusable
from gateway.language.output import Mode, Output, finalizer, tidied

Context = dict[str, Any]

FUEL: Final = 50_000
"""MiniJinja instructions that one template may use; a loop over 1,000 values with three filters stays below."""

LONGEST: Final = 8_000
"""Characters of one template."""

_SINGLE = re.compile(r"\s*\{\{-?((?:(?!\}\}|\{\{).)*?)-?\}\}\s*", re.S)
_BUILTIN: Final = frozenset("abs dictsort list map reject rejectattr reverse select selectattr sort unique".split())
"""What templates may use of MiniJinja's own filters; the rest would undo the escaping or repeats the table."""
_FAILURES: Final = (TypeError, ValueError, AttributeError, LookupError, RecursionError, OverflowError, MemoryError)
"""What a function or the engine may raise on an odd value."""
_GLOBALS: Final = ("debug", "dict", "namespace", "cycler", "joiner", "range")
"""Those of the engine, which are not ours."""


_kept: ContextVar[Any] = ContextVar("kept")
"""The value that `keep_` was given last. Templates of one engine may run in several threads at once."""


def _keep(value: Any) -> str:
    """The filter that keeps a value with its type, which the text of a template has lost."""
    _kept.set(value)
    return ""


class Engine:
    """Compiles templates in one thread; they run in any.

    `pulse` is called when a template is compiled and before each template and function runs: by raising
    TranslationError it ends what takes too long. Between two calls, fuel and the bounds of functions hold. `asked`
    grows by every name that a template may ask its context for.
    """

    def __init__(self, table: Mapping[str, Function] = TABLE, pulse: Callable[[], None] | None = None) -> None:
        self._pulse = pulse
        if pulse is not None:
            table = {name: _paced_function(function, pulse) for name, function in table.items()}
        self._environments = {mode: _environment(mode, table) for mode in Mode}
        self._globals = frozenset(name for name, function in table.items() if function.kind == "global")
        self._words = {mode: Words(_filters(mode, table), self._globals, Output(mode).value) for mode in Mode}
        self._markdown_functions = {n for n, f in table.items() if f.call_plain is not f.call}
        self._filters = _BUILTIN.union(name for name, function in table.items() if function.kind == "filter")
        self.asked: set[str] = set()
        self._environments[Mode.MARKDOWN].add_filter("keep_", _keep)

    def template(self, source: str, mode: Mode, name: str) -> "Template":
        """A template that renders to text; `name` is "service/document#/pointer". Raises Unusable."""
        compiled = self._compiled(source, mode, name)
        simple = expressions.text(source, self._words[mode]) or branches.text(source, self._words[mode])
        if simple is None:
            return Template(lambda context: tidied(compiled.run(context), mode))
        compiled.forget()
        if "{" not in source:
            constant = tidied(source, mode) or ""
            return Template(lambda _: constant)
        return Template(self._function(simple, name, Output(mode).text))

    def condition(self, source: str, name: str) -> "Condition":
        """A template that is yes or no: an expression, with or without its braces. Raises Unusable."""
        single = _SINGLE.fullmatch(source)
        expression = single[1] if single else source
        compiled = self._compiled("{% if " + expression + " %}1{% endif %}", Mode.RAW, name)
        simple = branches.condition(expression, self._words[Mode.RAW])
        if simple is None:
            return Condition(lambda context: compiled.run(context) == "1")
        compiled.forget()
        return Condition(self._function(simple, name, lambda _, holds: f"bool({holds})"))

    def value(self, source: str, name: str) -> "Value":
        """A template whose result keeps its type when it is one expression, and is text otherwise. Raises Unusable."""
        single = _SINGLE.fullmatch(source)
        if single is None:
            has_markdown = self._markdown_functions & self._words_of(source).filters
            template = self.template(source, Mode.MARKDOWN if has_markdown else Mode.RAW, name)
            return TextValue(template, markup=bool(has_markdown))
        compiled = self._compiled(source, Mode.MARKDOWN, name, "{{ (" + single[1] + ") | keep_ }}")
        simple = expressions.expression(single[1], self._words[Mode.MARKDOWN])
        if simple is None:
            return KeptValue(compiled)
        compiled.forget()
        return SimpleValue(self._function(simple, name, lambda _, value: value))

    def expression(self, source: str, name: str) -> "Value":
        """As `value`, for keys that always hold an expression, with or without its braces. Raises Unusable."""
        return self.value(source if _SINGLE.fullmatch(source) else "{{ " + source + " }}", name)

    def _words_of(self, source: str) -> lint.Code:
        """The words of a template. Raises Unusable for one that may not say them."""
        if len(source) > LONGEST:
            raise Unusable(f"a template has at most {LONGEST:,} characters, this has {len(source):,}")
        said = lint.words(source)
        lint.check(source, said, self._filters, self._globals)
        return said

    def _compiled(self, source: str, mode: Mode, name: str, code: str = "") -> "Compiled":
        """The template as the engine takes it, which is given `code` instead if there is any. Raises Unusable."""
        if self._pulse is not None:
            self._pulse()
        names = self._words_of(source).names
        environment = self._environments[mode]
        try:
            environment.add_template(name, code or source)
        except TemplateError as error:
            raise Unusable(error.detail or str(error.kind), error.line or 1) from error
        self.asked |= names
        return Compiled(environment, name, names, self._pulse)

    def _function(self, value: Emit, name: str, result: Callable[[Source, str], str]) -> Evaluate:
        """The function of a simple template, which gives what `result` makes of its value."""
        source = Source()
        with source.block("try"):
            if self._pulse is not None:
                source.line(f"{source.bind(self._pulse)}()")
            found = source.let(value(source))
        with source.block(f"except {source.bind(_FAILURES)} as error"):
            source.line(f"raise {source.bind(_failure)}({source.bind(name)}, error) from error")
        return source.function(result(source, found))


def _paced(call: Callable[..., Any], pulse: Callable[[], None]) -> Callable[..., Any]:
    """The call with a pulse before it."""

    def paced(*args: Any, **named: Any) -> Any:
        pulse()
        return call(*args, **named)

    return paced


def _paced_function(function: Function, pulse: Callable[[], None]) -> Function:
    call = _paced(function.call, pulse)
    plain = call if function.call_plain is function.call else _paced(function.call_plain, pulse)
    return replace(function, call=call, call_plain=plain)


def _filters(mode: Mode, table: Mapping[str, Function]) -> Mapping[str, Callable[..., Any]]:
    return {name: _call(mode, function) for name, function in table.items() if function.kind == "filter"}


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
    """What is raised when the template of this name fails."""
    document, _, pointer = name.partition("#")
    return TranslationError(document, pointer, problem)


def _failure(name: str, error: Exception) -> TranslationError:
    """What is raised when a function of the template, or the engine, raised this."""
    return _error(name, f"{type(error).__name__}: {error}")


class Compiled:
    """A template as MiniJinja keeps it, and the names that it may ask its context for: handing over fewer is faster."""

    __slots__ = ("_environment", "_name", "_names", "_pulse")

    def __init__(
        self, environment: Environment, name: str, names: AbstractSet[str], pulse: Callable[[], None] | None
    ) -> None:
        self._environment = environment
        self._name = name
        self._names = sorted(names)
        self._pulse = pulse

    def run(self, context: Context) -> str:
        """The output. Raises TranslationError, whatever the functions of the template raised."""
        try:
            if self._pulse is not None:
                self._pulse()
            # None is better than what the engine finds for a missing name: a method of the dict that holds the names.
            seen = {name: context.get(name) for name in self._names if name in context or name in METHODS}
            return self._environment.render_template(self._name, **seen)
        except TemplateError as error:
            raise _error(self._name, f"{error.detail or error.kind}, line {error.line}") from error
        except _FAILURES as error:
            raise _failure(self._name, error) from error

    def forget(self) -> None:
        """Let go of the engine's template where the engine is not asked: it keeps about 8 kB for each."""
        self._environment.remove_template(self._name)


class Template:
    """Text with values in it; see `Engine.template`.

    `render` gives the text without lines whose values are missing, None when nothing is left. Raises TranslationError.
    """

    __slots__ = ("render",)

    def __init__(self, render: Callable[[Context], str | None]) -> None:
        self.render = render


class Condition:
    """Yes or no; see `Engine.condition`.

    `holds` tells whether the expression is true; what is missing is not. Raises TranslationError.
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
        self._compiled.run(context)
        return _kept.get()


class SimpleValue:
    """The value of one simple expression, with its type; see `Engine.value`.

    `get` gives the value, None when it is missing. Raises TranslationError.
    """

    __slots__ = ("get",)

    def __init__(self, get: Evaluate) -> None:
        self.get = get


Value = TextValue | KeptValue | SimpleValue
