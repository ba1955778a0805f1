"""Change one place of a piece of code, as a slip of the hand or of thought does."""

from __future__ import annotations

import random
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import libcst as cst

NEIGHBOURS = """
    sum/mean max/min argmax/argmin sin/cos cat/stack softmax/log_softmax softmax/sigmoid
    Softmax/LogSoftmax Softmax/Sigmoid GELU/ReLU gelu/relu GELU/Tanh gelu/sigmoid train/eval
    vstack/hstack zeros/ones exp/log zeros/randn zeros_like/ones_like reshape/view append/extend
    var/std no_grad/enable_grad inference_mode/enable_grad LayerNorm/Identity LayerNorm/RMSNorm
    LayerNorm/BatchNorm1d Sequential/ModuleList ModuleList/list Parameter/Buffer step/zero_grad
    repeat/expand repeat/repeat_interleave transpose/swapaxes permute/reshape sqrt/square eq/ne
    matmul/mul item/detach range/list argsort/sort float/int ValueError/AssertionError
    flatten/squeeze
""".split()
VARIABLES = """
    H/W h/w height/width ph/pw patch_h/patch_w N/d q/k k/v i/j B/N d/n_heads images/labels x/y
    height/n_patches c/h C/H d_head/d count/total_loss seen/n
""".split()  # where both are in the same piece
OPERATORS: dict[type, tuple[type, ...]] = {
    cst.Add: (cst.Subtract,), cst.Subtract: (cst.Add,), cst.Multiply: (cst.Divide, cst.Add),
    cst.Divide: (cst.Multiply, cst.FloorDivide), cst.FloorDivide: (cst.Modulo,
    cst.Multiply, cst.Divide), cst.Modulo: (cst.FloorDivide,),
    cst.Power: (cst.Multiply, cst.Divide), cst.MatrixMultiply: (cst.Multiply,),
    cst.Equal: (cst.NotEqual,), cst.NotEqual: (cst.Equal,), cst.GreaterThan: (cst.GreaterThanEqual,
    cst.LessThan), cst.LessThan: (cst.LessThanEqual, cst.GreaterThan), cst.And: (cst.Or,),
    cst.Or: (cst.And,), cst.AddAssign: (cst.SubtractAssign,), cst.SubtractAssign: (cst.AddAssign,),
}  # fmt: skip
ARROW = "->"

Alternative = tuple[str, cst.CSTNode | cst.RemovalSentinel]
Alternatives = Callable[[Any], Iterator[Alternative]]
Node = TypeVar("Node", bound=cst.CSTNode)


@dataclass(frozen=True)
class Mutant:
    """Code with one place changed, and the kind of change."""

    label: str
    code: str


def neighbours(code: str) -> dict[str, set[str]]:
    """Return what each name can be exchanged with in this code."""
    words = set(re.findall(r"\w+", code))
    both = [pair for pair in VARIABLES if words.issuperset(pair.split("/"))]
    found = defaultdict(set)
    for pair in (*NEIGHBOURS, *both):
        one, other = pair.split("/")
        found[one].add(other)
        found[other].add(one)
    return found


def mutate(code: str, rng: random.Random) -> Mutant:
    """Return a mutant. Every kind of change that the code allows is as likely as any other."""
    module = cst.parse_module(code)
    kinds = defaultdict(list)
    for place, label in enumerate(_labels(module)):
        kinds[label].append(place)
    while True:
        label = rng.choice(sorted(kinds))
        mutant = _changed(module, rng.choice(kinds[label]))
        if mutant is not None and mutant != code:
            return Mutant(label, mutant)


def mutants(code: str) -> Iterator[Mutant]:
    """Yield every mutant of a piece of code."""
    module = cst.parse_module(code)
    for place, label in enumerate(_labels(module)):
        mutant = _changed(module, place)
        if mutant is not None and mutant != code:
            yield Mutant(label, mutant)


def _labels(module: cst.Module) -> list[str]:
    changing = _Changing(None)
    module.visit(changing)
    return changing.labels


def _changed(module: cst.Module, place: int) -> str | None:
    try:
        code = module.visit(_Changing(place)).code
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(code, "mutant", "exec")
    except (cst.CSTValidationError, SyntaxError):
        return None
    return code


