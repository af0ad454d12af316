"""What a run needs of this machine, line by line, with a remedy for each line that fails."""

import ctypes
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from devaflow import recording, scoring
from devaflow.corpus.index import files_without_row
from devaflow.corpus.labels import Segment
from devaflow.corpus.parts import SPLITS
from devaflow.encode.device import device_name, find_device
from devaflow.encode.locate import find_encoder, locate_encoder
from devaflow.encoder_fit import require_encoder
from devaflow.errors import InputError
from devaflow.files import sha256
from devaflow.installed import LOCK, installed, pins
from devaflow.locks import RESULTS
from devaflow.model.bundle import read_bundle
from devaflow.model.score import require_present, requirements
from devaflow.model.settings import FINE_TUNED, members_of, settings_of
from devaflow.plan import Plan
from devaflow.vision import openface_check
from devaflow.vision.fetch import MODEL, SHA256

LIBRARIES = {"libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2"}
# What all but the trainings write, in GiB: frame tables, token states, adapted encoders.
REST_GIB = 3.0
BYTES_A_WEIGHT = 4


@dataclass(frozen=True)
class Finding:
    """One line of the table: what was looked at, what was found, and what to do about it.

    A finding with a remedy fails, unless a run can do without: then it is a note.
    """

    what: str
    found: str
    remedy: str = ""
    needed: bool = True

    @property
    def fails(self) -> bool:
        """Whether a run would not end well as things are."""
        return bool(self.remedy) and self.needed


def examine(plan: Plan) -> list[Finding]:
    """Check everything that a run with this plan needs. Nothing is fetched or changed."""
    checks: list[Callable[[Plan], Iterable[Finding]]] = [
        interpreter,
        packages,
        device,
        ffmpeg,
        mediapipe_libraries,
        face_landmarker,
        openface,
        encoders,
        adapted_encoders,
        trained_model,
        disk,
        labels_and_clips,
    ]
    return [finding for check in checks for finding in check(plan)]


def as_table(findings: list[Finding]) -> str:
    """The findings as text, one line each, the remedy below the line."""
    width = max(len(finding.what) for finding in findings)
    lines = []
    for finding in findings:
        mark = "FAIL" if finding.fails else "note" if finding.remedy else "ok"
        lines.append(f"{mark:<5}{finding.what:<{width}}  {finding.found}")
        if finding.remedy:
            lines.append(f"{'':<5}{'':<{width}}  -> {finding.remedy}")
    return "\n".join(lines)


def interpreter(plan: Plan) -> Iterable[Finding]:
    """Python is the version that the lock was made for."""
    version = platform.python_version()
    wanted = version.startswith("3.11.")
    remedy = "" if wanted else "the lock is for Python 3.11: make the environment with python3.11"
    yield Finding("Python", version, remedy)


def packages(plan: Plan) -> Iterable[Finding]:
    """Every package that is pinned for this environment is installed in that version."""
    file, remedy = LOCK, f"pip install -r {LOCK}"
    # Beside an environment that Snakemake made of a conda file; that file has a part of the lock.
    if Path(sys.prefix).with_suffix(".env_setup_done").exists():
        file, remedy = "envs/learning.yaml", f"delete {sys.prefix}: the next run makes it again"
    pinned = pins(plan.shipped / file)
    here = {name: installed(name) for name in pinned}
    wrong = [f"{n} {here[n] or 'absent'}" for n, v in pinned.items() if here[n] != v]
    same = f"{len(pinned)} as in {file}"
    found = f"differ from {file}: {', '.join(wrong[:5])}" if wrong else same
    yield Finding("packages", found, remedy if wrong else "")


def device(plan: Plan) -> Iterable[Finding]:
    """A GPU that is there can be used."""
    try:
        found, unused = find_device()
        yield Finding("device", device_name(found), unused, needed=False)
    except InputError as error:
        yield Finding("device", "a GPU that cannot be used", str(error))


def ffmpeg(plan: Plan) -> Iterable[Finding]:
    """The ffmpeg that reads the clips starts."""
    try:
        version = recording.ffmpeg("-version").stdout.decode(errors="replace")
        yield Finding("ffmpeg", version.split("Copyright")[0].strip())
    except (InputError, OSError, RuntimeError) as error:
        yield Finding("ffmpeg", "does not start", str(error))


def mediapipe_libraries(plan: Plan) -> Iterable[Finding]:
    """The system libraries that MediaPipe loads are there."""
    if plan.vision != "mediapipe" or sys.platform != "linux":
        return
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
            yield Finding(library, "found")
        except OSError:
            remedy = f"MediaPipe needs it: install the system package {package}"
            yield Finding(library, "not found", remedy)


def face_landmarker(plan: Plan) -> Iterable[Finding]:
    """The face model is the tested one, or still to be fetched."""
    model = plan.models / MODEL
    if plan.vision != "mediapipe":
        return
    if not model.is_file():
        yield Finding("face landmarker", "not yet fetched; the first run does it")
    elif sha256(model) != SHA256:
        remedy = f"delete {model}: the next run fetches it again"
        yield Finding("face landmarker", "its checksum is wrong", remedy)
    else:
        yield Finding("face landmarker", "as tested")


