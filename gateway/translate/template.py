"""Templates: MiniJinja with values escaped by default, and what is missing taking its line with it.

Three ways to write a value, by the key that it is for: MARKDOWN (Mattermost renders it), PLAIN (shown as it is) and RAW
(addresses, colours, subjects: never shown as text). An output that is absent or null leaves a mark; the line that holds
the mark is dropped, and a text of which nothing is left is absent itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final

from minijinja import Environment, TemplateError

from gateway.errors import TranslationError
from gateway.translate import branches, direct
from gateway.translate.functions import TABLE, Function
from gateway.translate.functions.markdown import escape
from gateway.translate.functions.markup import Markup
from gateway.translate.source import Evaluate

Context = dict[str, Any]

FUEL: Final = 50_000
"""MiniJinja instructions that one template may use; a loop over 1,000 values with three filters stays below."""

LONGEST: Final = 8_000
"""Characters of one template."""

_ABSENT: Final = "\x00"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BLANK_LINES = re.compile(r"\n{3,}")
_SINGLE = re.compile(r"\s*\{\{-?((?:(?!\}\}|\{\{).)*?)-?\}\}\s*", re.S)
_CODE = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.S)
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_CALL = re.compile(r"\.\s*([A-Za-z_]\w*)\s*\(")
_METHODS: Final = frozenset(name for kind in (dict, list) for name in dir(kind) if not name.startswith("_"))
_ATTRIBUTE = re.compile(r"(?<!\bloop)\.\s*([A-Za-z_]\w*)")
_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_FILTER = re.compile(r"\|\s*([A-Za-z_]\w*)")
_BUILTIN: Final = frozenset("abs dictsort list map reject rejectattr reverse select selectattr sort unique".split())
"""What templates may use of MiniJinja's own filters; the rest would undo the escaping or repeats the table."""
_KEYWORDS: Final = frozenset("and or not in is if elif else endif for endfor set true false none defined".split())
_FAILURES: Final = (TypeError, ValueError, AttributeError, LookupError, RecursionError, OverflowError)
"""What a function or the engine may raise on an odd value."""
_STATEMENTS: Final = ("debug", "dict", "namespace", "cycler", "joiner")


class Mode(Enum):
    """How values are written into a template's output."""

    MARKDOWN = "markdown"
    PLAIN = "plain"
    RAW = "raw"


class Unusable(ValueError):  # noqa: N818 - states a condition
    """A template that cannot be compiled; `line` counts from 1 inside the template's text."""

    def __init__(self, problem: str, line: int = 1) -> None:
        super().__init__(problem)
        self.line = line


def _plain_text(value: Any) -> str:
    """How a value that is not a string is written; `_ABSENT` for what cannot be shown."""
    if value is None or callable(value):
        return _ABSENT
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(_plain_text(item) for item in value if item is not None)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain_text(item)}" for key, item in value.items() if item is not None)
    return _CONTROL.sub("", str(value))


def _finalize_markdown(value: Any) -> str:
    if type(value) is str:
        return escape(value) if value else ""
    if type(value) is Markup:
        return value
    return escape(_plain_text(value)) if type(value) in (list, dict) else _plain_text(value)


def _finalize_plain(value: Any) -> str:
    if isinstance(value, str):
        return value if type(value) is str and value.isprintable() else _CONTROL.sub("", value)
    return _plain_text(value)


_FINALIZERS: Final = {Mode.MARKDOWN: _finalize_markdown, Mode.PLAIN: _finalize_plain, Mode.RAW: _finalize_plain}


def _keeper(kept: list[Any]) -> Callable[[Any], str]:
    """The filter that keeps a value.

    It knows nothing of the engine: Python cannot see references from an environment, and a circle through one would
    keep every template of a catalog for ever.
    """

    def keep(value: Any) -> str:
        kept.append(value)
        return ""

    return keep


