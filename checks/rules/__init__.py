"""One rule a module; `checks/engine.py` finds them by their `CODE`."""
