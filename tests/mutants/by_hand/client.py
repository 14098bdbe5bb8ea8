"""Faults in the Python client."""

from functools import partial

from tests.mutants.mutation import mutation

_TESTS = "unit/reckoner/client"
_EXCHANGE = f"{_TESTS}/test_exchange.py"
_CLIENTS = f"{_TESTS}/test_clients.py"
_WAITING = f"{_TESTS}/test_waiting.py"
_MANY = f"{_TESTS}/test_many.py"
_COLLECTION = f"{_TESTS}/test_collection.py"
_EVENTS = f"{_TESTS}/test_events.py"
_DOWNLOADS = f"{_TESTS}/test_downloads.py"
_VALUES = f"{_TESTS}/test_values.py"
_IDS = f"{_TESTS}/test_identity.py"
_LIMITS = f"{_TESTS}/test_limits.py"
_ERRORS = f"{_TESTS}/test_errors.py"

_exchange = partial(mutation, "reckoner/client/transport/exchange.py")
_answers = partial(mutation, "reckoner/client/transport/answers.py")
_settings = partial(mutation, "reckoner/client/transport/settings.py")
_waiting = partial(mutation, "reckoner/client/operations/waiting.py")
_batch = partial(mutation, "reckoner/client/operations/batch.py")
_many = partial(mutation, "reckoner/client/operations/many.py")
_collection = partial(mutation, "reckoner/client/operations/collection.py")
_events = partial(mutation, "reckoner/client/operations/events.py")
_downloads = partial(mutation, "reckoner/client/operations/downloads.py")
_sinks = partial(mutation, "reckoner/client/operations/sinks.py")
_arguments = partial(mutation, "reckoner/client/identity/arguments.py")

