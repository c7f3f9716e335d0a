"""How each kind of panel is drawn on the page; one kind, one file, found by its name."""
