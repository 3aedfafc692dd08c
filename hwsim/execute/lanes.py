"""Numba: rows of weights added up in vector registers, the executor's innermost loop.

A compiler that sees ``sums[o] += weights[row + o]`` loads and stores the sums once for every row, and checks
on every row that the two do not overlap. Here the sums of :data:`LANES` neurons stay in registers while all
rows go by, which is 2 to 3 times as fast. The order of additions is that of the rows.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

LANES = 64
"""Neurons whose sums are in registers together: enough vectors to hide the latency of an addition."""

VECTOR = 16
"""Numbers in a vector of 512 bits; narrower machines take two or four registers for one."""


def _adder(lanes: int) -> Any:
    """An intrinsic ``add(sums, at, weights, first, rows, step)``:
    ``sums[at:at + lanes] += weights[first + row * step:][:lanes]`` for every row."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        sums, at, weights, first, rows, step = (
            context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, args, strict=True)
        )
        element = signature.args[0].dtype
        vector = ir.VectorType(context.get_value_type(element), VECTOR)
        add = builder.fadd if isinstance(element, types.Float) else builder.add
        size = element.bitwidth // 8
        parts = range(lanes // VECTOR)

        def place(array: Any, index: Any, part: int) -> Any:
            offset = builder.add(index, ir.Constant(index.type, part * VECTOR))
            return builder.bitcast(builder.gep(array.data, [offset]), vector.as_pointer())

        totals = [cgutils.alloca_once(builder, vector) for _ in parts]
        for part in parts:
            builder.store(builder.load(place(sums, at, part), align=size), totals[part])
        (count,) = cgutils.unpack_tuple(builder, rows.shape, 1)
        with cgutils.for_range(builder, count) as loop:
            row = builder.load(builder.gep(rows.data, [loop.index]))
            begin = builder.add(first, builder.mul(row, step))
            for part in parts:
                found = builder.load(place(weights, begin, part), align=size)
                builder.store(add(builder.load(totals[part]), found), totals[part])
        for part in parts:
            builder.store(builder.load(totals[part]), place(sums, at, part), align=size)
        return context.get_dummy_value()

    def adder(_typing: Any, sums: Any, at: Any, weights: Any, first: Any, rows: Any, step: Any) -> Any:
        return types.void(sums, at, weights, first, rows, step), generate

    return intrinsic(adder)


_add_64, _add_32, _add_16 = _adder(LANES), _adder(LANES // 2), _adder(VECTOR)


def add_rows(sums: Any, at: int, count: int, weights: Any, first: int, rows: Any, step: int) -> None:
    """``sums[at:at + count] += weights[first + row * step:][:count]`` for every row, in their order."""
    for row in rows:
        begin = first + row * step
        sums[at : at + count] += weights[begin : begin + count]


@overload(add_rows)
def _add_rows(sums, at, count, weights, first, rows, step):  # type: ignore[no-untyped-def]  # noqa: ARG001
    def compiled(sums, at, count, weights, first, rows, step):  # type: ignore[no-untyped-def]
        o = 0
        while o + 64 <= count:
            _add_64(sums, at + o, weights, first + o, rows, step)
            o += 64
        if o + 32 <= count:
            _add_32(sums, at + o, weights, first + o, rows, step)
            o += 32
        if o + 16 <= count:
            _add_16(sums, at + o, weights, first + o, rows, step)
            o += 16
        for row in rows:
            begin = first + row * step
            for k in range(o, count):
                sums[at + k] += weights[begin + k]

    return compiled
