"""Convolution, its transpose, pooling, resizing, and patches, in one to three dimensions.

Inputs stand as x [B, C, ...space], weight, then bias; a transposed convolution's weight is
[in, out / groups, ...kernel] and a convolution's [out, in / groups, ...kernel].
"""

import torch
import torch.nn.functional as F

from case import Family

family = Family("conv")
CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
ADAPTIVE = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}

# label -> (x, weight, bias, options)
CONVS = {
    "1-D": ((2, 2, 7), (3, 2, 3), True, {}),
    "1-D plain": ((1, 2, 6), (2, 2, 3), False, {"stride": [2], "padding": [1]}),
    "1-D dilated": ((1, 2, 9), (2, 2, 3), True, {"dilation": [2], "padding": [2]}),
    "1-D depthwise": ((2, 3, 6), (3, 1, 3), True, {"groups": 3, "padding": [1]}),
    "2-D": ((2, 2, 5, 4), (3, 2, 3, 3), True, {}),
    "2-D plain": ((1, 2, 4, 4), (2, 2, 2, 2), False, {}),
    "2-D stride": ((1, 2, 6, 5), (2, 2, 3, 3), True, {"stride": [2, 2], "padding": [1, 1]}),
    "2-D stride left over": ((1, 1, 6, 6), (1, 1, 3, 3), False, {"stride": [2, 2]}),
    "2-D uneven": (
        (1, 1, 6, 5),
        (2, 1, 3, 2),
        True,
        {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 2]},
    ),
    "2-D groups": ((1, 4, 4, 4), (4, 2, 3, 3), True, {"groups": 2, "padding": [1, 1]}),
    "2-D depthwise by two": ((1, 2, 4, 4), (4, 1, 3, 3), False, {"groups": 2}),
    "2-D one by one": ((2, 3, 2, 2), (2, 3, 1, 1), True, {}),
    "2-D patches": ((1, 2, 4, 4), (3, 2, 2, 2), True, {"stride": [2, 2]}),
    "2-D dilated groups": (
        (1, 2, 6, 6),
        (2, 1, 2, 2),
        True,
        {"groups": 2, "dilation": [2, 2], "stride": [2, 2], "padding": [1, 1]},
    ),
    "2-D zero batch": ((0, 2, 3, 3), (2, 2, 2, 2), True, {}),
    "3-D": ((1, 2, 3, 4, 3), (2, 2, 2, 2, 2), True, {}),
    "3-D plain": (
        (1, 1, 4, 4, 4),
        (2, 1, 2, 3, 2),
        False,
        {"stride": [2, 1, 2], "padding": [0, 1, 1]},
    ),
    "3-D groups": ((1, 2, 3, 3, 3), (2, 1, 2, 2, 2), True, {"groups": 2, "padding": [1, 1, 1]}),
}
TRANSPOSES = {
    "1-D": ((2, 2, 4), (2, 3, 3), True, {}),
    "1-D stride": ((1, 2, 4), (2, 2, 3), False, {"stride": [2], "padding": [1]}),
    "1-D output padding": (
        (1, 2, 4),
        (2, 1, 3),
        True,
        {"stride": [2], "padding": [1], "outputPadding": [1]},
    ),
    "2-D": ((1, 2, 3, 3), (2, 2, 2, 2), True, {}),
    "2-D upsample": ((2, 2, 2, 3), (2, 3, 2, 2), True, {"stride": [2, 2]}),
    "2-D uneven": (
        (1, 2, 3, 2),
        (2, 1, 3, 2),
        False,
        {"stride": [2, 3], "padding": [1, 0], "outputPadding": [0, 1]},
    ),
    "2-D groups": ((1, 4, 2, 2), (4, 1, 3, 3), True, {"groups": 2, "stride": [2, 2]}),
    "2-D dilated": ((1, 1, 3, 3), (1, 2, 2, 2), True, {"dilation": [2, 2]}),
    "3-D": ((1, 2, 2, 2, 2), (2, 1, 2, 2, 2), True, {"stride": [2, 1, 1]}),
}
PYTHON_NAMES = {"outputPadding": "output_padding"}

for op, cases, functions in (("conv", CONVS, CONV), ("convTranspose", TRANSPOSES, TRANSPOSE)):
    for label, (shape, weight, bias, options) in cases.items():
        draw = family.draw(op, label)
        inputs = [draw.normal(*shape), draw.normal(*weight)]
        outputs = weight[1] * options.get("groups", 1) if op == "convTranspose" else weight[0]
        inputs += [draw.normal(outputs)] * bias
        named = {PYTHON_NAMES.get(name, name): value for name, value in options.items()}
        function = functions[len(shape) - 2]
        family.add(op, label, inputs, lambda *tensors: function(*tensors, **named), options)

# label -> (x, options)
POOLS = {
    "1-D": ((2, 2, 6), {"kernel": [2]}),
    "1-D overlapping": ((1, 2, 7), {"kernel": [3], "stride": [2], "padding": [1]}),
    "2-D": ((2, 2, 4, 6), {"kernel": [2, 2]}),
    "2-D overlapping": ((1, 2, 5, 5), {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1]}),
    "2-D stride one": ((1, 1, 4, 4), {"kernel": [3, 3], "stride": [1, 1], "padding": [1, 1]}),
    "2-D left over": ((1, 1, 5, 5), {"kernel": [2, 2], "stride": [2, 2]}),
    "2-D uneven": ((1, 2, 4, 5), {"kernel": [1, 3], "stride": [2, 1], "padding": [0, 1]}),
    "3-D": ((1, 2, 4, 2, 4), {"kernel": [2, 2, 2]}),
    "3-D padded": (
        (1, 1, 3, 4, 3),
        {"kernel": [3, 2, 3], "stride": [2, 2, 2], "padding": [1, 0, 1]},
    ),
}


