"""A blocking call that a thread made before is made in a thread again, rather than on the event loop.

@router.post("/login")                              @router.post("/login")
def login(form: Form, db: Session = ...):           async def login(form: Form, db: AsyncSession = ...):
    user = find_user(db, form.name)           ->        user = await find_user(db, form.name)
    if verify(form.password, user.hashed):              if await asyncio.to_thread(verify, form.password, user.hashed):

So are files, processes and HTTP requests in whatever else becomes async:

    with open(name) as file:            ->    with await asyncio.to_thread(open, name) as file:
    for path in folder.glob("*"):       ->    for path in await asyncio.to_thread(lambda: list(folder.glob("*"))):

Where a session or a mapped object would go into the thread the call is left as it is, and reported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Status
from ..analysis.library import library
from ..analysis.offloading import Offload, offloads
from ..analysis.program import Program
from .carried import LEFT, Work, carried, decided
from .edit import Edit
from .in_a_thread import in_a_thread, lambda_in_a_thread
from .thread_units import is_listing, unit

NAME = "blocking-calls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each blocking call that would stop the loop."""
    found = {offload.block.node: offload for offload in offloads(program)}
    movable = {node: offload for node, offload in found.items() if not offload.concern}
    together: dict[ast.expr, list[Offload]] = {}
    for node, offload in found.items():
        if offload.concern:
            yield _left(program, offload)
        else:
            together.setdefault(unit(program, offload.block.function, node, movable), []).append(offload)
    for whole, moved in together.items():
        yield _moved(program, whole, moved)


def _left(program: Program, offload: Offload) -> Decision:
    block = offload.block
    instead = library().blocking[block.kind].instead
    concern = f"{block.chain[-1].what} and would stop the event loop; {offload.concern}: {instead}"
    work = Work(block.function.source, block.node, LEFT, [], concern, Status.DECLINED)
    return decided(program, NAME, work, block.chain)


def _moved(program: Program, whole: ast.expr, moved: list[Offload]) -> Decision:
    block = moved[0].block
    source = block.function.source
    if isinstance(whole, ast.Call) and [o.block.node for o in moved] == [whole] and not is_listing(program, whole):
        edits = in_a_thread(source, whole)
    else:
        edits = lambda_in_a_thread(source, whole, as_list=whole is block.node and is_listing(program, whole))
    work = Work(source, whole, "call it in a thread", list(edits), moved[0].remark)
    return decided(program, NAME, work, block.chain)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
