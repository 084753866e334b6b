"""Under which addresses a browser finds the server."""

import ipaddress
import socket

__all__ = ["is_loopback", "reachable_hosts"]

_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that nobody has (RFC 5737, RFC 3849), by family."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can call a server that listens on this address or name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reachable_hosts(host: str) -> tuple[str, ...]:
    """The hosts for the address line of a browser, the one for this machine first.

    Args:
        host: the address or name that the server listens on; `0.0.0.0` and `::` are all of the machine.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (host,)
    if not address.is_unspecified:
        return (_in_brackets(host),)
    families = [socket.AF_INET] if address.version == 4 else [socket.AF_INET, socket.AF_INET6]
    own = [_own_address(family) for family in families]
    return ("127.0.0.1", *(_in_brackets(each) for each in own if each and not is_loopback(each)))


def _own_address(family: socket.AddressFamily) -> str | None:
    """The address under which others see this machine; None without a network."""
    try:
        # Only looks up the way there: nothing is sent before the first packet.
        with socket.socket(family, socket.SOCK_DGRAM) as looking:
            looking.connect((_ELSEWHERE[family], 9))
            return str(looking.getsockname()[0])
    except OSError:
        return None


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host
