"""Who computes the tasks of a search: processes here, or a Dask cluster by its address."""

from collections.abc import Iterator
from contextlib import contextmanager

from hwsim.errors import HwsimError
from hwsim.explore.engine import Cluster
from hwsim.methods.workers import one_thread
from hwsim.tasks import Compute, in_processes


@contextmanager
def computing(workers: int | None, scheduler: str | None) -> Iterator[Compute]:
    """``workers`` processes of one thread each (1 if not told), or the cluster at ``scheduler``.

    Raises HwsimError where both are told and where no cluster is reached.
    """
    if scheduler is None:
        with in_processes(workers or 1, one_thread) as compute:
            yield compute
        return
    if workers is not None:
        raise HwsimError("--workers: of this machine; a cluster at --scheduler has workers of its own")
    with Cluster(scheduler=scheduler) as cluster:
        cluster.everywhere(one_thread)
        yield cluster.compute
