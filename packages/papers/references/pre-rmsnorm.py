"""What the official norms, recentred linear layer and whole models give on small random numbers.

python3 pre-rmsnorm.py CHECKOUT  (of github.com/ZixuanJiang/pre-rmsnorm-transformer)

The models are torch/model.py's, in every method and for images and texts. Apex's norms are named there and are no part
of what is compared but for their formulas, which PyTorch has; einops and the attention of newer versions of PyTorch
stand here in the patterns that are used.
"""

import json
import os
import sys
import types

import torch
from torch import nn


def rearrange(x, pattern, **sizes):
    if pattern == "b n (h d) -> b h n d":
        return x.reshape(*x.shape[:2], sizes["h"], -1).transpose(1, 2)
    if pattern == "b h n d -> b n (h d)":
        return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1)
    raise ValueError(pattern)


def repeat(x, pattern, b):
    if pattern != "1 1 d -> b 1 d":
        raise ValueError(pattern)
    return x.expand(b, -1, -1)


class Rearrange(nn.Module):
    def __init__(self, pattern, p1, p2):
        super().__init__()
        if pattern != "b c (h p1) (w p2) -> b (h w) (p1 p2 c)":
            raise ValueError(pattern)
        self.p1, self.p2 = p1, p2

    def forward(self, x):
        b, c, height, width = x.shape
        cut = x.reshape(b, c, height // self.p1, self.p1, width // self.p2, self.p2)
        tiles = cut.shape[2] * cut.shape[4]
        return cut.permute(0, 2, 4, 3, 5, 1).reshape(b, tiles, self.p1 * self.p2 * c)


def attention(q, k, v, is_causal=False):
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if is_causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
    return scores.softmax(-1) @ v


class FusedRMSNorm(nn.LayerNorm):
    """Apex's: values over their root mean square."""

    def forward(self, x):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.eps)


def supplied():
    # Compiling changes no values, and older versions of PyTorch cannot.
    torch.compile = lambda function: function
    if not hasattr(nn.functional, "scaled_dot_product_attention"):
        nn.functional.scaled_dot_product_attention = attention
    modules = {
        "einops": dict(rearrange=rearrange, repeat=repeat),
        "einops.layers": {},
        "einops.layers.torch": dict(Rearrange=Rearrange),
        "apex": {},
        "apex.normalization": dict(FusedLayerNorm=nn.LayerNorm, FusedRMSNorm=FusedRMSNorm),
    }
    for name, members in modules.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)


supplied()
sys.path.insert(0, os.path.join(sys.argv[1], "torch"))
from customized_layer import CRMSNorm, CustomizedLayerNorm, LinearZeroMeanOutput, RMSNorm
from model import GPT, ViT


def rounded(tensor):
    return {"shape": list(tensor.shape), "values": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def layers():
    torch.manual_seed(5)
    x = torch.randn(3, 6, requires_grad=True)
    linear = LinearZeroMeanOutput(6, 8)
    written = linear(x)
    weights = torch.randn(3, 8)
    (CustomizedLayerNorm(8, elementwise_affine=False, eps=1e-5)(written) * weights).sum().backward()
    stream = written.detach()
    return {
        "x": x.detach(),
        "weight": linear.weight.detach(),
        "bias": linear.bias.detach(),
        "written": stream,
        "cotangent": weights,
        "layer": CustomizedLayerNorm(8, elementwise_affine=False, eps=1e-5)(stream),
        "rms": RMSNorm(8, elementwise_affine=False, eps=1e-5)(stream),
        "crms": CRMSNorm(7, elementwise_affine=False, eps=1e-5)(stream[:, :-1]),
        "dWeight": linear.weight.grad,
        "dBias": linear.bias.grad,
        "dX": x.grad,
    }


VIT = dict(image_size=8, patch_size=4, num_classes=3, dim=8, depth=2, heads=2, mlp_dim=None)
RECTANGLES = dict(
    image_size=(6, 9), patch_size=(2, 3), num_classes=5, dim=6, depth=1, heads=3, mlp_dim=10, pool="mean", channels=2, dim_head=4
)
GPT_SMALL = dict(vocab_size=11, max_seq_length=7, dim=8, depth=2, heads=2, mlp_dim=None)
GPT_WIDE = dict(vocab_size=9, max_seq_length=6, dim=6, depth=1, heads=2, mlp_dim=14, dim_head=5)

CASES = [
    ("ViT", dict(VIT, method="pre-ln")),
    ("ViT", dict(RECTANGLES, method="pre-rms")),
    ("ViT", dict(VIT, method="pre-rms", pre_rms_training=True)),
    ("ViT", dict(RECTANGLES, method="pre-apex-rms", pre_rms_training=True)),
    ("ViT", dict(VIT, method="pre-crms")),
    ("ViT", dict(RECTANGLES, method="pre-crms", pre_rms_training=True)),
    ("ViT", dict(RECTANGLES, method="pre-crms-same-dim")),
    ("ViT", dict(VIT, method="no-normalization")),
    ("GPT", dict(GPT_SMALL, method="pre-customized-ln")),
    ("GPT", dict(GPT_WIDE, method="pre-apex-ln", pre_rms_training=True)),
    ("GPT", dict(GPT_WIDE, method="pre-apex-rms")),
    ("GPT", dict(GPT_SMALL, method="pre-rms", pre_rms_training=True)),
    ("GPT", dict(GPT_WIDE, method="pre-crms")),
    ("GPT", dict(GPT_SMALL, method="pre-crms-same-dim")),
    ("GPT", dict(GPT_WIDE, method="no-normalization")),
]


def model_case(name, given):
    model = {"ViT": ViT, "GPT": GPT}[name](**given)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.round(torch.randn_like(parameter) * 30) / 100)
        if name == "ViT":
            rows, columns = given["image_size"] if isinstance(given["image_size"], tuple) else (given["image_size"],) * 2
            x = torch.round(torch.randn(2, given.get("channels", 3), rows, columns) * 100) / 100
        else:
            x = torch.randint(0, given["vocab_size"], (2, given["max_seq_length"] - 1))
        y = model(x)
    return {
        "arguments": dict(given, **{"class": name}),
        "x": rounded(x),
        "y": rounded(y),
        "weights": {path: rounded(value) for path, value in model.state_dict().items()},
    }


def main():
    found = {name: rounded(tensor) for name, tensor in layers().items()}
    torch.manual_seed(7)
    models = [model_case(name, given) for name, given in CASES]
    path = os.path.join(os.path.dirname(__file__), "pre-rmsnorm.json")
    with open(path, "w") as file:
        json.dump({"layers": found, "models": models}, file, separators=(",", ":"))
        file.write("\n")


main()
