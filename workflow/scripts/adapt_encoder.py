"""An encoder and rated sentences -> the encoder, trained on by them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import torch

        from devaflow.encode.adapt import adapt, write_adapted
        from devaflow.encode.adapted import AdaptationSettings
        from devaflow.encode.device import available_device
        from devaflow.encode.locate import folder_of
        from devaflow.encode.rated_sentences import read_rated_sentences
        from devaflow.files import read_json, write_json
        from devaflow.versions import versions

        torch.set_num_threads(snakemake.threads)
        adapted = adapt(
            folder_of(read_json(snakemake.input.encoder[0])),
            read_rated_sentences(snakemake.input.sentences, lowercase=snakemake.params.lowercase),
            AdaptationSettings(**snakemake.params.settings),
            available_device(),
        )
        write_adapted(snakemake.output.files, adapted)
        write_json(snakemake.output.record, adapted.record | {"versions": versions()})
