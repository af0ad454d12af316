# devaflow: from talking-face clips to sentiment scores, and how far to trust them.
# Each stage is a file in workflow/rules; all logic is in src/devaflow (see docs/design.md).
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

from devaflow.config import refuse_lost, replaced_backends
from devaflow.corpus.splits import PROTOCOLS
from devaflow.doubts import doubts
from devaflow.encode.adapted import ADAPTED_FILES, RECORD
from devaflow.encode.rated_sentences import ARCHIVE
from devaflow.files import remove_partial
from devaflow.installed import outdated
from devaflow.locks import RESULTS, hold_run
from devaflow.model.ablations import HIDDEN
from devaflow.planning import make_plan, require_planned
from devaflow.stale import disown_stale
from devaflow.versions import tools_of
from devaflow.vision.fetch import MODEL as FACE_MODEL

min_version("9.0")


configfile: Path(workflow.basedir) / "config" / "config.yaml"


report: "workflow/report/workflow.rst"


# First: with `refusing` the plan is made.
include: "workflow/rules/common.smk"


if " " in sys.executable:
    raise WorkflowError(
        f"{sys.executable}: Snakemake starts no script with a Python whose path holds a blank; "
        "make the environment in another folder"
    )
if workflow.is_main_process:
    refusing(refuse_lost)(workflow.configfiles, config)
plan = refusing(make_plan)(config, Path(workflow.basedir).resolve())
refusing(require_planned)(plan, first=workflow.is_main_process)

# In each run, a dry one too, but not in the processes of its jobs; before the jobs are planned.
if workflow.is_main_process:
    disown_stale()
    for said in [*outdated(plan.shipped), *replaced_backends(config, plan.config), *doubts(plan)]:
        logger.warning(said)

# What is summarised of an encoder, by its name in the summary: the text without context (how much is
# read along differs between variants), and the voice of each protocol, whose levels give it other
# words.
AUDIO = [f"audio-{protocol}" for protocol in plan.protocols]
ENCODED = {"text": "text-0", **{name: name for name in AUDIO}, "vision": "vision"}

TABLES = [
    *expand("results/metrics_{variant}.json", variant=plan.config["variants"]),
    *expand("results/calibration_{variant}.svg", variant=plan.config["variants"]),
    "results/comparison.json",
    "results/table.parquet",
    "results/table.html",
    "results/data_quality.html",
]


wildcard_constraints:
    protocol=any_of(PROTOCOLS),
    levels=any_of([*PROTOCOLS, "model"]),
    variant=any_of(plan.config["variants"]),
    context=r"\d+",
    encoder=any_of(plan.config["encoders"]),
    seed=r"\d+",


localrules:
    all,
    doctor,
    fetch_face_landmarker,
    fetch_rated_sentences,
    locate_encoder,


# Before the first job; dry runs and the processes of jobs do not come here. Snakemake's own lock
# outlives a run that is killed: the profiles switch it off.
onstart:
    if refusing(hold_run)():
        remove_partial(RESULTS)


# The target when none is named: the scores that a trained model gives, where one is configured; else
# the metrics of every variant, and all in one table.
rule all:
    input:
        "results/scores.csv" if plan.config["model"] else TABLES,


include: "workflow/rules/corpus.smk"
include: "workflow/rules/vision.smk"
include: "workflow/rules/audio.smk"
include: "workflow/rules/text.smk"
include: "workflow/rules/encode.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/doctor.smk"
