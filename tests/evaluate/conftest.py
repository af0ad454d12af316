import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def predictions():
    """predictions(error, split): 60 segments of ten videos, with a normal error of that size."""

    def make(error, split="test"):
        rng = np.random.default_rng(1)
        label = rng.uniform(-3, 3, 60)
        return pd.DataFrame(
            {
                "video_id": [f"v{n // 6}" for n in range(60)],
                "clip_id": [str(n) for n in range(60)],
                "split": split,
                "label": label,
                "prediction": (label + rng.normal(0, error, 60)).clip(-3, 3),
                "probability": 0.5,
            }
        )

    return make
