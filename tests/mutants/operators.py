"""What can be changed in a function or constant by rule: a comparison at its edge, a condition turned round, a step
left out. Texts are left alone: another sentence breaks no rule."""

import ast
from collections.abc import Iterator
from typing import Any

from tests.mutants.changes import Slot, slots

FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OTHER_SIGN: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
}
OTHER_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}
# Methods that give back what they are called on, in part or in other order: without them the program still runs.
NARROWING = {
    *("filter", "exclude", "live", "lapsed", "installable", "newest_first", "distinct", "order_by", "owned_by"),
    *("select_for_update", "strip", "lower", "upper", "casefold", "removeprefix", "rstrip", "partition"),
}
NOT_RUN = {"annotation", "returns", "format_spec", "type_params"}
TURNED = (ast.Compare, ast.BoolOp)


def variants(piece: ast.stmt) -> Iterator[str]:
    """The piece as code, with one thing changed in each."""
    seen = {ast.unparse(piece)}
    unread = set(not_run(piece))
    for slot in [slot for slot in slots(piece) if id(slot.node) not in unread]:
        whole = slot.node
        for other in others(slot):
            slot.put(other)
            written = ast.unparse(piece)
            slot.put(whole)
            if written not in seen:
                seen.add(written)
                yield written


def not_run(piece: ast.stmt) -> Iterator[int]:
    """Annotations and docstrings, by their identity, and all that is in them."""
    for slot in slots(piece):
        if slot.field in NOT_RUN or is_docstring(slot):
            yield from (id(inner) for inner in ast.walk(slot.node))


def is_docstring(slot: Slot) -> bool:
    return isinstance(slot.node, ast.Expr) and isinstance(slot.node.value, ast.Constant)


def others(slot: Slot) -> Iterator[ast.AST]:
    node = slot.node
    if isinstance(node, ast.stmt):
        yield from without_statement(slot)
    elif slot.field in {"test", "ifs"} and not isinstance(node, TURNED):
        yield node.operand if is_not(node) else ast.UnaryOp(ast.Not(), node)  # type: ignore[attr-defined, arg-type]
    elif is_not(node):
        yield node.operand  # type: ignore[attr-defined]
    if isinstance(node, ast.Compare):
        yield from with_other_comparison(node)
    if isinstance(node, ast.BoolOp):
        yield from with_other_operands(node)
    if isinstance(node, ast.BinOp):
        yield from with_other_sign(node)
    if isinstance(node, ast.Call):
        yield from with_less_of_a_call(node)
    if isinstance(node, ast.Constant):
        yield from with_other_value(node)
    if isinstance(node, ast.List | ast.Set | ast.Tuple):
        yield from with_fewer_elements(slot, node)
    if isinstance(node, ast.Dict):
        for place in range(len(node.keys)):
            yield ast.Dict(less(node.keys, place), less(node.values, place))


def is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def less(held: list[Any], place: int) -> list[Any]:
    return held[:place] + held[place + 1 :]


def without_statement(slot: Slot) -> Iterator[ast.AST]:
    """What a later line does not need to run: acts, refusals, early returns, what is set on a row."""
    node = slot.node
    acts = isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.Continue | ast.Break)
    early = isinstance(node, ast.Return) and not isinstance(slot.parent, ast.FunctionDef)
    sets = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    if acts or early or sets:
        yield ast.Pass()


def with_other_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        flipped = [*node.ops[:place], FLIPPED[type(operator)](), *node.ops[place + 1 :]]
        yield ast.Compare(node.left, flipped, node.comparators)


def with_other_operands(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for place in range(len(node.values)):
        left = less(node.values, place)
        yield left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def with_other_sign(node: ast.BinOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.BitOr):
        yield node.left
        yield node.right
    elif (sign := OTHER_SIGN.get(type(node.op))) and not (is_text(node.left) or is_text(node.right)):
        yield ast.BinOp(node.left, sign(), node.right)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def with_less_of_a_call(node: ast.Call) -> Iterator[ast.AST]:
    for place, keyword in enumerate(node.keywords):
        if keyword.arg:
            yield ast.Call(node.func, node.args, less(node.keywords, place))
    if isinstance(node.func, ast.Attribute) and node.func.attr in NARROWING:
        yield node.func.value
    if isinstance(node.func, ast.Name) and node.func.id in OTHER_NAMES:
        yield ast.Call(ast.Name(OTHER_NAMES[node.func.id], ast.Load()), node.args, node.keywords)


def with_other_value(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)


def with_fewer_elements(slot: Slot, node: ast.List | ast.Set | ast.Tuple) -> Iterator[ast.AST]:
    """A tuple that is taken apart or passed on needs all of its own: those that are looked in count alone."""
    constant = isinstance(slot.parent, ast.Assign) and isinstance(slot.parent.targets[0], ast.Name)
    if isinstance(node, ast.Tuple) and not (constant or slot.field in {"comparators", "type", "iter"}):
        return
    for place in range(len(node.elts)):
        elements = less(node.elts, place)
        if elements or not isinstance(node, ast.Set):
            yield ast.Set(elements) if isinstance(node, ast.Set) else type(node)(elements, ast.Load())
