"""Simulated bursts of photos with a known order: scenes, a camera, folders of bursts; no downloads."""

from phototriage.simulation.bursts import Burst, draw_takes, write_bursts
from phototriage.simulation.camera import Take, penalty, photograph
from phototriage.simulation.scenes import draw_scene

__all__ = ["Burst", "Take", "draw_scene", "draw_takes", "penalty", "photograph", "write_bursts"]
