"""What official Megatron-LM models give on small random weights, divided among processes, by stages too, and not.

python3 megatron-lm.py CHECKOUT  (of github.com/NVIDIA/Megatron-LM at its tag v2.6)

Version 2.6 is the last tagged one whose models are those of the paper, in megatron/model. Its processes run here on a
CPU and speak through gloo; the kernel for layer normalisation, and apex, which only training needs, are supplied. Of
checkpoints of older versions the official code itself puts queries, keys and values in their places.
"""

import argparse
import importlib
import json
import os
import re
import sys
import tempfile
import types
import zlib
from contextlib import nullcontext
from unittest.mock import MagicMock

import torch
import torch.multiprocessing

USUAL = dict(
    max_position_embeddings=7,
    layernorm_epsilon=1e-5,
    apply_residual_connection_post_layernorm=False,
    openai_gelu=False,
    bias_gelu_fusion=False,
)
SET = dict(
    onnx_safe=None,
    bias_dropout_fusion=True,
    masked_softmax_fusion=False,
    attention_softmax_in_fp32=False,
    fp16=False,
    bf16=False,
    fp32_residual_connection=False,
    hidden_dropout=0.1,
    attention_dropout=0.1,
    init_method_std=0.02,
    use_cpu_initialization=True,
    params_dtype=torch.float32,
    activations_checkpoint_method=None,
    activations_checkpoint_num_layers=1,
    distribute_checkpointed_activations=False,
    virtual_pipeline_model_parallel_size=None,
    fp16_lm_cross_entropy=False,
    apply_query_key_layer_scaling=False,
)
GPT = dict(USUAL, num_layers=2, hidden_size=8, num_attention_heads=4, padded_vocab_size=12)
BERT = dict(USUAL, num_layers=2, hidden_size=8, num_attention_heads=4, padded_vocab_size=12)
ODD = dict(ffn_hidden_size=20, kv_channels=3, layernorm_epsilon=1e-2, max_position_embeddings=9, padded_vocab_size=16)

FOUR = dict(num_layers=4, max_position_embeddings=5)

# The class, its own arguments, the program's, processes that divide each tensor, tokens among the rows, the checkpoint's
# version, and stages of the pipeline, each of so many processes.
CASES = [
    ("GPTModel", {}, GPT, 1, 12, 3.0),
    ("GPTModel", {}, dict(GPT, **ODD, bias_gelu_fusion=True, apply_query_key_layer_scaling=True), 2, 13, 3.0),
    ("GPTModel", {}, dict(GPT, **ODD, openai_gelu=True, apply_residual_connection_post_layernorm=True), 4, 16, 2.0),
    ("GPTModel", {}, GPT, 2, 11, 1.0),
    ("GPTModel", {}, GPT, 2, 11, 0),
    ("BertModel", {}, BERT, 1, 12, 3.0),
    ("BertModel", {}, dict(BERT, **ODD, openai_gelu=True), 2, 15, 3.0),
    ("BertModel", dict(num_tokentypes=3), dict(BERT, apply_residual_connection_post_layernorm=True), 4, 12, 1.0),
    ("BertModel", dict(num_tokentypes=0, add_binary_head=False), dict(BERT, bias_gelu_fusion=True), 2, 9, 0),
    ("GPTModel", {}, dict(GPT, **FOUR), 2, 12, 3.0, 2),
    ("BertModel", {}, dict(BERT, **FOUR), 1, 12, 3.0, 4),
    ("BertModel", {}, dict(BERT, **FOUR, apply_residual_connection_post_layernorm=True), 1, 12, 2.0, 2),
]


def supplied():
    """What needs a GPU, or is missing and has no part in the models."""
    for name in ["amp_C", "apex", "apex.multi_tensor_apply", "apex.optimizers"]:
        sys.modules[name] = MagicMock()
    norm = types.ModuleType("fused_mix_prec_layer_norm_cuda")
    norm.forward_affine = lambda x, shape, weight, bias, eps: (
        torch.nn.functional.layer_norm(x, shape, weight, bias, eps),
        torch.zeros(1),
        torch.zeros(1),
    )
    sys.modules["fused_mix_prec_layer_norm_cuda"] = norm
    torch.cuda.current_device = lambda: "cpu"


def flat(state, prefix=""):
    """A nested dictionary with dots between its keys."""
    found = {}
    for name, value in state.items():
        found.update(flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value.clone()})
    return found


