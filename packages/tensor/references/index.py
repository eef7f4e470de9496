"""Indexing and order: gathers, scatters, embeddings, one-hot, top-k, sort, running sums, triangles.

Inputs stand as values first, then indices, then source values.
"""

import torch
import torch.nn.functional as F

from case import Family

family = Family("index")


def gathered(x, indices, axis):
    """ONNX Gather: the axis is replaced by the axes of the indices; negative ones count back."""
    axis = axis % x.dim()
    picks = (indices.long() % max(x.shape[axis], 1)).reshape(-1)
    shape = [*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]]
    return x.index_select(axis, picks).reshape(shape)


# label -> (shape of the values, indices, axis)
GATHERS = {
    "rows": ((4, 3), [2, 0, 3], 0),
    "columns": ((2, 4), [3, 1], 1),
    "repeated": ((3, 2), [1, 1, 0, 1], 0),
    "2-D indices": ((4, 2), [[0, 3], [1, 1]], 0),
    "2-D indices, middle": ((2, 4, 2), [[0, 3], [1, 1]], 1),
    "negative axis": ((2, 3, 4), [3, 0], -1),
    "scalar index": ((3, 2), 1, 0),
    "rank 1": ((5,), [4, 0, 0], 0),
    "negative indices": ((4, 2), [-1, -4], 0),
    "no index": ((3, 2), [], 0),
    "zero-size": ((3, 0), [2, 1], 0),
}
for label, (shape, indices, axis) in GATHERS.items():
    picks = torch.tensor(indices, dtype=torch.int32)
    inputs = [family.draw("gather", label).normal(*shape), picks]
    family.add("gather", label, inputs, lambda x, i: gathered(x, i, axis), {"axis": axis})
INTS = family.draw("gather", "int32").integers(-9, 10, 4, 2)
PICKS = torch.tensor([3, 1], dtype=torch.int64)
family.add("gather", "int32 by int64", [INTS, PICKS], lambda x, i: gathered(x, i, 0), {"axis": 0})

# label -> (shape of the values, shape of the indices, axis)
ELEMENTS = {
    "rows": ((3, 4), (2, 4), 0),
    "columns": ((3, 4), (3, 2), 1),
    "negative axis": ((2, 3, 4), (2, 3, 5), -1),
    "fewer rows": ((3, 4), (2, 6), 1),
    "rank 1": ((5,), (3,), 0),
    "no index": ((3, 4), (3, 0), 1),
}
for label, (shape, picks, axis) in ELEMENTS.items():
    draw = family.draw("gatherElements", label)
    inputs = [draw.normal(*shape), draw.integers(0, shape[axis], *picks)]
    compute = lambda x, i: torch.gather(x, axis, i.long())
    family.add("gatherElements", label, inputs, compute, {"axis": axis})

    draw = family.draw("scatterAdd", label)
    inputs = [draw.normal(*shape), draw.integers(0, shape[axis], *picks), draw.normal(*picks)]
    compute = lambda x, i, source: torch.scatter_add(x, axis, i.long(), source)
    family.add("scatterAdd", label, inputs, compute, {"axis": axis})
SAME = [torch.zeros(3), torch.zeros(4, dtype=torch.int32), torch.tensor([1.0, 2.0, 3.0, 4.0])]
family.add(
    "scatterAdd",
    "one place",
    SAME,
    lambda x, i, s: torch.scatter_add(x, 0, i.long(), s),
    {"axis": 0},
)

EMBEDDINGS = {
    "sequence": ((5, 3), [[0, 4, 2], [2, 2, 1]]),
    "rank 1": ((4, 2), [3, 0]),
    "scalar": ((4, 2), 2),
    "none": ((4, 2), []),
}
for label, (shape, ids) in EMBEDDINGS.items():
    ids = torch.tensor(ids, dtype=torch.int32)
    inputs = [family.draw("embedding", label).normal(*shape), ids]
    family.add("embedding", label, inputs, lambda table, i: F.embedding(i.long(), table))

ONE_HOTS = {
    "rank 1": ([0, 3, 1], 4),
    "rank 2": ([[0, 1], [2, 2]], 3),
    "scalar": (1, 3),
    "none": ([], 3),
}
for label, (ids, depth) in ONE_HOTS.items():
    ids = torch.tensor(ids, dtype=torch.int32)
    compute = lambda i: torch.eye(depth)[i.long()]
    family.add("oneHot", label, [ids], compute, {"depth": depth})

# label -> (shape, k, axis)
TOPS = {
    "last": ((3, 5), 2, -1),
    "first": ((5, 2), 3, 0),
    "middle": ((2, 4, 2), 1, 1),
    "all": ((2, 3), 3, 1),
    "rank 1": ((6,), 2, 0),
    "none": ((2, 3), 0, 1),
    "zero-size": ((0, 3), 2, 1),
}
for label, (shape, k, axis) in TOPS.items():
    for largest in (True, False):
        name = f"{label}, {'largest' if largest else 'smallest'}"
        inputs = [family.draw("topK", name).distinct(*shape)]
        attributes = {"k": k, "axis": axis, "largest": largest}
        compute = lambda x: torch.topk(x, k, axis, largest)
        family.add("topK", name, inputs, compute, attributes, ["float32", "int32"])

SORTS = {
    "last": ((3, 4), -1),
    "first": ((4, 2), 0),
    "middle": ((2, 4, 2), 1),
    "rank 1": ((6,), 0),
    "one": ((3, 1), 1),
    "zero-size": ((2, 0), 1),
}
for label, (shape, axis) in SORTS.items():
    for descending in (False, True):
        name = f"{label}, {'descending' if descending else 'ascending'}"
        inputs = [family.draw("sort", name).distinct(*shape)]
        attributes = {"axis": axis, "descending": descending}
        compute = lambda x: torch.sort(x, axis, descending)
        family.add("sort", name, inputs, compute, attributes, ["float32", "int32"])


def running(x, axis, exclusive, reverse):
    x = x.flip(axis) if reverse else x
    total = x.cumsum(axis)
    total = total - x if exclusive else total
    return total.flip(axis) if reverse else total


RUNNING = {
    "last": ((2, 4), -1),
    "first": ((3, 2), 0),
    "rank 1": ((5,), 0),
    "zero-size": ((2, 0), 1),
}
for label, (shape, axis) in RUNNING.items():
    for exclusive in (False, True):
        for reverse in (False, True):
            words = [label] + ["exclusive"] * exclusive + ["reverse"] * reverse
            name = ", ".join(words)
            inputs = [family.draw("cumulativeSum", name).normal(*shape)]
            attributes = {"axis": axis, "exclusive": exclusive, "reverse": reverse}
            family.add(
                "cumulativeSum", name, inputs, lambda x: running(x, **attributes), attributes
            )

TRIANGLES = {
    "square": ((3, 3), 0),
    "above": ((3, 4), 1),
    "below": ((4, 3), -1),
    "batched": ((2, 3, 3), 0),
    "past the corner": ((2, 3), 5),
    "before the corner": ((2, 3), -5),
    "zero-size": ((0, 3), 0),
}
for op, function in (("triangularLower", torch.tril), ("triangularUpper", torch.triu)):
    for label, (shape, diagonal) in TRIANGLES.items():
        inputs = [family.draw(op, label).normal(*shape)]
        family.add(op, label, inputs, lambda x: function(x, diagonal), {"diagonal": diagonal})

text = family.text
