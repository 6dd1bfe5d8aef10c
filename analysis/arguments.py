"""The arguments of a call, with their values."""

from __future__ import annotations

import ast

from .library import Callable
from .values import NOTHING, FunctionObject, Values

# The positional arguments as they are written, with their values, and the values of the keywords.
Arguments = tuple[list[tuple[ast.expr, Values]], dict[str, Values]]

# An argument that is passed already, or elsewhere.
UNKNOWN: tuple[ast.expr, Values] = (ast.Constant(None), NOTHING)


def behind_given(function: FunctionObject, arguments: Arguments) -> Arguments:
    """The arguments of a call, behind those that the function was given before."""
    return ([UNKNOWN] * function.given + arguments[0], arguments[1]) if function.given else arguments


def called(known: Callable | None, arguments: Arguments) -> Arguments:
    """The arguments that a library itself may call."""
    if known is None or not known.passes_on:
        return arguments
    positional, keywords = arguments
    named = {known.named: keywords[known.named]} if known.named in keywords else {}
    return positional[known.position : known.position + 1], named
