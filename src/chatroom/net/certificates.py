"""Self-signed certificates, and the fingerprints of certificates."""

import datetime
import hashlib
import os
import ssl
import tempfile
from pathlib import Path

from chatroom.common.addresses import address_of
from chatroom.common.trusted_files import check_own_file, check_way

CERTIFICATE = "tls-certificate.pem"
KEY = "tls-key.pem"
_VALID_YEARS = 10  # of a certificate made here: whoever trusts it has compared its fingerprint once


def self_signed(directory: Path, name: str, *more: str) -> tuple[Path, Path]:
    """The paths of the certificate and key in `directory`, which are made there if there are none.

    They are for the server's `name`, for this machine, and for `more` names and addresses.

    Raises `ImportError` where `cryptography` is missing, `OSError` if the files can't be written, and
    `UntrustedFileError` if they may be somebody else's.
    """
    certificate, key = directory / CERTIFICATE, directory / KEY
    check_way(directory)
    for file in (certificate, key):
        check_own_file(file)
    if not (certificate.exists() and key.exists()):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificate_pem, key_pem = _make(name, ["localhost", "127.0.0.1", "::1", *more])
        for file, pem in ((key, key_pem), (certificate, certificate_pem)):
            handle, beside = tempfile.mkstemp(prefix=f".{file.name}.", dir=directory)  # for its owner alone
            with os.fdopen(handle, "wb") as made:
                made.write(pem)
            Path(beside).replace(file)
    return certificate, key


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of the first certificate in a file, in the usual form: pairs of hexadecimal digits with colons."""
    pem = certificate.read_text(encoding="ascii")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    first = pem[pem.index(begin) : pem.index(end) + len(end)]
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest().upper()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def _make(name: str, more: list[str]) -> tuple[bytes, bytes]:
    """A self-signed certificate and its key, both as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names: dict[str, x509.GeneralName] = {}  # each once
    for each in (name, *more):
        address = address_of(each)
        names[each] = x509.IPAddress(address) if address else x509.DNSName(each)
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365 * _VALID_YEARS))
        .add_extension(x509.SubjectAlternativeName(names.values()), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key_pem
