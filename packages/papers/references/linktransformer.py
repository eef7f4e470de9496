"""Stores what the official encoders give: vectors of small BERT, XLM-R and MPNet models with random weights, pooled by
sentence-transformers, scores of their classification heads, and the parameters of the published sizes.

    python3 linktransformer.py PATH_TO_TRANSFORMERS PATH_TO_SENTENCE_TRANSFORMERS

Both are clones of the official code (transformers 4.27, sentence-transformers 3 or newer). Packages that they only
download and tokenize with may be missing. The numbers go to linktransformer.json beside this file.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import pathlib
import sys
import types
from unittest.mock import MagicMock

import torch

HERE = pathlib.Path(__file__).parent
ABSENT = ("tokenizers", "huggingface_hub", "torch_mlu", "safetensors", "apex")


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands for packages that are not needed here."""

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ABSENT:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = MagicMock()
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


def pooling_class(root):
    """Pooling of sentence-transformers, from its own file."""
    for name in ("sentence_transformers", "sentence_transformers.models"):
        sys.modules[name] = types.ModuleType(name)
    base = types.ModuleType("sentence_transformers.models.Module")
    base.Module = torch.nn.Module
    sys.modules[base.__name__] = base
    path = pathlib.Path(root) / "sentence_transformers" / "models" / "Pooling.py"
    spec = importlib.util.spec_from_file_location("pooling", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Pooling


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def filled(model):
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.round(torch.randn_like(parameter) * 40) / 100)
    return model


def weights(model):
    return {name: listed(value) for name, value in model.state_dict().items() if value.is_floating_point()}


TOLD = ("model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings", "pad_token_id", "layer_norm_eps", "hidden_act", "type_vocab_size",
        "relative_attention_num_buckets")


def told(config):
    return {key: getattr(config, key) for key in TOLD if hasattr(config, key)}


def drawn_ids(padding, length):
    ids = torch.randint(3, 19, (3, length))
    for row, kept in enumerate((length, length - 2, 2)):
        ids[row, kept:] = padding
    return ids


def main():
    sys.meta_path.append(Absent())
    check = types.ModuleType("transformers.dependency_versions_check")
    check.dep_version_check = lambda *given: None
    sys.modules[check.__name__] = check
    sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "src"))
    import transformers as t

    pooling_of = pooling_class(sys.argv[2])
    kinds = {
        "bert": (t.BertConfig, t.BertModel, t.BertForSequenceClassification, 0, {"type_vocab_size": 2}),
        "roberta": (t.XLMRobertaConfig, t.XLMRobertaModel, t.XLMRobertaForSequenceClassification, 1,
                    {"type_vocab_size": 1, "layer_norm_eps": 1e-5}),
        "mpnet": (t.MPNetConfig, t.MPNetModel, t.MPNetForSequenceClassification, 1, {"layer_norm_eps": 1e-5}),
    }
    cases, heads = [], []
    for layout, (config_of, model_of, classifier_of, padding, more) in kinds.items():
        other = {
            "layer_norm_eps": 0.03,
            "hidden_act": {"bert": "relu", "roberta": "gelu_new", "mpnet": "silu"}[layout],
            **({} if layout == "mpnet" else {"type_vocab_size": 3}),
        }
        runs = (("mean", None, 7, {}), ("cls", 5, 24, {}), ("max", None, 5, {}), ("mean", None, 9, other))
        for pooling, width, length, changed in runs:
            torch.manual_seed(len(cases) + 1)
            config = config_of(vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
                               intermediate_size=18, max_position_embeddings=40, pad_token_id=padding,
                               **{**more, **changed})
            model = filled(model_of(config))
            state = weights(model)
            ids = drawn_ids(padding, length)
            mask = ids.ne(padding).long()
            with torch.no_grad():
                read = model(input_ids=ids, attention_mask=mask)[0]
                pool = pooling_of(12, pooling_mode=pooling)
                vector = pool({"token_embeddings": read, "attention_mask": mask})["sentence_embedding"]
                if width:
                    dense = filled(torch.nn.Linear(12, width))
                    state.update({f"linear.{name}": listed(v) for name, v in dense.state_dict().items()})
                    vector = torch.tanh(dense(vector))
                vector = torch.nn.functional.normalize(vector, p=2, dim=1)
            cases.append({"layout": layout, "pooling": pooling, "projection": width, "config": told(config),
                "ids": {"shape": list(ids.shape), "data": ids.flatten().tolist()},
                "weights": state, "vectors": listed(vector)})
        config = config_of(vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
                           intermediate_size=18, max_position_embeddings=40, pad_token_id=padding, **more)
        torch.manual_seed(99)
        config.num_labels = 4
        model = filled(classifier_of(config))
        ids = drawn_ids(padding, 6)
        with torch.no_grad():
            scores = model(input_ids=ids, attention_mask=ids.ne(padding).long())[0]
        heads.append({"layout": layout, "ids": {"shape": list(ids.shape), "data": ids.flatten().tolist()},
                      "weights": weights(model), "scores": listed(scores)})
    sizes = {
        "all-MiniLM-L6-v2": ("bert", 30522, 384, 6, 12, 512),
        "all-MiniLM-L12-v2": ("bert", 30522, 384, 12, 12, 512),
        "all-mpnet-base-v2": ("mpnet", 30527, 768, 12, 12, 514),
        "paraphrase-multilingual-MiniLM-L12-v2": ("bert", 250037, 384, 12, 12, 512),
        "paraphrase-multilingual-mpnet-base-v2": ("roberta", 250002, 768, 12, 12, 514),
        "sentence_similarity_spanish_es": ("bert", 31002, 768, 12, 12, 512),
        "sentence-camembert-large": ("roberta", 32005, 1024, 24, 16, 514),
        "LaBSE": ("bert", 501153, 768, 12, 12, 512),
    }
    counts = {}
    for name, (layout, vocabulary, width, depth, count, length) in sizes.items():
        config_of, model_of, _, padding, more = kinds[layout]
        model = model_of(config_of(vocab_size=vocabulary, hidden_size=width, num_hidden_layers=depth,
                                   num_attention_heads=count, intermediate_size=4 * width,
                                   max_position_embeddings=length, pad_token_id=padding, **more))
        counts[name] = sum(p.numel() for p in model.parameters())
        del model
    software = f"transformers {t.__version__} and sentence-transformers on PyTorch {torch.__version__}"
    stored = {"software": software, "counts": counts, "cases": cases, "heads": heads}
    with open(HERE / "linktransformer.json", "w", encoding="utf8") as file:
        json.dump(stored, file, separators=(",", ":"))
        file.write("\n")


main()
