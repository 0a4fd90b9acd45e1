"""How an MQTT server proves who it is."""

from __future__ import annotations

import ssl

from engine.errors import InvalidInput


class _Tidy(ssl.SSLSocket):
    """A socket that is closed when its handshake fails; the client library leaves it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as its base has it
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def context_of(authority: str) -> ssl.SSLContext:
    """Return what checks the server: who signed it is ``authority`` (PEM), or whom the system trusts; "" = they.

    What stands between certificates may be in any language. Raises InvalidInput where ``authority`` is nobody's
    certificate. Blocks.
    """
    try:
        context = ssl.create_default_context(cadata=authority.encode("ascii", "replace").decode() or None)
    except (ssl.SSLError, ValueError) as error:
        raise InvalidInput(f"The file of who signed the server's certificate is no certificate: {error}.") from error
    context.sslsocket_class = _Tidy
    return context
