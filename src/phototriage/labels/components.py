"""Connected components of linked names."""

from collections.abc import Iterable

__all__ = ["connected_names"]


def connected_names(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For every linked name, the smallest name it is connected to: one label per connected component.

    Args:
        links: pairs of names that belong together; (x, x) mentions x alone.

    Returns:
        name → smallest name of its component, whatever the order of the links.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in links:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {name: root(name) for name in list(parent)}