MUTATIONS = [
    # What is repeated
    mutation("reckoner/client/transport/retries.py", "429, 502, 503, 504", "429, 503", _EXCHANGE),
    mutation("reckoner/client/transport/retries.py", "2.0 **", "1.0 **", _EXCHANGE),
    _exchange("if error.status not in REPEATED_STATUSES:", "if True:", _EXCHANGE),
    _exchange("(httpx.TransportError, httpx.DecodingError)", "(httpx.TransportError,)", _EXCHANGE),
    _exchange("(*CONNECTION_ERRORS, BrokenAnswer)", "CONNECTION_ERRORS", _EXCHANGE),
    _exchange("if retry_after is not None:", "if False:", _EXCHANGE),
    _exchange("or is_over:", "or False:", _EXCHANGE),
    _exchange("self._failed >= self._retries.attempts", "False", _EXCHANGE),
    _exchange(
        "min(self._latest, time.monotonic() + self._retries.seconds)", "self._latest", _EXCHANGE
    ),
    _exchange(
        "        if self._failed == 0:  # a request that",
        "        if True:  # a request that",
        _EXCHANGE,
    ),
    _exchange("if _certificate_error(error) or", "if", _EXCHANGE),
    _exchange('and str(error).startswith("4")', "", _EXCHANGE),
    _exchange("failure.__cause__ = error", "pass", _EXCHANGE),
    # What is an answer
    _answers("media_type(headers) == _JSON", "True", _EXCHANGE),
    _answers("media_type(headers) != _PROBLEM", "False", _EXCHANGE),
    _answers("(status == 429 or status >= 500)", "True", _EXCHANGE),
    _answers('problem.name == "queue-full"', "False", _EXCHANGE),
    _answers("{there.netloc.decode('ascii')}\"", '{location}"', _EXCHANGE),
    # Keys and addresses
    _settings('"follow_redirects": False', '"follow_redirects": True', _CLIENTS),
    _settings('        return "<a key>"', "        return self._header", _CLIENTS),
    _settings("    if parsed.userinfo:", "    if False:", _CLIENTS),
    _settings("key = key.strip()", "pass", _CLIENTS),
    _settings("not key.isprintable()", "False", _CLIENTS),
    _many(
        'dict(parse_qsl(urlsplit(document["next"]).query, keep_blank_values=True))',
        '{"cursor": document["next"]}',
        _MANY,
    ),
    mutation("reckoner/client/operations/service.py", '.replace(".", "%2E")', "", _IDS),
    # Waiting
    _waiting("        if deadline.left == 0.0:", "        if False:", _WAITING),
    _waiting("longest = MAX_WAIT_SECONDS if on_progress is None else 1", "longest = 60", _WAITING),
    _waiting("min(longest, int(self.left))", "longest", _WAITING),
    _waiting("calculation.attempts != self._attempt", "self._attempt < 0", _WAITING),
    _waiting("time.monotonic() - began < seconds / 2", "False", _WAITING),
    _waiting('if calculation.status == "failed":', "if False:", _WAITING),
    mutation(
        "reckoner/client/operations/submission.py",
        'if error.problem.name != "already-final":',
        "if True:",
        _WAITING,
    ),
    # Many
    _batch("length + len(text) + 1 > MAX_PAGE_BYTES", "False", _MANY),
    _batch("len(page) == MAX_PAGE_CALCULATIONS or", "", _MANY),
    _batch("        first += len(page)", "        pass", _MANY),
    _batch("        awaited = following", "        awaited = submitted", _MANY),
    _batch("    if len(found) != count:", "    if False:", _LIMITS),
    mutation(
        "reckoner/client/transport/bodies.py", "if self._length > _MAX_BYTES:", "if False:", _LIMITS
    ),
    mutation(
        "reckoner/client/documents/calculation.py",
        "length < 0 or not _SHA256.fullmatch(digest)",
        "length < 0",
        _LIMITS,
    ),
    _batch("if page and is_full:", "if is_full:", _MANY),
    _many("if cursor is None:\n                break", "break", _MANY),
    _many("    if following == query:", "    if False:", _LIMITS),
    _batch("            if not awaited:\n                raise\n", "            raise\n", _MANY),
    _events("> _MAX_EVENT_BYTES:", "> 1e99:", _EVENTS),
    _many("if value.utcoffset() is None:", "if False:", _MANY),
    _collection("asked >= price and", "", _COLLECTION),
    _collection("if is_worth_it else max(requests, price)", "", _COLLECTION),
    _collection("_AT_ONCE if is_final(one.status) else at_once", "at_once", _COLLECTION),
    _collection("if is_final(first.status):", "if False:", _COLLECTION),
    _collection("if look.is_final}", "}", _COLLECTION),
    _collection("        if not news:\n            break\n", "", _COLLECTION),
    _collection("len(page) - index > _MIN_LISTED", "True", _COLLECTION),
    _collection("(one.created_at + _MOMENT)", "one.created_at", _COLLECTION),
    # Events
    _events("if found != shown:", "if True:", _EVENTS),
    _events('line.removesuffix(b"\\r")', "line", _EVENTS),
    _events("if not refused.may_pass:", "if False:", _EVENTS),
    _events("if heard - began >= _LASTED_SECONDS:", "if False:", _EVENTS),
    _events("if heard - began >=", "if time.monotonic() - began >=", _EVENTS),
    _events(
        "                if _is_too_patient(silence, deadline):",
        "                if False:",
        _EVENTS,
    ),
    # Downloads
    _downloads("if sink.sha256 != result.sha256:", "if False:", _DOWNLOADS),
    _downloads("        yield from work(sink.discard)\n", "", _DOWNLOADS),
    _downloads("if response.status_code == 200:", "if False:", _DOWNLOADS),
    _downloads('not content_range.startswith(f"bytes {length}-")', "False", _DOWNLOADS),
    _downloads("if sink.length < result.length:", "if False:", _DOWNLOADS),
    _downloads("        if sink.length > before:", "        if False:", _DOWNLOADS),
    _downloads("to_skip = max(0, to_skip - len(piece))", "to_skip = 0", _DOWNLOADS),
    _downloads('failure.problem.name == "result-pruned"', "False", _DOWNLOADS),
    _downloads('"Accept-Encoding": "identity"', '"Accept-Encoding": "gzip"', _DOWNLOADS),
    _sinks("remaining[taken:] if isinstance(taken, int) else remaining[:0]", "b''", _DOWNLOADS),
    _sinks(
        "            self._digest.update(data)\n            self.length",
        "            self.length",
        _DOWNLOADS,
    ),
    _sinks('"O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"', '"O_BINARY", "O_NONBLOCK"', _DOWNLOADS),
    _sinks("if not S_ISREG(os.fstat(descriptor).st_mode):", "if False:", _DOWNLOADS),
    _sinks("if path.exists() and not path.is_file():", "if False:", _DOWNLOADS),
    _sinks("path = path.resolve()", "path = path.absolute()", _DOWNLOADS),
    _sinks("if os.fstat(file.fileno()).st_size > length:", "if False:", _DOWNLOADS),
    _sinks(
        "has_room = len(os.fsencode(path.name)) <= _MAX_NAME_BYTES", "has_room = True", _DOWNLOADS
    ),
    # Values, ids and errors
    mutation("reckoner/client/values/digits.py", "len(pieces) % 2", "False", _VALUES),
    mutation("reckoner/client/values/digits.py", "if first:", "if False:", _VALUES),
    mutation("reckoner/client/values/digits.py", "body.isascii() and", "", _VALUES),
    mutation(
        "reckoner/client/values/decoding.py", "if result.head is not None:", "if False:", _VALUES
    ),
    _arguments("if name not in values:", "if False:", _IDS),
    _arguments("if others is False and", "if False and", _IDS),
    _arguments("fraction_text(nearest) != str(value)", "True", _IDS),
    _arguments("str(UUID(value))", "value.lower()", _IDS),
    _arguments('"" if fraction == "000000" else', "", _IDS),
    mutation(
        "reckoner/client/operations/catalogue.py",
        "service.functions.get(function_) or",
        "",
        _IDS,
    ),
    mutation(
        "reckoner/client/errors.py",
        "super().__init__(problem, status, request_id)",
        "super().__init__(problem)",
        _ERRORS,
    ),
    # The drivers
    mutation("reckoner/client/transport/driver.py", "            streams.close()\n", "", _CLIENTS),
    mutation(
        "reckoner/client/transport/async_driver.py",
        "            await streams.close()\n",
        "",
        _CLIENTS,
    ),
]
