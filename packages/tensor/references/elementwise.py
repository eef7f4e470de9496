"""Element-wise operations: one input, two broadcast inputs, comparisons, logic, casts."""

import torch
import torch.nn.functional as F

from case import Family, NAMES

INF = float("inf")
NAN = float("nan")
family = Family("elementwise")

WIDE = (-3.0, 3.0)
POSITIVE = (0.1, 4.0)
INSIDE = (-0.95, 0.95)
EDGES = [0.0, -0.0, 1.0, -1.0, 40.0, -40.0, 100.0, -100.0]

# name -> (compute, range of generic values, edge values, attributes)
UNARY = {
    "neg": (torch.neg, WIDE, EDGES, {}),
    "abs": (torch.abs, WIDE, EDGES, {}),
    "exp": (torch.exp, WIDE, EDGES, {}),
    "log": (torch.log, POSITIVE, [0.0, 1.0, 1e-30, 1e30, INF], {}),
    "sqrt": (torch.sqrt, POSITIVE, [0.0, 1.0, 1e-30, 1e30, INF], {}),
    "rsqrt": (torch.rsqrt, POSITIVE, [1.0, 1e-20, 1e20], {}),
    "reciprocal": (torch.reciprocal, POSITIVE, [1.0, -4.0, 1e-15, -1e15], {}),
    "square": (torch.square, WIDE, EDGES, {}),
    "sin": (torch.sin, WIDE, EDGES, {}),
    "cos": (torch.cos, WIDE, EDGES, {}),
    "tan": (torch.tan, (-1.4, 1.4), [0.0, -0.0, 1.0, 3.0], {}),
    "asin": (torch.asin, INSIDE, [0.0, 0.5, -0.5, 0.99], {}),
    "acos": (torch.acos, INSIDE, [0.0, 0.5, -0.5, 0.99], {}),
    "atan": (torch.atan, WIDE, EDGES, {}),
    "sinh": (torch.sinh, WIDE, [0.0, 1.0, -1.0, 40.0, -40.0], {}),
    "cosh": (torch.cosh, WIDE, [0.0, 1.0, -1.0, 40.0, -40.0], {}),
    "tanh": (torch.tanh, WIDE, EDGES, {}),
    "sigmoid": (torch.sigmoid, WIDE, EDGES, {}),
    "logSigmoid": (F.logsigmoid, WIDE, EDGES, {}),
    "softplus": (lambda x: F.softplus(x, threshold=300), WIDE, EDGES, {}),
    "relu": (torch.relu, WIDE, EDGES, {}),
    "leakyRelu": (lambda x: F.leaky_relu(x, 0.2), WIDE, EDGES, {"slope": 0.2}),
    "elu": (lambda x: F.elu(x, 1.5), WIDE, EDGES, {"alpha": 1.5}),
    "selu": (F.selu, WIDE, EDGES, {}),
    "gelu": (F.gelu, WIDE, EDGES, {}),
    "geluTanh": (lambda x: F.gelu(x, approximate="tanh"), WIDE, EDGES, {}),
    "silu": (F.silu, WIDE, EDGES, {}),
    "mish": (F.mish, WIDE, EDGES, {}),
    "hardSigmoid": (lambda x: F.relu6(x + 3) / 6, (-4.0, 4.0), EDGES, {}),
    "hardSwish": (lambda x: x * F.relu6(x + 3) / 6, (-4.0, 4.0), EDGES, {}),
    "erf": (torch.erf, WIDE, EDGES, {}),
    "floor": (torch.floor, WIDE, EDGES + [1.5, -1.5], {}),
    "ceil": (torch.ceil, WIDE, EDGES + [1.5, -1.5], {}),
    "round": (torch.round, WIDE, EDGES + [0.5, 1.5, 2.5, -0.5, -1.5, -2.5], {}),
    "sign": (torch.sign, WIDE, EDGES, {}),
    "log1p": (torch.log1p, (-0.9, 4.0), [0.0, 1e-10, -1e-10, 1e30], {}),
    "expm1": (torch.expm1, WIDE, [0.0, 1e-10, -1e-10, 40.0, -40.0], {}),
    "isNaN": (torch.isnan, WIDE, [0.0, NAN, INF, -INF, 1.0], {}),
    "isFinite": (torch.isfinite, WIDE, [0.0, NAN, INF, -INF, 1.0], {}),
}
PIECEWISE_CONSTANT = {"floor", "ceil", "round", "sign", "isNaN", "isFinite"}
UNARY_SHAPES = {"2x3": (2, 3), "rank 0": (), "zero-size": (2, 0, 3), "rank 4": (2, 1, 3, 2)}

