"""Connected components of linked names."""

from collections.abc import Iterable

__all__ = ["connected_names"]


def connected_names(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Labels every linked name with the smallest name in its connected component.

    Args:
        links: pairs of connected names; (x, x) mentions x alone.

    Returns:
        name → smallest name of its component, independent of the order of the links.
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
