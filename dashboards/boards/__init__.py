"""One board, one question, one file; a board exists by being in this folder."""
