"""Writing is all or nothing, wherever it is stopped, and can be taken back to the byte."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from asyncshift.cli import writing
from asyncshift.cli.errors import Failure

from .conftest import Folder, Step

Killed = Callable[[Callable[[Step], object], int], str | None]

BEFORE = {
    "a.py": "one\n",
    "pkg/b.py": b"\xef\xbb\xbfone\r\ntwo\r\n",
    "pkg/old.py": "gone soon\n",
    "untouched.txt": b"\xff\xfe",
}
CONTENTS: dict[str, bytes | None] = {
    "a.py": b"ONE\n",
    "pkg/b.py": b"\xef\xbb\xbfONE\r\nTWO\r\n",
    "pkg/old.py": None,
    "new/deep/c.py": b"new\n",
}


@pytest.fixture
def project(folder: Folder) -> Folder:
    folder.write(BEFORE)
    (folder.root / "a.py").chmod(0o754)
    return folder


def test_everything_is_written(project: Folder) -> None:
    writing.write(project.root, CONTENTS)
    after = {path: content for path, (content, _, _) in project.snapshot().items()}
    assert after == {
        "a.py": b"ONE\n",
        "pkg/b.py": b"\xef\xbb\xbfONE\r\nTWO\r\n",
        "new/deep/c.py": b"new\n",
        "untouched.txt": b"\xff\xfe",
    }
    assert (project.root / "a.py").stat().st_mode & 0o777 == 0o754


def test_undo_restores_every_byte_and_leaves_nothing(project: Folder) -> None:
    before = project.snapshot()
    writing.write(project.root, CONTENTS)
    journal = writing.undo(project.root)
    assert project.snapshot() == before
    assert len(journal.changes) == 4
    assert not (project.root / ".asyncshift").exists()
    assert not (project.root / "new").exists()


def test_two_migrations_are_taken_back_one_by_one(project: Folder) -> None:
    states = [project.snapshot()]
    writing.write(project.root, CONTENTS)
    states.append(project.snapshot())
    writing.write(project.root, {"a.py": b"again\n", "pkg/old.py": b"back\n"})
    for state in reversed(states):
        writing.undo(project.root)
        assert project.snapshot() == state
    with pytest.raises(Failure, match="nothing to undo"):
        writing.undo(project.root)


def test_a_link_stays_a_link(project: Folder) -> None:
    (project.root / "link.py").symlink_to("pkg/b.py")
    before = project.snapshot()
    writing.write(project.root, {"link.py": b"ONE\n"})
    assert (project.root / "link.py").is_symlink()
    assert (project.root / "pkg/b.py").read_bytes() == b"ONE\n"
    writing.undo(project.root)
    assert project.snapshot() == before


def test_a_file_and_a_link_to_it_must_agree(project: Folder) -> None:
    (project.root / "link.py").symlink_to("a.py")
    writing.write(project.root, {"link.py": b"ONE\n", "a.py": b"ONE\n"})
    assert (project.root / "a.py").read_bytes() == b"ONE\n"
    with pytest.raises(Failure, match=r'^link\.py: is a link to a\.py, .* exclude = \["link\.py"\]'):
        writing.write(project.root, {"a.py": b"1\n", "link.py": b"2\n"})
    (project.root / "a link.py").symlink_to("a.py")
    with pytest.raises(Failure, match=r"^a link\.py: is a link to a\.py"):
        writing.write(project.root, {"a.py": b"1\n", "a link.py": b"2\n"})


def test_nothing_is_written_outside_of_the_project(project: Folder) -> None:
    outside = project.root.parent / "outside.py"
    outside.write_text("theirs\n")
    (project.root / "link.py").symlink_to(outside)
    for path in ("link.py", "../outside.py"):
        with pytest.raises(Failure, match="leads out of the project"):
            writing.write(project.root, {"a.py": b"ONE\n", path: b"ours\n"})
    assert outside.read_text() == "theirs\n"
    assert (project.root / "a.py").read_text() == "one\n"


def test_git_does_not_see_the_journal(project: Folder) -> None:
    project.commit()
    writing.write(project.root, {"a.py": b"one\n"})
    project.git("diff", "--exit-code")
    assert (project.root / ".asyncshift/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("at", ["save pkg/b.py", "prepare pkg/b.py", "replace pkg/b.py"])
def test_an_error_in_between_changes_nothing(project: Folder, at: str) -> None:
    def step(name: str) -> None:
        if name == at:
            raise OSError(errno.ENOSPC, "No space left on device", "pkg/b.py")

    before = project.snapshot()
    with pytest.raises(Failure, match=r"^pkg/b\.py: No space left on device; nothing has been changed$"):
        writing.write(project.root, CONTENTS, step)
    assert project.snapshot() == before


@pytest.mark.parametrize("at", ["prepare pkg/b.py", "replace pkg/b.py", "finish the journal", "save a.py"])
def test_an_interrupt_from_the_keyboard_changes_nothing(project: Folder, at: str) -> None:
    def step(name: str) -> None:
        if name == at:
            raise KeyboardInterrupt

    before = project.snapshot()
    with pytest.raises(KeyboardInterrupt):
        writing.write(project.root, CONTENTS, step)
    assert project.snapshot() == before
    assert not (project.root / ".asyncshift").exists()


def test_undo_refuses_when_files_have_changed_since(project: Folder) -> None:
    writing.write(project.root, CONTENTS)
    (project.root / "a.py").write_text("mine\n")
    (project.root / "new/deep/c.py").unlink()
    changed = project.snapshot()
    with pytest.raises(Failure) as caught:
        writing.undo(project.root)
    assert caught.value.lines[:2] == ("a.py: changed since the migration", "new/deep/c.py: changed since the migration")
    assert project.snapshot() == changed


def test_undo_can_be_forced(project: Folder) -> None:
    before = project.snapshot()
    writing.write(project.root, CONTENTS)
    (project.root / "a.py").write_text("mine\n")
    (project.root / "new/deep/c.py").unlink()
    writing.undo(project.root, force=True)
    assert project.snapshot() == before


def test_undo_leaves_what_others_put_into_a_new_folder(project: Folder) -> None:
    writing.write(project.root, CONTENTS)
    project.write({"new/deep/mine.txt": "mine\n"})
    writing.undo(project.root)
    assert (project.root / "new/deep/mine.txt").read_text() == "mine\n"
    assert not (project.root / "new/deep/c.py").exists()


def copies(project: Folder, tmp_path: Path) -> Callable[[int], Folder]:
    def copy(number: int) -> Folder:
        return Folder(Path(shutil.copytree(project.root, tmp_path / f"copy{number}", symlinks=True)))

    return copy


def test_killed_at_any_step_undo_restores_everything(project: Folder, tmp_path: Path, killed: Killed) -> None:
    before, copy, steps = project.snapshot(), copies(project, tmp_path), []
    for number in count():
        root = copy(number).root
        step = killed(lambda step, root=root: writing.write(root, CONTENTS, step), number)
        if step is None:
            break
        steps.append(step)
        if writing.last(root):
            writing.undo(root)
        assert Folder(root).snapshot() == before, step
        assert not writing.interrupted(root), step
    assert {step.split()[0] for step in steps} == {
        "make",
        "hide",
        "save",
        "keep",
        "write",
        "prepare",
        "replace",
        "finish",
    }


def test_killed_at_any_step_nothing_can_be_written_over_it(project: Folder, tmp_path: Path, killed: Killed) -> None:
    copy = copies(project, tmp_path)
    for number in count():
        root = copy(number).root
        step = killed(lambda step, root=root: writing.write(root, CONTENTS, step), number)
        if step is None:
            break
        if writing.interrupted(root):
            with pytest.raises(Failure, match="interrupted migration"):
                writing.write(root, {"a.py": b"x\n"})
    assert number > len(CONTENTS)


@pytest.mark.parametrize("halfway", [False, True], ids=["of a finished migration", "of an interrupted migration"])
def test_killed_at_any_step_of_undo_it_can_be_undone_again(
    project: Folder, tmp_path: Path, killed: Killed, halfway: bool
) -> None:
    before = project.snapshot()
    copy = copies(project, tmp_path)
    steps: list[str] = []
    writing.write(copy(-1).root, CONTENTS, steps.append)
    stop = steps.index("replace pkg/b.py") if halfway else len(steps)
    killed(lambda step: writing.write(project.root, CONTENTS, step), stop)
    assert writing.interrupted(project.root) is halfway
    for number in count():
        root = copy(number).root
        step = killed(lambda step, root=root: writing.undo(root, step=step), number)
        if step is None:
            break
        if writing.last(root):
            writing.undo(root)
        assert Folder(root).snapshot() == before, step
    assert number > len(CONTENTS)
