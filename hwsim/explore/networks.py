"""Networks of a sweep: captured and executed once for each set of ``network.*`` options."""

from pathlib import Path

from hwsim.errors import HwsimError
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.explore.evaluate import Subject
from hwsim.explore.points import Settings
from hwsim.explore.space import Space
from hwsim.methods.precisions import OBSERVED, parse_bits, with_bits
from hwsim.methods.quantization import observed
from hwsim.pipeline import UNTRUSTED, Progress, silent
from hwsim.result_values import accuracy
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec


def subject_of(space: Space, options: Settings, progress: Progress = silent) -> Subject:
    """The network that ``options`` (``network.model`` and others) ask for, run on the space's samples.

    With bits the accuracy is that of the samples, as for ``hwsim compare --bits``. Raises HwsimError for a
    network that cannot be so.
    """
    model = options.get("network.model", space.model)
    sharing, bits = str(options.get("network.sharing", "none")), options.get("network.bits")
    timesteps = options.get("network.timesteps", space.timesteps)
    if timesteps is not None and not isinstance(timesteps, int):
        raise HwsimError(f"network.timesteps: found {timesteps!r}; a whole number from 1")
    precision = None if bits is None else parse_bits(str(bits))
    inputs = Path(space.inputs) if space.inputs else None
    weights = Path(space.weights) if space.weights else None
    spec = WorkloadSpec(str(model), inputs, weights, space.samples, timesteps, Variant(sharing=sharing))
    work, of = spec.workload(space.samples, progress)
    network, right = work.network, of.tested[0] if of.tested and sharing == "none" else None
    if precision is not None:
        plain, seen = observed(network, work.inputs[:OBSERVED])
        network, right = with_bits(network, plain, seen, precision), None
    trace = execute(network, encode(network, work.inputs), lambda d, n: progress("execute", d, n))
    told = accuracy(trace.outputs, work.labels)
    warning = None
    if work.reference is not None and network is work.network:
        found = agree(network, trace, work.reference)
        warning = None if found.trusted else f"{UNTRUSTED}: {found.sentence()}"
    if right is None and told is not None:
        right = told["accuracy"]
    return Subject(network, trace, right, warning)
