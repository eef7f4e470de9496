"""Stores what the official code of ExcelFormer gives: parameter counts of its configurations, and outputs of small models
with random weights, plain and with mixed rows.

    python3 excelformer.py PATH_TO_A_CLONE_OF_THE_OFFICIAL_CODE

The numbers go to excelformer.json beside this file; nothing else of that code does.
"""

import importlib.util
import json
import os
import sys
import types

import numpy
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def official(path):
    """The modules of the official code that are needed; its package would import its experiments' tools."""

    def load(name, file):
        spec = importlib.util.spec_from_file_location(name, os.path.join(path, file))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    mixes = load("aug_utils", "lib/aug_utils.py")
    gate = {"tanglu": lambda x: x.chunk(2, dim=-1)[0] * torch.tanh(x.chunk(2, dim=-1)[1])}
    lib = types.ModuleType("lib")
    lib.get_activation_fn = gate.__getitem__
    lib.batch_feat_shuffle = mixes.batch_feat_shuffle
    lib.batch_dim_shuffle = mixes.batch_dim_shuffle
    sys.modules["lib"] = lib
    return load("excel_former", "bin/excel_former.py").ExcelFormer


def build(model, features, outputs, width, depth, heads, norm):
    return model(
        d_numerical=features,
        categories=None,
        token_bias=True,
        n_layers=depth,
        d_token=width,
        n_heads=heads,
        attention_dropout=0.3,
        ffn_dropout=0.0,
        residual_dropout=0.0,
        prenormalization=norm == "before",
        kv_compression=None,
        kv_compression_sharing=None,
        d_out=outputs,
        init_scale=0.01,
    ).eval()


def listed(array):
    array = torch.as_tensor(array)
    return {"shape": list(array.shape), "data": [float(f"{v:.7g}") for v in array.flatten().tolist()]}


def case(model, **options):
    torch.manual_seed(1)
    numpy.random.seed(1)
    built = build(model, **options)
    rows = torch.round(torch.randn(6, options["features"]) * 100) / 100
    found = {"options": options, "rows": listed(rows)}
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.copy_(torch.round(torch.randn_like(parameter) * 40) / 100)
        shape = [6, options["outputs"]]
        found["weights"] = {name: listed(value) for name, value in built.state_dict().items()}
        found["outputs"] = listed(built(rows, None).reshape(shape))
        for kind, official_kind in (("features", "feat_mix"), ("hidden", "hidden_mix")):
            found[kind] = mixed(built, rows, official_kind, shape)
    return found


def mixed(built, rows, kind, shape):
    """Outputs of mixed rows, with the mask that was drawn: the generator is set back to draw it again."""
    state = numpy.random.get_state()
    outputs, _, order = built(rows, None, mixup=True, beta=0.5, mtype=kind)
    numpy.random.set_state(state)
    shares = numpy.random.beta(0.5, 0.5, size=(6, 1))
    draws = numpy.random.random(size=(6, rows.shape[1] if kind == "feat_mix" else built.head.in_features))
    keep = draws > shares if kind == "feat_mix" else draws < shares
    return {"outputs": listed(outputs.reshape(shape)), "keep": listed(keep.astype(int)), "order": order.tolist()}


def main():
    model = official(sys.argv[1])
    default = {"width": 256, "depth": 3, "heads": 32, "norm": "before"}
    counts = [
        {"options": options, "parameters": sum(p.numel() for p in build(model, **options).parameters())}
        for options in (
            {"features": 8, "outputs": 1, **default},
            {"features": 27, "outputs": 100, **default},
            {"features": 54, "outputs": 7, **default, "width": 64, "depth": 2, "heads": 4},
            {"features": 28, "outputs": 1, **default, "depth": 5},
            {"features": 28, "outputs": 1, **default, "depth": 5, "norm": "after"},
        )
    ]
    cases = [
        case(model, features=5, outputs=1, width=8, depth=2, heads=4, norm="before"),
        case(model, features=4, outputs=3, width=6, depth=3, heads=1, norm="before"),
        case(model, features=3, outputs=2, width=4, depth=2, heads=2, norm="after"),
    ]
    with open(os.path.join(HERE, "excelformer.json"), "w", encoding="utf8") as file:
        json.dump({"counts": counts, "cases": cases}, file)
        file.write("\n")


main()
