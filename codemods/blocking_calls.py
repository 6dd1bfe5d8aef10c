"""A blocking call that a thread made before is made in a thread again, rather than on the event loop.

@router.post("/login")                              @router.post("/login")
def login(form: Form, db: Session = ...):           async def login(form: Form, db: AsyncSession = ...):
    user = find_user(db, form.name)           ->        user = await find_user(db, form.name)
    if verify(form.password, user.hashed):              if await asyncio.to_thread(verify, form.password, user.hashed):

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
from .in_a_thread import in_a_thread

NAME = "blocking-calls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each blocking call that would stop the loop."""
    seen: set[ast.expr] = set()
    for offload in offloads(program):
        if offload.block.node not in seen:
            seen.add(offload.block.node)
            yield _decision(program, offload)


def _decision(program: Program, offload: Offload) -> Decision:
    block = offload.block
    source, node = block.function.source, block.node
    if offload.concern:
        known = library().blocking[block.kind]
        concern = f"{block.chain[-1].what} and would stop the event loop; {offload.concern}: {known.instead}"
        return decided(program, NAME, Work(source, node, LEFT, [], concern, Status.DECLINED), block.chain)
    assert isinstance(node, ast.Call)
    return decided(
        program, NAME, Work(source, node, "call it in a thread", list(in_a_thread(source, node))), block.chain
    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
