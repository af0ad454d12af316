"""From the sound of a clip to four voice functionals, and to words."""
