"""What is measured: an extractor per file."""