class Engine:
    """Compiles the templates of one catalog, for use in one thread.

    `pulse` is called when a template is compiled and before each template and function runs: by raising
    TranslationError it ends what takes too long. Between two calls, fuel and the bounds of functions hold.
    """

    def __init__(self, table: Mapping[str, Function] = TABLE, pulse: Callable[[], None] | None = None) -> None:
        self._pulse = pulse
        if pulse is not None:
            table = {name: _paced_function(function, pulse) for name, function in table.items()}
        self._environments = {mode: _environment(mode, table) for mode in Mode}
        self._functions = {mode: _filters(mode, table) for mode in Mode}
        self._globals = frozenset(name for name, function in table.items() if function.kind == "global")
        self._markdown_functions = {n for n, f in table.items() if f.call_plain is not f.call}
        self._filters = _BUILTIN.union(name for name, function in table.items() if function.kind == "filter")
        self._kept: list[Any] = []
        self._environments[Mode.MARKDOWN].add_filter("keep_", _keeper(self._kept))

    def template(self, source: str, mode: Mode, name: str) -> "Template":
        """A template that renders to text; `name` is "service/document#/pointer". Raises Unusable."""
        self._lint(source)
        return Template(self._compiled(source, mode, name), mode, None if "{" in source else source)

    def condition(self, source: str, name: str) -> "Condition":
        """A template that is yes or no: an expression, with or without its braces. Raises Unusable."""
        single = _SINGLE.fullmatch(source)
        expression = single[1] if single else source
        code = "{% if " + expression + " %}1{% endif %}"
        self._lint(code)
        return Condition(self._compiled(code, Mode.RAW, name))

    def value(self, source: str, name: str) -> "Value":
        """A template whose result keeps its type when it is one expression, and is text otherwise. Raises Unusable."""
        self._lint(source)
        single = _SINGLE.fullmatch(source)
        if single is None:
            has_markdown = self._markdown_functions.intersection(_FILTER.findall(source))
            template = self.template(source, Mode.MARKDOWN if has_markdown else Mode.RAW, name)
            return TextValue(template, markup=bool(has_markdown))
        compiled = self._compiled("{{ (" + single[1] + ") | keep_ }}", Mode.MARKDOWN, name)
        simple = direct.expression(single[1], self._functions[Mode.MARKDOWN], self._globals)
        if simple is None:
            return KeptValue(compiled, self._kept)
        compiled.forget()
        return SimpleValue(simple, compiled)

    def expression(self, source: str, name: str) -> "Value":
        """As `value`, for keys that always hold an expression, with or without its braces. Raises Unusable."""
        return self.value(source if _SINGLE.fullmatch(source) else "{{ " + source + " }}", name)

    def _lint(self, source: str) -> None:
        """Refuse unknown filters, and what would reach into Python: MiniJinja lets values' methods be called."""
        if len(source) > LONGEST:
            raise Unusable(f"a template has at most {LONGEST:,} characters, this has {len(source):,}")
        for match in _CODE.finditer(source):
            code = _STRING.sub('""', match[1] or match[2] or "")
            line = source.count("\n", 0, match.start()) + 1
            if call := _CALL.search(code):
                raise Unusable(f"`.{call[1]}(...)` calls a method; use a filter instead", line)
            if "~" in code:
                raise Unusable(
                    "`~` would write None for null; write the text around the braces, in `let` if need be", line
                )
            for name in _ATTRIBUTE.findall(code):
                if name in _METHODS:
                    raise Unusable(
                        f"`.{name}` would be a method where the key is missing; write | path({name!r})", line
                    )
            for name in _FILTER.findall(code):
                if name not in self._filters:
                    near = get_close_matches(name, self._filters, 1)
                    raise Unusable(
                        f"there is no function `{name}`" + (f"; did you mean `{near[0]}`?" if near else ""), line
                    )

    def _compiled(self, source: str, mode: Mode, name: str) -> "Compiled":
        if self._pulse is not None:
            self._pulse()
        environment = self._environments[mode]
        try:
            environment.add_template(name, source)
        except TemplateError as error:
            raise Unusable(error.detail or str(error.kind), error.line or 1) from error
        code = " ".join(match[1] or match[2] or "" for match in _CODE.finditer(source))
        names = sorted(set(_NAME.findall(_FILTER.sub("", _STRING.sub('""', code)))) - _KEYWORDS)
        finalize = _FINALIZERS[mode]
        simple = direct.text(source, self._functions[mode], finalize, self._globals)
        if simple is None:
            simple = branches.text(source, self._functions[mode], finalize, self._globals)
        if simple is not None and self._pulse is not None:
            simple = _paced(simple, self._pulse)
        compiled = Compiled(environment, name, names, simple, self._pulse)
        if simple is not None:
            compiled.forget()
        return compiled


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


def _filters(mode: Mode, table: Mapping[str, Function]) -> direct.Functions:
    return {name: _call(mode, function) for name, function in table.items() if function.kind == "filter"}


