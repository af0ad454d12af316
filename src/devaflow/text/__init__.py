"""From transcripts to what the encoder reads."""
