"""`python -m asyncshift`."""

from .cli.main import main

main(prog_name="asyncshift")