def listed(tensor):
    return {"shape": list(tensor.shape), "values": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def fill(model, rank, before):
    """Parts of divided tensors differ from process to process, all others are alike; stages count their own layers."""
    for name, parameter in model.named_parameters():
        name = re.sub(r"(?<=layers\.)\d+", lambda found: str(int(found[0]) + before), name)
        name = re.sub(r"^word_emb", "language_model.embedding.word_emb", name)
        own = rank if getattr(parameter, "tensor_model_parallel", False) else 0
        random = torch.Generator().manual_seed(zlib.crc32(f"{name} {own}".encode()))
        drawn = torch.randn(parameter.shape, generator=random)
        with torch.no_grad():
            parameter.copy_(torch.round(drawn * 30) / 100)


def run(rank, checkout, folder, number):
    supplied()
    sys.path.insert(0, checkout)
    kind, own, given, ranks, vocabulary, version, *more = CASES[number]
    [stages] = more or [1]
    world = dict(rank=rank, world_size=ranks * stages)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet{number}", **world)
    values = dict(SET, pipeline_model_parallel_size=stages, **given)
    values.setdefault("ffn_hidden_size", 4 * given["hidden_size"])
    values.setdefault("kv_channels", given["hidden_size"] // given["num_attention_heads"])
    importlib.import_module("megatron.global_vars")._GLOBAL_ARGS = argparse.Namespace(**values)
    from megatron import checkpointing, mpu
    from megatron.model import BertModel, GPTModel

    mpu.get_cuda_rng_tracker = lambda: types.SimpleNamespace(fork=nullcontext)
    mpu.initialize_model_parallel(ranks, stages)
    stage, part = divmod(rank, ranks)
    ends = dict(pre_process=stage == 0, post_process=stage == stages - 1)
    model = {"GPTModel": GPTModel, "BertModel": BertModel}[kind](parallel_output=False, **own, **ends)
    fill(model, part, stage * given["num_layers"] // stages)
    model.eval()
    weights = flat(model.state_dict_for_save_checkpoint())
    checkpointing.fix_query_key_value_ordering(model, version)
    random = torch.Generator().manual_seed(number)
    length = given["max_position_embeddings"] - 1
    ids = torch.randint(0, vocabulary, (2, length), generator=random)
    kinds = torch.randint(0, own.get("num_tokentypes", 2) or 1, (2, length), generator=random)

    def forward():
        with torch.no_grad():
            if kind == "GPTModel":
                hidden = torch.ones(1, 1, length, length).triu(1) > 0
                return model(ids, torch.arange(length).expand(2, -1), hidden)
            types_ = kinds if own.get("num_tokentypes", 2) else None
            return model(ids, torch.ones(2, length), tokentype_ids=types_)

    for now in range(stages):
        if now == stage:
            if stage > 0:
                model.set_input_tensor(torch.load(f"{folder}/{number}-{rank - ranks}-output"))
            output = forward()
            torch.save(output, f"{folder}/{number}-{rank}-output")
        torch.distributed.barrier()
    torch.save((weights, ids, kinds), f"{folder}/{number}-{rank}")


def main():
    checkout = os.path.abspath(sys.argv[1])
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, own, given, ranks, vocabulary, version, *stages) in enumerate(CASES):
            processes = ranks * (stages or [1])[0]
            torch.multiprocessing.spawn(run, (checkout, folder, number), nprocs=processes)
            parts = [torch.load(f"{folder}/{number}-{rank}") for rank in range(processes)]
            _, ids, kinds = parts[0]
            output = torch.load(f"{folder}/{number}-{processes - 1}-output")
            logits, order = (output, None) if kind == "GPTModel" else output
            found = {"logits": logits, **({} if order is None else {"order": order})}
            cases.append(
                {
                    "arguments": {"class": kind, **own, **given},
                    "vocabulary": vocabulary,
                    "version": version,
                    **({"stages": stages[0]} if stages else {}),
                    "ranks": [{name: listed(value) for name, value in weights.items()} for weights, *_ in parts],
                    "ids": ids.tolist(),
                    "sentences": kinds.tolist(),
                    **{name: listed(value) for name, value in found.items()},
                }
            )
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "megatron-lm.json")
    with open(path, "w") as file:
        json.dump({"cases": cases}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
