"""A trained model and a corpus -> a score for every segment, and how good those with labels are."""

from devaflow.jobs import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        import torch

        from devaflow.encode.device import device_name, using_device
        from devaflow.evaluate.scored import ERROR_BAR, report, score_table
        from devaflow.files import read_json, read_table, write_json, write_table, write_text
        from devaflow.model.bundle import read_bundle
        from devaflow.model.inputs import MODALITIES
        from devaflow.model.read_inputs import read_inputs
        from devaflow.model.score import require_same, score
        from devaflow.versions import versions

        torch.set_num_threads(snakemake.threads)
        given, output, params = snakemake.input, snakemake.output, snakemake.params
        bundle, asked = read_bundle(params.model["path"]), read_json(given.requirements)
        for encoder in map(read_json, given.encoders):
            require_same(bundle, encoder["name"], encoder["sha256"])
        segments = read_table(given.segments).assign(split="scored")
        inputs, transcripts = read_inputs(segments, given, asked["max_tokens"])
        with using_device() as device:
            predictions = score(bundle, inputs, transcripts, device)
        statuses = {modality: read_table(given[modality]) for modality in MODALITIES}
        scored = score_table(predictions, statuses, bundle.metrics["half_width"][ERROR_BAR])
        write_table(output.table, scored)
        write_text(output.text, scored.to_csv(index=False, float_format="%.4f"))
        found = report(scored, list(MODALITIES), params.bootstrap_samples)
        where = {"device": device_name(device), "versions": versions()}
        write_json(output.report, {"model": asked} | found | where)
