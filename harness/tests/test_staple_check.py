"""staple-check against `openssl s_server`: what it prints, and how it ends."""

import datetime
import hashlib
import http.server
import json
import re
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from staple_check import BOUND, check, check_one, run
from staple_pki import DAY, NOW, SECOND, Hierarchy

EPOCH = datetime.datetime(1970, 1, 1)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Hierarchy(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def serve(pki, tmp_path):
    """Starts s_server with a leaf, a staple and options; returns HOST:PORT."""
    servers = []

    def start(leaf=None, staple=None, chain=True, options=()):
        leaf = leaf or pki.www
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", leaf.pem, "-key",
                   leaf.key_file, *options]
        if chain:
            command += ["-cert_chain", pki.issuing.pem]
        if staple is not None:
            (tmp_path / "staple.der").write_bytes(staple)
            command += ["-status_file", tmp_path / "staple.der"]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        servers.append(server)
        said = []
        for line in server.stdout:
            if line.startswith("ACCEPT "):
                return line.split()[1]
            said.append(line)
        raise AssertionError(f"s_server did not start: {''.join(said)}")

    yield start
    for server in servers:
        server.kill()
        server.communicate(timeout=BOUND)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_good_staple_with_every_fact(pki, serve, tmp_path, version):
    staple = pki.response()
    out = tmp_path / "out.der"
    found = check_one("--tls", version, "--staple-out", out, serve(staple=staple))
    reason = found.pop("reason")
    key = x509.SubjectKeyIdentifier.from_public_key(pki.issuing.key.public_key())
    produced_at = ocsp.load_der_ocsp_response(staple).produced_at
    until = r"The certificate is good until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, signed by the issuer\."
    assert re.fullmatch(until, reason), reason
    assert found == {
        "try": 1, "verdict": "GOOD", "protocol": f"TLSv{version}", "resumed": False,
        "status_requested": True,
        "leaf": {"subject": "CN=www.staplelab.test", "serial": "1001", "must_staple": False,
                 "key": "EC", "not_after": epoch(NOW + 30 * DAY),
                 "ocsp_urls": ["http://ocsp.staplelab.test/"]},
        "chain": [
            {"subject": "CN=www.staplelab.test", "serial": "1001", "must_staple": False,
             "ocsp_urls": ["http://ocsp.staplelab.test/"]},
            {"subject": "CN=Issuing", "serial": "2", "must_staple": False, "ocsp_urls": []}],
        "staple": {
            "octets": len(staple), "trailing_octets": 0,
            "sha256": hashlib.sha256(staple).hexdigest(), "response_status": "successful",
            "responder_id": {"by": "key", "value": key.digest.hex()},
            "produced_at": epoch(produced_at), "signature_algorithm": "ecdsa-with-SHA256",
            "signer": {"kind": "issuer", "subject": "CN=Issuing",
                       "not_after": epoch(NOW + 30 * DAY)},
            "responses": [
                {"serial": "1001", "hash_algorithm": "sha1", "matches_leaf": True,
                 "cert_status": "good", "revocation_time": None, "revocation_reason": None,
                 "this_update": epoch(NOW - SECOND), "next_update": epoch(NOW + DAY)}],
            "extensions": []},
        "remarks": [],
    }
    assert out.read_bytes() == staple


def epoch(time):
    return int((time - EPOCH).total_seconds())


REVOKED = {"cert_status": ocsp.OCSPCertStatus.REVOKED, "revocation_time": NOW - DAY,
           "revocation_reason": x509.ReasonFlags.key_compromise}

STAPLES = {
    "sha256": ("GOOD", lambda pki: pki.response(algorithm=hashes.SHA256())),
    "delegate": ("GOOD", lambda pki: pki.response(signer=pki.delegate)),
    "no response": ("UNPARSEABLE", lambda pki: bytes.fromhex("30030a0100")),
    "try later": ("ERROR_STATUS", lambda pki: bytes.fromhex("30030a0103")),
    "other leaf": ("NOT_FOR_THIS_CERT", lambda pki: pki.response(leaf=pki.other)),
    "bad signature": ("BAD_SIGNATURE", lambda pki: flipped(pki.response())),
    "rogue": ("UNAUTHORIZED_SIGNER", lambda pki: pki.response(signer=pki.rogue)),
    "no EKU": ("UNAUTHORIZED_SIGNER", lambda pki: pki.response(signer=pki.plain)),
    "missing": ("UNAUTHORIZED_SIGNER", lambda pki: pki.response(signer=pki.delegate, embed=False)),
    "old signer": ("SIGNER_EXPIRED", lambda pki: pki.response(signer=pki.expired)),
    "early": ("NOT_YET_VALID", lambda pki: pki.response(this_update=NOW + DAY / 2)),
    "late": ("EXPIRED", lambda pki: pki.response(this_update=NOW - DAY,
                                                 next_update=NOW - 300 * SECOND)),
    "no nextUpdate": ("NO_NEXT_UPDATE", lambda pki: pki.response(next_update=None)),
    "revoked": ("REVOKED", lambda pki: pki.response(**REVOKED)),
    "unknown": ("UNKNOWN", lambda pki: pki.response(cert_status=ocsp.OCSPCertStatus.UNKNOWN)),
}


