"""Every cycle of every unit gets its cause (docs/machine.md, S4)."""

from hwsim.cycle.reference.books import Books
from hwsim.cycle.reference.diary import Diary


def book_array(books: Books, diary: Diary, overlap: bool) -> None:
    """The array: what it does for a job, and why it waits before that."""
    free = 0
    for i, (job, done) in enumerate(zip(diary.jobs, diary.passes, strict=True)):
        for cycle in range(free, diary.stream_start[i]):
            books.spend(job.layer, "array", waits_for(diary, i, cycle, overlap))
        for cause in ("stream", "imbalance", "conflict", "decode"):
            books.spend(job.layer, "array", cause, getattr(done, cause))
        free = diary.stream_start[i] + done.busy
        if not overlap:
            books.spend(job.layer, "array", "fill_drain", done.fill_drain)
            free += done.fill_drain
    last = diary.jobs[-1].layer
    books.spend(last, "array", "fill_drain", diary.array_end[-1] - free)
    books.spend(last, "array", "drain", diary.end - diary.array_end[-1])


def waits_for(diary: Diary, i: int, cycle: int, overlap: bool) -> str:
    """Why job ``i`` does not stream in a cycle in which the job before it has streamed."""
    job, preload = diary.jobs[i], diary.passes[i].preload
    if preload and diary.preload_start[i] <= cycle < diary.preload_start[i] + preload:
        return "preload"
    if overlap and i > 0 and cycle < diary.array_end[i - 1]:
        return "fill_drain"
    if cycle >= diary.load_end[i]:
        return "partial_sum"
    if job.after >= 0 and cycle < diary.store_end[job.after]:
        return "dependency"
    load = diary.load_of[job]
    return "store" if cycle < load.start else load.operand_at(cycle)


def book_lif(books: Books, diary: Diary) -> None:
    """The LIF units: their stages, and the wait for sums and for room in the output buffer."""
    free = 0
    for i, (job, stage) in enumerate(zip(diary.jobs, diary.stages, strict=True)):
        summed = max(free, diary.array_end[i])
        books.spend(job.layer, "lif", "array", summed - free)
        books.spend(job.layer, "lif", "output", diary.lif_start[i] - summed)
        for cause in ("update", "serialization", "vector"):
            books.spend(job.layer, "lif", cause, getattr(stage, cause))
        free = diary.lif_start[i] + stage.cycles
    books.spend(diary.jobs[-1].layer, "lif", "drain", diary.end - free)


def book_channel(books: Books, diary: Diary) -> None:
    """The DMA channel: transfers, and the time between them."""
    free = 0
    for transfer in diary.transfers:
        layer = transfer.job.layer
        books.spend(layer, "dma", "idle", transfer.start - free)
        for cycle in range(transfer.start, transfer.free):
            cause = transfer.operand_at(cycle) if transfer.direction == "load" else "store"
            books.spend(layer, "dma", cause)
        free = transfer.free
    books.spend(diary.jobs[-1].layer, "dma", "idle", diary.end - free)
