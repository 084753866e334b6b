import socket
from ipaddress import ip_address

import pytest

from phototriage.web.addresses import is_loopback, reachable_hosts


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("127.0.0.1", ("127.0.0.1",)),
        ("::1", ("[::1]",)),
        ("192.168.7.3", ("192.168.7.3",)),
        ("my-laptop", ("my-laptop",)),
    ],
)
def test_one_address_is_called_as_it_is(host: str, hosts: tuple[str, ...]) -> None:
    assert reachable_hosts(host) == hosts


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_all_addresses_of_the_machine_are_named_one_by_one(host: str) -> None:
    here, *elsewhere = reachable_hosts(host)
    assert here == "127.0.0.1"
    for each in elsewhere:
        address = ip_address(each.strip("[]"))
        assert not address.is_unspecified
        assert not address.is_loopback
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        with socket.socket(family) as ours:
            ours.bind((str(address), 0))  # which nobody else's address allows


def test_without_a_network_there_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket, "socket", unreachable)
    assert reachable_hosts("0.0.0.0") == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("x", False),
    ],
)
def test_loopback(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone
