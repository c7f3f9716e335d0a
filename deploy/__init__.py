"""What wires the parts together and starts them: commands, the embedded server, containers."""
