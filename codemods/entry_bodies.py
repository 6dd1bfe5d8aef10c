"""The body of a command or task as an async function beside it: who runs on a loop already awaits that one.

@app.command()                            @app.command()
def seed(count: int):                     def seed(count: int):
    with Session() as db:         ->          return asyncio.run(run_seed(count))
        ...

                                          async def run_seed(count: int):
                                              async with Session() as db:
                                                  ...

seed(3)                           ->      await run_seed(3)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import count

from ..analysis.source import Source
from ..analysis.symbols import Function, dotted, is_super
from .edit import Edit, Indent, Replace
from .imports import request
from .indenting import first_comment, indent, line_text, step
from .scopes import scopes


def body_name(source: Source, name: str) -> str:
    """The name of the function that has the body: one that the file does not use yet."""
    taken = {getattr(n, attribute, None) for n in source.nodes for attribute in ("id", "name", "attr", "arg", "asname")}
    plain = f"run_{name.lstrip('_')}"
    return next(found for n in count() if (found := f"{plain}{n or ''}") not in taken)


def beside(source: Source, node: ast.FunctionDef, module: str) -> Iterator[Edit]:
    """The edits that begin a new function where a body begins, and run that in the old one; `module` is asyncio."""
    documented = ast.get_docstring(node) is not None
    body = node.body[1:] if documented else node.body
    if not body:
        return
    begins = first_comment(source, body[0], (node.body[0].end_lineno or 0) if documented else _end_of_head(node))
    at = source.offset(begins, 0)
    margin, inner = source.indentation(node), source.indentation(body[0])
    name = body_name(source, node.name)
    returns = f" -> {source.text(node.returns)}" if node.returns else ""
    is_none = isinstance(node.returns, ast.Constant) and node.returns.value is None
    receiver, passed = _passed(node.args, is_method=bool(margin))
    gap = "\n" if margin else "\n\n"
    yield Replace(
        at,
        at,
        f"{inner}{'' if is_none else 'return '}{module}.run({receiver}{name}({passed}))\n{gap}"
        f"{margin}async def {name}({_parameters(source, node.args)}){returns}:\n",
    )


def _end_of_head(node: ast.FunctionDef) -> int:
    """The last line that something of a definition before its body stands on."""
    parts = [*ast.walk(node.args), *([node.returns] if node.returns else [])]
    return max([node.lineno, *(getattr(n, "end_lineno", 0) for n in parts)])


def _parameters(source: Source, arguments: ast.arguments) -> str:
    """The parameters of a function, without what a library reads from their annotations."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    texts = [_parameter(source, a, d) for a, d in zip(plain, defaults, strict=True)]
    if arguments.posonlyargs:
        texts.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg:
        texts.append(f"*{_parameter(source, arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        texts.append("*")
    texts += [_parameter(source, a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        texts.append(f"**{_parameter(source, arguments.kwarg, None)}")
    return ", ".join(texts)


def _parameter(source: Source, argument: ast.arg, default: ast.expr | None) -> str:
    annotation = argument.annotation
    match annotation:
        case ast.Subscript(value=wrapper, slice=ast.Tuple(elts=[first, *_])) if dotted(wrapper).endswith("Annotated"):
            annotation = first
    text = f"{argument.arg}: {source.text(annotation)}" if annotation else argument.arg
    if default is None:
        return text
    return f"{text} = {source.text(default)}" if annotation else f"{text}={source.text(default)}"


def _passed(arguments: ast.arguments, is_method: bool) -> tuple[str, str]:
    """The receiver with its dot, and the arguments that pass every parameter on."""
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    receiver = f"{names.pop(0)}." if is_method and names and names[0] in {"self", "cls"} else ""
    names += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    names += [f"{a.arg}={a.arg}" for a in arguments.kwonlyargs]
    names += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return receiver, ", ".join(names)


def called_by_its_body(source: Source, node: ast.expr, entry: Function) -> Iterator[Edit]:
    """The edits that let a call name the function that has an entry's body."""
    yield from named_beside(source, node, body_name(entry.source, entry.name))


def named_beside(source: Source, node: ast.expr, name: str) -> Iterator[Edit]:
    """The edits that let an expression, which names something of a module, name something else of it."""
    if isinstance(node, ast.Attribute):
        end = source.span(node)[1]
        yield Replace(end - len(node.attr.encode()), end, name)
    elif isinstance(node, ast.Name):
        home = next((i.module for s in scopes(source).all for i in s.imports if i.local == node.id), "")
        text, wanted = request(source, home, name, at=node) if home else (name, None)
        yield Replace(*source.span(node), text)
        if wanted:
            yield wanted


def within(source: Source, node: ast.FunctionDef, runner: str, always: bool = False) -> Iterator[Edit]:
    """The edits that make a body an async function within, which `runner` runs.

    What that gives is returned `always`, or where the function gives anything.
    """
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if not body:
        return
    taken = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        a.arg for a in ast.walk(node) if isinstance(a, ast.arg)
    }
    name = next(n for n in ("run", f"run_{node.name}", "run_on_loop") if n not in taken)
    passed = ", ".join(_needed(node))
    returns = f" -> {source.text(node.returns)}" if node.returns else ""
    is_none = isinstance(node.returns, ast.Constant) and node.returns.value is None
    keyword = "" if is_none and not always else "return "
    define, run = f"async def {name}({passed}){returns}:", f"{keyword}{runner}({name}({passed}))"
    if line_text(source, body[0].lineno)[: body[0].col_offset].strip():
        yield from _on_lines_of_their_own(source, node, body, define, run)
        return
    outer, more = source.indentation(body[0]), step(source, node, body)
    begins = first_comment(source, body[0], (node.body[0].end_lineno or 0) if body is not node.body else node.lineno)
    first = source.offset(begins, 0)
    yield Replace(first, first, f"{outer}{define}\n")
    for edit in indent(source, body, more, begins):
        # The first line's white space goes behind the new `def`.
        yield Indent(first + len(outer), edit.text, edit.statement) if edit.start == first else edit
    last = body[-1].end_lineno or 0
    if source.content.find(b"\n", source.offset(last, 0)) >= 0:
        behind = source.offset(last + 1, 0)
        yield Replace(behind, behind, f"\n{outer}{run}\n")
    else:
        # Text that is put on a line moves in with that line.
        behind = len(source.content)
        yield Replace(behind, behind, f"\n\n{outer.removesuffix(more)}{run}\n")


def _needed(node: ast.FunctionDef) -> list[str]:
    """The parameters that an inner function with the body has to have itself.

    What it assigns to would be its own local; a bare `super()` asks the first parameter of where it stands.
    """
    arguments = [n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)]
    nodes = list(ast.walk(node))
    needed = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if any(isinstance(n, ast.Call) and is_super(n) and not n.args for n in nodes):
        needed.update(arguments[:1])
    return [a for a in arguments if a in needed]


def _on_lines_of_their_own(
    source: Source, node: ast.FunctionDef, body: list[ast.stmt], define: str, run: str
) -> Iterator[Edit]:
    """`def f(): body` -> a body on lines below."""
    outer = source.indentation(node) + step(source, node, body)
    start, end = source.span(body[0])[0], source.span(body[-1])[1]
    colon = source.content.rindex(b":", 0, start) + 1
    yield Replace(colon, start, f"\n{outer}{define} ")
    yield Replace(end, end, f"\n\n{outer}{run}")
