"""Stored features for people and other tools: tables, pictures, one file."""
