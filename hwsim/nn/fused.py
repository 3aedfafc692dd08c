"""LIF over all timesteps as one function with its own backward pass through time."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from hwsim.nn.surrogate import Surrogate


class Rule(NamedTuple):
    """The constants of a LIF layer; ``zero``: reset to zero instead of by subtraction."""

    decay: float
    threshold: float
    zero: bool
    inclusive: bool


class _LIF(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        currents: Tensor,
        before: Tensor | None,
        learned: Tensor | None,
        rule: Rule,
        surrogate: Surrogate,
    ) -> tuple[Tensor, Tensor]:
        emitted = torch.empty(currents.shape, dtype=currents.dtype, device=currents.device)
        charged = torch.empty_like(emitted)  # membranes before their reset
        membrane = before
        for current, u, s in zip(currents, charged, emitted, strict=True):
            if membrane is None:
                u.copy_(current)
            else:
                torch.mul(membrane, rule.decay, out=u).add_(current)
            s.copy_(surrogate.activate(u - rule.threshold, rule.inclusive))
            if rule.zero:
                membrane = torch.addcmul(u, u, s, value=-1.0)
            else:
                membrane = torch.sub(u, s, alpha=rule.threshold)
        assert membrane is not None
        ctx.save_for_backward(charged, emitted, learned)
        ctx.set_materialize_grads(False)
        ctx.rule, ctx.surrogate = rule, surrogate
        return emitted, membrane

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, Tensor | None, Tensor | None, None, None]:
        charged, emitted, learned = ctx.saved_tensors
        rule: Rule = ctx.rule
        surrogate: Surrogate = ctx.surrogate
        by_emitted, left = grads  # left: dL / d(membrane after the reset)
        by_alpha = torch.zeros_like(learned) if learned is not None and ctx.needs_input_grad[2] else None
        if by_emitted is None:
            by_emitted = torch.zeros_like(emitted)
        by_current = torch.empty_like(charged)
        for t in range(len(charged) - 1, -1, -1):
            u, by_s, by_u = charged[t], by_emitted[t], by_current[t]
            distance = u - rule.threshold
            if left is None:
                by_u.copy_(by_s)
            elif rule.zero:
                torch.addcmul(by_s, u, left, value=-1.0, out=by_u)
            else:
                torch.sub(by_s, left, alpha=rule.threshold, out=by_u)
            slope = surrogate.slope(distance)
            if by_alpha is not None:
                by_alpha += torch.dot(by_u.flatten(), surrogate.by_alpha(distance, slope).flatten())
            by_u.mul_(slope)
            if left is not None:
                by_u.add_(left)
                if rule.zero:
                    by_u.addcmul_(left, emitted[t], value=-1.0)
            left = by_u * rule.decay
        return by_current, left if ctx.needs_input_grad[1] else None, by_alpha, None, None


def lif_over_time(
    currents: Tensor, before: Tensor | None, rule: Rule, surrogate: Surrogate
) -> tuple[Tensor, Tensor]:
    """LIF through all steps: (emitted values, membrane that the last reset left).

    u[t] = decay v[t-1] + x[t];  s[t] = surrogate(u[t] - threshold);  v[t] = u[t] - threshold s[t], or
    v[t] = u[t] (1 - s[t]) where ``rule.zero``. Backward, with H' the surrogate's slope:

    subtract:  dL/du[t] = (dL/ds[t] - threshold dL/dv[t]) H'[t] + dL/dv[t]
    zero:      dL/du[t] = (dL/ds[t] - u[t] dL/dv[t]) H'[t] + (1 - s[t]) dL/dv[t]
    both:      dL/dx[t] = dL/du[t],  dL/dv[t-1] = decay dL/du[t]

    Shapes: currents (T, B, ...), ``before`` v[-1] (B, ...) or None for zeros; returns (T, B, ...) and
    (B, ...). Backward keeps u and s of every step, nothing else.
    """
    emitted, left = _LIF.apply(  # type: ignore[no-untyped-call]
        currents, before, surrogate.learned(), rule, surrogate
    )
    return emitted, left
