"""What people see: boards defined once, drawn as the built-in page."""