def flipped(der):
    return der[:-1] + bytes([der[-1] ^ 1])


@pytest.mark.parametrize("name", STAPLES)
def test_verdicts(pki, serve, name):
    verdict, make = STAPLES[name]
    found = check_one(serve(staple=make(pki)))
    assert found["verdict"] == verdict, found["reason"]


def test_facts_of_a_revocation(pki, serve):
    found = check_one(serve(staple=pki.response(algorithm=hashes.SHA512(), **REVOKED)))
    (single,) = found["staple"]["responses"]
    assert single["revocation_time"] == epoch(NOW - DAY)
    assert single["revocation_reason"] == 1
    assert single["hash_algorithm"] == "sha512"


def test_facts_of_another_leafs_staple(pki, serve):
    (single,) = check_one(serve(staple=pki.response(leaf=pki.other)))["staple"]["responses"]
    assert (single["serial"], single["matches_leaf"]) == ("1002", False)


def test_facts_of_an_error_status(serve):
    staple = check_one(serve(staple=bytes.fromhex("30030a0106")))["staple"]
    assert staple["response_status"] == "unauthorized"
    assert staple["octets"] == 5
    assert staple["responder_id"] is None
    assert staple["signer"] is None
    assert staple["responses"] == []


def test_unknown_signer_is_named(pki, serve):
    staple = check_one(serve(staple=pki.response(signer=pki.rogue)))["staple"]
    assert staple["signer"] == {"kind": "unknown", "subject": "CN=Rogue",
                                "not_after": epoch(NOW + 30 * DAY)}


def test_no_staple(serve, tmp_path):
    out = tmp_path / "out.der"
    out.write_bytes(b"from another day")
    found = check_one("--staple-out", out, serve())
    assert found["verdict"] == "NO_STAPLE"
    assert found["staple"] is None
    assert out.read_bytes() == b""


def test_not_requested(pki, serve):
    found = check_one("--no-status", serve(leaf=pki.must_staple, staple=pki.response()))
    assert found["verdict"] == "NOT_REQUESTED"
    assert found["status_requested"] is False


def test_must_staple(pki, serve):
    found = check_one(serve(leaf=pki.must_staple))
    assert found["verdict"] == "NO_STAPLE_MUST_STAPLE"
    assert found["leaf"]["must_staple"] is True
    staple = pki.response(leaf=pki.must_staple)
    assert check_one(serve(leaf=pki.must_staple, staple=staple))["verdict"] == "GOOD"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_resumption(pki, serve, version):
    server = serve(staple=pki.response())
    full, resumed = check("--resume", "--tls", version, server)
    assert (full["verdict"], full["resumed"]) == ("GOOD", False)
    assert (resumed["verdict"], resumed["resumed"]) == ("RESUMED_NO_STATUS", True)
    assert resumed["staple"] is None
    assert resumed["chain"] == []
    assert resumed["leaf"] == full["leaf"]


def test_resumption_that_the_server_declines(pki, serve):
    options = ["-no_ticket", "-no_cache", "-tls1_2"]
    server = serve(staple=pki.response(), options=options)
    assert [o["resumed"] for o in check("--resume", server)] == [False, False]


def test_tries_are_full_handshakes(pki, serve):
    found = check("--tries", "3", serve(staple=pki.response()))
    assert [(o["verdict"], o["resumed"]) for o in found] == [("GOOD", False)] * 3


def test_issuer_from_the_trusted_file(pki, serve):
    server = serve(staple=pki.response(), chain=False)
    found = check_one(server)
    assert found["verdict"] == "NOT_FOR_THIS_CERT"
    assert "issuer of the leaf is neither" in found["reason"]
    assert len(found["chain"]) == 1
    assert check_one("--trusted", pki.issuing.pem, server)["verdict"] == "GOOD"
    assert check_one("--trusted", pki.root.pem, server)["verdict"] == "NOT_FOR_THIS_CERT"


