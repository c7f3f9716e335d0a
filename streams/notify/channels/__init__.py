"""Ways of telling somebody, one a file; a file's name is the ``kind`` that settings call it by."""
