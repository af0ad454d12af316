"""The workflow itself: lint, profiles, and what every rule states."""

import ast
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from devaflow.provenance import modules_of

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))
SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
# Module -> packages. Once: it looks into all that is installed.
distributions = cache(packages_distributions)


def rules():
    for path in RULES:
        parts = re.split(
            r"^(?:rule|checkpoint|use rule \w+ as) (\w+).*:$", path.read_text(), flags=re.M
        )
        yield from zip(parts[1::2], parts[2::2], strict=True)


def snakemake(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments], cwd=ROOT, capture_output=True, text=True
    )


def test_snakemake_finds_nothing_to_improve():
    job = snakemake("--lint")
    assert job.returncode == 0, job.stdout + job.stderr


@pytest.mark.parametrize("profile", ["default", "slurm"])
def test_every_variant_can_be_planned_with_every_profile(tmp_path, profile):
    job = snakemake(
        *("--snakefile", ROOT / "Snakefile", "--directory", tmp_path),
        *("--workflow-profile", ROOT / "profiles" / profile, "--cores", "2", "--dry-run", "--"),
        *(f"results/metrics_{name}.json" for name in ("baseline", "roberta", "optimized", "best")),
    )
    assert job.returncode == 0, job.stdout + job.stderr
    assert re.search(r"^train +9$", job.stdout, re.M)
    assert re.search(r"^finetune +3$", job.stdout, re.M)


def test_the_slurm_profile_sends_encoding_and_training_to_the_gpu(tmp_path):
    rated = {"source": "adapted", "id": "minilm", "max_tokens": 128, "adapt": {"sentences": None}}
    config = {
        "encoders": {"rated": rated},
        "variants": {"best": {"members": [{"encoder": "rated"}]}},
    }
    (tmp_path / "rated.yaml").write_text(yaml.safe_dump(config))
    job = snakemake(
        *("--snakefile", ROOT / "Snakefile", "--directory", tmp_path),
        *("--workflow-profile", ROOT / "profiles/slurm", "--cores", "2", "--dry-run"),
        *("--configfile", tmp_path / "rated.yaml", "--"),
        *("results/metrics_optimized.json", "results/metrics_best.json", "results/search.yaml"),
    )
    assert job.returncode == 0, job.stdout + job.stderr
    blocks = re.split(r"^rule ", job.stdout, flags=re.M)
    on_gpu = {b.split(":")[0] for b in blocks if "slurm_partition=gpu" in b and "gres=gpu:1" in b}
    assert on_gpu == {"adapt_encoder", "encode", "train", "finetune", "search"}


def test_every_rule_that_uses_a_gpu_has_one_in_the_slurm_profile():
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    assert profile["set-resources"].keys() == {n for n, body in rules() if "gpu_jobs=1" in body}


def test_networks_are_trained_with_one_thread_and_scripts_take_those_of_their_rule():
    assert re.search(r"^    threads: 1$", dict(rules())["train"], re.M), "other sums, other digits"
    for name, body in rules():
        if "gpu_jobs=1" in body and name != "finetune":  # train's script
            script = (ROOT / f"workflow/scripts/{name}.py").read_text()
            assert "torch.set_num_threads(snakemake.threads)" in script, name


def test_what_needs_the_network_or_this_machine_is_a_local_rule():
    (listed,) = re.findall(
        r"^localrules:\n((?:    \w+,\n)+)", (ROOT / "Snakefile").read_text(), re.M
    )
    fetching = {name for name, _ in rules() if name.startswith("fetch_")}
    assert set(re.findall(r"\w+", listed)) == {"all", "doctor", "locate_encoder"} | fetching


def test_profiles_share_what_large_corpora_and_interruptions_need():
    for name in ("default", "slurm"):
        profile = yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
        assert profile["scheduler"] == "greedy"
        assert profile["scheduler-subsample"] == 100
        assert profile["nolock"], "Snakemake's own lock outlives a run that is killed"
        assert "code" not in profile["rerun-triggers"], "another date of a script is nothing new"


