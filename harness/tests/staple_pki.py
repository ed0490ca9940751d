"""Certificates and OCSP responses that the tests of staple-check put into `openssl s_server`."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
NOW = datetime.datetime.utcnow().replace(microsecond=0)


class Identity:
    """A certificate with its key, and where both are."""

    def __init__(self, folder, name, serial, issuer=None, key=None, until=30 * DAY, extensions=()):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self.key.public_key())
            .serial_number(serial)
            .not_valid_before(NOW - 30 * DAY)
            .not_valid_after(NOW + until)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        self.certificate = builder.sign(issuer.key if issuer else self.key, hashes.SHA256())
        self.pem = folder / f"{serial:x}.pem"
        self.key_file = folder / f"{serial:x}.key"
        self.pem.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.key_file.write_bytes(self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))


class Hierarchy:
    def __init__(self, folder):
        def make(name, serial, issuer=None, **more):
            return Identity(folder, name, serial, issuer, **more)

        signing = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
        must_staple = x509.TLSFeature([x509.TLSFeatureType.status_request])
        aia = x509.AuthorityInformationAccess([x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP,
            x509.UniformResourceIdentifier("http://ocsp.staplelab.test/"))])
        self.root = make("Root", 1)
        self.issuing = make("Issuing", 2, self.root)
        self.rogue = make("Rogue", 3)
        self.delegate = make("Delegate", 4, self.issuing, extensions=[signing])
        self.plain = make("Plain", 5, self.issuing)
        self.expired = make("Expired", 6, self.issuing, until=-1 * DAY, extensions=[signing])
        self.www = make("www.staplelab.test", 0x1001, self.issuing, extensions=[aia])
        self.other = make("other.staplelab.test", 0x1002, self.issuing)
        self.must_staple = make("www.staplelab.test", 0x1003, self.issuing,
                                extensions=[must_staple])
        self.rsa = make("www.staplelab.test", 0x1004, self.issuing,
                        key=rsa.generate_private_key(65537, 2048))

    def response(self, leaf=None, signer=None, embed=True, algorithm=hashes.SHA1(),
                 this_update=NOW - SECOND, next_update=NOW + DAY, more=(), **status):
        signer = signer or self.issuing
        details = {"cert_status": ocsp.OCSPCertStatus.GOOD, "revocation_time": None,
                   "revocation_reason": None, **status}
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response((leaf or self.www).certificate, self.issuing.certificate, algorithm,
                          this_update=this_update, next_update=next_update, **details)
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        )
        if embed and signer is not self.issuing:
            builder = builder.certificates([signer.certificate, *more])
        made = builder.sign(signer.key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.DER)
