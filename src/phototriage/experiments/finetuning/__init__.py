"""Fine-tuning: trains a ranker together with the deepest stages of its networks."""
