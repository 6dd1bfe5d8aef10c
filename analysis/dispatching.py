"""`singledispatchmethod`: a call runs the method that is registered for the class of what it is given."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable

from .symbols import Function, decorator_name

DISPATCHING = "singledispatchmethod"


def dispatched(functions: Iterable[Function]) -> dict[Function, list[Function]]:
    """The methods that are registered with another one, by that."""
    found: defaultdict[Function, list[Function]] = defaultdict(list)
    for function in functions:
        for decorator in function.decorators:
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            match maker:
                case ast.Attribute(value=ast.Name(id=name), attr="register") if function.owner is not None:
                    general = function.owner.methods.get(name)
                    if general is not None and DISPATCHING in map(decorator_name, general.decorators):
                        found[general].append(function)
    return dict(found)
