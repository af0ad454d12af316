"""OpenFace, run once on a small video -> what it is: path, checksum, model."""

from devaflow.files import write_json
from devaflow.jobs import logged
from devaflow.vision.openface_check import check
from devaflow.vision.openface_program import Program

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        write_json(snakemake.output[0], check(Program.locate(**snakemake.params.openface)))
