"""OpenFace, run once on a small video -> what it is: path, checksum, model."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.files import write_json
        from devaflow.vision.openface_check import check
        from devaflow.vision.openface_program import Program

        write_json(
            snakemake.output[0],
            check(
                Program.locate(**snakemake.params.openface, timeout_s=snakemake.resources.timeout_s)
            ),
        )
