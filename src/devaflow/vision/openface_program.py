"""The program FeatureExtraction of OpenFace 2.2: found, run on one file, and what came of it.

Its exit code alone proves nothing: it is 0 for a file that it could not open. `Outcome.fault`
says what else must hold. Source: the OpenFace wiki, "Command line arguments" and "Model download",
and what the program was measured to do.
"""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from devaflow.errors import InputError
from devaflow.jobs import end_with_parent

NAME = "clip"
POSTPROCESSED = "Postprocessing the Action Unit predictions"
UNOPENED = "Failed to open the video file"
UNLOADED = "ERROR: Could not load the landmark detector"
MODEL = "main_ceclm_general.txt"
CEN_MODELS = [f"patch_experts/cen_patches_{scale}_of.dat" for scale in ("0.25", "0.35", "0.50")]
CEN_MODELS += ["patch_experts/cen_patches_1.00_of.dat"]
LAST_BYTES = 100_000
START_LIMIT_S = 20
REGISTRY = "://"  # in the address of an image: it is no file here

GET_IT = (
    "build OpenFace 2.2 (https://github.com/TadasBaltrusaitis/OpenFace) and set "
    "vision.openface.binary to its FeatureExtraction, or pull an image (apptainer pull "
    "openface.sif docker://algebr/openface), set vision.openface.container to openface.sif and "
    "the binary to /home/openface-build/build/bin/FeatureExtraction; or do without it: a table of "
    "action units as vision.precomputed, or vision.backend: mediapipe"
)
GET_MODELS = (
    "run OpenFace's download_models.sh (where its links are dead: copy the files from the image "
    "algebr/openface), or set vision.openface.model to the path of main_clnf_general.txt, which "
    "works without the CEN models"
)


@dataclass(frozen=True)
class Outcome:
    """What a run left behind.

    returncode: as of subprocess (-N: killed by signal N), None where the time limit ended it.
    text: what the program printed (the last part). table: where its CSV file is, if there is one.
    """

    returncode: int | None
    text: str
    table: Path

    def fault(self) -> tuple[str, str]:
        """Status and reason where the table must not be used, two empty strings where it may."""
        lines = [line.strip() for line in self.text.splitlines()]
        if self.returncode is None:
            return "timeout", "OpenFace did not end within vision.openface.timeout_s"
        if self.returncode != 0:
            return "failed", f"OpenFace {how_it_ended(self.returncode)}"
        if not self.table.is_file():
            if any(line.startswith(UNOPENED) for line in lines):
                return "unreadable", "OpenFace cannot open the video"
            return "failed", "OpenFace wrote no table"
        if POSTPROCESSED not in lines:
            return "failed", "OpenFace ended before it had post-processed the action units"
        return "", ""


def how_it_ended(returncode: int) -> str:
    """Exit code or signal in words; 128 + N is signal N, as shells and containers report it."""
    number = -returncode if returncode < 0 else returncode - 128
    try:
        return f"was ended by the signal {signal.Signals(number).name}"
    except ValueError:
        return f"ended with the code {returncode}"


