import subprocess
import sys

import pytest


@pytest.fixture
def small_disk():
    """small_disk(folder, size): mount a disk of `size` bytes there, or give it another size."""
    mounted = []

    def mount(folder, size):
        size = f"remount,size={size}" if folder in mounted else f"size={size}"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no small disk can be mounted here (needs Linux and root)")
        mounted.append(folder)

    yield mount
    for folder in set(mounted):
        subprocess.run(["umount", str(folder)], check=True)
