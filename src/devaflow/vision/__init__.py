"""From the frames of a clip to the action units of a face, and to words."""
