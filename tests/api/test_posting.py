"""Where messages may go: to public addresses that were checked, with https, once each, and no further."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api.addresses import may_be_sent_to
from api.models import AttemptOutcome
from api.sending import Poster
from api.sending.posting import Resolve
from tests.api.receivers import receiving

HEADERS = {"webhook-id": "one"}
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"]
LOOPBACK = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"]
PRIVATE = [
    "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255",
    "192.0.2.1", "fe80::1", "fc00::1", "ff02::1", "::", "::ffff:0:0", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    "2002:a00:1::1", "2001:0:a00:1::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_sent_to(address: str):
    assert may_be_sent_to(ip_address(address), loopback=False)


@pytest.mark.parametrize("address", [*PRIVATE, *LOOPBACK])
def test_what_is_not_public_may_not(address: str):
    assert not may_be_sent_to(ip_address(address), loopback=False)


def test_loopback_alone_may_while_developing():
    assert [one for one in LOOPBACK if not may_be_sent_to(ip_address(one), loopback=True)] == []
    assert [one for one in PRIVATE if may_be_sent_to(ip_address(one), loopback=True)] == []


def leading_to(*addresses: str) -> tuple[Resolve, list[str]]:
    """A name service that tells these addresses, and which names it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return addresses

    return resolve, asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_nothing_is_sent_to_this_machine_in_production(host: str, scheme: str):
    async with receiving() as receiver:
        answer = await Poster().post(f"{scheme}://{host}:{receiver.port}/", b"{}", HEADERS)
    assert (answer.outcome, receiver.requests) == (AttemptOutcome.UNREACHED, [])
    assert "public" in (answer.note or "")


async def test_a_name_with_one_private_address_is_not_used_at_all():
    resolve, _ = leading_to("127.0.0.1", "10.0.0.1")
    async with receiving() as receiver:
        url = f"http://receiver.example:{receiver.port}/"
        answer = await Poster(loopback=True, resolve=resolve).post(url, b"{}", HEADERS)
    assert (answer.outcome, receiver.requests) == (AttemptOutcome.UNREACHED, [])


async def test_the_address_that_was_checked_is_the_one_that_is_used():
    resolve, asked = leading_to("127.0.0.1")
    async with receiving() as receiver:
        url = f"http://receiver.example:{receiver.port}/hook?a=b"
        answer = await Poster(loopback=True, resolve=resolve).post(url, b"{}", HEADERS)
    assert (answer.outcome, answer.response_code) == (AttemptOutcome.ACCEPTED, 200)
    (request,) = receiver.requests
    assert (request.path, request.headers["host"]) == ("/hook?a=b", f"receiver.example:{receiver.port}")
    assert asked == ["receiver.example"]


async def test_another_address_of_the_name_is_tried_where_one_cannot_be_reached():
    resolve, _ = leading_to("::1", "127.0.0.1")
    async with receiving() as receiver:
        url = f"http://receiver.example:{receiver.port}/"
        answer = await Poster(loopback=True, resolve=resolve).post(url, b"{}", HEADERS)
    assert (answer.outcome, len(receiver.requests)) == (AttemptOutcome.ACCEPTED, 1)


async def test_a_name_that_leads_nowhere_is_told():
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise OSError("not known")

    answer = await Poster(resolve=resolve).post("https://nowhere.example/", b"{}", HEADERS)
    assert (answer.outcome, answer.note) == (AttemptOutcome.UNREACHED, "its name leads to no address")


async def test_where_nobody_listens_nothing_was_sent():
    async with receiving() as receiver:
        url = receiver.url
    assert (await Poster(loopback=True).post(url, b"{}", HEADERS)).outcome is AttemptOutcome.UNREACHED


CODES = {
    200: AttemptOutcome.ACCEPTED,
    204: AttemptOutcome.ACCEPTED,
    400: AttemptOutcome.REFUSED,
    500: AttemptOutcome.REFUSED,
}


@pytest.mark.parametrize(("code", "outcome"), CODES.items())
async def test_the_status_is_the_answer(code: int, outcome: AttemptOutcome):
    async with receiving(code) as receiver:
        answer = await Poster(loopback=True).post(receiver.url, b"{}", HEADERS)
    assert (answer.outcome, answer.response_code, answer.note) == (outcome, code, None)


async def test_redirects_are_not_followed():
    async with receiving() as elsewhere, receiving(307) as receiver:
        receiver.extra = [f"location: {elsewhere.url}"]
        answer = await Poster(loopback=True).post(receiver.url, b"{}", HEADERS)
    assert (answer.outcome, answer.response_code, elsewhere.requests) == (AttemptOutcome.REFUSED, 307, [])


async def test_of_an_endless_response_nothing_but_the_status_is_read():
    async with receiving() as receiver:
        receiver.body = b"x" * 50_000_000
        answer = await Poster(loopback=True).post(receiver.url, b"{}", HEADERS)
    assert answer.outcome is AttemptOutcome.ACCEPTED


async def test_without_an_answer_it_is_uncertain_what_became_of_it():
    async with receiving() as receiver:
        receiver.open.clear()
        answer = await Poster(loopback=True, seconds=0.2).post(receiver.url, b"{}", HEADERS)
    assert (answer.outcome, len(receiver.requests)) == (AttemptOutcome.UNCERTAIN, 1)


def certificate(folder: Path, name: str) -> Path:
    """A certificate for a name, signed by itself, with its key."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / f"{name}.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("name", ["receiver.example", "other.example"])
async def test_the_certificate_must_be_for_the_name(tmp_path: Path, name: str):
    path = certificate(tmp_path, name)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    trusting = ssl.create_default_context(cafile=str(path))
    resolve, _ = leading_to("127.0.0.1")
    async with receiving(tls=serving) as receiver:
        poster = Poster(loopback=True, resolve=resolve, tls=trusting)
        answer = await poster.post(f"https://receiver.example:{receiver.port}/", b"{}", HEADERS)
    good = name == "receiver.example"
    assert answer.outcome is (AttemptOutcome.ACCEPTED if good else AttemptOutcome.UNREACHED)
    assert len(receiver.requests) == int(good)
