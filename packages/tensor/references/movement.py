"""Operations that move values: shapes, slices, joins, borders, repetition, einops notation."""

import torch
import torch.nn.functional as F

from case import Family

family = Family("movement")


def add(op, label, shapes, compute, attributes):
    draw = family.draw(op, label)
    shapes = shapes if isinstance(shapes, list) else [shapes]
    family.add(op, label, [draw.normal(*shape) for shape in shapes], compute, attributes)


RESHAPES = {
    "2x6 to 3x4": ((2, 6), [3, 4]),
    "flatten": ((2, 3, 2), [12]),
    "split axis": ((6, 2), [2, 3, 2]),
    "to rank 0": ((1, 1), []),
    "from rank 0": ((), [1, 1]),
    "inferred": ((2, 3, 4), [2, -1]),
    "zero-size": ((0, 3), [3, 0]),
}
for label, (shape, to) in RESHAPES.items():
    add("reshape", label, shape, lambda x: x.reshape(to), {"shape": to})

TRANSPOSES = {
    "2-D": ((2, 3), [1, 0]),
    "3-D rotation": ((2, 3, 4), [2, 0, 1]),
    "heads": ((2, 3, 2, 2), [0, 2, 1, 3]),
    "negative": ((2, 3, 4), [0, -1, -2]),
    "identity": ((2, 3), [0, 1]),
    "rank 0": ((), []),
    "zero-size": ((2, 0, 3), [2, 1, 0]),
}
for label, (shape, permutation) in TRANSPOSES.items():
    add("transpose", label, shape, lambda x: x.permute(permutation), {"permutation": permutation})


def sliced(x, starts, ends, axes, steps):
    """Python's slice semantics for every sign of step, an axis at a time."""
    for start, end, axis, step in zip(starts, ends, axes, steps):
        size = x.shape[axis]
        # An end below -size means 'before the first element' when the step is negative.
        stop = None if step < 0 and end < -size else end
        picks = list(range(*slice(start, stop, step).indices(size)))
        x = x.index_select(axis, torch.tensor(picks, dtype=torch.int64))
    return x


SLICES = {
    "one axis": ((4, 3), [1], [3], [0], [1]),
    "two axes": ((4, 5), [1, 0], [3, 4], [0, 1], [1, 2]),
    "negative axis": ((2, 5), [1], [4], [-1], [1]),
    "negative bounds": ((5, 2), [-3], [-1], [0], [1]),
    "past the end": ((4, 3), [2], [100], [0], [1]),
    "reversed": ((5,), [-1], [-6], [0], [-1]),
    "reversed by two": ((6, 2), [5], [-7], [0], [-2]),
    "reversed part": ((6, 2), [4], [1], [0], [-1]),
    "one each way": ((4, 4), [3, 0], [-5, 4], [0, 1], [-1, 2]),
    "empty": ((4, 2), [3], [3], [0], [1]),
    "zero-size": ((0, 3), [0], [2], [1], [1]),
}
for label, (shape, starts, ends, axes, steps) in SLICES.items():
    attributes = {"starts": starts, "ends": ends, "axes": axes, "steps": steps}
    add("slice", label, shape, lambda x: sliced(x, **attributes), attributes)

CONCATS = {
    "axis 0": ([(2, 3), (1, 3)], 0),
    "axis 1": ([(2, 3), (2, 1), (2, 2)], 1),
    "negative axis": ([(2, 2, 2), (2, 2, 3)], -1),
    "one input": ([(2, 3)], 0),
    "zero-size part": ([(2, 3), (0, 3)], 0),
    "zero-size": ([(0, 2), (0, 3)], 1),
    "rank 1": ([(3,), (2,)], 0),
}
for label, (shapes, axis) in CONCATS.items():
    add("concat", label, shapes, lambda *xs: torch.cat(xs, axis), {"axis": axis})

STACKS = {
    "axis 0": ([(2, 3), (2, 3)], 0),
    "axis 1": ([(2, 3), (2, 3), (2, 3)], 1),
    "last": ([(2, 3), (2, 3)], -1),
    "rank 0": ([(), (), ()], 0),
    "zero-size": ([(0, 2), (0, 2)], 1),
}
for label, (shapes, axis) in STACKS.items():
    add("stack", label, shapes, lambda *xs: torch.stack(xs, axis), {"axis": axis})

