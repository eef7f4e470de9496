"""Writes the stored references: python3 generate.py [family ...]; needs PyTorch 1.12 or newer."""

import importlib
import pathlib
import sys

# No __pycache__ beside the sources.
sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
NOT_FAMILIES = {"case", "generate"}


def families():
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_FAMILIES)


def main(names):
    for name in names or families():
        text = importlib.import_module(name).text()
        (HERE / f"{name}.json").write_text(text)
        print(f"{name}.json: {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
