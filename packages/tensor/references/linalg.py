"""Products of matrices: plain, batched, broadcast, transposed, scaled; einsum, outer, dot."""

import torch

from case import Family

family = Family("linalg")

PRODUCTS = {
    "2-D": ((2, 3), (3, 4)),
    "square": ((3, 3), (3, 3)),
    "batched": ((2, 3, 4), (2, 4, 5)),
    "two batch axes": ((2, 3, 2, 4), (2, 3, 4, 3)),
    "batch by 2-D": ((2, 3, 4), (4, 2)),
    "2-D by batch": ((3, 4), (2, 4, 2)),
    "batch broadcast": ((2, 1, 2, 3), (4, 3, 2)),
    "batch of one": ((1, 2, 3), (4, 3, 2)),
    "vector by matrix": ((3,), (3, 4)),
    "matrix by vector": ((2, 3), (3,)),
    "vector by vector": ((3,), (3,)),
    "vector by batch": ((3,), (2, 3, 4)),
    "batch by vector": ((2, 4, 3), (3,)),
    "zero rows": ((0, 3), (3, 4)),
    "zero inner": ((2, 0), (0, 4)),
    "zero batch": ((0, 2, 3), (0, 3, 4)),
    "one by one": ((1, 1), (1, 1)),
}
for label, (a, b) in PRODUCTS.items():
    draw = family.draw("matmul", label)
    family.add("matmul", label, [draw.normal(*a), draw.normal(*b)], torch.matmul)

TRANSPOSED = {
    "A": ((3, 2), (3, 4), {"transposeA": True}),
    "B": ((2, 3), (4, 3), {"transposeB": True}),
    "A and B": ((3, 2), (4, 3), {"transposeA": True, "transposeB": True}),
    "alpha": ((2, 3), (3, 4), {"alpha": 0.5}),
    "B and alpha": ((2, 3), (4, 3), {"transposeB": True, "alpha": -2.0}),
    "batched A": ((2, 3, 2), (2, 3, 4), {"transposeA": True}),
    "batched B": ((2, 2, 3), (2, 4, 3), {"transposeB": True, "alpha": 0.125}),
    "batched A and B": ((2, 3, 2), (2, 4, 3), {"transposeA": True, "transposeB": True}),
    "batch by 2-D, B": ((2, 2, 3), (4, 3), {"transposeB": True}),
    "2-D by batch, A": ((3, 2), (2, 3, 4), {"transposeA": True}),
    "batch broadcast, B": ((2, 1, 2, 3), (4, 2, 3), {"transposeB": True}),
}


def product(a, b, transposeA=False, transposeB=False, alpha=1.0):
    left = a.transpose(-1, -2) if transposeA else a
    right = b.transpose(-1, -2) if transposeB else b
    return torch.matmul(left, right) * alpha


for label, (a, b, attributes) in TRANSPOSED.items():
    draw = family.draw("matmul", label)
    inputs = [draw.normal(*a), draw.normal(*b)]
    family.add(
        "matmul",
        f"transposed {label}",
        inputs,
        lambda a, b: product(a, b, **attributes),
        attributes,
    )

EINSUMS = {
    "inner": ("i,i->", [(4,), (4,)]),
    "outer": ("i,j->ij", [(3,), (4,)]),
    "trace": ("ii->", [(3, 3)]),
    "trace implicit": ("ii", [(3, 3)]),
    "diagonal": ("ii->i", [(3, 3)]),
    "batched diagonal": ("bii->bi", [(2, 3, 3)]),
    "transpose": ("ij->ji", [(2, 3)]),
    "transpose implicit": ("ba", [(2, 3)]),
    "sum": ("ij->", [(2, 3)]),
    "row sums": ("ij->i", [(2, 3)]),
    "product": ("ij,jk->ik", [(2, 3), (3, 4)]),
    "product implicit": ("ij,jk", [(2, 3), (3, 4)]),
    "product transposed": ("ij,kj->ki", [(2, 3), (4, 3)]),
    "batched": ("bij,bjk->bik", [(2, 3, 4), (2, 4, 2)]),
    "attention scores": ("bthk,bshk->bhts", [(2, 3, 2, 4), (2, 5, 2, 4)]),
    "two contracted": ("bijk,jkl->bil", [(2, 2, 3, 2), (3, 2, 4)]),
    "hadamard": ("ij,ij->ij", [(2, 3), (2, 3)]),
    "summed alone": ("ij,k->i", [(2, 3), (4,)]),
    "bilinear": ("bi,oij,bj->bo", [(2, 3), (4, 3, 2), (2, 2)]),
    "chain": ("ab,bc,cd->ad", [(2, 3), (3, 4), (4, 2)]),
    "ellipsis": ("...ij,...jk->...ik", [(2, 2, 3), (2, 3, 2)]),
    "ellipsis broadcast": ("...ij,jk->...ik", [(2, 2, 2, 3), (3, 2)]),
    "ellipsis one side": ("b...i,oi->b...o", [(2, 3, 2, 4), (5, 4)]),
    "ellipsis implicit": ("...ij->...ji", [(2, 2, 3)]),
    "ellipsis of one": ("...ij,...jk->...ik", [(1, 2, 3), (4, 3, 2)]),
    "ellipsis summed": ("...i,i->", [(2, 3, 4), (4,)]),
    "diagonal of three": ("iii->i", [(3, 3, 3)]),
    "diagonal inside": ("iji,jk->ki", [(3, 2, 3), (2, 4)]),
    "batch of dots": ("bi,bi->b", [(2, 3), (2, 3)]),
    "outer of batches": ("bi,bj->bji", [(2, 3), (2, 4)]),
    "zero-size": ("ij,jk->ik", [(2, 0), (0, 3)]),
    "spaces": ("b i j, b j k -> b i k", [(2, 2, 3), (2, 3, 2)]),
}
for label, (equation, shapes) in EINSUMS.items():
    draw = family.draw("einsum", label)
    inputs = [draw.normal(*shape) for shape in shapes]
    compute = lambda *operands: torch.einsum(equation.replace(" ", ""), *operands)
    family.add("einsum", label, inputs, compute, {"equation": equation})

for label, (a, b) in {
    "3 by 4": ((3,), (4,)),
    "zero-size": ((0,), (4,)),
    "one": ((1,), (1,)),
}.items():
    draw = family.draw("outer", label)
    family.add("outer", label, [draw.normal(*a), draw.normal(*b)], torch.outer)
for label, size in {"5": 5, "zero-size": 0, "one": 1}.items():
    draw = family.draw("dot", label)
    family.add("dot", label, [draw.normal(size), draw.normal(size)], torch.dot)

text = family.text