def openface(plan: Plan) -> Iterable[Finding]:
    """OpenFace is there with its models, and measures a small video."""
    if plan.vision != "openface":
        return
    try:
        program = openface_check.check(plan.openface_program())
        where = f" in {program['container']}" if program["container"] else ""
        yield Finding("OpenFace", f"{program['binary']}{where} measures a test video")
    except InputError as error:
        yield Finding("OpenFace", "cannot be used", str(error))


def encoders(plan: Plan) -> Iterable[Finding]:
    """Every encoder of a variant is there and fits it, or is still to be fetched."""
    for name in dict.fromkeys(map(plan.catalogue.origin, plan.encoders)):
        spec = plan.catalogue.spec(name)
        try:
            if find_encoder(spec, plan.models) is None:
                found = f"{spec['id']}: not yet fetched; the first run does it"
            else:
                encoder = locate_encoder(name, spec, plan.models)
                found = f"{encoder['id']}, {encoder['model_type']}, {encoder['hidden_size']}-d"
            if name in plan.encoders:
                require_encoder(plan, name)
            yield Finding(f"encoder {name}", found)
        except InputError as error:
            yield Finding(f"encoder {name}", "cannot be used", str(error))


def adapted_encoders(plan: Plan) -> Iterable[Finding]:
    """Every encoder that is to be adapted can be, and its sentences are there or can be fetched."""
    for name in plan.catalogue.adapted:
        if name not in plan.encoders:
            continue
        sentences = Path(plan.catalogue.sentences(name))
        try:
            require_encoder(plan, name)
            found = f"{plan.catalogue.origin(name)}, adapted by {sentences.name}"
            fetched = "" if sentences.is_file() else ": not yet fetched; the first run does it"
            yield Finding(f"encoder {name}", found + fetched)
        except InputError as error:
            yield Finding(f"encoder {name}", "cannot be used", str(error))


def trained_model(plan: Plan) -> Iterable[Finding]:
    """The model that scores the corpus, where one is configured, fits the configuration."""
    if not plan.config["model"]:
        return
    try:
        bundle = read_bundle(scoring.trained_model(plan)["path"])
        asked = requirements(bundle, scoring.preprocessing(plan, plan.config["encoders"]))
        require_present(bundle, plan.catalogue.all_specs(), plan.models)
    except InputError as error:
        yield Finding("model", "cannot be used", str(error))
        return
    yield Finding("model", f"variant {asked['variant']}, reads with {', '.join(asked['encoders'])}")
    for difference in asked["measured_otherwise"]:
        yield Finding("model", difference, "measure as there, or compare with care", needed=False)


def disk(plan: Plan) -> Iterable[Finding]:
    """There is space for results, where they will be written, were all variants trained."""
    # Often a link to another disk.
    free = shutil.disk_usage(RESULTS if RESULTS.exists() else ".").free / 2**30
    try:
        trained = trained_bytes(plan) / 2**30
    except InputError:  # which the line of the encoder tells
        trained = 0.0
    needed = REST_GIB + trained
    remedy = "" if free >= needed else "free some space, or run with --directory elsewhere"
    yield Finding("disk", f"{free:.0f} GiB free, {needed:.0f} GiB are needed", remedy)


def trained_bytes(plan: Plan) -> int:
    """About how much the networks of all variants take, under every protocol and seed.

    Parameters of DEVANet come in about 50 squares of the state's size, those of a layer in 12; an
    encoder that is still to be fetched is taken for one of base size. Raises InputError for an
    encoder that cannot be read.
    """
    total = 0
    for member in (m for name in plan.config["variants"] for m in members_of(plan.variant(name))):
        built = plan.catalogue.architecture(member["encoder"])
        hidden, layers = (built.hidden_size, built.layers) if built else (768, 12)
        model = settings_of(member).model
        trained = layers - model.frozen_layers if model.network == FINE_TUNED else 0
        total += BYTES_A_WEIGHT * hidden**2 * (50 + 12 * trained)
    return total * len(plan.protocols) * len(plan.config["seeds"])


def labels_and_clips(plan: Plan) -> Iterable[Finding]:
    """Segments have clips and clips have segments."""
    yield Finding("segments", _counted(plan.segments))
    # What is scored by a trained model needs none.
    for protocol, reason in () if plan.config["model"] else plan.untrainable.items():
        yield Finding(f"protocol {protocol}", reason, f"drop {protocol} from protocols", False)
    if not plan.clip_folder:
        return
    absent = [clip for clip in plan.clips if clip.path is None]
    found = f"{len(plan.clips) - len(absent)} of {len(plan.clips)} segments have one"
    named = ", ".join(f"{clip.video_id}/{clip.clip_id}" for clip in absent[:3])
    remedy = f"look for {named}; without a file their status is missing" if absent else ""
    yield Finding("clips", found, remedy, needed=False)
    others = files_without_row(plan.clip_folder, plan.clips, plan.config["corpus"]["layout"])
    remedy = f"they are left out: {', '.join(map(str, others[:3]))}" if others else ""
    yield Finding("files without a row", str(len(others)), remedy, needed=False)


def _counted(segments: list[Segment]) -> str:
    """How many segments there are, how many labelled, and how these are split officially."""
    labelled = [segment for segment in segments if segment.label is not None]
    modes = Counter(segment.mode for segment in labelled if segment.mode)
    share = "all" if len(labelled) == len(segments) else f"{len(labelled)} of them"
    parts = ", ".join(f"{name} {modes[name]}" for name in SPLITS)
    return f"{len(segments)}, {share} labelled" + (f"; {parts}" if modes else "")