def pooled(function, x, kernel, stride=None, padding=0, **more):
    return function(x, tuple(kernel), stride and tuple(stride), padding, **more)


for label, (shape, options) in POOLS.items():
    spatial = len(shape) - 2
    draw = family.draw("maxPool", label)
    compute = lambda x: pooled(MAX[spatial], x, **options)
    family.add("maxPool", label, [draw.distinct(*shape)], compute, options)
    for include in (True, False) if "padding" in options else (True,):
        name = label if include else f"{label}, padding not counted"
        inputs = [family.draw("averagePool", name).normal(*shape)]
        compute = lambda x: pooled(AVERAGE[spatial], x, **options, count_include_pad=include)
        attributes = {**options, "countIncludePad": include}
        family.add("averagePool", name, inputs, compute, attributes)

ADAPTIVES = {
    "1-D": ((2, 2, 6), [3]),
    "1-D uneven": ((1, 2, 7), [3]),
    "2-D": ((1, 2, 4, 6), [2, 3]),
    "2-D to one": ((2, 3, 3, 4), [1, 1]),
    "2-D uneven": ((1, 1, 5, 7), [3, 2]),
    "2-D larger": ((1, 1, 2, 3), [3, 5]),
    "3-D": ((1, 2, 4, 3, 2), [2, 2, 1]),
}
for label, (shape, size) in ADAPTIVES.items():
    inputs = [family.draw("adaptiveAveragePool", label).normal(*shape)]
    compute = lambda x: ADAPTIVE[len(size)](x, tuple(size))
    family.add("adaptiveAveragePool", label, inputs, compute, {"size": size})

# label -> (x, options); linear and cubic align no corners, cubic has a = -0.75
RESIZES = {
    "nearest 1-D": ((1, 2, 3), {"size": [6], "mode": "nearest"}),
    "nearest 2-D": ((1, 2, 2, 3), {"size": [4, 6], "mode": "nearest"}),
    "nearest uneven": ((1, 1, 3, 5), {"size": [5, 3], "mode": "nearest"}),
    "nearest scales": ((1, 1, 2, 3), {"scales": [2, 3], "mode": "nearest"}),
    "nearest 3-D": ((1, 1, 2, 2, 2), {"size": [4, 2, 3], "mode": "nearest"}),
    "linear 1-D": ((1, 2, 4), {"size": [7], "mode": "linear"}),
    "linear 2-D": ((1, 2, 3, 3), {"size": [6, 6], "mode": "linear"}),
    "linear smaller": ((1, 1, 6, 5), {"size": [3, 2], "mode": "linear"}),
    "linear scales": ((1, 1, 3, 4), {"scales": [2, 0.5], "mode": "linear"}),
    "linear scales uneven": ((1, 1, 3, 3), {"scales": [1.5, 2.5], "mode": "linear"}),
    "linear 3-D": ((1, 1, 2, 3, 2), {"size": [4, 4, 3], "mode": "linear"}),
    "cubic": ((1, 1, 4, 4), {"size": [7, 8], "mode": "cubic"}),
    "cubic smaller": ((1, 2, 6, 5), {"size": [3, 4], "mode": "cubic"}),
    "same": ((1, 1, 2, 3), {"size": [2, 3], "mode": "linear"}),
}
TORCH_MODES = {"nearest": ["nearest"] * 3, "linear": ["linear", "bilinear", "trilinear"]}


def resized(x, mode, size=None, scales=None):
    name = "bicubic" if mode == "cubic" else TORCH_MODES[mode][x.dim() - 3]
    corners = {} if mode == "nearest" else {"align_corners": False}
    size = size and tuple(size)
    scales = scales and tuple(map(float, scales))
    return F.interpolate(x, size=size, scale_factor=scales, mode=name, **corners)


for label, (shape, options) in RESIZES.items():
    inputs = [family.draw("resize", label).normal(*shape)]
    family.add("resize", label, inputs, lambda x: resized(x, **options), options)

# label -> (image, options)
PATCHES = {
    "patches": ((1, 2, 4, 4), {"kernel": [2, 2], "stride": [2, 2]}),
    "overlapping": ((2, 1, 4, 5), {"kernel": [3, 3], "stride": [1, 1], "padding": [1, 1]}),
    "dilated": ((1, 1, 5, 5), {"kernel": [2, 2], "stride": [1, 1], "dilation": [2, 2]}),
    "uneven": ((1, 2, 4, 5), {"kernel": [1, 3], "stride": [1, 2], "padding": [0, 1]}),
    "left over": ((1, 1, 5, 5), {"kernel": [2, 2], "stride": [2, 2]}),
}
for label, (shape, options) in PATCHES.items():
    named = {"kernel_size" if name == "kernel" else name: value for name, value in options.items()}
    inputs = [family.draw("unfold", label).normal(*shape)]
    family.add("unfold", label, inputs, lambda x: F.unfold(x, **named), options)
    columns = F.unfold(inputs[0], **named).shape
    inputs = [family.draw("fold", label).normal(*columns)]
    attributes = {"size": list(shape[2:]), **options}
    compute = lambda x: F.fold(x, tuple(shape[2:]), **named)
    family.add("fold", label, inputs, compute, attributes)

text = family.text
