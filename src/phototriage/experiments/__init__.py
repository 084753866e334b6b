"""Experiments on rankers: cross-validation, ablation, tuning, the benchmark; each with its report."""
