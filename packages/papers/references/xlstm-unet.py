"""Stores what the official code of xLSTM-UNet and of Vision-LSTM gives: parameter counts, and outputs of small models
with random weights.

    python3 xlstm-unet.py PATH_OF_XLSTM_UNET PATH_OF_VISION_LSTM PATH_OF_DYNAMIC_NETWORK_ARCHITECTURES

The paths are clones of tianrun-chen/xLSTM-UNet-PyTorch, NX-AI/vision-lstm and MIC-DKFZ/dynamic-network-architectures. The
numbers go to xlstm-unet.json beside this file; nothing else of that code does.
"""

import contextlib
import importlib
import importlib.util
import io
import json
import os
import re
import sys
import types
import warnings

import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))


def rearrange(x, pattern, **sizes):
    """Axes in another order, joined and parted: the few patterns that the official code asks einops for."""
    left, right = (side.strip() for side in pattern.split("->"))
    atoms = lambda side: re.findall(r"\([^)]*\)|\S+", side)
    ins, outs = atoms(left), atoms(right)
    dots = x.ndim - (len(ins) - 1) if "..." in ins else 0
    spread = [f"dot{i}" for i in range(dots)]

    def names(side):
        found = []
        for atom in side:
            if atom == "...":
                found.append(list(spread))
            elif atom.startswith("("):
                found.append([n for w in atom[1:-1].split() for n in (spread if w == "..." else [w])])
            else:
                found.append([atom])
        return found

    known = dict(sizes)
    shape, order, axis = [], [], 0
    for atom, group in zip(ins, names(ins)):
        if atom == "...":
            for name in group:
                known[name] = x.shape[axis]
                axis += 1
        else:
            free = [name for name in group if name not in known]
            size = x.shape[axis]
            for name in group:
                if name in known:
                    size //= known[name]
            for name in free:
                known[name] = size
            axis += 1
        order += group
    x = x.reshape([known[name] for name in order])
    wanted = [name for group in names(outs) for name in group]
    kept = [name for name in wanted if name in order]
    ones = [name for name in order if name not in wanted]
    x = x.permute([order.index(name) for name in ones + kept]).reshape([known[name] for name in kept])
    joined = []
    for atom, group in zip(outs, names(outs)):
        if atom == "...":
            joined += [known[name] for name in group]
        else:
            size = 1
            for name in group:
                size *= known.get(name, 1)
            joined.append(size)
    return x.reshape(joined)


def einsum(x, weight, pattern):
    """The one product of blocks that the official code asks einops for."""
    if pattern != "... nh d, nh out_d d -> ... nh out_d":
        raise ValueError(pattern)
    return torch.einsum("...nd,nod->...no", x, weight)


def stand_in(name, **members):
    """A module that the official code imports and that nothing here needs."""
    module = types.ModuleType(name)
    for key, value in members.items():
        setattr(module, key, value)
    sys.modules[name] = module
    return module


def load(name, path, package):
    """Loads a single file as a part of a package, whose own start is passed over."""
    if package not in sys.modules:
        stand_in(package).__path__ = [os.path.dirname(path)]
    spec = importlib.util.spec_from_file_location(f"{package}.{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"{package}.{name}"] = module
    spec.loader.exec_module(module)
    return module


def drawn(*shape):
    """Random numbers of two decimals, which take little room."""
    return torch.round(torch.randn(*shape) * 100) / 100


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.6g}") for v in tensor.flatten().tolist()]}


def count(model):
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def unused(model):
    """Parameters of norms that are built and never used."""
    return sum(
        p.numel() for name, p in model.named_parameters() if re.search(r"xlstm(_layers\.\d+)?\.norm\.", name)
    )


def quietly(make, *args, **given):
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(*args, **given)


def case(label, model, images, arguments):
    model.eval()
    with torch.no_grad():
        state = model.state_dict()
        filled = {}
        for name, parameter in state.items():
            key = parameter.data_ptr()
            if key not in filled:
                parameter.copy_(torch.round(torch.randn_like(parameter) * 40) / 100)
                filled[key] = name
        outputs = quietly(model, images)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    # Names of the same tensor are kept once.
    first = {}
    for name, tensor in model.state_dict().items():
        first.setdefault(tensor.data_ptr(), (name, tensor))
    return {
        "label": label,
        "arguments": arguments,
        "images": listed(images),
        "same": {name: first[tensor.data_ptr()][0] for name, tensor in model.state_dict().items()
                 if first[tensor.data_ptr()][0] != name},
        "weights": {name: listed(tensor) for name, tensor in first.values()},
        "outputs": [listed(output) for output in outputs],
    }


