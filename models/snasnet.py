"""SNASNet (Kim, Li, Park, Venkatesha, Panda; ECCV 2022): cells with connections back in time.

The space of cells and the skeleton around two of them, with LIF neurons of tau 4/3, threshold 1
and hard reset, 5 steps of the same image. Connections carry analog values wherever the operation is an
identity or a pool, and the votes average analog values.

What was corrected, and where the paper and its public code differ:

- tau is 4/3; the text prints "34".
- The code reduces with BN-LIF-convolution-BN-AvgPool and classifies with FC(no bias)-LIF-FC; the paper
  draws convolution-BN-LIF-AvgPool and one FC(1024). ``skeleton`` chooses; "code" is the default, because
  the published weights are of that shape. In "text" the FC is followed by the vote at once, so its 1024
  neurons are rounded down to a multiple of the classes.
- The neurons take in x / tau, as the public code's do. Here the membrane is tau times theirs, which
  moves the factor into the threshold and leaves spikes and gradients as they are.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from hwsim.nn import LIF, Feedback, Vote, arctan

TAU = 4.0 / 3.0
CIFAR10_BW = ("0303", "0030", "2002", "0200")
CIFAR100_BW = ("0302", "0030", "3003", "0000")
NODES = range(4)


def _spike(distance: Tensor, inclusive: bool) -> Tensor:
    return arctan(distance / TAU, inclusive)


def lif() -> LIF:
    """v += (x - v) / tau with threshold 1 and reset to 0, with tau v as its membrane."""
    return LIF(decay=1.0 - 1.0 / TAU, threshold=TAU, reset="zero", surrogate=_spike)


def lif_conv(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(lif(), convolution, nn.BatchNorm2d(outputs))


def operation(code: int, channels: int) -> nn.Module:
    """1 identity, 2 LIF-conv1x1-BN, 3 LIF-conv3x3-BN, 4 AvgPool3x3; 0 is no connection."""
    if code == 1:
        return nn.Identity()
    if code == 4:
        return nn.AvgPool2d(3, stride=1, padding=1)
    return lif_conv(channels, channels, 2 * code - 3)


def check(matrix: Sequence[str]) -> list[list[int]]:
    """``matrix`` as numbers; row = source, column = target. Raises ValueError if it is no cell."""
    if len(matrix) != 4 or any(len(row) != 4 or not set(row) <= set("01234") for row in matrix):
        raise ValueError(f"cell {list(matrix)}; it must be four rows of four digits from 0 to 4")
    codes = [[int(digit) for digit in row] for row in matrix]
    if both := [(i, j) for i in NODES for j in range(i + 1) if codes[i][j] and codes[j][i]]:
        raise ValueError(
            f"cell {list(matrix)}: nodes {both[0]} are connected to themselves or in both directions"
        )
    for node in NODES[1:]:
        if not any(codes[i][node] for i in NODES) and (node == 3 or any(codes[node])):
            raise ValueError(f"cell {list(matrix)}: nothing reaches node {node}")
    return codes


class Cell(nn.Module):
    """Four nodes and the connections between them that ``matrix`` names: see :func:`operation`.

    x_0 = input;  x_j(t) = sum over i < j of op_ij(x_i(t) + b_i(t));  output x_3;
    b_j(t+1) = sum over i > j of op_ij(x_i(t) + b_i(t)), 0 at the start of a sample;  b_3 = 0.

    Shapes: input and output (B, channels, height, width).
    """

    def __init__(self, matrix: Sequence[str], channels: int) -> None:
        super().__init__()
        codes = check(matrix)
        self.edges = nn.ModuleDict(
            {f"{i}-{j}": operation(codes[i][j], channels) for i in NODES for j in NODES if codes[i][j]}
        )
        self.feedback = nn.ModuleDict(
            {str(j): Feedback() for j in NODES if any(codes[i][j] for i in NODES[j:])}
        )

    def forward(self, current: Tensor) -> Tensor:
        sent: dict[int, Tensor] = {}
        for node in NODES:
            terms = [current] if node == 0 else self._edges_into(node, sent)
            if str(node) in self.feedback:
                terms.append(self.feedback[str(node)](current))
            if terms:
                sent[node] = _sum(terms)
        for name, loop in self.feedback.items():
            assert isinstance(loop, Feedback)
            loop.keep(_sum(self._edges_into(int(name), {i: x for i, x in sent.items() if i > int(name)})))
        return sent[3]

    def _edges_into(self, node: int, sent: dict[int, Tensor]) -> list[Tensor]:
        return [self.edges[f"{i}-{node}"](x) for i, x in sent.items() if f"{i}-{node}" in self.edges]


def _sum(terms: list[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def initialized(*layers: nn.Module) -> nn.Sequential:
    """The layers in a row with the public code's first weights: the search scores untrained networks."""
    network = nn.Sequential(*layers)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_uniform_(module.weight, a=2.0)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.01)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def cell(matrix: Sequence[str] = CIFAR10_BW, channels: int = 256) -> Cell:
    """One cell alone: input and output (B, channels, height, width)."""
    return Cell(matrix, channels)


