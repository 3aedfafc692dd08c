"""hwsim: what a trained spiking network costs on a neuromorphic chip, from its own spikes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwsim.frontends.load import load

__version__ = "0.1.0"
__all__ = ["load"]


def __getattr__(name: str) -> Any:
    """``hwsim.load``, imported when it is first asked for: it needs PyTorch."""
    if name == "load":
        from hwsim.frontends.load import load  # noqa: PLC0415

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