for op, (compute, bounds, edges, attributes) in UNARY.items():
    smooth = op not in PIECEWISE_CONSTANT
    for label, shape in UNARY_SHAPES.items():
        values = family.draw(op, label).uniform(*bounds, *shape)
        family.add(op, label, [values], compute, attributes, gradient=smooth)
    family.add(op, "edge", [torch.tensor(edges)], compute, attributes, gradient=smooth)

for dtype in (torch.int32, torch.int64):
    for op in ("neg", "abs", "sign", "square"):
        values = torch.tensor([-7, -1, 0, 1, 9], dtype=dtype)
        family.add(op, NAMES[dtype], [values], UNARY[op][0])

CLIPS = {
    "both": {"min": -0.5, "max": 1.0},
    "min only": {"min": 0.25},
    "max only": {"max": 0.25},
}
for label, bounds in CLIPS.items():
    for name, shape in UNARY_SHAPES.items():
        values = family.draw("clip", f"{label} {name}").normal(*shape)
        family.add("clip", f"{label} {name}", [values], lambda x: torch.clamp(x, **bounds), bounds)

# name -> (compute, range of the first input, range of the second)
BINARY = {
    "add": (torch.add, WIDE, WIDE),
    "sub": (torch.sub, WIDE, WIDE),
    "mul": (torch.mul, WIDE, WIDE),
    "div": (torch.div, WIDE, POSITIVE),
    "pow": (torch.pow, POSITIVE, WIDE),
    "maximum": (torch.maximum, WIDE, WIDE),
    "minimum": (torch.minimum, WIDE, WIDE),
    "mod": (torch.remainder, WIDE, (0.5, 2.0)),
    "equal": (torch.eq, WIDE, WIDE),
    "notEqual": (torch.ne, WIDE, WIDE),
    "less": (torch.lt, WIDE, WIDE),
    "lessEqual": (torch.le, WIDE, WIDE),
    "greater": (torch.gt, WIDE, WIDE),
    "greaterEqual": (torch.ge, WIDE, WIDE),
}
BINARY_SHAPES = {
    "2x3": ((2, 3), (2, 3)),
    "rank 0": ((), ()),
    "scalar right": ((2, 3), ()),
    "scalar left": ((), (2, 3)),
    "row right": ((2, 3), (3,)),
    "column left": ((2, 1), (2, 3)),
    "both ways": ((2, 1, 3), (4, 1)),
    "zero-size": ((2, 0), (2, 0)),
    "zero-size broadcast": ((2, 0, 3), (3,)),
}
COMPARISONS = {"equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"}

for op, (compute, left, right) in BINARY.items():
    for label, (a, b) in BINARY_SHAPES.items():
        draw = family.draw(op, label)
        inputs = [draw.uniform(*left, *a), draw.uniform(*right, *b)]
        if op in COMPARISONS:
            inputs = [tensor.round() for tensor in inputs]
        family.add(op, label, inputs, compute)
    for dtype in (torch.int32, torch.int64):
        if op in ("div", "pow"):
            continue
        a = torch.tensor([[-7, -1, 0], [1, 9, 2]], dtype=dtype)
        b = torch.tensor([2, -1, 3], dtype=dtype)
        family.add(op, NAMES[dtype], [a, b], compute)


