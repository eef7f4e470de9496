"""Reductions over one axis, several, all of them, and axes of size zero and one."""

import torch

from case import Family

family = Family("reduce")


def axes_of(x, axes):
    return tuple(range(x.dim())) if axes is None else tuple(axes)


def prod(x, axes, keep):
    for axis in sorted((axis % max(x.dim(), 1) for axis in axes_of(x, axes)), reverse=True):
        x = torch.prod(x, axis, keepdim=keep)
    return x


def by_axes(function):
    """A reduction of PyTorch that reads an empty tuple of axes as 'all' keeps rank 0 as it is."""
    return lambda x, axes, keep: (
        function(x, axes_of(x, axes), keep) if x.dim() else function(x, (), keep)
    )


def logical(function):
    def compute(x, axes, keep):
        for axis in sorted((axis % max(x.dim(), 1) for axis in axes_of(x, axes)), reverse=True):
            x = function(x, axis, keepdim=keep)
        return x

    return compute


REDUCTIONS = {
    "sum": by_axes(torch.sum),
    "mean": by_axes(torch.mean),
    "max": by_axes(torch.amax),
    "min": by_axes(torch.amin),
    "prod": prod,
    "logSumExp": lambda x, axes, keep: torch.logsumexp(x, axes_of(x, axes) if x.dim() else 0, keep),
    "any": logical(torch.any),
    "all": logical(torch.all),
}
# label -> (shape, axes; None leaves the attribute out: reduce everything)
SHAPES = {
    "last": ((2, 3, 4), [-1]),
    "first": ((2, 3, 4), [0]),
    "middle": ((2, 3, 4), [1]),
    "two": ((2, 3, 4), [0, 2]),
    "two negative": ((2, 3, 4), [-1, -2]),
    "everything": ((2, 3), None),
    "rank 0": ((), None),
    "size one": ((3, 1), [1]),
    "zero-size kept": ((2, 0, 3), [2]),
}
EMPTY = {"sum", "prod", "any", "all"}


def attributes(axes, keep):
    named = {} if axes is None else {"axes": axes}
    return {**named, "keepDims": keep}


def values(draw, op, shape):
    return draw.booleans(*shape) if op in ("any", "all") else draw.distinct(*shape)


for op, compute in REDUCTIONS.items():
    shapes = dict(SHAPES)
    if op in EMPTY:
        shapes["zero-size reduced"] = ((2, 0, 3), [1])
    for label, (shape, axes) in shapes.items():
        for keep in (False, True):
            name = f"{label}, kept" if keep else label
            x = values(family.draw(op, name), op, shape)
            family.add(op, name, [x], lambda x: compute(x, axes, keep), attributes(axes, keep))

INF = float("inf")
ROWS = {
    "max": [[1.0, 1.0, 0.0], [-INF, 2.0, INF]],
    "min": [[1.0, 1.0, 3.0], [-INF, 2.0, INF]],
    "prod": [[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]],
    "logSumExp": [[1000.0, 1000.0, 999.0], [-1000.0, -1001.0, -1002.0]],
}
for op, rows in ROWS.items():
    compute = REDUCTIONS[op]
    x = torch.tensor(rows)
    family.add(op, "edge", [x], lambda x: compute(x, [1], False), attributes([1], False))
hidden = torch.tensor([[-INF, 0.5, -INF], [-INF, -INF, -INF]])
family.add(
    "logSumExp",
    "edge minus infinity",
    [hidden],
    lambda x: torch.logsumexp(x, 1),
    attributes([1], False),
    gradient=False,
)
family.add(
    "mean",
    "edge empty",
    [torch.zeros(2, 0)],
    lambda x: x.mean(1),
    attributes([1], False),
    gradient=False,
)

for dtype, name in ((torch.int32, "int32"), (torch.int64, "int64")):
    for op in ("sum", "max", "min", "prod"):
        compute = REDUCTIONS[op]
        x = family.draw(op, name).integers(-5, 6, 2, 3, dtype=dtype)
        family.add(op, name, [x], lambda x: compute(x, [1], False), attributes([1], False), [name])

for label, (shape, axes) in SHAPES.items():
    if label in ("rank 0", "size one"):
        continue
    for correction in (0, 1):
        for keep in (False, True):
            name = f"{label}, correction {correction}" + (", kept" if keep else "")
            family.add(
                "variance",
                name,
                [family.draw("variance", name).normal(*shape)],
                lambda x: torch.var(x, axes_of(x, axes), unbiased=correction == 1, keepdim=keep),
                {**attributes(axes, keep), "correction": correction},
            )
for label, shape, axes in (("rank 0", (), None), ("size one", (3, 1), [1])):
    family.add(
        "variance",
        label,
        [family.draw("variance", label).normal(*shape)],
        lambda x: torch.var(x, axes_of(x, axes) if shape else None, unbiased=False),
        {**attributes(axes, False), "correction": 0},
    )

ARGUMENTS = {
    "last": ((2, 3, 4), -1),
    "first": ((2, 3, 4), 0),
    "middle": ((2, 3, 4), 1),
    "rank 1": ((5,), 0),
    "zero-size kept": ((0, 3), 1),
}
for op, function in (("argmax", torch.argmax), ("argmin", torch.argmin)):
    for label, (shape, axis) in ARGUMENTS.items():
        for keep in (False, True):
            name = f"{label}, kept" if keep else label
            x = family.draw(op, name).distinct(*shape)
            compute = lambda x: function(x, axis, keepdim=keep)
            family.add(
                op, name, [x], compute, {"axis": axis, "keepDims": keep}, ["int32"], gradient=False
            )

text = family.text
