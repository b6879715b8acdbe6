"""When two addresses lead to the same document, as far as that can be known without fetching anything."""

import re
from urllib.parse import unquote

from yarl import URL

#: Parameters that tell who led a reader here and nothing about what is there. Short on purpose: a name such as
#: ``ref``, ``source``, ``id`` or ``session`` chooses the document on many sites, and two documents must never become
#: one source, while one document that stays two sources can still be seen. Changing the list changes identities,
#: which are stored: a later change needs a migration that computes them anew.
_TRACKING = re.compile(
    r"""
    (utm|mtm|pk|piwik|matomo)_[a-z_]+                       # campaigns: the convention of Google Analytics, Matomo
    | fbclid | gclid | gclsrc | dclid | gbraid | wbraid | msclkid | twclid | ttclid | li_fat_id | yclid | ysclid
    | srsltid | igsh | igshid | mibextid                    # advertisements and shares
    | mc_[ce]id | mkt_tok | _hsenc | _hsmi | __hstc | __hssc | __hsfp | hsctatracking    # mailings
    | oly_anon_id | oly_enc_id | vero_id | vero_conv | wickedid
    | _openstat | xtor | _ga | _gl | __twitter_impression | guccounter | guce_referrer | guce_referrer_sig
    """,
    re.VERBOSE,
)


def canonical_address(url: str) -> str:
    """Write an http or https address as others that lead to the same document are written, too.

    Without a difference in what they lead to are: the case of scheme and host, a host's dot at the end, its
    internationalized form, the scheme's own port, an empty path, dot segments, the case of percent-encoding and what
    need not be encoded (RFC 3986 section 6.2.2 and 6.2.3), a fragment, and parameters that only track. Everything
    else makes another address: the scheme, the path's case, its slashes, the order of the other parameters, a
    parameter that is given twice or is empty.

    Never raises: an address whose host cannot be read is the same as itself without its fragment.
    """
    plain = _without_tracking(url.partition("#")[0])
    try:
        address = URL(plain)
        host = (address.host or "").rstrip(".")
        if host and host != address.host:
            address = address.with_host(host)
        # An empty path is read as "/", and written so only if it is set.
        return str(address.with_path(address.raw_path, encoded=True, keep_query=True))
    except ValueError:
        return plain


def _without_tracking(url: str) -> str:
    # Cut out of the text as it is: taking a query apart and joining it again would respell what remains.
    before, mark, query = url.partition("?")
    kept = [piece for piece in query.split("&") if not is_tracking(piece.partition("=")[0])]
    return before + mark + "&".join(kept) if kept else before


def is_tracking(name: str) -> bool:
    """Whether a parameter's name, as it stands in an address, is one that only tracks."""
    return _TRACKING.fullmatch(unquote(name).lower()) is not None
