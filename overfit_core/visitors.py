"""Who made a run: a visitor known by a signed cookie, or somebody who has logged in.

The store keeps a hash only, so that whoever reads the database cannot act for others.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

COOKIE = "overfit_visitor"
"""Begins the cookie's name, and names the secret that it is signed with."""
COOKIE_SECONDS = 400 * 24 * 3600
"""How long it is kept, in seconds: the most that browsers allow."""

_ID_BYTES = 18


def cookie_name(secret: str) -> str:
    """Return the name of this installation's cookie.

    A browser keeps one cookie of a name per host, whatever the port: with the installation in the
    name, two on one host leave each other's visitors alone.

    Args:
        secret: What this installation signs cookies with: 256 random bits, of which the name tells
            nothing.
    """
    return f"{COOKIE}_{hashlib.sha256(secret.encode()).hexdigest()[:8]}"


def new_cookie(secret: str) -> str:
    """Return the cookie of a visitor who was never here before: ``ID.SIGNATURE``, URL-safe."""
    visitor = secrets.token_urlsafe(_ID_BYTES)
    return f"{visitor}.{_signature(visitor, secret)}"


def owner_of_cookie(cookie: str | None, secret: str) -> str | None:
    """Return the owner that a cookie stands for, as a hash; None if it is not one of ours.

    Args:
        cookie: As a browser sent it.
        secret: What this installation signs cookies with.
    """
    visitor, dot, signature = (cookie or "").partition(".")
    if not dot or not hmac.compare_digest(signature.encode(), _signature(visitor, secret).encode()):
        return None
    return _owner("visitor", visitor)


def owner_of_login(issuer: str, subject: str) -> str:
    """Return the owner that a login stands for, as a hash.

    Args:
        issuer: The identity provider's ``iss``.
        subject: Its name for the person, ``sub``: stable, and unique with the issuer (OpenID
            Connect Core 1.0, section 5.7).
    """
    return _owner("login", issuer, subject)


def _signature(visitor: str, secret: str) -> str:
    return hmac.new(secret.encode(), visitor.encode(), hashlib.sha256).hexdigest()


def _owner(*parts: str) -> str:
    # Lengths keep "a" + "bc" and "ab" + "c" apart.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()