class _Changing(cst.CSTTransformer):
    """Counts all changes that are possible, and makes the one that stands at a place of the count."""

    def __init__(self, place: int | None) -> None:
        super().__init__()
        self.labels: list[str] = []
        self._place = place
        self._neighbours: dict[str, set[str]] = {}

    def visit_Module(self, node: cst.Module) -> None:
        self._neighbours = neighbours(node.code)

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_Raise(self, node: cst.Raise) -> bool:
        return isinstance(node.exc, cst.Call)

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        return False  # a message may say what it likes

    def on_leave(self, original_node: Node, updated_node: Node) -> Any:
        result: Any = super().on_leave(original_node, updated_node)
        for label, changed in self._alternatives(original_node):
            if len(self.labels) == self._place:
                result = changed
            self.labels.append(label)
        return result

    def _alternatives(self, node: cst.CSTNode) -> Iterator[Alternative]:
        if isinstance(node, cst.Name):
            for other in sorted(self._neighbours.get(node.value, ())):
                yield "a name exchanged with its neighbour", cst.Name(other)
        if type(node) in ALTERNATIVES:
            yield from ALTERNATIVES[type(node)](node)


def _integer(node: cst.Integer) -> Iterator[Alternative]:
    value = node.evaluated_value
    yield "a number one larger", cst.Integer(str(value + 1))
    yield "a number one smaller", _number(value - 1)
    if value > 2:
        yield "a number ten times as large", cst.Integer(str(value * 10))


def _number(value: int) -> cst.BaseExpression:
    return (
        cst.Integer(str(value))
        if value >= 0
        else cst.UnaryOperation(cst.Minus(), cst.Integer(str(-value)))
    )


def _float(node: cst.Float) -> Iterator[Alternative]:
    value = node.evaluated_value
    for label, changed in (
        ("ten times as large", value * 10),
        ("a tenth", value / 10),
        ("one larger", value + 1),
    ):
        yield f"a number {label}", cst.Float(repr(changed))


def _negative(node: cst.UnaryOperation) -> Iterator[Alternative]:
    if isinstance(node.operator, (cst.Minus, cst.Not, cst.BitInvert)):
        yield "a sign left out", node.expression


def _name(node: cst.Name) -> Iterator[Alternative]:
    if node.value in ("True", "False"):
        yield "the opposite", cst.Name("False" if node.value == "True" else "True")


def _binary(node: cst.BinaryOperation) -> Iterator[Alternative]:
    for other in OPERATORS.get(type(node.operator), ()):
        yield "another operator", node.with_changes(operator=other())
    if not isinstance(node.operator, (cst.Add, cst.Multiply)):
        yield "operands swapped", node.with_changes(left=node.right, right=node.left)
    for side in (node.left, node.right):
        yield "an operand left out", side.with_changes(lpar=node.lpar, rpar=node.rpar)


def _boolean(node: cst.BooleanOperation) -> Iterator[Alternative]:
    for other in OPERATORS.get(type(node.operator), ()):
        yield "another operator", node.with_changes(operator=other())
    for side in (node.left, node.right):
        yield "a condition left out", side


def _comparison(node: cst.ComparisonTarget) -> Iterator[Alternative]:
    for other in OPERATORS.get(type(node.operator), ()):
        yield "another operator", node.with_changes(operator=other())


def _assigned(node: cst.AugAssign) -> Iterator[Alternative]:
    for other in OPERATORS.get(type(node.operator), ()):
        yield "another operator", node.with_changes(operator=other())
    yield "assigned, not added", cst.Assign([cst.AssignTarget(node.target)], node.value)


def _in_place(node: cst.Assign) -> Iterator[Alternative]:
    value = node.value
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Add):
        target = node.targets[0].target
        if (
            len(node.targets) == 1
            and isinstance(target, cst.Name)
            and target.deep_equals(value.left)
        ):
            yield "added in place", cst.AugAssign(target, cst.AddAssign(), value.right)


