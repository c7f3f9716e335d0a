"""What looks like a person's data, by the name of a field or by the look of a value.

It errs on the side of the person, with these limits: a bare row of digits passes (case
numbers look like that), and so do three-part versions, dates, URIs and URNs.
"""

from __future__ import annotations

import ipaddress
import re
import string
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_FIELDS = frozenset(
    re.findall(
        r"\w+",
        """
        name firstname middlename lastname fullname givenname familyname surname
        maidenname displayname nickname initials personname employeename username
        citizenname applicantname contactname customername clientname ownername
        authorname managername reportername email emailaddress mail mailaddress phone
        phonenumber telephone tel mobile mobilenumber cell cellphone fax contact
        employee employeeid employeeno employeenumber staff staffid staffno staffnumber
        person personid personnelnumber worker workerid badge badgeid payrollnumber
        citizen citizenid applicant applicantid customer customerid patient patientid
        user userid login loginname accountname author assignee reporter owner actor ip
        ipaddress ipaddr ipv4 ipv6 clientip remoteip remoteaddr mac macaddress device
        deviceid devicename hostname imei imsi serialnumber useragent cookie sessionid
        lat lon lng latitude longitude coordinates coordinate location geo geolocation
        geopoint position address streetaddress homeaddress street streetname
        housenumber postcode postalcode zip zipcode birth birthdate birthday birthplace
        dateofbirth dob gender sex nationality ssn socialsecuritynumber nationalnumber
        nationalid nationalregisternumber insurancenumber nhs nhsnumber passport
        passportnumber taxid iban creditcard bankaccount licenseplate comment comments
        description text message note notes remark remarks freetext feedback body
        details photo image signature voice
        """,
    )
)
"""Names without case, underscores and hyphens that are refused at any depth."""

_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        email mail phone telephone mobile firstname lastname surname username ssn
        latitude longitude birthdate birthday dob passport iban
        """,
    )
)
"""Words that make any name refused in which they stand as a word: ``contact_email``."""

_BREAK = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])")
_PLAIN = re.compile(r"[^0-9a-z]+")

_EMAIL = re.compile(
    r"(?P<local>[^\s@<>\"'(),;:/\[\]]{1,64})(?:@|%40)"
    r"(?:\[|(?P<first>[^\W_][\w-]{0,62})(?:\.[\w-]{1,63}){0,126}\.[^\W\d_]{2,})"
)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![0-9.vV]){_OCTET}(?:\.{_OCTET}){{3}}(?![0-9]|\.[0-9])")
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])")
_MAC = re.compile(
    r"(?<![0-9A-Za-z:])[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z-])(?=[0-9-]{0,16}[A-Fa-f])[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z-])"
)
_PHONE = re.compile(
    # +32 2 555 12 34, +1 (617) 555-0123
    r"(?<![0-9A-Za-z+])\+\(?[1-9](?:[ .\-/()]{0,3}[0-9]){7,14}(?![0-9A-Za-z])"
    # 0032 2 555 12 34
    r"|(?<![0-9A-Za-z.\-])00[1-9][0-9]{0,2}[ ./(](?:[ .\-/()]{0,3}[0-9]){6,12}(?![0-9A-Za-z])"
    # (617) 555-0123, (02) 555 12 34
    r"|\(0?[0-9]{2,4}\) ?[0-9]{2,4}(?:[ .\-]?[0-9]{2,4}){1,3}(?![0-9A-Za-z])"
    # 617-555-0123
    r"|(?<![0-9A-Za-z.])(?<![0-9]-)[2-9][0-9]{2}([-. ])[2-9][0-9]{2}\1[0-9]{4}(?![0-9A-Za-z]|[-.][0-9])"
    # 0471 12 34 56, 06.12.34.56.78, 02/555 12 34, 020 7946 0958; not 01/02/2018 08:15
    r"|(?<![0-9A-Za-z.,:\-])(?![0-9]{2}[ /.\-][0-9]{2}[ /.\-][0-9]{4})"
    r"(?=(?:[ /.\-]?[0-9]){9,11}(?![ /.\-]?[0-9]))"
    r"0[1-9][0-9]{0,3}(?:[ /.\-][0-9]{2,4}){2,4}(?![0-9A-Za-z:])"
    # 07700 900123, 030 1234567, 06-12345678
    r"|(?<![0-9A-Za-z.,:\-])(?:0[1-9][0-9]{1,3}[ /][0-9]{6,7}|06[ -][0-9]{8})(?![0-9A-Za-z:]|-[0-9])"
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_HEXADECIMAL = string.hexdigits.encode()
_LETTERS = string.ascii_letters.translate({ord(c): None for c in string.hexdigits}).encode()
_LETTERS += bytes(range(0x80, 0x100))
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code != ord("\n"))
_FOLD = bytes.maketrans(
    _HEXADECIMAL + _LETTERS + _CONTROLS,
    b"0" * len(_HEXADECIMAL) + b"a" * len(_LETTERS) + b"\1" * len(_CONTROLS),
)
# Each alternative begins with a plain character: only so does the search skip quickly.
_DOUBTFUL = re.compile(
    rb"@|\n|\x01|\+|%00|0\.0{1,3}\.0{1,3}\.0|\(00|:[a0]{0,4}:|-[a0]{2}-[a0]{2}-[a0]{2}-[a0]{2}-"
    rb"|00[ ./\-]+0{2,4}[ ./\-]+00|00[ /\-]000000|00[ ./(][ .\-/()]{0,3}0"
)
"""Finds every folded text (hexadecimal digits 0, letters a) of which some original may be unfit."""

_MAYBE = re.compile(r"[@+:\x00-\x1f\x7f]|%40|%00|\.\d{1,3}\.|-[0-9A-Fa-f]{2}-|\d[ ./()\-]+\d|\(\d")
"""Found in every unfit text: asked of a text itself, where its folded shape left a doubt."""

_MEMORY = 100_000
_UUID = b"00000000-0000-0000-0000-000000000000"
_shapes: set[bytes] = {_UUID}
_values: set[str] = set()
"""Shapes, and texts of doubtful shape, that have been found fit."""


@lru_cache(4096)
def person_field(name: str) -> bool:
    """Whether a field of this name is for a person's data, however it is written."""
    plain = _PLAIN.sub("", name.lower())
    if plain in _FIELDS:
        return True
    words = [word.lower() for word in _BREAK.split(name)]
    pairs = {first + second for first, second in pairwise(words)}
    return not _WORDS.isdisjoint(words) or not _WORDS.isdisjoint(pairs)


