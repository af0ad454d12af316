"""An encoder and rated sentences -> the encoder, trained on by them."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import torch

        from devaflow.encode.adapt import adapt, write_adapted
        from devaflow.encode.adapted import AdaptationSettings
        from devaflow.encode.device import using_device
        from devaflow.encode.locate import folder_of
        from devaflow.encode.rated_sentences import read_rated_sentences
        from devaflow.files import read_json, write_json
        from devaflow.versions import versions

        torch.set_num_threads(snakemake.threads)
        given, params = snakemake.input, snakemake.params
        folder = folder_of(read_json(given.encoder[0]))
        sentences = read_rated_sentences(given.sentences, lowercase=params.lowercase)
        with using_device() as device:
            adapted = adapt(folder, sentences, AdaptationSettings(**params.settings), device)
        write_adapted(snakemake.output.files, adapted)
        write_json(snakemake.output.record, adapted.record | {"versions": versions()})