def test_skew(pki, serve):
    server = serve(staple=pki.response(this_update=NOW - DAY, next_update=NOW - 300 * SECOND))
    assert check_one("--skew", "100", server)["verdict"] == "EXPIRED"
    # the tests run for less than a day
    assert check_one("--skew", "86700", server)["verdict"] == "GOOD"


def test_server_name(pki, serve):
    server = serve(options=["-servername", "other.staplelab.test", "-cert2", pki.other.pem,
                            "-key2", pki.other.key_file])
    assert check_one(server)["leaf"]["serial"] == "1001"
    found = check_one("--servername", "other.staplelab.test", server)
    assert found["leaf"]["serial"] == "1002"


def test_host_name_is_the_server_name(pki, serve):
    server = serve(options=["-servername", "localhost", "-cert2", pki.other.pem,
                            "-key2", pki.other.key_file])
    found = check_one(server.replace("127.0.0.1", "localhost"))
    assert found["leaf"]["serial"] == "1002"


@pytest.mark.parametrize("algorithms, key", [("RSA-PSS+SHA256:RSA+SHA256", "RSA"),
                                             ("ECDSA+SHA256", "EC")])
def test_signature_algorithms_choose_the_certificate(pki, serve, algorithms, key):
    server = serve(options=["-dcert", pki.rsa.pem, "-dkey", pki.rsa.key_file])
    assert check_one("--tls", "1.2", "--sigalgs", algorithms, server)["leaf"]["key"] == key


def test_weak_servers_are_observed_too(pki, serve):
    staple = pki.response(leaf=pki.rsa)
    weak = ["-tls1_2", "-sigalgs", "RSA+SHA1", "-cipher", "ALL:@SECLEVEL=0"]
    assert check_one(serve(leaf=pki.rsa, staple=staple, options=weak))["verdict"] == "GOOD"


class Responder(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answers.pop(0)
        self.send_response(200)
        self.send_header("Content-Type", "application/ocsp-response")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def test_staples_that_the_server_fetches(pki, serve, tmp_path):
    out = tmp_path / "out.der"
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(pki.issuing.pem.read_bytes() + pki.root.pem.read_bytes())
    longer = pki.response(leaf=pki.must_staple, signer=pki.delegate)
    shorter = pki.response(leaf=pki.must_staple)
    with http.server.HTTPServer(("127.0.0.1", 0), Responder) as responder:
        responder.answers = [longer, shorter]
        thread = threading.Thread(target=responder.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{responder.server_port}/"
        options = ["-status", "-CAfile", trusted, "-status_url", url]
        server = serve(leaf=pki.must_staple, options=options)
        found = check("--tries", "2", "--staple-out", out, server)
        responder.shutdown()
        thread.join()
    assert [o["verdict"] for o in found] == ["GOOD", "GOOD"]
    assert [o["staple"]["octets"] for o in found] == [len(longer), len(shorter)]
    assert [o["staple"]["signer"]["kind"] for o in found] == ["delegate", "issuer"]
    assert out.read_bytes() == shorter


def test_version_that_the_server_does_not_speak(serve):
    found = check_one("--tls", "1.3", serve(options=["-tls1_2"]))
    assert found["verdict"] is None
    assert "alert protocol version" in found["error"]


def test_output_that_cannot_be_written(serve, tmp_path):
    server = serve()
    done = run("--staple-out", tmp_path / "no" / "folder", server)
    assert (done.returncode, done.stdout) == (1, "")
    assert "No such file or directory" in done.stderr
    with open("/dev/full", "w", encoding="ascii") as full:
        done = run(server, stdout=full)
    assert done.returncode == 1
    assert done.stderr == "staple-check: standard output: No space left on device\n"


def test_a_batch_finds_what_single_runs_find(pki, serve):
    stapled, bare = serve(staple=pki.response()), serve()
    trusted = ["--trusted", pki.issuing.pem]
    lines = [[stapled], [bare], [*trusted, stapled], ["--resume", stapled], ["--no-status", bare],
             ["--tls", "1.2", "--sigalgs", "ECDSA+SHA256", stapled], [stapled]]
    lines = [[str(word) for word in words] for words in lines]
    done = run("--batch", input="".join(json.dumps(words) + "\n" for words in lines))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for words, one in zip(lines, found, strict=True):
        alone = run(*words)
        assert one == {"status": alone.returncode, "stdout": alone.stdout, "stderr": alone.stderr}
