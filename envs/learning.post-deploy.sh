#!/usr/bin/env bash
# Snakemake runs this in the new environment, from the working directory: start it in the checkout.
set -euo pipefail
pip install --no-deps --no-build-isolation -e .
