"""Whom the door trusts, and what is wrong with a certificate in words."""

import datetime
import functools
import ssl
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from installs.outbound import attempts
from linnapp.moments import kept

# Of X509_verify_cert: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
NOT_YET_VALID, EXPIRED, SELF_SIGNED, HOSTNAME_MISMATCH, IP_MISMATCH = 9, 10, 18, 62, 64
SELF_SIGNED_IN_CHAIN, NO_ISSUER, NO_ISSUER_LOCALLY = 19, 2, 20
# X509_V_FLAG_NO_CHECK_TIME, which Python does not name.
NO_CHECK_TIME = 0x200000
# Of RFC 8446: a handshake record, and the message in it by which a server asks for a certificate of ours.
HANDSHAKE, CERTIFICATE_REQUEST = 22, 13
WANTED = "The server asks for a client certificate, and the portal has none."


@functools.cache
def trusting(ca_file: str, socket_class: type[ssl.SSLSocket], *, to_look_at: bool = False) -> ssl.SSLContext:
    """TLS 1.2 or newer with a verified certificate, whose issuer Mozilla lists or the operator's file holds.

    With `to_look_at`, one whose time is over or that is for another name passes too, because Python shows a
    certificate only where it passed: nothing is ever sent over such a connection.
    """
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    context.sslsocket_class = socket_class
    # Python has no other way to learn what the server asked for; the alert by which it then refuses, where one arrives
    # at all, means many things in TLS 1.2.
    context._msg_callback = _note_request  # type: ignore[attr-defined]
    if ca_file:
        context.load_verify_locations(ca_file)
    if to_look_at:
        context.check_hostname = False
        context.verify_flags |= NO_CHECK_TIME
    return context


def _note_request(*message: Any) -> None:
    _socket, direction, _version, content_type, message_type, _content = message
    if (direction, content_type, message_type) == ("read", HANDSHAKE, CERTIFICATE_REQUEST):
        attempts.current.get().wants_certificate = True


def day(of_certificate: str) -> str:
    moment = datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(of_certificate), datetime.UTC)
    return kept(moment, "DATE_LONG")


def names(certificate: dict[str, Any]) -> str:
    """Up to three of the names a certificate is for."""
    found = [str(name)[:100] for _, name in certificate.get("subjectAltName", ())]
    return ", ".join(found[:3]) + (" and others" if found[3:] else "") or "no name"


def sentence(error: ssl.SSLCertVerificationError, host: str, certificate: dict[str, Any]) -> str:
    """What is wrong; `certificate` is empty where it could not be looked at."""
    code = error.verify_code
    if code == EXPIRED:
        over = certificate and ssl.cert_time_to_seconds(certificate["notAfter"]) < datetime.datetime.now().timestamp()
        # It may also be the one of an issuer.
        return f"The certificate expired on {day(certificate['notAfter'])}." if over else "The certificate expired."
    if code == NOT_YET_VALID:
        since = f" before {day(certificate['notBefore'])}" if certificate else " yet"
        return f"The certificate is not valid{since}."
    if code in {HOSTNAME_MISMATCH, IP_MISMATCH}:
        other = f"for {names(certificate)}, " if certificate else ""
        return f"The certificate is {other}not for {host}." if not other else f"The certificate is {other}not {host}."
    if code == SELF_SIGNED:
        return "The certificate is self-signed: no authority vouches for it."
    if code in {SELF_SIGNED_IN_CHAIN, NO_ISSUER, NO_ISSUER_LOCALLY}:
        return "The certificate's issuer is not known to this portal, or the server does not send the whole chain."
    return f"The certificate is not valid: {error.verify_message}."
