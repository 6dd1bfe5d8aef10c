"""What reaches the wrappers that decorators of the project put around a function, when that is called."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .once import once
from .symbols import Function
from .values import NOTHING, FunctionObject, Instance

if TYPE_CHECKING:
    from .arguments import Arguments
    from .calls import Calls


def bind_wrappers(
    calls: Calls, wrapped: Function, value: FunctionObject, arguments: Arguments, wrappers: list[Function]
) -> None:
    """Let those parameters of the wrappers hold what a call passes of which they ask something themselves.

    What a wrapper only passes on would mix the arguments of all that it stands around.
    """
    positional, keywords = arguments
    if isinstance(value.receiver, Instance) and wrapped.binding == "instance":
        positional = [(ast.Constant(None), frozenset({value.receiver})), *positional]
    for wrapper in wrappers:
        asked = _asked(wrapper)
        if asked:
            names = [p.arg for p in wrapper.parameters()]
            given = [
                (node, values if name in asked and not isinstance(node, ast.Starred) else NOTHING)
                for name, (node, values) in zip(names, positional, strict=False)
            ]
            named = {name: values for name, values in keywords.items() if name in asked}
            calls.bind_arguments(wrapper, (given, named), bound=False)


@once
def _asked(wrapper: Function) -> frozenset[str]:
    """The parameters of which a wrapper reads an attribute."""
    names = {p.arg for p in wrapper.parameters()}
    return frozenset(
        n.value.id
        for n in wrapper.own_nodes()
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in names
    )
