"""DEVANet: fusion of the token states of three modalities into one score."""