def main():
    unet, vil, blocks = sys.argv[1:4]
    sys.path.insert(0, blocks)
    stand_in("einops", rearrange=rearrange, einsum=einsum)
    for name in ("nnunetv2", "nnunetv2.utilities", "nnunetv2.utilities.plans_handling"):
        stand_in(name).__path__ = []
    stand_in("nnunetv2.utilities.plans_handling.plans_handler", ConfigurationManager=object, PlansManager=object)
    stand_in("nnunetv2.utilities.network_initialization", InitWeights_He=object)
    nets = os.path.join(unet, "UxLSTM", "nnunetv2", "nets")
    load("vision_lstm_util", os.path.join(nets, "vision_lstm_util.py"), "nets")
    load("vision_lstm", os.path.join(nets, "vision_lstm.py"), "nets")
    classes = {
        (kind, axes): getattr(load(f"UxLSTM{kind}_{axes}d", os.path.join(nets, f"UxLSTM{kind}_{axes}d.py"), "nets"),
                              f"UXlstm{kind}")
        for kind in ("Bot", "Enc") for axes in (2, 3)
    }
    for name in ("vision_lstm_util", "vision_lstm", "vision_lstm2"):
        load(name, os.path.join(vil, "vision_lstm", f"{name}.py"), "vil")
    versions = {"VisionLSTM": sys.modules["vil.vision_lstm"].VisionLSTM,
                "VisionLSTM2": sys.modules["vil.vision_lstm2"].VisionLSTM2}

    def build(kind, axes, **given):
        conv, norm = ((nn.Conv2d, nn.InstanceNorm2d), (nn.Conv3d, nn.InstanceNorm3d))[axes - 2]
        arguments = json.loads(json.dumps(given))
        if kind == "Bot":
            given = {key: value for key, value in given.items() if key != "input_size"}
        model = quietly(classes[kind, axes], conv_op=conv, norm_op=norm, norm_op_kwargs={"eps": 1e-5, "affine": True},
                        nonlin=nn.LeakyReLU, nonlin_kwargs={"inplace": True}, **given)
        return model, {"class": f"UXlstm{kind}", "axes": axes, **arguments}

    cases = []

    def add(label, kind, axes, shape, **given):
        torch.manual_seed(len(cases))
        model, arguments = build(kind, axes, **given)
        cases.append(case(label, model, drawn(*shape), arguments))

    flat = dict(input_channels=1, num_classes=3, conv_bias=True, deep_supervision=True)
    for kind in ("Bot", "Enc"):
        add(f"{kind}, pictures", kind, 2, (2, 1, 16, 16), input_size=[16, 16], n_stages=3,
            features_per_stage=[4, 6, 8], kernel_sizes=[[3, 3]] * 3, strides=[[1, 1], [2, 2], [2, 2]],
            n_conv_per_stage=[2, 2, 2], n_conv_per_stage_decoder=[2, 2], **flat)
        add(f"{kind}, volumes", kind, 3, (1, 1, 8, 16, 16), input_size=[8, 16, 16], n_stages=4,
            features_per_stage=[2, 4, 4, 6], kernel_sizes=[[1, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]],
            strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2]], n_conv_per_stage=[1, 2, 2, 2],
            n_conv_per_stage_decoder=[2, 2, 2], **flat)
    add("Enc, channels as tokens", "Enc", 2, (1, 2, 8, 8), input_size=[8, 8], n_stages=3, input_channels=2,
        num_classes=2, features_per_stage=[2, 4, 6], kernel_sizes=[[3, 3]] * 3, strides=[[1, 1], [2, 2], [2, 2]],
        n_conv_per_stage=1, n_conv_per_stage_decoder=1, conv_bias=False, deep_supervision=False)
    add("Enc, four stages of any stride", "Enc", 2, (1, 1, 16, 8), input_size=[16, 8], n_stages=4, input_channels=1,
        num_classes=2, features_per_stage=[2, 4, 4, 8], kernel_sizes=[[3, 3], [5, 3], [3, 3], [3, 1]],
        strides=[[1, 1], [2, 1], [2, 2], [2, 2]], n_conv_per_stage=[3, 1, 2, 2], n_conv_per_stage_decoder=[3, 1, 2],
        conv_bias=False, deep_supervision=True)
    add("Bot, an odd width", "Bot", 2, (1, 1, 8, 8), input_size=[8, 8], n_stages=2, input_channels=1, num_classes=2,
        features_per_stage=[2, 5], kernel_sizes=[[3, 3]] * 2, strides=[[1, 1], [2, 2]], n_conv_per_stage=1,
        n_conv_per_stage_decoder=1, conv_bias=True, deep_supervision=False)

    def classifier(name, shape, **given):
        torch.manual_seed(100 + len(cases))
        model = quietly(versions[name], **given)
        cases.append(case(f"{name} {len(cases)}", model, drawn(*shape), {"class": name, **json.loads(json.dumps(given))}))

    classifier("VisionLSTM", (2, 3, 8, 12), dim=8, input_shape=(3, 8, 12), patch_size=4, depth=3, output_shape=(5,))
    classifier("VisionLSTM", (1, 1, 8, 8), dim=4, input_shape=(1, 8, 8), patch_size=4, stride=2, depth=2,
               output_shape=(3,), legacy_norm=True)
    classifier("VisionLSTM", (1, 2, 4, 8, 8), dim=4, input_shape=(2, 4, 8, 8), patch_size=4, depth=2,
               output_shape=None, mode=None, pooling=None)
    classifier("VisionLSTM2", (2, 3, 8, 12), dim=8, input_shape=(3, 8, 12), patch_size=4, depth=2, output_shape=(5,))
    classifier("VisionLSTM2", (1, 1, 8, 8), dim=4, input_shape=(1, 8, 8), patch_size=2, depth=1, output_shape=(3,),
               legacy_norm=True, pooling="bilateral_avg")
    classifier("VisionLSTM2", (1, 1, 8, 8), dim=4, input_shape=(1, 8, 8), patch_size=4, stride=2, depth=1,
               output_shape=(3,), conv_kind="causal1d", conv_kernel_size=3, norm_bias=False)
    classifier("VisionLSTM2", (1, 1, 8, 8), dim=4, input_shape=(1, 8, 8), patch_size=4, depth=1, output_shape=(3,),
               conv_kind="causal1d", conv_kernel_size=4, proj_bias=False, norm_bias=False, legacy_norm=True)
    classifier("VisionLSTM2", (1, 1, 8, 12), dim=4, input_shape=(1, 8, 12), patch_size=4, depth=1, mode="features",
               pooling="to_image", output_shape=None, legacy_norm=True)

    counts = {}
    plane = dict(input_size=[512, 512], n_stages=8, input_channels=3, num_classes=3,
                 features_per_stage=[32, 64, 128, 256, 512, 512, 512, 512], kernel_sizes=[[3, 3]] * 8,
                 strides=[[1, 1]] + [[2, 2]] * 7, n_conv_per_stage_decoder=[2] * 7, conv_bias=True)
    volume = dict(input_size=[48, 160, 224], n_stages=6, input_channels=1, num_classes=14,
                  features_per_stage=[32, 64, 128, 256, 320, 320],
                  kernel_sizes=[[1, 3, 3]] + [[3, 3, 3]] * 5,
                  strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2]],
                  n_conv_per_stage_decoder=[2] * 5, conv_bias=True)
    for kind in ("Bot", "Enc"):
        for axes, given in ((2, plane), (3, volume)):
            model, arguments = build(kind, axes, n_conv_per_stage=[2] * given["n_stages"],
                                     **json.loads(json.dumps(given)))
            counts[f"{kind} {axes}"] = {"arguments": arguments, "all": count(model), "used": count(model) - unused(model)}
    for name, given in {
        "vil-tiny": dict(dim=192, depth=24, legacy_norm=True), "vil-tinyplus": dict(dim=192, depth=29, legacy_norm=True),
        "vil-small": dict(dim=384, depth=24, legacy_norm=True), "vil-smallplus": dict(dim=384, depth=26, legacy_norm=True),
        "vil-base": dict(dim=768, depth=24, legacy_norm=True), "vil-base-stride8": dict(dim=768, depth=24, stride=8, legacy_norm=True),
    }.items():
        counts[name] = {"arguments": {"class": "VisionLSTM", **given}, "used": count(quietly(versions["VisionLSTM"], **given))}
    for name, width in (("vil2-tiny", 192), ("vil2-small", 384), ("vil2-base", 768)):
        given = dict(dim=width, depth=12, legacy_norm=True)
        counts[name] = {"arguments": {"class": "VisionLSTM2", **given}, "used": count(quietly(versions["VisionLSTM2"], **given))}

    stored = {
        "software": f"xLSTM-UNet and Vision-LSTM, official code, on PyTorch {torch.__version__}",
        "counts": counts,
        "cases": cases,
    }
    with open(os.path.join(HERE, "xlstm-unet.json"), "w", encoding="utf8") as file:
        json.dump(stored, file, separators=(",", ":"))
        file.write("\n")


main()
