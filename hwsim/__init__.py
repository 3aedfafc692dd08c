"""hwsim: what a trained spiking network costs on a neuromorphic chip, from its own spikes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwsim.api import compare, estimate
    from hwsim.methods.load import load

__version__ = "0.1.0"
__all__ = ["compare", "estimate", "load"]


def __getattr__(name: str) -> Any:
    """``hwsim.load``, ``estimate`` and ``compare``, imported when first asked for: they need PyTorch."""
    if name == "load":
        from hwsim.methods.load import load  # noqa: PLC0415

        return load
    if name in ("estimate", "compare"):
        from hwsim import api  # noqa: PLC0415

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