SPLITS = {
    "even": ((4, 3), 0, [2, 2]),
    "uneven": ((2, 6), 1, [1, 2, 3]),
    "negative axis": ((2, 2, 4), -1, [3, 1]),
    "whole": ((2, 3), 0, [2]),
    "empty part": ((3, 2), 0, [3, 0]),
    "zero-size": ((0, 4), 1, [2, 2]),
}
for label, (shape, axis, sizes) in SPLITS.items():
    add(
        "split", label, shape, lambda x: torch.split(x, sizes, axis), {"axis": axis, "sizes": sizes}
    )

# label -> (shape, before, after)
PADS = {
    "rank 1": ((5,), [2], [1]),
    "rows and columns": ((3, 4), [1, 2], [2, 1]),
    "one side": ((3, 4), [0, 2], [0, 0]),
    "image": ((1, 2, 3, 3), [0, 0, 1, 1], [0, 0, 1, 2]),
    "nothing": ((2, 3), [0, 0], [0, 0]),
}


def padded(x, before, after, mode, value):
    if mode == "constant":
        amounts = [n for pair in zip(reversed(before), reversed(after)) for n in pair]
        return F.pad(x, amounts, value=value)
    # Reflection and edges by picking indices an axis at a time: any rank, any axes.
    for axis, (low, high) in enumerate(zip(before, after)):
        size = x.shape[axis]
        picks = torch.arange(-low, size + high)
        if mode == "edge":
            picks = picks.clamp(0, size - 1)
        else:
            picks = (size - 1) - ((size - 1) - picks.abs()).abs()
        x = x.index_select(axis, picks)
    return x


for mode in ("constant", "reflect", "edge"):
    for label, (shape, before, after) in PADS.items():
        attributes = {"before": before, "after": after, "mode": mode}
        extra = {"value": 0.5} if mode == "constant" and label != "rank 1" else {}
        name = f"{mode} {label}"
        compute = lambda x: padded(x, before, after, mode, extra.get("value", 0.0))
        add("pad", name, shape, compute, {**attributes, **extra})
ZERO = {"before": [1, 0], "after": [1, 2], "mode": "constant", "value": -1}
add("pad", "constant zero-size", (0, 2), lambda x: padded(x, [1, 0], [1, 2], "constant", -1), ZERO)

EXPANDS = {
    "row": ((3,), [2, 3]),
    "column": ((2, 1), [2, 3]),
    "rank 0": ((), [2, 2]),
    "both": ((1, 3, 1), [2, 3, 4]),
    "same": ((2, 3), [2, 3]),
    "to zero": ((1, 3), [0, 3]),
}
for label, (shape, to) in EXPANDS.items():
    add("expand", label, shape, lambda x: x.expand(to), {"shape": to})

TILES = {
    "rank 1": ((3,), [2]),
    "2-D": ((2, 3), [2, 2]),
    "one axis": ((2, 1, 2), [1, 3, 1]),
    "zero times": ((2, 3), [0, 1]),
    "zero-size": ((0, 2), [2, 2]),
}
for label, (shape, repeats) in TILES.items():
    add("tile", label, shape, lambda x: x.repeat(repeats), {"repeats": repeats})

FLIPS = {
    "axis 0": ((3, 2), [0]),
    "both": ((2, 3), [0, 1]),
    "negative": ((2, 3, 2), [-1]),
    "none": ((2, 3), []),
    "zero-size": ((0, 3), [0]),
}
for label, (shape, axes) in FLIPS.items():
    add("flip", label, shape, lambda x: torch.flip(x, axes), {"axes": axes})

ROLLS = {
    "one": ((5,), [2], [0]),
    "negative shift": ((5,), [-1], [0]),
    "two axes": ((3, 4), [1, -2], [0, 1]),
    "negative axis": ((2, 4), [1], [-1]),
    "more than the size": ((3, 2), [7], [0]),
    "zero-size": ((0, 2), [1], [0]),
}
for label, (shape, shifts, axes) in ROLLS.items():
    add(
        "roll",
        label,
        shape,
        lambda x: torch.roll(x, shifts, axes),
        {"shifts": shifts, "axes": axes},
    )