def edge(op, label, a, b, gradient=True):
    inputs = [torch.tensor(a), torch.tensor(b)]
    family.add(op, label, inputs, BINARY[op][0], gradient=gradient)


edge("div", "edge", [1.0, -1.0, 0.0, 0.0, 5.0], [0.0, 0.0, 0.0, INF, -INF], gradient=False)
edge("div", "negative divisor", [1.0, -1.0, 3.0], [-2.0, -4.0, -0.5])
edge("pow", "negative base", [-2.0, -2.0, -0.5, 3.0], [2.0, 3.0, 2.0, -2.0], gradient=False)
edge("pow", "zero base", [0.0, 0.0, 0.0, 5.0], [2.0, 1.0, 0.0, 0.0])
edge("maximum", "ties", [1.0, 2.0, -1.0], [1.0, 1.0, -1.0])
edge("minimum", "ties", [1.0, 2.0, -1.0], [1.0, 1.0, -1.0])
edge("mod", "negative divisor", [5.5, -5.5, 5.5, -5.5], [2.0, 2.0, -2.0, -2.0])
for op in sorted(COMPARISONS):
    edge(op, "edge", [NAN, NAN, INF, -INF, 0.0], [NAN, 1.0, INF, INF, -0.0])

POWER_INTS = [
    torch.tensor([2, 3, -2, 5], dtype=torch.int32),
    torch.tensor([3, 0, 2, 1], dtype=torch.int32),
]
family.add("pow", "int32", POWER_INTS, torch.pow)

LOGICAL = {"logicalAnd": torch.logical_and, "logicalOr": torch.logical_or}
for op, compute in LOGICAL.items():
    for label, (a, b) in BINARY_SHAPES.items():
        draw = family.draw(op, label)
        family.add(op, label, [draw.booleans(*a), draw.booleans(*b)], compute)
for label, shape in UNARY_SHAPES.items():
    values = family.draw("logicalNot", label).booleans(*shape)
    family.add("logicalNot", label, [values], torch.logical_not)

WHERE_SHAPES = {
    "2x3": ((2, 3), (2, 3), (2, 3)),
    "rank 0": ((), (), ()),
    "condition broadcast": ((2, 1), (2, 3), (2, 3)),
    "values broadcast": ((2, 3), (), (3,)),
    "all broadcast": ((4, 1, 1), (2, 1), (3,)),
    "zero-size": ((2, 0), (2, 0), ()),
}
for label, shapes in WHERE_SHAPES.items():
    draw = family.draw("where", label)
    inputs = [draw.booleans(*shapes[0]), draw.normal(*shapes[1]), draw.normal(*shapes[2])]
    family.add("where", label, inputs, torch.where)
draw = family.draw("where", "int32")
INTS = [draw.booleans(2, 3), draw.integers(-9, 9, 2, 3), draw.integers(-9, 9, 3)]
family.add("where", "int32", INTS, torch.where)

CASTS = [torch.float32, torch.float16, torch.int32, torch.int64, torch.uint8, torch.bool]
for source in CASTS:
    signed = source not in (torch.uint8, torch.bool)
    for target in CASTS:
        values = [0.0, 1.0, 2.75, 100.5] + (
            [-3.5, -0.25] if signed and target != torch.uint8 else []
        )
        tensor = torch.tensor(values).to(source)
        family.add(
            "cast",
            f"{NAMES[source]} to {NAMES[target]}",
            [tensor],
            lambda x: x.to(target if target != torch.float32 else torch.float64),
            {"to": NAMES[target]},
            gradient=source == torch.float32 and target == torch.float32,
        )
family.add(
    "cast", "zero-size", [torch.zeros(0, 2)], lambda x: x.int(), {"to": "int32"}, gradient=False
)

text = family.text
