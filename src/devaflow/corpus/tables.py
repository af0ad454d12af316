"""Tables that have one row for every segment of the corpus."""

from collections.abc import Iterable, Sequence

import pandas as pd

from devaflow.corpus.clips import KEY
from devaflow.errors import InputError


def collect(tables: Iterable[pd.DataFrame], keys: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Put the tables of all units together: one row a segment, in the order of `keys`.

    Raises InputError for a segment that no table holds, or more than one.
    """
    together = pd.concat(list(tables), ignore_index=True)
    doubled = together[together.duplicated(KEY)]
    if len(doubled):
        raise InputError(f"segment {tuple(doubled[KEY].iloc[0])} was extracted in two units")
    wanted = pd.MultiIndex.from_tuples([tuple(key) for key in keys], names=KEY)
    indexed = together.set_index(KEY)
    absent = wanted[~wanted.isin(indexed.index)]
    if len(absent):
        raise InputError(f"no unit holds the segment {absent[0]}: delete its results and run again")
    return indexed.loc[wanted].reset_index()