def _call(mode: Mode, function: Function) -> Callable[..., Any]:
    return function.call if mode is Mode.MARKDOWN else function.call_plain


def _environment(mode: Mode, table: Mapping[str, Function]) -> Environment:
    environment = Environment(
        fuel=FUEL,
        debug=False,
        undefined_behavior="chainable",
        auto_escape_callback=lambda _: False,
        finalizer=_FINALIZERS[mode],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _STATEMENTS:
        environment.remove_global(name)
    for name, function in table.items():
        if function.kind == "filter":
            environment.add_filter(name, _call(mode, function))
        else:
            environment.add_global(name, _call(mode, function))
    return environment


class Compiled:
    """A template as MiniJinja keeps it, and the names that it may ask its context for: handing over fewer is faster."""

    __slots__ = ("_environment", "_name", "_names", "_pulse", "simple")

    def __init__(
        self,
        environment: Environment,
        name: str,
        names: Sequence[str],
        simple: direct.Write | None,
        pulse: Callable[[], None] | None = None,
    ) -> None:
        self._pulse = pulse
        self._environment = environment
        self._name = name
        self._names = names
        self.simple = simple

    def run(self, context: Context) -> str:
        """The output. Raises TranslationError, whatever the functions of the template raised."""
        try:
            if self.simple is not None:
                return self.simple(context)
            if self._pulse is not None:
                self._pulse()
            seen = {name: context[name] for name in self._names if name in context}
            return self._environment.render_template(self._name, **seen)
        except TemplateError as error:
            raise self.error(f"{error.detail or error.kind}, line {error.line}") from error
        except _FAILURES as error:
            raise self.failure(error) from error

    def forget(self) -> None:
        """Let go of the engine's template where the engine is not asked: it keeps about 8 kB for each."""
        self._environment.remove_template(self._name)

    def error(self, problem: str) -> TranslationError:
        """What is raised when the template fails."""
        document, _, pointer = self._name.partition("#")
        return TranslationError(document, pointer, problem)

    def failure(self, error: Exception) -> TranslationError:
        """What is raised when a function of the template, or the engine, raised this."""
        return self.error(f"{type(error).__name__}: {error}")


class Template:
    """Text with values in it; see `Engine.template`."""

    __slots__ = ("_compiled", "_constant", "_mode", "_write")

    def __init__(self, compiled: Compiled, mode: Mode, constant: str | None) -> None:
        self._compiled = compiled
        self._mode = mode
        self._constant = constant.strip() if constant is not None else None
        self._write = compiled.simple or compiled.run

    def render(self, context: Context) -> str | None:
        """The text without lines whose values are missing; None when nothing is left. Raises TranslationError."""
        if self._constant is not None:
            return self._constant
        try:
            text = self._write(context)
        except _FAILURES as error:
            raise self._compiled.failure(error) from error
        if "\n" in text or _ABSENT in text:
            text = self._tidied(text)
        return text.strip() or None

    def _tidied(self, text: str) -> str:
        """The text without lines whose values are missing, on one line unless it is Markdown."""
        if _ABSENT in text:
            text = "\n".join(line for line in text.split("\n") if _ABSENT not in line)
        text = text.strip()
        if self._mode is not Mode.MARKDOWN and "\n" in text:
            return " ".join(text.split())
        return _BLANK_LINES.sub("\n\n", text) if "\n\n\n" in text else text


class Condition:
    """Yes or no; see `Engine.condition`."""

    __slots__ = ("_compiled",)

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled

    def holds(self, context: Context) -> bool:
        """Whether the expression is true; what is missing is not. Raises TranslationError."""
        return self._compiled.run(context) == "1"


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

    __slots__ = ("_compiled", "_kept")

    def __init__(self, compiled: Compiled, kept: list[Any]) -> None:
        self._compiled = compiled
        self._kept = kept

    def get(self, context: Context) -> Any:
        """The value; None when it is missing. Raises TranslationError."""
        self._compiled.run(context)
        return self._kept.pop()


class SimpleValue:
    """The value of one simple expression, with its type; see `Engine.value`."""

    __slots__ = ("_compiled", "_expression")

    def __init__(self, expression: Evaluate, compiled: Compiled) -> None:
        self._expression = expression
        self._compiled = compiled

    def get(self, context: Context) -> Any:
        """The value; None when it is missing. Raises TranslationError."""
        try:
            return self._expression(context)
        except _FAILURES as error:
            raise self._compiled.failure(error) from error


Value = TextValue | KeptValue | SimpleValue
