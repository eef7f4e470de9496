"""The PyTorch peer: eager mode, tuned by hand; see README.md for the protocol it speaks."""

import json
import math
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

RATE, BETA1, BETA2, EPSILON = 3e-4, 0.9, 0.999, 1e-8


class Gpt:
    def __init__(self, size, layout, values):
        self.size = size
        count = sum(math.prod(shape) for _, shape in layout)
        # One buffer for all parameters and one for all gradients: Adam is then a few passes over
        # one tensor instead of a few hundred small calls.
        self.flat = torch.from_numpy(values[:count].copy())
        self.gradient = torch.zeros(count)
        self.w = {}
        start = 0
        for path, shape in layout:
            end = start + math.prod(shape)
            self.w[path] = self.flat[start:end].view(shape).requires_grad_()
            self.w[path].grad = self.gradient[start:end].view(shape)
            start = end
        length = size["length"]
        self.mask = torch.full((length, length), -math.inf).triu(1)

    def linear(self, path, x):
        return F.linear(x, self.w[f"{path}.weight"], self.w[f"{path}.bias"])

    def norm(self, path, x):
        weight, bias = self.w[f"{path}.weight"], self.w[f"{path}.bias"]
        return F.layer_norm(x, (self.size["width"],), weight, bias, 1e-5)

    def attention(self, path, x):
        batch, length, width = x.shape
        heads = self.size["heads"]
        wide = width // heads

        def split(name):
            y = self.linear(f"{path}.{name}", x).view(batch, length, heads, wide)
            return y.transpose(1, 2).reshape(batch * heads, length, wide)

        q, k, v = split("query"), split("key"), split("value")
        scores = torch.baddbmm(self.mask, q, k.transpose(1, 2), alpha=1 / math.sqrt(wide))
        mixed = torch.bmm(torch.softmax(scores, -1), v)
        mixed = mixed.view(batch, heads, length, wide).transpose(1, 2)
        return self.linear(f"{path}.output", mixed.reshape(batch, length, width))

    def loss(self, ids, labels):
        x = F.embedding(ids, self.w["tokens.weight"]) + self.w["positions.weight"]
        for block in range(self.size["layers"]):
            path = f"blocks.{block}"
            x = x + self.attention(f"{path}.attention", self.norm(f"{path}.attentionNorm", x))
            y = self.linear(f"{path}.feedForward.expand", self.norm(f"{path}.feedForwardNorm", x))
            x = x + self.linear(f"{path}.feedForward.contract", F.gelu(y))
        logits = F.linear(self.norm("norm", x), self.w["head.weight"])
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten())


class Adam:
    def __init__(self, model):
        self.flat, self.gradient = model.flat, model.gradient
        self.first, self.second = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.scratch = torch.empty_like(self.flat)
        self.count = 0

    def step(self):
        self.count += 1
        self.first.mul_(BETA1).add_(self.gradient, alpha=1 - BETA1)
        self.second.mul_(BETA2).addcmul_(self.gradient, self.gradient, value=1 - BETA2)
        correction = math.sqrt(1 - BETA2**self.count)
        torch.sqrt(self.second, out=self.scratch)
        self.scratch.add_(EPSILON * correction)
        rate = RATE * correction / (1 - BETA1**self.count)
        self.flat.addcdiv_(self.first, self.scratch, value=-rate)
        self.gradient.zero_()


class Trainer:
    def __init__(self, message):
        size = message["size"]
        values = np.fromfile(message["weights"], dtype=np.float32)
        rows = np.fromfile(message["tokens"], dtype=np.int32).astype(np.int64)
        rows = torch.from_numpy(rows.reshape(-1, size["batch"], size["length"] + 1))
        self.batches = [(r[:, :-1].contiguous(), r[:, 1:].contiguous()) for r in rows]
        self.model = Gpt(size, message["parameters"], values)
        self.optimiser = Adam(self.model)
        self.count = 0

    def step(self):
        ids, labels = self.batches[self.count % len(self.batches)]
        self.count += 1
        loss = self.model.loss(ids, labels)
        loss.backward()
        with torch.no_grad():
            self.optimiser.step()
        return loss.item()


def timed(trainer, steps):
    trainer.step()
    seen = []
    for _ in range(steps):
        start = time.perf_counter()
        trainer.step()
        seen.append((time.perf_counter() - start) * 1e3)
    return seen


def main():
    about = f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
    trainer = None
    for line in sys.stdin:
        message = json.loads(line)
        if "size" in message:
            trainer = Trainer(message)
            losses = [trainer.step() for _ in range(max(message["warmup"], 3))]
            count = trainer.model.flat.numel()
            answer = {"about": about, "parameters": count, "losses": losses[:3]}
        else:
            milliseconds = timed(trainer, message["steps"])
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            answer = {"milliseconds": milliseconds, "peakMegabytes": peak}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
