"""From words to the token states of a BERT-family encoder."""