@dataclass(frozen=True)
class Program:
    """FeatureExtraction, ready to run.

    binary: its path (inside the image, where there is a container).
    model: the landmark model (-mloc), None for the program's own.
    timeout_s: seconds after which a run is killed.
    apptainer, image: what runs it inside which container; empty without one.
    """

    binary: str
    model: str | None
    timeout_s: float
    apptainer: str = ""
    image: str = ""

    @classmethod
    def locate(
        cls, binary: str, model: str | None, timeout_s: float, container: str | None = None
    ) -> "Program":
        """Find the program and look at its models, without running it.

        binary: a path, or a name that is looked up on PATH. container: an image that Apptainer
        runs it in, a file or a registry's address; binary and model are then paths inside. Raises
        InputError with the remedy.
        """
        if container:
            tool = shutil.which("apptainer") or shutil.which("singularity")
            if tool is None:
                raise InputError(
                    "vision.openface.container needs apptainer or singularity on the PATH; "
                    "install one of them, or set the container to null and have OpenFace itself"
                )
            if REGISTRY not in container and not Path(container).is_file():
                raise InputError(
                    f"vision.openface.container: there is no file {container}; make it with "
                    "apptainer pull FILE docker://algebr/openface"
                )
            return cls(binary, model, timeout_s, tool, container)
        found = shutil.which(binary)
        if found is None:
            if Path(binary).is_file():
                raise InputError(f"{binary}: may not be executed; allow it with chmod +x")
            raise InputError(f"vision.openface.binary: there is no program {binary!r}; {GET_IT}")
        # OpenFace looks for its models beside the path that it is started with: not a link's.
        path = Path(found).resolve()
        if model and not Path(model).is_file():
            raise InputError(f"vision.openface.model: there is no file {model}; {GET_MODELS}")
        missing = [] if model else missing_models(path)
        if missing:
            raise InputError(f"{path}: its models are missing: {', '.join(missing)}; {GET_MODELS}")
        return cls(str(path), str(Path(model).absolute()) if model else None, timeout_s)

    def require_start(self) -> None:
        """Start the program without arguments, to which it answers with a line on its usage.

        Raises InputError where the system cannot start it or load its libraries. Programs in a
        container are left: their image may be yet to fetch.
        """
        if self.image:
            return
        try:
            started = subprocess.run(
                [self.binary], stdin=subprocess.DEVNULL, capture_output=True, timeout=START_LIMIT_S
            )
        except OSError as error:
            raise self._unstartable(error) from None
        except subprocess.TimeoutExpired:
            return
        said = (started.stdout + started.stderr).decode("utf-8", errors="replace")
        self._refuse_unusable(started.returncode, said)

    def run(self, video: Path, folder: Path) -> Outcome:
        """Measure one video; all that the program writes goes below `folder`, an empty folder.

        What it prints goes to standard error. Raises InputError where the program itself is
        unusable, whatever the video, and OSError for a video that cannot be copied for a
        container; every other fault is in the outcome.
        """
        output = folder / "output.txt"
        command = self._command(video, folder)
        with open(output, "wb") as stream:
            try:
                returncode = self._run(command, folder, stream)
            except OSError as error:
                raise self._unstartable(error) from None
        text = _tail(output)
        print(text, file=sys.stderr, flush=True)
        self._refuse_unusable(returncode, text)
        return Outcome(returncode, text, folder / f"{NAME}.csv")

    def _command(self, video: Path, folder: Path) -> list[str]:
        # Absolute: a name that begins with '-' would be read as an option.
        path = video.absolute()
        inside: list[str] = []
        if self.image:
            # Only the folder need be visible inside, so that no path has to be quoted for a mount.
            path = Path(shutil.copyfile(video, folder / f"{NAME}{video.suffix}"))
            inside = [self.apptainer, "exec", "--bind", str(folder), "--pwd", str(folder)]
            inside += [self.image]
        model = ["-mloc", self.model] if self.model else []
        output = ["-out_dir", str(folder), "-of", NAME]
        return [*inside, self.binary, "-f", str(path), "-aus", *output, *model]

    def _run(self, command: list[str], folder: Path, stream: BinaryIO) -> int | None:
        """The exit code of the command; None where it was killed with all that it had started."""
        threads = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | threads,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        try:
            return process.wait(self.timeout_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _unstartable(self, error: OSError) -> InputError:
        reason = error.strerror or str(error)
        return InputError(f"{self.binary}: cannot be started ({reason}); {GET_IT}")

    def _refuse_unusable(self, returncode: int | None, text: str) -> None:
        if returncode in (126, 127) or (self.image and "FATAL: " in text):
            said = next((line for line in text.splitlines() if line.strip()), "nothing").strip()
            raise InputError(
                f"{self.binary}: cannot run here, it says: {said}; install what it lacks (a "
                f"missing library is named there), or {GET_IT}"
            )
        if returncode == 1 and UNLOADED in text:
            missing = [] if self.image or self.model else missing_models(Path(self.binary))
            named = f" (missing: {', '.join(missing)})" if missing else ""
            model = self.model or MODEL
            raise InputError(
                f"{self.binary}: cannot load the landmark model {model}{named}; {GET_MODELS}"
            )


def missing_models(binary: Path) -> list[str]:
    """Which CEN models are not beside the program; none where it keeps no models there at all."""
    folder = binary.parent / "model"
    if not (folder / MODEL).is_file():
        return []
    return [f"model/{name}" for name in CEN_MODELS if not (folder / name).is_file()]


def _tail(path: Path) -> str:
    with open(path, "rb") as stream:
        stream.seek(max(0, path.stat().st_size - LAST_BYTES))
        return stream.read().decode("utf-8", errors="replace")
