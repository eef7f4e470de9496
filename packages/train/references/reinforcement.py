"""Writes reinforcement.json: python3 reinforcement.py; needs PyTorch.

V-trace, generalised advantages, PPO's clipped loss and V-MPO's losses as their papers' formulas read, term by term, with
gradients by automatic differentiation. No code of others is run.
"""

import json
import os

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS, STEPS, ACTIONS = 3, 5, 4


def listed(tensor):
    return [float(f"{value:.7g}") for value in tensor.detach().flatten().tolist()]


def drawn(*shape):
    return torch.round(torch.randn(*shape, dtype=torch.float64) * 80) / 100


def v_trace(rewards, discounts, values, ratios, own_limit, trace_limit, fade):
    """v_s = V(x_s) + sum over t >= s of (prod of gamma_i c_i from s to t - 1) rho_t delta_t (section 4.1)."""
    rho, c = ratios.clamp(max=own_limit), fade * ratios.clamp(max=trace_limit)
    returns = torch.zeros(ROWS, STEPS, dtype=torch.float64)
    for row in range(ROWS):
        for s in range(STEPS):
            total = values[row, s].clone()
            for t in range(s, STEPS):
                weight = torch.ones((), dtype=torch.float64)
                for i in range(s, t):
                    weight = weight * discounts[row, i] * c[row, i]
                delta = rewards[row, t] + discounts[row, t] * values[row, t + 1] - values[row, t]
                total = total + weight * rho[row, t] * delta
            returns[row, s] = total
    following = torch.cat([returns[:, 1:], values[:, -1:]], 1)
    advantages = rho * (rewards + discounts * following - values[:, :-1])
    return returns, advantages


def advantages_of(rewards, discounts, values, fade):
    """A_t = sum over l of (gamma lambda)^l delta_{t+l}, cut off at ends of episodes (eq. 16)."""
    found = torch.zeros(ROWS, STEPS, dtype=torch.float64)
    for row in range(ROWS):
        for t in range(STEPS):
            weight = 1.0
            for k in range(t, STEPS):
                delta = rewards[row, k] + discounts[row, k] * values[row, k + 1] - values[row, k]
                found[row, t] += weight * delta
                weight = weight * discounts[row, k] * fade
    return found


def clipped(logits, before, actions, advantages, reach):
    logs = F.log_softmax(logits, -1).gather(-1, actions[..., None])[..., 0]
    olds = F.log_softmax(before, -1).gather(-1, actions[..., None])[..., 0]
    ratios = (logs - olds).exp()
    worse = torch.minimum(ratios * advantages, ratios.clamp(1 - reach, 1 + reach) * advantages)
    return -worse.mean()


def maximum_a_posteriori(logits, before, actions, advantages, temperature, penalty, bounds):
    eta, alpha = F.softplus(temperature) + 1e-8, F.softplus(penalty) + 1e-8
    logs = F.log_softmax(logits, -1).gather(-1, actions[..., None])[..., 0].flatten()
    order = advantages.flatten().argsort(descending=True)[: advantages.numel() // 2]
    better = advantages.flatten()[order]
    psi = (better / eta).exp() / (better / eta).exp().sum()
    policy = -(psi.detach() * logs[order]).sum()
    spread = eta * bounds[0] + eta * (better / eta).exp().mean().log()
    old = F.softmax(before, -1)
    divergence = (old * (old.log() - F.log_softmax(logits, -1))).sum(-1)
    held = (alpha * (bounds[1] - divergence.detach()) + alpha.detach() * divergence).mean()
    return policy + spread + held


def main():
    torch.manual_seed(3)
    rewards, values = drawn(ROWS, STEPS), drawn(ROWS, STEPS + 1)
    ends = torch.zeros(ROWS, STEPS, dtype=torch.float64)
    ends[0, 2] = ends[2, 4] = ends[1, 0] = 1
    discounts = 0.9 * (1 - ends)
    logits, before = drawn(ROWS, STEPS, ACTIONS), drawn(ROWS, STEPS, ACTIONS)
    actions = torch.randint(0, ACTIONS, (ROWS, STEPS))
    advantages = drawn(ROWS, STEPS)
    ratios = torch.exp(
        (F.log_softmax(logits, -1) - F.log_softmax(before, -1)).gather(-1, actions[..., None])[..., 0]
    )
    given = {
        "rewards": rewards, "values": values, "discounts": discounts, "logits": logits, "before": before,
        "logRatios": ratios.log(), "advantages": advantages,
    }
    stored = {name: listed(value) for name, value in given.items()}
    stored["actions"] = actions.flatten().tolist()
    stored["vTrace"] = []
    for own, trace, fade in ((1, 1, 1), (1.5, 0.8, 0.95), (1e9, 1e9, 1)):
        returns, better = v_trace(rewards, discounts, values, ratios, own, trace, fade)
        options = {"ownLimit": own, "traceLimit": trace, "lambda": fade}
        stored["vTrace"].append({"options": options, "returns": listed(returns), "advantages": listed(better)})
    stored["generalized"] = [
        {"lambda": fade, "advantages": listed(advantages_of(rewards, discounts, values, fade))}
        for fade in (0, 0.8, 1)
    ]
    logits.requires_grad_()
    stored["clipped"] = []
    for reach in (0.1, 0.3):
        loss = clipped(logits, before, actions, advantages, reach)
        (slope,) = torch.autograd.grad(loss, [logits])
        stored["clipped"].append({"clip": reach, "loss": loss.item(), "slope": listed(slope)})
    start = [torch.tensor(value, dtype=torch.float64).expm1().log().requires_grad_() for value in (0.7, 2.0)]
    loss = maximum_a_posteriori(logits, before, actions, advantages, *start, (0.05, 0.02))
    slopes = torch.autograd.grad(loss, [logits, *start])
    stored["maximumAPosteriori"] = {
        "options": {"temperature": 0.7, "penalty": 2, "temperatureBound": 0.05, "divergenceBound": 0.02},
        "loss": loss.item(),
        "slopes": [listed(slope) for slope in slopes],
    }
    logs = F.log_softmax(logits, -1)
    stored["entropy"] = listed(-(logs.exp() * logs).sum(-1))
    with open(os.path.join(HERE, "reinforcement.json"), "w") as file:
        json.dump(stored, file)
        file.write("\n")


main()