def person_value(value: str) -> str:
    """Tell what of a person the text looks like, as words; "" if nothing."""
    if ("@" in value or "%40" in value) and any(map(_is_mail, _EMAIL.finditer(value))):
        return "an e-mail address"
    if value.count(".") >= 3 and _IPV4.search(value):
        return "an IP address"
    if value.count(":") >= 2 and any(map(_is_ipv6, _IPV6.findall(value))):
        return "an IP address"
    if _MAC.search(value):
        return "a device address"
    return "a phone number" if _PHONE.search(value) else ""


def control_character(value: str) -> bool:
    """Whether the text holds a character that no reader can show (NUL, newline, tab …)."""
    return _CONTROL.search(value) is not None


def unfit(values: Collection[str]) -> set[str]:
    """Find those of the texts that look like a person's data or hold a control character.

    Made for many texts at a time: texts are folded to shapes, and a shape of which no text
    can be a person's is remembered.
    """
    folded = _folded("\n".join(values)).split(b"\n")
    if len(folded) != len(values):
        folded = [_folded(value) for value in values]
    new = set(folded) - _shapes
    if not new:
        return set()
    doubtful = {shape for shape in new if _DOUBTFUL.search(shape)}
    for memory in (_shapes, _values):
        if len(memory) > _MEMORY:
            memory.clear()
    _shapes.update(new - doubtful, (_UUID,))
    if not doubtful:
        return set()
    asked = {
        value
        for value, shape in zip(values, folded, strict=True)
        if shape in doubtful and value not in _values and _MAYBE.search(value)
    }
    found = {value for value in asked if control_character(value) or person_value(value)}
    _values.update(asked - found)
    return found


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").translate(_FOLD)


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_QUOTED = re.compile(r"[\"']([^\"']{1,64})[\"']\s*:")


def person_text(sent: bytes) -> bool:
    """Whether something that is not JSON may hold a person's data all the same."""
    text = sent.replace(b"\0", b"").decode("utf-8", "replace")
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return bool(person_value(text)) or any(map(person_field, _QUOTED.findall(text)))


def _is_mail(found: re.Match[str]) -> bool:
    """Not git@host:path, nor the version in pkg:npm/thing@1.0.beta."""
    before = found.string[: found.start("local")]
    package = "pkg:" in before and "/" in before and (found["first"] or "")[:1].isdigit()
    return found["local"] != "git" and not package


def _is_ipv6(text: str) -> bool:
    if not any(character.isdigit() for character in text):
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
