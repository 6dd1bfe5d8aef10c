"""Writing all or nothing: a set of new contents replaces files of the project, and can be taken back to the byte.

The new contents are written beside the old ones, then everything is renamed. Before the first file is touched, a
journal and the previous bytes stand in the project's own `.asyncshift/undo/NNNN/`:

    journal.json   what is replaced, by digest, and whether all of it has been
    plan.json      the decisions that this comes of, for reports
    0, 1, …        the previous bytes of each file
    kept.json      the previous list of what migrations have left, where this one made another; empty for none

A folder without a journal means that nothing has been touched yet; a journal that is not finished, that some files may
be new and some old. Both are taken back by `undo`, which may itself be stopped anywhere and started again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE
from typing import Any

from .errors import Failure

HOME = ".asyncshift"
PLAN = "plan.json"
KEPT = "kept.json"
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is replaced, made (`before` is None) or deleted (`after` is None); the two are digests."""

    path: str
    before: str | None
    after: str | None
    mode: int | None


@dataclass(slots=True)
class Journal:
    """What one migration changes, and the folder that keeps the bytes it replaces."""

    root: Path
    folder: Path
    changes: list[Change]
    new_folders: list[str]
    finished: bool = False

    def save(self) -> None:
        content = {
            "finished": self.finished,
            "new_folders": self.new_folders,
            "changes": [asdict(change) for change in self.changes],
        }
        _replace(self.folder / "journal.json", json.dumps(content, indent=1).encode())

    def plan(self) -> Any:
        """The plan that was carried out, JSON values; an empty list where the writer told none."""
        return json.loads(bytes_of(self.folder / PLAN) or b"[]")

    def before(self) -> dict[str, bytes | None]:
        """The previous bytes of each file; None for one that was not there."""
        return {change.path: bytes_of(self.folder / str(index)) for index, change in enumerate(self.changes)}

    @classmethod
    def read(cls, root: Path, folder: Path) -> Journal:
        try:
            content = json.loads((folder / "journal.json").read_bytes())
        except FileNotFoundError:
            return cls(root, folder, [], [])
        return cls(root, folder, [Change(**c) for c in content["changes"]], content["new_folders"], content["finished"])


def last(root: Path) -> Journal | None:
    """The last migration that has not been taken back."""
    folders = sorted(path for path in (root / HOME / "undo").glob("[0-9]*") if path.is_dir())
    return Journal.read(root, folders[-1]) if folders else None


def interrupted(root: Path) -> bool:
    """Whether a migration, or its undoing, was stopped half-way."""
    journal = last(root)
    return journal is not None and not journal.finished


def write(
    root: Path, contents: Mapping[str, bytes | None], step: Step = lambda _: None, plan: Sequence[Any] = ()
) -> None:
    """Give each file its new content (None deletes it), or leave every file as it is.

    Paths are relative to `root`; a link stays one, what it points to changes. `step` is called before each thing that
    is done to the disk. `plan`, JSON values, is kept beside the previous bytes.

    Raises:
        Failure: something could not be written; nothing has changed then.
    """
    if interrupted(root):
        raise Failure("an interrupted migration stands in the way: `asyncshift undo` takes it back")
    wanted = _resolved(root, contents)
    journal = _planned(root, wanted)
    try:
        _save_previous(journal, plan, step)
        _carry_out(journal, wanted, step)
    except BaseException as error:
        _take_back(journal, lambda _: None)
        if isinstance(error, OSError):
            raise Failure(f"{error.filename or root}: {error.strerror}; nothing has been changed") from error
        raise


def undo(root: Path, force: bool = False, step: Step = lambda _: None) -> Journal:
    """Take the last migration back, a finished or an interrupted one, and return what it was.

    Raises:
        Failure: there is none, or files have changed since and `force` is not set; nothing has changed then.
    """
    journal = last(root)
    if journal is None:
        raise Failure("nothing to undo: no migration is on record here")
    foreign = [change.path for change in journal.changes if not _is_ours(root, change, journal.finished)]
    if foreign and not force:
        raise Failure(
            *(f"{path}: changed since the migration" for path in foreign),
            "nothing has been taken back; with --force these changes are lost",
        )
    if journal.finished:
        step("reopen the journal")
        Journal(root, journal.folder, journal.changes, journal.new_folders).save()
    _take_back(journal, step)
    return journal


def chain(root: Path) -> list[Journal]:
    """The last migration, and those right before it that nothing came between; the newest first."""
    folders = sorted((p for p in (root / HOME / "undo").glob("[0-9]*") if p.is_dir()), reverse=True)
    found: list[Journal] = []
    before: dict[str, str | None] = {}
    for journal in (Journal.read(root, folder) for folder in folders):
        changes = journal.changes
        if found and any(before.get(c.path, _digest(bytes_of(root / c.path))) != c.after for c in changes):
            break
        found.append(journal)
        before |= {change.path: change.before for change in changes}
    return found


