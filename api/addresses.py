"""Which addresses of the network we send messages to: public ones, and loopback while developing."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_TRANSLATED = tuple(IPv6Network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 addresses that stand for an IPv4 address, which might be a private one: NAT64, 6to4, Teredo."""
LOCALHOST = "localhost"


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, written out; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_loopback(address: IPv4Address | IPv6Address) -> bool:
    """Whether it leads to this machine itself."""
    return _plain(address).is_loopback


def may_be_sent_to(address: IPv4Address | IPv6Address, *, loopback: bool) -> bool:
    """Whether we send messages there: it is public, or it is loopback and that is allowed."""
    plain = _plain(address)
    if plain.is_loopback:
        return loopback
    if isinstance(plain, IPv6Address) and any(plain in network for network in _TRANSLATED):
        return False
    return plain.is_global and not plain.is_multicast


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that is spelled as an IPv6 one, as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