def snasnet(
    matrix: Sequence[str] = CIFAR10_BW,
    channels: int = 256,
    classes: int = 10,
    inner: int = 1024,
    votes: int = 10,
    resolution: int = 32,
    stem_stride: int = 1,
    pool: int = 2,
    skeleton: str = "code",
    channels_in: int = 3,
) -> nn.Sequential:
    """The whole network: input (B, channels_in, resolution, resolution), output (B, classes) votes of a step.

    ``inner``: neurons of the hidden linear layer; ``votes``: outputs averaged for a class; ``pool``: the
    last average pool's window; ``skeleton``: "code" or "text", see above.
    """
    if skeleton not in ("code", "text"):
        raise ValueError(f"skeleton {skeleton!r}; it must be 'code' or 'text'")
    c = channels
    flat = 2 * c * (resolution // stem_stride // 2 // pool) ** 2
    convolution = nn.Sequential(nn.Conv2d(c, 2 * c, 3, padding=1, bias=False), nn.BatchNorm2d(2 * c))
    if skeleton == "code":
        reduction = nn.Sequential(nn.BatchNorm2d(c), lif(), convolution, nn.AvgPool2d(2))
        classifier = [
            nn.Linear(flat, inner, bias=False),
            lif(),
            nn.Linear(inner, classes * votes),
            Vote(votes),
        ]
    else:
        reduction = nn.Sequential(convolution, lif(), nn.AvgPool2d(2))
        votes = inner // classes
        classifier = [nn.Linear(flat, classes * votes, bias=False), Vote(votes)]
    return initialized(
        nn.Sequential(nn.Conv2d(channels_in, c, 3, stem_stride, padding=1, bias=False), nn.BatchNorm2d(c)),
        Cell(matrix, c), reduction, Cell(matrix, 2 * c),
        nn.Sequential(nn.BatchNorm2d(2 * c), lif(), nn.AvgPool2d(pool)),
        nn.Flatten(), nn.Dropout(0.5), *classifier,
    )  # fmt: skip


def cifar10_bw(
    channels: int = 256,
    classes: int = 10,
    resolution: int = 32,
    matrix: Sequence[str] = CIFAR10_BW,
    inner: int = 1024,
    pool: int = 2,
    skeleton: str = "code",
) -> nn.Sequential:
    """SNASNet-Bw as searched on CIFAR10: 10 classes of 10 votes; ``matrix`` puts in another cell."""
    return snasnet(matrix, channels, classes, inner, 10, resolution, pool=pool, skeleton=skeleton)


def cifar100_bw(
    channels: int = 128,
    classes: int = 100,
    resolution: int = 32,
    matrix: Sequence[str] = CIFAR100_BW,
    inner: int = 1024,
    pool: int = 2,
    skeleton: str = "code",
) -> nn.Sequential:
    """SNASNet-Bw as searched on CIFAR100: 100 classes of 5 votes; ``matrix`` puts in another cell."""
    return snasnet(matrix, channels, classes, inner, 5, resolution, pool=pool, skeleton=skeleton)
