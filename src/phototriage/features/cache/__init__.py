"""What is kept on disk, so that no photo is measured twice."""