def squeezed(x, axes):
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = x.squeeze(axis)
    return x


def unsqueezed(x, axes):
    rank = x.dim() + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


SQUEEZES = {
    "first": ((1, 3), [0]),
    "negative": ((2, 3, 1), [-1]),
    "two": ((1, 2, 1, 3), [0, 2]),
    "to rank 0": ((1,), [0]),
    "zero-size": ((0, 1), [1]),
}
for label, (shape, axes) in SQUEEZES.items():
    add("squeeze", label, shape, lambda x: squeezed(x, axes), {"axes": axes})
UNSQUEEZES = {
    "first": ((3,), [0]),
    "negative": ((2, 3), [-1]),
    "two": ((2, 3), [0, 2]),
    "two negative": ((2,), [-1, -3]),
    "rank 0": ((), [0]),
    "zero-size": ((0, 2), [1]),
}
for label, (shape, axes) in UNSQUEEZES.items():
    add("unsqueeze", label, shape, lambda x: unsqueezed(x, axes), {"axes": axes})

REARRANGES = {
    "transpose": ("a b -> b a", (2, 3), {}, lambda x: x.t()),
    "flatten": ("b h w c -> b (h w c)", (2, 2, 3, 2), {}, lambda x: x.reshape(2, 12)),
    "split heads": (
        "B T (H K) -> B H T K",
        (2, 3, 4),
        {"H": 2},
        lambda x: x.reshape(2, 3, 2, 2).permute(0, 2, 1, 3),
    ),
    "merge heads": (
        "B H T K -> B T (H K)",
        (2, 2, 3, 2),
        {},
        lambda x: x.permute(0, 2, 1, 3).reshape(2, 3, 4),
    ),
    "patches": (
        "b c (h p) (w q) -> b (h w) (p q c)",
        (1, 2, 4, 6),
        {"p": 2, "q": 3},
        lambda x: x.reshape(1, 2, 2, 2, 2, 3).permute(0, 2, 4, 3, 5, 1).reshape(1, 4, 12),
    ),
    "depth to space": (
        "b (p q c) h w -> b c (h p) (w q)",
        (1, 8, 2, 2),
        {"p": 2, "q": 2},
        lambda x: x.reshape(1, 2, 2, 2, 2, 2).permute(0, 3, 4, 1, 5, 2).reshape(1, 2, 4, 4),
    ),
    "new axis": ("a b -> a 1 b", (2, 3), {}, lambda x: x.unsqueeze(1)),
    "drop axis": ("a 1 b -> a b", (2, 1, 3), {}, lambda x: x.squeeze(1)),
    "ellipsis": ("b ... c -> b c ...", (2, 3, 2, 2), {}, lambda x: x.permute(0, 3, 1, 2)),
    "ellipsis split": (
        "... (h k) -> ... k h",
        (2, 2, 6),
        {"h": 3},
        lambda x: x.reshape(2, 2, 3, 2).transpose(-1, -2),
    ),
    "everything": ("a b c -> (c a b)", (2, 3, 2), {}, lambda x: x.permute(2, 0, 1).reshape(12)),
    "to rank 0": ("1 1 ->", (1, 1), {}, lambda x: x.reshape(())),
    "zero-size": ("a b c -> (a b) c", (2, 0, 3), {}, lambda x: x.reshape(0, 3)),
}
for label, (pattern, shape, sizes, compute) in REARRANGES.items():
    attributes = {"pattern": pattern, **({"sizes": sizes} if sizes else {})}
    add("rearrange", label, shape, compute, attributes)

INTS = family.draw("integers", "int32").integers(-9, 10, 2, 3)
family.add("transpose", "int32", [INTS], lambda x: x.t(), {"permutation": [1, 0]})
family.add("concat", "int32", [INTS, INTS], lambda a, b: torch.cat([a, b], 1), {"axis": 1})
BOOLS = family.draw("booleans", "bool").booleans(2, 3)
family.add("reshape", "bool", [BOOLS], lambda x: x.reshape(3, 2), {"shape": [3, 2]})

text = family.text