def _call(node: cst.Call) -> Iterator[Alternative]:
    for place in range(len(node.args) - 1):
        args = list(node.args)
        one, other = args[place], args[place + 1]
        args[place] = one.with_changes(
            keyword=other.keyword, value=other.value, star=other.star, equal=other.equal
        )
        args[place + 1] = other.with_changes(
            keyword=one.keyword, value=one.value, star=one.star, equal=one.equal
        )
        if one.keyword is None and other.keyword is None:
            yield "arguments swapped", node.with_changes(args=args)
    for place in range(len(node.args)):
        yield (
            "an argument left out",
            node.with_changes(args=[*node.args[:place], *node.args[place + 1 :]]),
        )
    if len(node.args) == 1 and not node.args[0].star and not node.args[0].keyword:
        yield "a call left out", node.args[0].value
    if isinstance(node.func, cst.Attribute):
        yield "a call left out", node.func.value
    buffer = isinstance(node.func, cst.Attribute) and node.func.attr.value == "register_buffer"
    if buffer and isinstance(node.args[0].value, cst.SimpleString):
        name, value = node.args[0].value.evaluated_value, node.args[1].value
        assert isinstance(name, str)
        yield (
            "no buffer",
            cst.Call(
                cst.Name("setattr"), [cst.Arg(cst.Name("self")), node.args[0], cst.Arg(value)]
            ),
        )


def _elements(node: cst.Tuple | cst.List) -> Iterator[Alternative]:
    for place in range(len(node.elements) - 1):
        values = list(node.elements)
        one, other = values[place].value, values[place + 1].value
        values[place] = values[place].with_changes(value=other)
        values[place + 1] = values[place + 1].with_changes(value=one)
        yield "elements swapped", node.with_changes(elements=values)


def _slice(node: cst.Slice) -> Iterator[Alternative]:
    for bound in ("lower", "upper", "step"):
        if getattr(node, bound) is not None:
            yield "a bound left out", node.with_changes(**{bound: None})


def _string(node: cst.SimpleString) -> Iterator[Alternative]:
    before, arrow, after = node.value.partition(ARROW)
    words = after.strip("\"' ").split()
    for place in range(len(words) - 1 if arrow else 0):
        swapped = [*words[:place], words[place + 1], words[place], *words[place + 2 :]]
        if swapped != words:
            yield (
                "axes swapped",
                node.with_changes(value=f"{before}{arrow} {' '.join(swapped)}{node.value[-1]}"),
            )


def _if(node: cst.If) -> Iterator[Alternative]:
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield "the opposite", node.with_changes(test=cst.UnaryOperation(cst.Not(), test))
    yield (
        "a statement left out",
        cst.RemoveFromParent() if node.orelse is None else node.with_changes(orelse=None),
    )


def _conditional(node: cst.IfExp) -> Iterator[Alternative]:
    yield "the opposite", node.with_changes(body=node.orelse, orelse=node.body)


def _with(node: cst.With) -> Iterator[Alternative]:
    yield "a context left out", cst.If(cst.Name("True"), node.body)


def _definition(node: cst.FunctionDef) -> Iterator[Alternative]:
    if node.decorators:
        yield "a decorator left out", node.with_changes(decorators=[])


def _block(node: cst.IndentedBlock) -> Iterator[Alternative]:
    """Leave a statement out, swap it with the next, put the last one a level deeper."""
    body = list(node.body)
    for place, statement in enumerate(body):
        if isinstance(statement, cst.SimpleStatementLine):
            rest = [*body[:place], *body[place + 1 :]] or [cst.SimpleStatementLine([cst.Pass()])]
            yield "a statement left out", node.with_changes(body=rest)
    for place in range(len(body) - 1):
        if not any(isinstance(one, cst.FunctionDef) for one in body[place : place + 2]):
            swapped = [*body[:place], body[place + 1], body[place], *body[place + 2 :]]
            yield "statements swapped", node.with_changes(body=swapped)
        loop, after = body[place], body[place + 1]
        if isinstance(loop, cst.For) and isinstance(loop.body, cst.IndentedBlock):
            deeper = loop.with_changes(body=loop.body.with_changes(body=[*loop.body.body, after]))
            yield (
                "a statement in the loop",
                node.with_changes(body=[*body[:place], deeper, *body[place + 2 :]]),
            )


ALTERNATIVES: dict[type, Alternatives] = {
    cst.Integer: _integer, cst.Float: _float, cst.UnaryOperation: _negative, cst.Name: _name,
    cst.BinaryOperation: _binary, cst.BooleanOperation: _boolean, cst.ComparisonTarget: _comparison,
    cst.AugAssign: _assigned, cst.Assign: _in_place, cst.Call: _call,
    cst.Tuple: _elements, cst.List: _elements,
    cst.Slice: _slice, cst.SimpleString: _string, cst.If: _if, cst.IfExp: _conditional, cst.With: _with,
    cst.FunctionDef: _definition, cst.IndentedBlock: _block,
}  # fmt: skip
