"""Bursts of photos with a known order, made without any download: scenes, a camera, folders of bursts."""

from phototriage.simulation.bursts import Burst, draw_shots, write_bursts
from phototriage.simulation.camera import Shot, penalty, photograph
from phototriage.simulation.scenes import draw_scene

__all__ = ["Burst", "Shot", "draw_scene", "draw_shots", "penalty", "photograph", "write_bursts"]
