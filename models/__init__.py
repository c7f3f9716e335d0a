"""What travels and what is kept: events, values, signals, alerts, tables, settings."""
