"""Entry points: the cases in `entry_points/` run before and after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Status

from .whole import Case, cases, check, migrate


@pytest.mark.parametrize("case", cases("entry_points"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_a_command_at_the_end_of_a_file_that_does_not_end_its_last_line() -> None:
    before = (
        "import click\nfrom sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session\n\n"
        'engine = create_engine("sqlite://")\n\n\n@click.command()\ndef seed():\n    with Session(engine) as db:\n'
        "        db.commit()  # the end"
    )
    changed, _ = migrate({"app.py": before})
    assert changed["app.py"].decode().endswith("commit()  # the end\n\n    return asyncio.run(run())\n")


def test_a_command_that_starts_a_loop_in_its_decorator_is_not_called_where_one_runs() -> None:
    before = """\
import click
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

SessionLocal = sessionmaker(bind=create_engine("sqlite://"))


def checked(function):
    def wrapper(*args):
        with SessionLocal() as db:
            db.execute(text("select 1"))
        return function(*args)

    return wrapper


@click.command
@checked
def hello():
    print("hello")


async def serve():
    hello()
"""
    changed, plan = migrate({"app.py": before})
    assert b"    return asyncio.run(run())\n" in changed["app.py"].replace(b"        return", b"    return")
    assert [(d.function, d.concern) for d in plan if d.status is Status.DECLINED] == [
        ("serve", "the command is run with asyncio.run, which can't be done where a loop runs")
    ]


@pytest.mark.parametrize("value", ["return 1", "print(1)"])
def test_a_migrated_script_runs(tmp_path: Path, value: str) -> None:
    before = (
        "from sqlalchemy import create_engine, text\nfrom sqlalchemy.orm import Session\n\n"
        'engine = create_engine("sqlite://")\n\n\ndef main():\n    with Session(engine) as db:\n'
        f'        print(db.execute(text("select 41 + 1")).scalar())\n    {value}\n\n\n'
        'if __name__ == "__main__":\n    print(main())\n'
    )
    changed, _ = migrate({"script.py": before})
    printed = []
    for name, text in (("before.py", before.encode()), ("after.py", changed["script.py"])):
        (tmp_path / name).write_bytes(text)
        printed.append(subprocess.run([sys.executable, name], cwd=tmp_path, capture_output=True, check=True).stdout)
    assert b"asyncio.run(main())" in changed["script.py"]
    assert printed[0] == printed[1]
