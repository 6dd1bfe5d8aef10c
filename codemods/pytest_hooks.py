"""The settings of pytest-asyncio as hooks of a conftest.py, where pytest takes its own from above the project."""

from __future__ import annotations

import ast

from ..analysis.program import Program
from .pytest_settings import EditedSettings

# For the loop see https://pytest-asyncio.readthedocs.io/en/stable/how-to-guides/run_session_tests_in_same_loop.html.
MODE = """(config):
    config.option.asyncio_mode = "{mode}"
"""
LOOP = '''(items):
    """One event loop for the whole suite: pooled connections work on no other."""
    for item in items:
        if is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="{scope}"), append=False)
'''


def hooks(program: Program, edited: EditedSettings, conftest: str) -> str:
    """The functions that a conftest.py needs for what no file of the project's own can set; "" where it has them."""
    source = program.sources.get(conftest)
    content = source.content if source else b""
    text = ""
    if "asyncio_mode" in edited.unwritten and b".asyncio_mode = " not in content:
        text += _hook(content, "pytest_configure") + MODE.format(mode=edited.mode)
    if fixture_loop(edited) and b"is_async_test(" not in content:
        text += _hook(content, "pytest_collection_modifyitems") + LOOP.format(scope=fixture_loop(edited))
    return text


def _hook(content: bytes, name: str) -> str:
    """The head of a hook, beside the one of that name that a file may have."""
    is_there = any(isinstance(n, ast.FunctionDef) and n.name == name for n in ast.parse(content).body)
    return f'\n\n@pytest.hookimpl(specname="{name}")\ndef {name}_async' if is_there else f"\n\ndef {name}"


def fixture_loop(edited: EditedSettings) -> str:
    """The scope of the loop that tests and fixtures have to be told one by one; "" where the settings tell it."""
    scope = edited.unwritten.get("asyncio_default_test_loop_scope", "")
    return scope if scope != "function" else ""
