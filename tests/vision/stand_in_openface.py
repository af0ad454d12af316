"""Stands in for OpenFace 2.2's FeatureExtraction: exit codes, text and files as were measured.

It decodes the video with OpenCV. A fault is asked for by a word in the video's name (see FAULTS);
models are looked for beside the program, in model/, where such a folder is.
"""

import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import cv2

UNITS = ["01", "02", "04", "05", "06", "07", "09", "10", "12"]
UNITS += ["14", "15", "17", "20", "23", "25", "26", "45"]
HEADER = ["frame", "face_id", "timestamp", "confidence", "success"]
HEADER += [f"AU{unit}_r" for unit in UNITS] + [f"AU{unit}_c" for unit in sorted([*UNITS, "28"])]
# How many rows there are more than frames.
CHANGED_BY = {"two-fewer": -2, "one-fewer": -1, "one-more": 1, "two-more": 2}
FAULTS = ["hang", "terminated", "once", "crash", "nopost", "notable", "refused", "badcell"]
FAULTS += [*CHANGED_BY, "faceless"]
SCALES = ("0.25", "0.35", "0.50", "1.00")


def say(line):
    print(line, flush=True)


def options(arguments):
    """-f, -out_dir, -of and -mloc with their values; like OpenFace, any unknown flag is ignored."""
    return {
        flag: value
        for flag, value in pairwise(arguments)
        if flag in ("-f", "-out_dir", "-of", "-mloc")
    }


def load_models(model):
    folder = Path(sys.argv[0]).parent / "model"
    say(f"Reading the landmark detector/tracker from: {model or folder / 'main_ceclm_general.txt'}")
    cen = [folder / f"patch_experts/cen_patches_{scale}_of.dat" for scale in SCALES]
    if (model and not Path(model).is_file()) or (
        not model and folder.is_dir() and not all(path.is_file() for path in cen)
    ):
        say("Could not find CEN patch experts, for instructions of how to download them, see ...")
        say("")
        say("ERROR: Could not load the landmark detector")
        sys.exit(1)


def rows(capture, faceless):
    """A row a frame. Without a face success is 0, and yet some units are not."""
    rate = capture.get(cv2.CAP_PROP_FPS) or 30
    number = 0
    while True:
        there, frame = capture.read()
        if not there:
            return
        number += 1
        level = float(frame.mean()) / 255
        success = 0 if faceless else 1
        start = [str(number), "0", f"{(number - 1) / rate:.3f}", f"{0.98 * success:.2f}"]
        intensities = [f"{(level * unit) % 5:.2f}" for unit in range(1, 18)]
        presences = [f"{(number // 5 + unit) % 2}.00" for unit in range(18)]
        yield ", ".join([*start, str(success), *intensities, *presences])


def main():
    if len(sys.argv) == 1:
        say("For command line arguments see: https://github.com/TadasBaltrusaitis/OpenFace/wiki")
        return 0
    asked = options(sys.argv[1:])
    load_models(asked.get("-mloc"))
    video = asked.get("-f", "")
    fault = next((word for word in FAULTS if word in Path(video).stem), "")
    say(f"Attempting to read from file: {video}")
    capture = cv2.VideoCapture(video, cv2.CAP_FFMPEG)
    if not capture.isOpened() or fault == "refused":
        say(f"Failed to open the video file at location: {video}")
        return 0
    say("Device or file opened")
    if fault == "hang":
        time.sleep(600)
    table = Path(asked["-out_dir"]) / f"{asked['-of']}.csv"
    body = list(rows(capture, fault == "faceless"))
    body = [*body, *body][: len(body) + CHANGED_BY.get(fault, 0)]
    if fault == "badcell":
        body[2] = body[2].replace("0.98", "0.#8")
    if fault != "notable":
        try:
            table.parent.mkdir(parents=True, exist_ok=True)
            table.write_text("\n".join([", ".join(HEADER), *body]) + "\n")
        except OSError:
            say(f"ERROR: Could not create the output folder {table.parent}")
            return 1
    if fault == "terminated" or (fault == "once" and is_first(video)):
        os.kill(os.getpid(), signal.SIGTERM)
    say("Closing output recorder")
    say("Closing input reader")
    say("Closed successfully")
    if fault == "nopost":
        return 0
    say("Postprocessing the Action Unit predictions")
    if fault == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def is_first(video):
    """Whether this video was not tried before: a mark beside the program says so."""
    mark = Path(sys.argv[0]).parent / f"{Path(video).stem}.tried"
    first = not mark.exists()
    mark.touch()
    return first


if __name__ == "__main__":
    sys.exit(main())
