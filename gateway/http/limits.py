"""Every limit and cache time of the HTTP interface that is the same on all servers.

What an operator sets for one server is in shared/config/settings.py. What NGINX limits by itself is
in compose/nginx/reckoner.conf.template.
"""

KIB = 1024

# Request bodies (reckoner/authoring/arguments/binding.py limits the arguments of one calculation)

MAX_BODY_BYTES = 64 * KIB
MAX_BATCH_BODY_BYTES = 4 * KIB * KIB
MAX_BATCH_CALCULATIONS = 10_000

#: Ten thousand ids, one on a line.
MAX_CANCEL_BODY_BYTES = 512 * KIB
MAX_CANCEL_IDS = 10_000

#: A lane, and nothing else.
MAX_REDRIVE_BODY_BYTES = 4 * KIB

#: A longer body is parsed and checked in a thread, because it would block the event loop.
MAX_EVENT_LOOP_BODY_BYTES = 4 * KIB

#: How much is read of a body that is refused. NGINX takes a connection that is closed while it is
#: still sending for a failure of the gateway, and answers 503 instead of passing on the 413.
MAX_DRAINED_BYTES = 8 * KIB * KIB

#: Levels of nested JSON. Checking arguments recurses, and no function comes near this.
MAX_NESTING = 32

# Faults of a request (reckoner/authoring/faults.py limits how many are listed)

#: Unknown members listed for one object.
MAX_LISTED_MEMBERS = 20

#: Characters shown of the name of an unknown member or parameter.
MAX_SHOWN_CHARACTERS = 100

# Headers

#: A longer Prefer header is ignored.
MAX_PREFER_CHARACTERS = 400

#: A longer X-Request-ID is replaced.
MAX_REQUEST_ID_CHARACTERS = 128

#: Host headers whose check a process remembers.
MAX_KNOWN_HOSTS = 256

# Browsers' sessions

#: Beyond this a key's oldest sessions end.
MAX_SESSIONS_PER_KEY = 20

# Waiting

#: How long `Prefer: wait` may hold a request.
MAX_WAIT_SECONDS = 60

#: The longest silence of an event stream; proxies take a longer one for a broken connection.
EVENT_HEARTBEAT_SECONDS = 10.0

#: Retry-After while PostgreSQL is not available.
UNAVAILABLE_RETRY_SECONDS = 2

#: Retry-After while too many requests with unknown keys wait. Keys are read twice a second then.
KEY_CHECK_RETRY_SECONDS = 1

#: Within this time a worker ends a calculation that was cancelled.
CANCEL_SECONDS = 2

#: A scrape that PostgreSQL does not answer in this time says that it is down.
METRICS_SECONDS = 3.0

# POST /calculations/cancel: what one call cancels, and reads to find it

MAX_CANCELLED = 1_000
MAX_LOOKED_AT = 10_000

#: How long a call goes on trying to cancel what others have locked.
MAX_LOCKED_SECONDS = 1.0

# API keys

#: Keys that were read from PostgreSQL this long ago still count while it does not answer. Then no
#: request can be authenticated, and the answer is 503.
MAX_KEYS_SECONDS = 20.0

#: What was answered by keys read longer ago, NGINX may not keep: with NGINX_CACHE_SECONDS, and up
#: to a second of NGINX's clock, a revoked key is refused after 30 s at most.
FRESH_KEYS_SECONDS = 8.0

#: Requests with an unknown key that may wait for the keys to be read again, and for how long.
MAX_KEY_CHECKS = 1_000
MAX_KEY_CHECK_SECONDS = 3.0

# Results in a document (PREVIEW_CHARACTERS, in shared/result.py, is the length of head and tail)

#: A result of more digits has no `value`.
MAX_VALUE_DIGITS = 1_000

#: Nor has text or JSON of more bytes. Longer results are not in the row, but in chunks.
MAX_VALUE_BYTES = 8 * KIB

# Results that are served

#: A shorter result is never compressed. NGINX has the same bound for other answers.
MIN_GZIP_BYTES = 1 * KIB

#: The name of a file that a result is stored as, without its extension. File systems take 255.
MAX_FILE_NAME_BYTES = 120

#: Longer arguments are not part of the name.
MAX_NAMED_ARGUMENTS_CHARACTERS = 2_000

# Pages of GET /calculations

DEFAULT_PAGE_CALCULATIONS = 100
MAX_PAGE_CALCULATIONS = 1_000

#: A page ends early with the document that exceeds this: documents may contain whole results.
MAX_PAGE_BYTES = 4 * KIB * KIB

# GET /calculations/count

MAX_COUNTED = 10_000

# GET /calculations/events

#: What the lists that are followed in a process may hold together, with earlier pages that slow
#: clients have not read to their end. One that has not been read yet counts as the longest page.
MAX_FOLLOWED_BYTES = 256 * KIB * KIB

#: Different lists that a process reads for streams, however little is in them.
MAX_FOLLOWED_LISTS = 500

#: Retry-After when there are more, or they hold more.
FOLLOWED_RETRY_SECONDS = 5

# Caches

#: How long clients may keep a result, which never change.
CLIENT_CACHE_SECONDS = 365 * 24 * 60 * 60

#: How long NGINX may keep the document and the result of a calculation that has succeeded. So soon
#: it asks again whether the key may still read them, after at most FRESH_KEYS_SECONDS more.
NGINX_CACHE_SECONDS = 20

#: /system and /health/ready share the rows of one query for STATE_FRESH_SECONDS, and longer if the
#: query is slow: it may run for at most STATE_MAX_SHARE of the time.
STATE_FRESH_SECONDS = 0.5
STATE_MAX_SHARE = 0.05
