"""Stored features for people and other tools: tables, charts, exported files."""
