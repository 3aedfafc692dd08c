"""Operations of the networks of tests/external/test_operations.py as several tools count them, as JSON.

Run by benchmarks.validation.operations with the Python of .venv-frontends.
"""

import json
import sys

from tests.external.test_operations import INPUTS, NETS, TOOLS, Case


def main() -> None:
    rows = []
    for net in NETS:
        for inputs in INPUTS:
            case = Case(net, inputs)
            for tool, (counted, share) in TOOLS.items():
                theirs = counted(case)
                ours = {name: float(case.ours[name]) for name in theirs}
                rows.append(
                    {
                        "net": net,
                        "inputs": inputs,
                        "tool": tool,
                        "share": share,
                        "theirs": theirs,
                        "ours": ours,
                    }
                )
    sys.stdout.write("\n" + json.dumps(rows) + "\n")


if __name__ == "__main__":
    main()
