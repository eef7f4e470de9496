"""Stores what the official code of Compact Transformers gives: parameter counts of its presets, and logits of small
models with random weights.

    python3 cct.py PATH_TO_A_CLONE_OF_THE_OFFICIAL_CODE

The numbers go to cct.json beside this file; nothing else of that code does.
"""

import importlib
import inspect
import json
import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def counts(modules):
    """Trainable parameters of every preset, by its name. The sine presets are built as sine, which their factories
    forget to pass on."""
    found = {}
    for module in modules:
        for name, factory in inspect.getmembers(module, inspect.isfunction):
            if "_32" not in name and "_224" not in name and "_384" not in name:
                continue
            built = factory(pretrained=False, progress=False)
            total = sum(p.numel() for p in built.parameters() if p.requires_grad)
            if name.split("_c100")[0].endswith("_sine") and built.classifier.positional_emb.requires_grad:
                total -= built.classifier.positional_emb.numel()
            found[name] = total
    return found


def drawn(*shape):
    """Random numbers of two decimals, which take little room."""
    return torch.round(torch.randn(*shape) * 100) / 100


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def case(label, model, images, arguments):
    model.eval()
    with torch.no_grad():
        for parameter in model.state_dict().values():
            parameter.copy_(torch.round(torch.randn_like(parameter) * 40) / 100)
        if arguments["positional_embedding"] == "sine":
            fresh = type(model.classifier).sinusoidal_embedding(
                model.classifier.positional_emb.shape[1], model.classifier.positional_emb.shape[2]
            )
            model.classifier.positional_emb.copy_(fresh)
        logits = model(images)
    weights = {name: listed(tensor) for name, tensor in model.state_dict().items()}
    return {
        "label": label,
        "arguments": arguments,
        "images": listed(images),
        "weights": weights,
        "logits": listed(logits),
    }


def main():
    sys.path.insert(0, sys.argv[1])
    cct, cvt, vit = (importlib.import_module(f"src.{name}") for name in ("cct", "cvt", "vit"))
    helpers = importlib.import_module("src.utils.helpers")
    torch.manual_seed(46)
    small = dict(embedding_dim=12, num_heads=3, num_layers=2, num_classes=4)
    cases = []

    def add(label, build, images, **given):
        torch.manual_seed(len(cases))
        arguments = dict(img_size=images.shape[-1], n_input_channels=images.shape[1], **small, **given)
        arguments.setdefault("positional_embedding", "learnable")
        model = build(**arguments)
        cases.append(case(label, model, images, {"class": build.__name__, **arguments}))

    for layers, positions in ((1, "none"), (2, "learnable"), (1, "sine")):
        add(f"CCT, {layers} convolutions, {positions}", cct.CCT, drawn(2, 3, 16, 16), mlp_ratio=2.0,
            positional_embedding=positions, n_conv_layers=layers, kernel_size=3, stride=1, padding=1)
    add("CCT, 5x2 with a stride", cct.CCT, drawn(1, 1, 32, 32), mlp_ratio=3.0, n_conv_layers=2, kernel_size=5,
        stride=2, padding=2)
    for positions in ("learnable", "sine", "none"):
        add(f"CVT, {positions}", cvt.CVT, drawn(2, 1, 12, 12), kernel_size=4, mlp_ratio=1.0,
            positional_embedding=positions)
    for positions in ("learnable", "sine", "none"):
        add(f"ViT-Lite, {positions}", vit.ViTLite, drawn(2, 3, 8, 8), kernel_size=4, mlp_ratio=2.0,
            positional_embedding=positions)
    add("CCT, other windows", cct.CCT, drawn(1, 2, 14, 14), mlp_ratio=1.3, n_conv_layers=2, kernel_size=4, stride=1,
        padding=2, pooling_kernel_size=2, pooling_stride=1, pooling_padding=0)

    moved = []
    for label, build, side in (("CCT", cct.CCT, 24), ("ViT-Lite", vit.ViTLite, 12)):
        source = next(c for c in cases if c["label"].startswith(label) and c["label"].endswith("learnable"))
        state = {name: torch.tensor(t["data"]).reshape(t["shape"]) for name, t in source["weights"].items()}
        kwargs = (dict(n_conv_layers=2, kernel_size=3, stride=1, padding=1) if label == "CCT"
                  else dict(kernel_size=4))
        model = build(img_size=side, n_input_channels=3, mlp_ratio=2.0, **small, **kwargs).eval()
        model.load_state_dict(helpers.pe_check(model, state))
        images = drawn(1, 3, side, side)
        with torch.no_grad():
            moved.append({"label": source["label"], "images": listed(images), "logits": listed(model(images))})

    resized = []
    for tokens, before, after in ((0, 4, 6), (1, 3, 2)):
        old = drawn(1, tokens + before * before, 5)
        new = torch.zeros(1, tokens + after * after, 5)
        made = helpers.resize_pos_embed(old, new, num_tokens=tokens)
        resized.append({"extra": tokens, "before": listed(old), "after": listed(made)})

    stored = {
        "software": f"Compact Transformers, official code, on PyTorch {torch.__version__}",
        "counts": counts([cct, cvt, vit]),
        "cases": cases,
        "otherImageSizes": moved,
        "resizedPositions": resized,
    }
    with open(os.path.join(HERE, "cct.json"), "w", encoding="utf8") as file:
        json.dump(stored, file, separators=(",", ":"))
        file.write("\n")


main()
