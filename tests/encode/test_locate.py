import pytest

from devaflow.encode.locate import folder_of
from devaflow.errors import InputError


def test_an_encoder_whose_folder_is_gone_is_named_with_the_remedy(tmp_path):
    located = {"name": "bert", "source": "hub", "folder": str(tmp_path / "gone")}
    with pytest.raises(InputError, match="gone; put it back, or give `--forcerun locate_encoder`"):
        folder_of(located)
