"""Headers of clients with and without credentials, right and wrong."""

from typing import Any

SECRET, OTHER = "0a" * 32, "0b" * 32
KEY, OTHER_KEY = (f"Bearer rk_0123456789ab_{secret}" for secret in (SECRET, OTHER))
COOKIE, OTHER_COOKIE = (f"reckoner_session=rs_{secret}" for secret in (SECRET, OTHER))

#: Each pair of headers is another client to the cache.
CLIENTS: dict[str, Any] = {
    "none": {},
    "a key": {"Authorization": KEY},
    "another secret": {"Authorization": OTHER_KEY},
    "the last digit": {"Authorization": KEY[:-1] + "b"},
    "lower case": {"Authorization": KEY.lower()},
    "another scheme": {"Authorization": KEY.replace("Bearer", "Basic")},
    "no scheme": {"Authorization": KEY.removeprefix("Bearer ")},
    "a session": {"Cookie": COOKIE},
    "another session": {"Cookie": OTHER_COOKIE},
    "both": {"Authorization": KEY, "Cookie": COOKIE},
    "a key, another session": {"Authorization": KEY, "Cookie": OTHER_COOKIE},
    "the same text as a key": {"Authorization": COOKIE},
    "the name alone": {"Cookie": "reckoner_session"},
    "an empty session": {"Cookie": "reckoner_session="},
    "a quoted session": {"Cookie": COOKIE.replace("rs_", '"rs_') + '"'},
    "spaces about the name": {"Cookie": COOKIE.replace("=", " = ")},
    "a name in capitals": {"Cookie": COOKIE.upper()},
    "a longer name": {"Cookie": f"x-{COOKIE}"},
    "in another cookie": {"Cookie": f'a="; {COOKIE}; "'},
    "two sessions": {"Cookie": f"{COOKIE}; {OTHER_COOKIE}"},
    "two sessions in another order": {"Cookie": f"{OTHER_COOKIE}; {COOKIE}"},
    "behind many cookies": {"Cookie": "".join(f"c{n}=1; " for n in range(700)) + COOKIE},
    "a long key": {"Authorization": KEY + "a" * 7_000},
    "another long key": {"Authorization": KEY + "a" * 7_001},
    "a byte that is not ASCII": {"Authorization": KEY.encode() + b"\xff"},
    "another byte that is not ASCII": {"Authorization": KEY.encode() + b"\xfe"},
    "not ASCII in a cookie": {"Cookie": b"a=\xff; " + COOKIE.encode()},
    "other bytes in a cookie": {"Cookie": b"a=\xfe; " + COOKIE.encode()},
}
