"""Small changes of a function or a constant, by shape. How the code is formatted plays no part.

A fragment is a short piece of code, and must stand there exactly once: Gone is raised otherwise.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.mutants.places import Change, Gone, only

COMPOUND = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With),
    *(ast.AsyncWith, ast.Try, ast.Match),
)
Holds = Callable[[ast.AST], bool]


@dataclass(frozen=True)
class Slot:
    """Where a node hangs on its parent."""

    parent: ast.AST
    field: str
    index: int | None = None

    @property
    def node(self) -> ast.AST:
        held = getattr(self.parent, self.field)
        found: ast.AST = held if self.index is None else held[self.index]
        return found

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    def remove(self) -> None:
        del getattr(self.parent, self.field)[self.index]


def slots(piece: ast.AST) -> Iterator[Slot]:
    """Every node below this one, in the order of reading."""
    for field, held in ast.iter_fields(piece):
        each = [Slot(piece, field, index) for index in range(len(held))] if isinstance(held, list) else []
        for slot in each or [Slot(piece, field)]:
            if isinstance(slot.node, ast.AST):
                yield slot
                yield from slots(slot.node)


def expression(code: str) -> ast.expr:
    return ast.parse(f"({code})", mode="eval").body


def is_code(fragment: str) -> Holds:
    written = ast.unparse(expression(fragment))
    return lambda node: isinstance(node, ast.expr) and ast.unparse(node) == written


def contains(fragment: str) -> Holds:
    """Of a node that is this fragment or holds it somewhere."""
    matches = is_code(fragment)
    return lambda node: any(matches(each) for each in ast.walk(node))


def the_whole_else_holding(found: Sequence[Slot], fragment: str) -> Slot:
    """The one that is the fragment; where none is, the one that holds it."""
    whole = [slot for slot in found if is_code(fragment)(slot.node)]
    return only(whole or [slot for slot in found if contains(fragment)(slot.node)], fragment)


def instead(original: str, broken: str) -> Change:
    """One expression in place of another."""

    def change(piece: ast.stmt) -> None:
        only([slot for slot in slots(piece) if is_code(original)(slot.node)], original).put(expression(broken))

    return change


def condition(fragment: str, broken: str) -> Change:
    """What an `if` or `while` asks: that which is the fragment, else that which holds it."""

    def change(piece: ast.stmt) -> None:
        asked = [slot for slot in slots(piece) if slot.field in {"test", "ifs"}]
        the_whole_else_holding(asked, fragment).put(expression(broken))

    return change


def never(fragment: str) -> Change:
    return condition(fragment, "False")


def always(fragment: str) -> Change:
    return condition(fragment, "True")


def statement_with(piece: ast.stmt, fragment: str) -> Slot:
    simple = [slot for slot in slots(piece) if isinstance(slot.node, ast.stmt) and not isinstance(slot.node, COMPOUND)]
    return only([slot for slot in simple if contains(fragment)(slot.node)], fragment)


def without(fragment: str) -> Change:
    """Leaves out the statement that holds the fragment."""

    def change(piece: ast.stmt) -> None:
        statement_with(piece, fragment).put(ast.Pass())

    return change


def then(fragment: str, code: str) -> Change:
    """More statements after the one that holds the fragment."""

    def change(piece: ast.stmt) -> None:
        slot = statement_with(piece, fragment)
        after = (slot.index or 0) + 1
        getattr(slot.parent, slot.field)[after:after] = ast.parse(code).body

    return change


def returns(broken: str) -> Change:
    """Another value of the `return` with which the function ends."""

    def change(piece: ast.stmt) -> None:
        last = getattr(piece, "body", [None])[-1]
        if not isinstance(last, ast.Return):
            raise Gone("it does not end with a return")
        last.value = expression(broken)

    return change


def sets(name: str, broken: str) -> Change:
    """Another value of a variable or constant."""

    def change(piece: ast.stmt) -> None:
        given = [each for each in ast.walk(piece) if isinstance(each, ast.Assign | ast.AnnAssign)]
        only([each for each in given if targets(each) == [name]], name).value = expression(broken)

    return change


def targets(given: ast.Assign | ast.AnnAssign) -> list[str]:
    return [ast.unparse(each) for each in (given.targets if isinstance(given, ast.Assign) else [given.target])]


def calls_of(piece: ast.stmt, name: str, argument: str) -> list[Slot]:
    """Calls of a function or method whose dotted name ends so, with this argument if one is given."""
    found = []
    for slot in slots(piece):
        if isinstance(slot.node, ast.Call) and f".{ast.unparse(slot.node.func)}".endswith(f".{name}"):
            found += [slot] if not argument or arguments(slot.node, argument) else []
    return found


def arguments(call: ast.Call, argument: str) -> list[Slot]:
    """Slots of an argument: by its name, or by what is passed."""
    named = [Slot(call, "keywords", place) for place, each in enumerate(call.keywords) if each.arg == argument]
    passed = [Slot(call, "args", place) for place, each in enumerate(call.args) if is_code(argument)(each)]
    return named + passed


def without_call(name: str, argument: str = "") -> Change:
    """`rows.filter(…).first()` as `rows.first()`."""

    def change(piece: ast.stmt) -> None:
        slot = only(calls_of(piece, name, argument), f"{name}(…)")
        called = getattr(slot.node, "func", None)
        if not isinstance(called, ast.Attribute):
            raise Gone(f"{name} is not called on anything")
        slot.put(called.value)

    return change


def without_argument(name: str, argument: str) -> Change:
    def change(piece: ast.stmt) -> None:
        call = only(calls_of(piece, name, argument), f"{name}({argument})").node
        assert isinstance(call, ast.Call)
        only(arguments(call, argument), argument).remove()

    return change


def without_operand(fragment: str) -> Change:
    """`a and b` as `a`."""

    def change(piece: ast.stmt) -> None:
        joined = [slot for slot in slots(piece) if isinstance(slot.node, ast.BoolOp)]
        operands = [Slot(slot.node, "values", place) for slot in joined for place in range(len(slot.node.values))]  # type: ignore[attr-defined]
        operand = the_whole_else_holding(operands, fragment)
        operand.remove()
        left = operand.parent.values  # type: ignore[attr-defined]
        if len(left) == 1:
            only([slot for slot in joined if slot.node is operand.parent], fragment).put(left[0])

    return change


def without_element(fragment: str) -> Change:
    """Of a list, tuple or set; of a dict, the member with this key."""

    def change(piece: ast.stmt) -> None:
        found = []
        for each in [slot.node for slot in slots(piece)]:
            held = {ast.Dict: "keys", ast.List: "elts", ast.Tuple: "elts", ast.Set: "elts"}.get(type(each), "")
            found += [Slot(each, held, place) for place in range(len(getattr(each, held, ())))]
        element = the_whole_else_holding([slot for slot in found if slot.node], fragment)
        if isinstance(element.parent, ast.Dict):
            Slot(element.parent, "values", element.index).remove()
        element.remove()

    return change


def without_decorator(name: str) -> Change:
    def change(piece: ast.stmt) -> None:
        given = getattr(piece, "decorator_list", [])
        decorators = [Slot(piece, "decorator_list", place) for place in range(len(given))]
        only([slot for slot in decorators if contains(name)(slot.node)], name).remove()

    return change


def text(original: str, broken: str) -> Change:
    """Within a text, such as SQL; its spaces and line breaks do not matter."""
    pattern = re.compile(r"\s+".join(map(re.escape, original.split())))

    def change(piece: ast.stmt) -> None:
        texts = [(each, each.value) for each in ast.walk(piece) if isinstance(each, ast.Constant)]
        found = [(each, match) for each, value in texts if isinstance(value, str) for match in pattern.finditer(value)]
        constant, match = only(found, original)
        constant.value = match.string[: match.start()] + broken + match.string[match.end() :]

    return change


def both(*changes: Change) -> Change:
    def change(piece: ast.stmt) -> None:
        for each in changes:
            each(piece)

    return change
