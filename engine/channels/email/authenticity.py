"""What the receiving server found out about a mail's sender: SPF, DKIM and DMARC results (RFC 8601). Pure.

Everybody can write such a header into his mail. Only those of servers that the operator trusts count, and of these the
topmost, which was written last (section 5).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from engine.model.mail import Authenticity, ParsedMail

METHODS = ("spf", "dkim", "dmarc")
SAME = {"hardfail": "fail", "bestguesspass": "pass"}
BEST = ("pass", "policy", "neutral", "softfail", "temperror", "permerror", "fail", "none")
"""Of several signatures one that holds is enough (RFC 6376, section 4.2)."""
MOST_CLAUSES = 50

_OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[^"\\()]+|.', re.DOTALL)
_IN_COMMENT = re.compile(r"\\.|[^\\()]+|.", re.DOTALL)
_HARMLESS = re.compile(r'"[\w.@+=%-]{1,320}"')
_CLAUSE = re.compile(r"^\s*([a-z-]+)(?:/\d+)?\s*=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"([a-z]+\.[a-z-]+)\s*=\s*\"?([^\s\";]{1,200})", re.IGNORECASE)


def authenticity(mail: ParsedMail, trusted: Collection[str]) -> Authenticity:
    """Return the results that a server of ``trusted`` (authserv-ids, lower case) wrote; empty without one."""
    for value in mail.all("authentication-results"):
        said = _uncommented(value)
        head, _semicolon, rest = said.partition(";")
        server = (head.split() or [""])[0].lower()
        if server in trusted:
            return _read(server, rest)
    return Authenticity()


def disproved(said: Authenticity) -> bool:
    """Say whether a mail is not from whom it says: DMARC fails, or SPF does and no signature holds."""
    return said.dmarc == "fail" or (said.dmarc != "pass" and said.spf == "fail" and said.dkim != "pass")


def proven(said: Authenticity, email: str) -> bool:
    """Say whether a trusted server vouches for a mail's sender: by DMARC, or by a signature or SPF of his domain.

    ``email``: his address. A domain above its own speaks for it, one beneath it does not.
    """
    if said.dmarc in ("pass", "fail"):
        return said.dmarc == "pass"
    domain = email.lower().rpartition("@")[2]
    named = {
        "dkim": (said.detail.get("dkim.header.d", ""), said.detail.get("dkim.header.i", "")),
        "spf": (said.detail.get("spf.smtp.mailfrom", ""),),
    }
    results = {"dkim": said.dkim, "spf": said.spf}
    return any(
        results[method] == "pass" and any(_speaks_for(one.lower().rpartition("@")[2], domain) for one in domains)
        for method, domains in named.items()
    )


def _speaks_for(domain: str, of: str) -> bool:
    return "." in domain and (of == domain or of.endswith(f".{domain}"))


def _read(server: str, text: str) -> Authenticity:
    results: dict[str, str] = {}
    detail: dict[str, str] = {}
    for clause in text.split(";")[:MOST_CLAUSES]:
        found = _CLAUSE.match(clause)
        if found is None:
            continue
        method, result = found.group(1).lower(), found.group(2).lower()
        result = SAME.get(result, result)
        if method not in METHODS or result not in BEST:
            continue
        if method not in results or BEST.index(result) < BEST.index(results[method]):
            results[method] = result
            detail = {name: value for name, value in detail.items() if not name.startswith(f"{method}.")}
            detail |= {f"{method}.{name.lower()}": said for name, said in _PROPERTY.findall(found.group(3))[:10]}
    return Authenticity(by=server, detail=detail, **results)


def _uncommented(value: str) -> str:
    """Return a header without its comments, which may be nested, and without what is quoted but for plain words.

    The local part of an address is the sender's own, and may be quoted: what he writes there is no result.
    """
    kept, depth, at = list[str](), 0, 0
    value = value[:10_000]
    while found := (_IN_COMMENT if depth else _OUTSIDE).match(value, at):
        piece, at = found.group(), found.end()
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            local_part = value[at : at + 1] == "@"
            plain = not piece.startswith('"') or (_HARMLESS.fullmatch(piece) and not local_part)
            kept.append(piece if plain else " ")
        if depth:
            kept.append(" ")
    return "".join(kept)
