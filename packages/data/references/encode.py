"""Stores what SciPy and scikit-learn give for normal quantiles, normal scores and mutual information.

    python3 encode.py

The numbers go to encode.json beside this file.
"""

import json
import os

import numpy
from scipy.stats import norm
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.preprocessing import QuantileTransformer

HERE = os.path.dirname(os.path.abspath(__file__))


def listed(values, digits=12):
    return [float(f"{v:.{digits}g}") for v in numpy.asarray(values).ravel()]


def main():
    random = numpy.random.default_rng(1)
    shares = [1e-9, 1e-4, 0.02, 0.07, 0.075, 0.3, 0.5, 0.8, 0.93, 0.999, 1 - 1e-7]
    column = numpy.round(random.exponential(3, 400), 1)
    transformer = QuantileTransformer(n_quantiles=13, output_distribution="normal", subsample=10**9)
    transformer.fit(column[:, None])
    asked = numpy.round(numpy.linspace(0.15, 15, 40), 2)
    x = numpy.round(random.normal(size=200), 6)
    labels = (x + random.normal(size=200) > 0.3).astype(int) + (random.random(200) > 0.8)
    y = numpy.round(numpy.sin(2 * x) + 0.3 * random.normal(size=200), 6)
    noise = numpy.round(random.normal(size=200), 6)
    stored = {
        "quantiles": {"shares": shares, "values": listed(norm.ppf(shares))},
        "scores": {
            "column": listed(column),
            "asked": listed(asked),
            "values": listed(transformer.transform(asked[:, None])),
        },
        "information": {
            "x": listed(x),
            "noise": listed(noise),
            "labels": labels.tolist(),
            "y": listed(y),
            "onClass": listed(mutual_info_classif(x[:, None], labels, random_state=0)),
            "onNumber": listed(mutual_info_regression(x[:, None], y, random_state=0)),
            "noiseOnNumber": listed(mutual_info_regression(noise[:, None], y, random_state=0)),
        },
    }
    with open(os.path.join(HERE, "encode.json"), "w", encoding="utf8") as file:
        json.dump(stored, file)
        file.write("\n")


main()
