"""`python -m devaflow.demo OUT [--seed 42]`: make the demo corpus."""

import argparse
from pathlib import Path

from devaflow.demo.corpus import make_corpus


def main() -> None:
    """Read the command line and make the corpus."""
    parser = argparse.ArgumentParser(prog="python -m devaflow.demo", description=__doc__)
    parser.add_argument("out", type=Path, help="the folder to write, for example resources/demo")
    parser.add_argument("--seed", type=int, default=42, help="same seed, same corpus (42)")
    arguments = parser.parse_args()
    make_corpus(arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