def restore(journal: Journal, copy: Path) -> None:
    """Give the files of a copy of the project the content that they had before a migration."""
    for index, change in enumerate(journal.changes):
        if change.before is None:
            (copy / change.path).unlink(missing_ok=True)
        else:
            (copy / change.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(journal.folder / str(index), copy / change.path)


def hide(root: Path) -> None:
    """Keep git from seeing what asyncshift itself writes into the project, but for the list of what is kept."""
    (root / HOME).mkdir(exist_ok=True)
    shown = f"!{KEPT}\n" if (root / HOME / KEPT).exists() else ""
    _replace(root / HOME / ".gitignore", f"*\n{shown}".encode())


def keep(root: Path, content: bytes | None) -> None:
    """Make the list of what migrations have left, None for an empty one; `undo` of the last brings the former back."""
    journal, file = last(root), root / HOME / KEPT
    if journal is not None and not (journal.folder / KEPT).exists():
        _replace(journal.folder / KEPT, bytes_of(file) or b"")
    _put(file, content)
    hide(root)


def _put(file: Path, content: bytes | None) -> None:
    if content:
        _replace(file, content)
    else:
        file.unlink(missing_ok=True)


def _resolved(root: Path, contents: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """The contents by the files that links lead to."""
    base = root.resolve()
    resolved: dict[str, bytes | None] = {}
    for path, content in sorted(contents.items()):
        target = (base / path).resolve()
        if not target.is_relative_to(base):
            raise Failure(f"{path}: leads out of the project")
        real = target.relative_to(base).as_posix()
        if resolved.setdefault(real, content) != content:
            raise Failure(_contradiction(root, real, contents))
    return resolved


def _contradiction(root: Path, real: str, contents: Iterable[str]) -> str:
    link = next(p for p in sorted(contents) if p != real and (root / p).resolve() == (root / real).resolve())
    way_out = f'make it a file of its own, or leave it out: exclude = ["{link}"] in [tool.asyncshift]'
    return f"{link}: is a link to {real}, and under the two names it would change in two ways; {way_out}"


def _planned(root: Path, wanted: Mapping[str, bytes | None]) -> Journal:
    number = int(previous.folder.name) + 1 if (previous := last(root)) else 1
    changes = [
        Change(path, _digest(bytes_of(root / path)), _digest(content), _mode(root / path))
        for path, content in wanted.items()
    ]
    missing = {parent for path in wanted for parent in Path(path).parents if not (root / parent).exists()}
    return Journal(root, root / HOME / "undo" / f"{number:04}", changes, sorted(map(Path.as_posix, missing)))


def _save_previous(journal: Journal, plan: Sequence[Any], step: Step) -> None:
    step("make the folder")
    journal.folder.mkdir(parents=True)
    step("hide the folder from git")
    hide(journal.root)
    for index, change in enumerate(journal.changes):
        if (content := bytes_of(journal.root / change.path)) is not None:
            step(f"save {change.path}")
            _replace(journal.folder / str(index), content)
    step("keep the plan")
    _replace(journal.folder / PLAN, json.dumps(list(plan)).encode())
    step("write the journal")
    journal.save()
    _sync_folders([journal.folder, journal.folder.parent])


def _carry_out(journal: Journal, wanted: Mapping[str, bytes | None], step: Step) -> None:
    paths = [journal.root / change.path for change in journal.changes]
    for path, change in zip(paths, journal.changes, strict=True):
        if (content := wanted[change.path]) is not None:
            step(f"prepare {change.path}")
            path.parent.mkdir(parents=True, exist_ok=True)
            _prepare(path, content, change.mode)
    for path, change in zip(paths, journal.changes, strict=True):
        step(f"replace {change.path}")
        if change.after is None:
            path.unlink(missing_ok=True)
        else:
            os.replace(_beside(path), path)
    _sync_folders({path.parent for path in paths})
    step("finish the journal")
    journal.finished = True
    journal.save()


def _take_back(journal: Journal, step: Step) -> None:
    for index, change in enumerate(journal.changes):
        path = journal.root / change.path
        step(f"restore {change.path}")
        _beside(path).unlink(missing_ok=True)
        if _digest(bytes_of(path)) == change.before:
            continue
        if change.before is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, (journal.folder / str(index)).read_bytes(), change.mode)
    for folder in reversed(journal.new_folders):
        step(f"remove {folder}")
        with suppress(OSError):  # it may hold what others have put there
            (journal.root / folder).rmdir()
    if (former := bytes_of(journal.folder / KEPT)) is not None:
        step("restore the list of what is kept")
        _put(journal.root / HOME / KEPT, former)
        hide(journal.root)
    step("forget the journal")
    shutil.rmtree(journal.folder, ignore_errors=True)
    _tidy(journal.root / HOME)


def _tidy(home: Path) -> None:
    """Remove our folder when nothing is left in it but the mark that hides it."""
    with suppress(OSError):
        (home / "undo").rmdir()
    if home.is_dir() and {path.name for path in home.iterdir()} <= {".gitignore"}:
        shutil.rmtree(home, ignore_errors=True)


def _is_ours(root: Path, change: Change, finished: bool) -> bool:
    now = _digest(bytes_of(root / change.path))
    return now == change.after or (not finished and now == change.before)


def bytes_of(path: Path) -> bytes | None:
    """A file's bytes; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _digest(content: bytes | None) -> str | None:
    return None if content is None else sha256(content).hexdigest()


def _mode(path: Path) -> int | None:
    return S_IMODE(path.stat().st_mode) if path.exists() else None


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.asyncshift")


def _prepare(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write what a file is to become beside it, with the mode and owner it has."""
    beside = _beside(path)
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.exists() and hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(beside, path.stat().st_uid, path.stat().st_gid)
    if mode is not None:
        beside.chmod(mode)


def _replace(path: Path, content: bytes, mode: int | None = None) -> None:
    _prepare(path, content, mode)
    os.replace(_beside(path), path)


def _sync_folders(folders: Iterable[Path]) -> None:
    """Make renames last; systems that cannot open a folder do not need it."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    for folder in folders:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