@pytest.mark.parametrize(("name", "body"), list(rules()), ids=lambda value: value.split("\n")[0])
def test_every_rule_states_its_log_its_code_and_its_resources(name, body):
    assert "log:" in body
    if not (name.startswith("fetch_") or name == "finetune"):  # known by its checksum; train's
        assert f'code=plan.code("{name}")' in body.split("    params:\n")[1]
    assert re.search(r"threads: (\d|lambda)", body)
    # A number; or what follows from a setting, or from how many clips a unit has.
    assert re.search(r"mem_mb=(\d+|plan\.sound_mb)", body)
    assert re.search(r"runtime=(\d+|lambda wildcards: plan\.minutes(\(|_to_checksum\b))", body)


def test_no_rule_and_no_code_starts_a_shell():
    for path in [ROOT / "Snakefile", *RULES]:
        assert not re.search(r"^\s*(shell|run):|\bshell\(", path.read_text(), re.M), path
    for path in [*SCRIPTS, *(ROOT / "src").rglob("*.py")]:
        assert not re.search(r"shell=|os\.(system|popen)|getoutput", path.read_text()), path


def test_no_code_reads_pickles_or_runs_what_a_model_brings():
    for path in [*SCRIPTS, *(ROOT / "src").rglob("*.py")]:
        source = path.read_text()
        assert not re.search(r"pickle\.loads?\b|read_pickle|joblib|allow_pickle=True", source), path
        assert not re.search(r"trust_remote_code.{1,4}True|weights_only=False", source), path
        for call in re.findall(r"torch\.load\([^)]*\)", source):
            assert "weights_only=True" in call, path


def test_partitions_are_named_in_profiles_only():
    for path in [ROOT / "Snakefile", *RULES]:
        assert "partition" not in path.read_text()


@pytest.mark.parametrize("env", ["extraction", "learning"])
def test_conda_environments_hold_the_locked_versions(env):
    content = yaml.safe_load((ROOT / f"envs/{env}.yaml").read_text())
    pinned = content["dependencies"][-1]["pip"]
    assert len(pinned) > 5
    assert set(pinned) <= set((ROOT / "requirements.lock").read_text().split())


def imported_packages(script):
    """Third-party packages that a script imports, itself or through this project's modules."""
    names = set()
    for source in [script, *modules_of(script)]:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    names -= sys.stdlib_module_names | {"devaflow"}
    return {distributions()[name][0].lower().replace("_", "-") for name in names}


@pytest.mark.parametrize(("name", "body"), list(rules()), ids=lambda value: value.split("\n")[0])
def test_the_conda_environment_of_a_rule_holds_what_its_script_imports(name, body):
    found = re.search(r"envs/(\w+)\.yaml.*scripts/(\w+)\.py", body, re.S)
    if found is None:
        assert name == "finetune"  # train's
        return
    env, script = found.groups()
    content = yaml.safe_load((ROOT / f"envs/{env}.yaml").read_text())
    pinned = {pin.split("==")[0] for pin in content["dependencies"][-1]["pip"]}
    assert imported_packages(ROOT / f"workflow/scripts/{script}.py") <= pinned


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_unpacks_and_calls(script):
    source = script.read_text()
    assert len(source.splitlines()) <= 60
    # Imports stand inside, so that the log also holds the traceback of one that fails.
    start = 'if __name__ == "__main__":\n    with logged(snakemake.log[0]):\n'
    before, start, _ = source.partition(start)
    assert start
    assert re.findall(r"^(?:from|import) (\S+)", before, re.M) == ["devaflow.jobs"]


def test_the_package_knows_nothing_of_snakemake():
    for path in (ROOT / "src").rglob("*.py"):
        assert not re.search(r"^\s*(import|from) snakemake", path.read_text(), re.M), path


def test_the_package_names_its_modules_in_full():
    # `modules_of` looks for these names: what another way imports starts no rule again.
    for path in sorted((ROOT / "src").rglob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text()))
        relative = [n for n in nodes if isinstance(n, ast.ImportFrom) and n.level]
        assert relative == [], path
