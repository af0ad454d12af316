"""Figures that are the same file each time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

GREY = "0.4"


@contextmanager
def svg(
    path: str | Path, panels: int, size: tuple[float, float], *, sharey: bool = False
) -> Iterator[Sequence[Axes]]:
    """Give panels side by side, `size` inches together; write them as SVG when the block ends."""
    # Names and date would make the file another one each time.
    with matplotlib.rc_context({"svg.hashsalt": "devaflow", "svg.fonttype": "none"}):
        figure, axes = plt.subplots(
            1, panels, figsize=size, sharey=sharey, squeeze=False, layout="constrained"
        )
        yield axes[0]
        figure.savefig(path, format="svg", metadata={"Date": None})
        plt.close(figure)
