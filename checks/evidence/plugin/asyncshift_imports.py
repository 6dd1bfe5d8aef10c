"""Acts when a module is imported, so that nothing is imported that the suite does not need."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any


def when_imported(name: str, act: Callable[[], None]) -> None:
    """Call `act` once the module is there: now, or right behind its import."""
    if name in sys.modules:
        act()
    else:
        sys.meta_path.insert(0, _Watch(name, act))


class _Watch:
    """Finds nothing itself: it adds a step to how the others load the module."""

    def __init__(self, name: str, act: Callable[[], None]) -> None:
        self._name, self._act = name, act

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """What the finders behind this one find."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_act(module: Any) -> None:
                load(module)
                self._act()

            spec.loader.exec_module = load_and_act  # type: ignore[method-assign]
        return spec
