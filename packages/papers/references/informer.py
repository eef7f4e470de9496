"""Stores what the official code of Informer gives: parameter counts, forecasts of small models with random weights and
known sampled keys, and its features of times.

    python3 informer.py PATH_TO_A_CLONE_OF_THE_OFFICIAL_CODE

The numbers go to informer.json beside this file; nothing else of that code does. Needs PyTorch and numpy.
"""

import datetime
import importlib
import importlib.util
import json
import os
import sys

import numpy
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def drawn(*shape):
    """Random numbers of two decimals, which take little room."""
    return torch.round(torch.randn(*shape) * 100) / 100


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def calendar(times):
    """month, day, weekday, hour, minute, second, day of the year, ISO week"""
    return [
        [t.month, t.day, t.weekday(), t.hour, t.minute, t.second, t.timetuple().tm_yday, t.isocalendar()[1]]
        for t in times
    ]


FEATURES = {
    "second": lambda t: [t[5] / 59, t[4] / 59, t[3] / 23, t[2] / 6, (t[1] - 1) / 30, (t[6] - 1) / 365],
    "minute": lambda t: [t[4] / 59, t[3] / 23, t[2] / 6, (t[1] - 1) / 30, (t[6] - 1) / 365],
    "hour": lambda t: [t[3] / 23, t[2] / 6, (t[1] - 1) / 30, (t[6] - 1) / 365],
    "day": lambda t: [t[2] / 6, (t[1] - 1) / 30, (t[6] - 1) / 365],
    "week": lambda t: [(t[1] - 1) / 30, (t[7] - 1) / 52],
    "month": lambda t: [(t[0] - 1) / 11],
}
FREQUENCIES = {"second": "s", "minute": "t", "hour": "h", "day": "d", "week": "w", "month": "m"}
STEPS = {"second": 7, "minute": 15 * 60, "hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400}


def marks(fields, times, unit):
    """What the official data loader makes of times, from the calendar's fields."""
    if times == "features":
        return torch.tensor([[value - 0.5 for value in FEATURES[unit](row)] for row in fields])
    return torch.tensor([[row[0], row[1], row[2], row[3], row[4] // 15] for row in fields]).float()


def case(models, label, unit, options, sizes):
    torch.manual_seed(len(label))
    stacked = len(options["encoders"]) > 1
    build = models.InformerStack if stacked else models.Informer
    context, start, horizon = sizes["context"], options["start"], sizes["horizon"]
    channels, outputs = sizes["channels"], sizes["outputs"]
    arguments = dict(
        enc_in=channels, dec_in=channels, c_out=outputs, seq_len=context, label_len=start, out_len=horizon,
        factor=options["factor"], d_model=options["width"], n_heads=options["heads"],
        e_layers=options["encoders"] if stacked else options["encoders"][0], d_layers=options["decoder"],
        d_ff=options["hidden"], dropout=0.0, attn=options["attention"],
        embed={"features": "timeF", "learned": "learned", "sine": "fixed"}[options["times"]],
        freq=FREQUENCIES[unit], activation=options["activation"], distil=options["distil"], mix=options["mix"],
    )
    model = build(**arguments, device=torch.device("cpu")).eval()
    state = model.state_dict()
    with torch.no_grad():
        for name, value in state.items():
            if name.endswith(".pe") or name.endswith("num_batches_tracked") or "_embed.emb." in name:
                continue
            if name.endswith("running_var"):
                value.copy_(torch.round(torch.rand_like(value) * 100 + 50) / 100)
            else:
                scale = 40 if "norm" in name or name.endswith("bias") else 100 / max(3, value[0].numel()) ** 0.5
                value.copy_(torch.round(torch.randn_like(value) * scale) / 100)
    begin = datetime.datetime(2023, 12, 27, 21, 10, 0)
    times = [begin + datetime.timedelta(seconds=i * STEPS[unit]) for i in range(context + horizon)]
    fields = calendar(times)
    mark = marks(fields, options["times"], unit)[None].repeat(2, 1, 1)
    past = drawn(2, context, channels)
    empty = torch.zeros(2, horizon, channels)
    begun = torch.cat([past[:, context - start:], empty], 1)
    samples, draw = [], torch.randint

    def recorded(high, size):
        taken = draw(high, size)
        samples.append(taken)
        return taken

    torch.randint = recorded
    with torch.no_grad():
        forecast = model(past, mark[:, :context], begun, mark[:, context - start:])
    torch.randint = draw
    kept = {
        name: listed(value) for name, value in state.items()
        if not (name.endswith(".pe") or "_embed.emb." in name or name.endswith("num_batches_tracked"))
    }
    return {
        "label": label,
        "arguments": arguments,
        "computed": [name for name in state if name not in kept],
        "past": listed(past),
        "calendar": fields,
        "samples": [listed(taken) for taken in samples],
        "weights": kept,
        "forecast": listed(forecast),
    }


def cases(models):
    base = dict(width=8, heads=2, encoders=[2], decoder=1, hidden=12, start=5, factor=1, attention="prob", distil=True,
                mix=True, times="features", activation="gelu")
    sizes = dict(context=12, horizon=4, channels=3, outputs=3, known=0)
    given = [
        ("ProbSparse, hours", "hour", {}, {}),
        ("full attention, days", "day", dict(attention="full"), dict(outputs=1)),
        ("three encoders", "minute", dict(encoders=[3, 2, 1], decoder=2), dict(context=16)),
        ("no distilling, no mixing, ReLU", "second", dict(distil=False, mix=False, activation="relu"), {}),
        ("learned times", "minute", dict(times="learned"), dict(channels=1, outputs=1)),
        ("sines of times", "hour", dict(times="sine", factor=2), dict(context=9)),
        ("full attention, no distilling, weeks", "week", dict(attention="full", distil=False, mix=False), {}),
        ("one layer, months", "month", dict(encoders=[1], factor=3), dict(horizon=7)),
        ("two encoders of full attention", "day", dict(encoders=[2, 1], attention="full"), {}),
    ]
    return [case(models, label, unit, {**base, **options}, {**sizes, **size}) for label, unit, options, size in given]


def counts(models):
    """Trainable parameters by size: channels, outputs, encoders, decoder layers."""
    found = {}
    for name, channels, outputs, encoders, decoder in (
        ("ett", 7, 7, [2], 1), ("ett_univariate", 1, 1, [2], 1), ("weather", 12, 12, [3], 2),
        ("weather_univariate", 1, 1, [2], 1), ("ett_stack", 7, 7, [3, 2, 1], 1), ("electricity", 321, 321, [3], 2),
    ):
        stacked = len(encoders) > 1
        build = models.InformerStack if stacked else models.Informer
        model = build(channels, channels, outputs, 96, 48, 24, 5, 512, 8, encoders if stacked else encoders[0],
                      decoder, 2048, 0.05, "prob", "timeF", "h", "gelu", False, True, True, torch.device("cpu"))
        found[name] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return found


def main():
    sys.path.insert(0, sys.argv[1])
    models = importlib.import_module("models.model")
    stored = {
        "software": f"Informer, official code, on PyTorch {torch.__version__}, numpy {numpy.__version__}",
        "counts": counts(models),
        "cases": cases(models),
    }
    with open(os.path.join(HERE, "informer.json"), "w", encoding="utf8") as file:
        json.dump(stored, file, separators=(",", ":"))
        file.write("\n")


main()
