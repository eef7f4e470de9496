"""Writes sampling.json: python3 sampling.py; needs PyTorch.

What tokens are drawn with, one rule at a time and all together, each written as its paper states it: by sorting the
whole vocabulary and masking it.
"""

import itertools
import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent
VOCABULARY = 24


def penalized(logits, text, penalty):
    """Keskar et al. 2019, section 4.1, with negative logits multiplied."""
    logits = logits.clone()
    for token in set(text):
        logits[token] = logits[token] / penalty if logits[token] > 0 else logits[token] * penalty
    return logits


def chances(logits, temperature=1.0, topK=None, topP=None, minP=None):
    """The rules in their usual order; a token that is left out has the chance 0."""
    logits = logits / temperature
    if topK is not None:
        least = torch.sort(logits, descending=True).values[min(topK, len(logits)) - 1]
        logits = logits.masked_fill(logits < least, -torch.inf)
    if topP is not None:
        # Holtzman et al. 2020, equation 2: the smallest set whose chances reach the share.
        sorted_chances, order = torch.sort(torch.softmax(logits, -1), descending=True)
        before = torch.cumsum(sorted_chances, -1) - sorted_chances
        logits = logits.masked_fill(torch.zeros(len(logits), dtype=bool).scatter(0, order, before >= topP), -torch.inf)
    if minP is not None:
        # Nguyen et al. 2024, section 3.
        share = torch.softmax(logits, -1)
        logits = logits.masked_fill(share < minP * share.max(), -torch.inf)
    return torch.softmax(logits, -1)


def rounded(tensor):
    return [float(f"{value:.7g}") for value in tensor.tolist()]


def main():
    torch.manual_seed(5)
    text = [3, 3, 8, 11, 20]
    alone = [{}, {"temperature": 0.4}, {"temperature": 2.5}, {"topK": 1}, {"topK": 7}, {"topP": 0.3}, {"topP": 0.9},
             {"minP": 0.05}, {"minP": 0.4}, {"repetitionPenalty": 1.3}, {"repetitionPenalty": 0.6}]
    parts = [{"temperature": 0.7}, {"topK": 9}, {"topP": 0.8}, {"minP": 0.1}, {"repetitionPenalty": 1.2}]
    several = [dict(item for part in some for item in part.items())
               for size in (2, 3, 5) for some in itertools.combinations(parts, size)]
    cases = []
    for sampling in alone + several:
        for allowed in (None, sorted(torch.randperm(VOCABULARY)[:15].tolist())):
            logits = torch.round(torch.randn(VOCABULARY, dtype=torch.float64) * 20000) / 10000
            rest = dict(sampling)
            left = penalized(logits, text, rest.pop("repetitionPenalty", 1.0))
            if allowed is not None:
                banned = torch.ones(VOCABULARY, dtype=bool)
                banned[allowed] = False
                left = left.masked_fill(banned, -torch.inf)
            case = {"sampling": sampling, "text": text, "logits": rounded(logits), "chances": rounded(chances(left, **rest))}
            cases.append(case if allowed is None else {**case, "allowed": allowed})
    with open(HERE / "sampling.json", "w", encoding="utf8") as file:
        json.dump({"cases": cases}, file, separators=(",", ":"))
        file.write("\n")


main()
