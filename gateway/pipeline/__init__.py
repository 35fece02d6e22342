"""One request from its bytes to the entry of the journal. Pure, but for the reading of samples."""
