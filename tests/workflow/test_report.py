import json
import re

FIGURE, PAGE = "results/calibration_optimized.svg", "results/data_quality.html"


def test_the_report_holds_tables_figures_and_metrics_with_their_captions(few_videos_done, copy_of):
    run = copy_of(few_videos_done)
    assert run.planned(FIGURE, PAGE).keys() == {"draw_calibration", "render_page", "total"}
    run.snakemake(FIGURE, PAGE)
    assert ">optimized, official: 4 test rows<" in (run.folder / FIGURE).read_text()
    run.snakemake(FIGURE, PAGE, "--report", "report.html")
    report = (run.folder / "report.html").read_text()
    shown = json.loads(re.search(r"var results = (\{.*?\});?\n", report).group(1))
    shown = {path.removeprefix(f"{run.folder}/"): result for path, result in shown.items()}
    assert shown.keys() == {FIGURE, PAGE, "results/metrics_optimized.json"}
    assert "Calibration of the variant optimized" in shown[FIGURE]["caption"]
    assert "How many segments of each split" in shown[PAGE]["caption"]
    assert shown[PAGE]["mime_type"] == "text/html"
