"""Stores what the official code of lightning attention and TransNormerLLM gives for small random weights.

    python3 lightning-attention.py PATH_OF_lightning-attention PATH_OF_nanoTransNormer

The first is a clone of OpenNLPLab/lightning-attention, whose PyTorch path is run (its Triton kernels need a GPU); the
second one of Doraemonzzz/nanoTransNormer, the first author's model code that the official README links. The numbers go
to lightning-attention.json beside this file; nothing else of that code does.
"""

import importlib.util
import json
import os
import sys
import types
from unittest.mock import MagicMock

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def rearrange(x, pattern, **sizes):
    """The few patterns of einops that the official code uses, so that einops need not be there."""
    if pattern.replace("...", "b").endswith("b h n d") and "(h d)" in pattern:
        heads = sizes.get("h") or x.shape[-1] // sizes["d"]
        return x.reshape(*x.shape[:-1], heads, -1).transpose(-3, -2)
    if pattern.replace("...", "b") == "b h n d -> b n (h d)":
        return x.transpose(-3, -2).reshape(x.shape[0], x.shape[-2], -1)
    raise ValueError(pattern)


def without_kernels():
    for name in ["triton", "triton.language", "triton.runtime", "triton.runtime.jit"]:
        sys.modules[name] = MagicMock()
    sys.modules["einops"] = types.SimpleNamespace(rearrange=rearrange)


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def fill(module):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            scale = 20 if "theta" not in name else 60
            parameter.copy_(torch.round(torch.randn_like(parameter) * scale) / 100)


def layer_case(folder, sizes):
    """One attention layer, its kernel replaced by the code's own function in PyTorch."""
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("tnl", os.path.join(folder, "examples/module/tnl_attn.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    from lightning_attn.ops.torch.linear_attention import linear_attn

    module.lightning_attn_func = linear_attn
    layer = module.TnlAttention(**sizes)
    fill(layer)
    x = torch.round(torch.randn(2, 9, sizes["embed_dim"]) * 100) / 100
    with torch.no_grad():
        y = layer(x)
    return {
        "sizes": sizes,
        "x": listed(x),
        "y": listed(y),
        "weights": {name: listed(value) for name, value in layer.state_dict().items()},
    }


def model_case(official, sizes):
    model = official.TransNormer(official.TransNormerConfig(use_triton=False, block_size=64, **sizes))
    fill(model)
    model.eval()
    ids = torch.randint(0, sizes["vocab_size"], (2, 11))
    with torch.no_grad():
        logits, _, _ = model(ids, targets=ids)
    return {
        "sizes": sizes,
        "ids": ids.tolist(),
        "logits": listed(logits),
        "weights": {name: listed(value) for name, value in model.state_dict().items()},
    }


def main(attention, nano):
    torch.manual_seed(0)
    without_kernels()
    sys.path.insert(0, nano)
    official = importlib.import_module("transnormer.model")
    small = official.TransNormer(official.TransNormerConfig(use_triton=False))
    found = {
        "counts": {"nano": small.get_num_params()},
        "models": [
            model_case(official, {"vocab_size": 13, "n_layer": 3, "n_head": 2, "n_embd": 8, "bias": False}),
            model_case(official, {"vocab_size": 7, "n_layer": 2, "n_head": 3, "n_embd": 12, "bias": True}),
        ],
        "layers": [
            layer_case(attention, {"embed_dim": 8, "num_heads": 2, "layer_idx": 1, "num_layers": 4}),
            layer_case(attention, {"embed_dim": 9, "num_heads": 3, "bias": True, "layer_idx": 0, "num_layers": 2}),
        ],
    }
    with open(os.path.join(HERE, "lightning-attention.json"), "w") as file:
        json.dump(found, file, separators=(",", ":"))
        file.write("\n")


main(*sys.argv[1:])
