"""What pki-mint makes of the members of a description, of its clock and of its key pool."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID
from pki_mint import (
    DAY,
    NOW,
    PKI_MINT,
    Minted,
    mint,
    openssl_verify,
    pem_blocks,
    run,
    small,
    spki,
    validity,
)


@pytest.mark.parametrize(
    ("given", "number", "der"),
    [
        ("ff01", 0xFF01, "020300ff01"),
        ("80", 0x80, "02020080"),
        ("007F", 0x7F, "02017f"),
        ("7" + "f" * 39, 2**159 - 1, "02147f" + "ff" * 19),
    ],
)
def test_serials_are_positive(tmp_path: Path, given: str, number: int, der: str) -> None:
    minted = mint(small(serial=given), tmp_path / "out")
    certificate = minted.certificate("www")
    assert certificate.serial_number == number
    assert minted.entry("www")["serial"] == format(number, "x")
    # version [0] INTEGER 2 stands before it
    assert bytes.fromhex("a003020102" + der) in certificate.tbs_certificate_bytes[:40]


def test_serials_nobody_chose_repeat(tmp_path: Path) -> None:
    one, two = (mint(small(), tmp_path / name) for name in ("one", "two"))
    assert one.entry("www")["serial"] == two.entry("www")["serial"]
    assert one.entry("www")["serial"] != one.entry("root")["serial"]


def test_deeper_chains(tmp_path: Path) -> None:
    description = small(issuer="ca3")
    for i in range(1, 4):
        above = "root" if i == 1 else f"ca{i - 1}"
        description["authorities"].append(
            {"id": f"ca{i}", "issuer": above, "subject": f"CA {i}", "key": "p256"}
        )
    minted = mint(description, tmp_path / "out")
    one = {n: pem_blocks(minted.folder / f"{n}.pem")[0] for n in minted.names()}
    chain = [one[n] for n in ("www", "ca3", "ca2", "ca1")]
    assert pem_blocks(minted.folder / "www.chain.pem") == chain
    assert pem_blocks(minted.folder / "www.trusted.pem") == [*chain[1:], one["root"]]
    said = openssl_verify(minted, "www", "-CAfile", minted.folder / "www.trusted.pem")
    assert said.endswith(": OK\n")


def test_urls_are_taken_as_they_are(tmp_path: Path) -> None:
    urls = ["http://a,b:c/?x=${x}#y", "URI:http://z/", "no scheme"]
    minted = mint(
        small(ocsp_urls=urls, ca_issuers_urls=["http://i/"]), tmp_path / "out", "--set", "x=1,2"
    )
    assert minted.urls("www") == ["http://a,b:c/?x=1,2#y", "URI:http://z/", "no scheme"]
    access = minted.extension("www", x509.AuthorityInformationAccess)
    assert access[3].access_method == AuthorityInformationAccessOID.CA_ISSUERS
    assert access[3].access_location.value == "http://i/"


def test_without_now_it_is_the_clocks(tmp_path: Path) -> None:
    before = int(time.time())
    done = run("-", tmp_path / "out", text=json.dumps(small()))
    after = int(time.time())
    assert done.returncode == 0
    minted = Minted(tmp_path / "out")
    now = minted.manifest["now"]
    assert before <= now <= after
    assert validity(minted.certificate("www")) == (now - DAY, now + 90 * DAY)


def test_nocheck_only_when_asked(tmp_path: Path) -> None:
    description = small()
    signer = {"issuer": "root", "subject": "S", "key": "p256"}
    description["signers"] = [
        {"id": "without", **signer},
        {"id": "with", "ocsp_nocheck": True, **signer},
    ]
    minted = mint(description, tmp_path / "out")
    assert minted.extension("without", x509.OCSPNoCheck) is None
    assert minted.extension("with", x509.OCSPNoCheck) is not None


def test_without_a_pool_keys_are_new(tmp_path: Path) -> None:
    one, two = (mint(small(key="rsa2048"), tmp_path / name) for name in ("one", "two"))
    assert spki(one.certificate("www").public_key()) != spki(two.certificate("www").public_key())
    assert sorted(f.name for f in tmp_path.iterdir()) == ["one", "two"]


def test_racing_mints_share_one_pool(tmp_path: Path) -> None:
    description = tmp_path / "description.json"
    description.write_text(json.dumps(small(key="rsa2048")))
    pool = tmp_path / "pool"
    racers = [
        subprocess.Popen(
            [PKI_MINT, "--now", str(NOW), "--key-pool", pool, description, tmp_path / f"out{i}"],
            stderr=subprocess.PIPE, text=True,
        )
        for i in range(4)
    ]
    for racer in racers:
        assert racer.communicate()[1] == ""
        assert racer.returncode == 0
    kept = (pool / "rsa2048-01.pem").read_bytes()
    assert [f.name for f in pool.iterdir()] == ["rsa2048-01.pem"]
    for i in range(4):
        assert (tmp_path / f"out{i}" / "www.key").read_bytes() == kept


def test_racing_mints_for_one_folder(tmp_path: Path) -> None:
    description = tmp_path / "description.json"
    description.write_text(json.dumps(small()))
    racers = [
        subprocess.Popen(
            [PKI_MINT, "--now", str(NOW), description, tmp_path / "out"],
            stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]
    said = [racer.communicate()[1] for racer in racers]
    assert sorted(racer.returncode for racer in racers) == [0, 1, 1, 1]
    assert all("not empty" in text for text in said if text)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["description.json", "out"]
    minted = Minted(tmp_path / "out")
    assert spki(minted.private_key("www").public_key()) == spki(
        minted.certificate("www").public_key()
    )
