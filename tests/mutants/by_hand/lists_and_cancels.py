"""Faults in the list of calculations, its filters, and cancels of many."""

from functools import partial

from tests.mutants.mutation import mutation

_LIST = "integration/gateway/routes/test_list.py"
_PLANS = "integration/store/test_plans.py"
_CANCELS = "integration/gateway/routes/test_cancellation.py"
_STATEMENTS = "integration/store/selection/test_cancellation.py"
_CALLERS = "integration/gateway/access/test_callers.py"
_ESTIMATES = "integration/gateway/routes/test_estimates.py"
_FUNCTIONS = "integration/gateway/routes/test_functions.py"
_listing = partial(mutation, "gateway/routes/listing.py")
_query = partial(mutation, "gateway/http/list_query.py")
_count = partial(mutation, "shared/store/selection/counting.py")
_page = partial(mutation, "gateway/http/page.py")
_lists = partial(mutation, "gateway/waiting/lists.py")
_stream = partial(mutation, "gateway/routes/list_events.py")
_PAGE = "unit/gateway/http/test_page.py"
_SHARED = "unit/gateway/waiting/test_lists.py"
_STREAMS = "unit/gateway/waiting/test_list_streams.py"
_list = partial(mutation, "shared/store/selection/listing.py")
_filters = partial(mutation, "shared/store/selection/filters.py")
_read = partial(mutation, "gateway/http/filters.py")
_store = partial(mutation, "shared/store/selection/cancellation.py")
_route = partial(mutation, "gateway/routes/cancellation.py")
_body = partial(mutation, "gateway/http/cancel_body.py")

_LISTS = [
    _listing("limit=limit + 1", "limit=limit", _LIST),
    _listing("page[-1].created_at, page[-1].id", "page[0].created_at, page[0].id", _LIST),
    _query("{**dict(self.given), ", "{", _LIST),
    _list(
        "(created_at, id) < (:before_created_at, :before_id)",
        "created_at < :before_created_at",
        _LIST,
    ),
    _list(
        "(created_at, id) < (:before_created_at, :before_id)",
        "(created_at, id) <= (:before_created_at, :before_id)",
        _LIST,
    ),
    _list("OFFSET :limit - 1 LIMIT 1", "LIMIT 1", _LIST),
    _list("{after_position} AND {_WITHIN_A_PAGE}", "{after_position}", _PLANS),
    _list("    connection.execute(TIME_LIMIT)\n", "", _LIST),
    _filters("ORDER BY page.created_at DESC, page.id DESC", "ORDER BY page.created_at DESC", _LIST),
    _filters(
        "        ORDER BY created_at DESC, id DESC LIMIT :limit) AS page",
        "        ORDER BY created_at, id LIMIT :limit) AS page",
        _LIST,
    ),
    _filters(
        "WHERE calculations.function > stored.function ORDER BY 1 LIMIT 1",
        "WHERE calculations.function > stored.function LIMIT 1",
        _LIST,
    ),
    _filters("created_at >= :created_after", "created_at > :created_after", _LIST),
    _filters("created_at < :created_before", "created_at <= :created_before", _LIST),
    _filters("list(Lane) if self.lane is None else [self.lane]", "list(Lane)", _LIST),
    _filters("if self.status in (None, status)", "if True", _LIST),
    _read("[+-]\\d\\d:\\d\\d)", "[+-]\\d\\d:\\d\\d)?", _LIST),
    _read("if not _MOMENT.fullmatch(text):", "if False:", _LIST),
]

_FOLLOWED = [
    _count("        LIMIT :limit) AS counted", "        ) AS counted", _LIST),
    _count('ended=filters.streams("ended")', 'ended=filters.newest("ended", "true")', _PLANS),
    _read('"^[0-9A-Fa-f]{8}(-(', '"^[0-9A-Fa-f]{7}(-(', _LIST),
    _page("self._changes is None or self._changes[0] != shown._number", "not self._changes", _PAGE),
    _page("is_same = list(before) == list(self._documents) and", "is_same =", _PAGE),
    _lists(
        "if followed.page is not None:\n                is_changed",
        "if True:\n                is_changed",
        _SHARED,
    ),
    _lists("if followed.page is not None:\n            self.wake()", "self.wake()", _SHARED),
    _lists("            if not is_first:\n", "            if True:\n", _SHARED),
    _lists("len(self._lists) >= MAX_FOLLOWED_LISTS or ", "", _SHARED),
    _lists("if not followed.followers:", "if False:", _SHARED),
    _lists("if self._is_any_unchanged:", "if True:", _SHARED),
    _lists("            self._pages.add(page)\n", "", _SHARED),
    _lists("page.share_texts_with(followed.page)\n", "pass\n", _SHARED),
    _lists("followed.changes_seen = self._changes\n", "pass\n", _SHARED),
    _stream("                    self._check_again(req)\n", "", _STREAMS),
    _stream("shown = page\n                    for piece", "for piece", _STREAMS),
]

_CANCELS_OF_MANY = [
    _store(" FOR UPDATE SKIP LOCKED)", " FOR UPDATE)", _STATEMENTS),
    _store(
        "WHERE id IN (SELECT id FROM calculations WHERE {_STILL_MATCH}",
        "WHERE id IN (SELECT id FROM calculations WHERE id = ANY (CAST(:ids AS uuid[]))",
        _STATEMENTS,
    ),
    _store("    AND lane = ANY (CAST(:lanes AS text[])) AND NOT", "    AND NOT", _STATEMENTS),
    _store("cancel_requested = (status = 'running')", "cancel_requested = false", _STATEMENTS),
    _store("cancelled_by = :key_name\n", "cancelled_by = NULL\n", _STATEMENTS),
    _store("        WHERE NOT cancel_requested AND", "        WHERE", _STATEMENTS),
    _store(
        "(created_at, id) <= (:start_created_at",
        "(created_at, id) < (:start_created_at",
        _STATEMENTS,
    ),
    _store("OFFSET :limit - 1)", "OFFSET :limit)", _STATEMENTS),
    _store("if not is_match or len(places) == most:", "if len(places) == most:", _STATEMENTS),
    _store("identity >= start.id", "identity > start.id", _STATEMENTS),
    _store("(most if submitted_by is None else most_looked_at)", "most_looked_at", _PLANS),
    _store("            connection.execute(_LOCK, {", "            str({", _STATEMENTS),
    _route("    notify_changed(connection, [one.id for one in changed])\n", "", _CANCELS),
    _route("        if locked:\n", "        if False:\n", _CANCELS),
    _route("while locked and time.monotonic() < deadline:", "while False:", _CANCELS),
    _route("            changed += more\n", "", _CANCELS),
    _route("found, wanted, req.context.caller.name", "found, wanted, None", _CALLERS),
    _body('    if ("ids" in body) == any(', "    if False and any(", _CANCELS),
    _body("read_filters(body, UNFINISHED)", "read_filters(body)", _CANCELS),
    _body("1 <= len(ids) <= MAX_CANCEL_IDS", "len(ids) <= MAX_CANCEL_IDS", _CANCELS),
]

MUTATIONS = [
    *_LISTS,
    *_FOLLOWED,
    *_CANCELS_OF_MANY,
    mutation(
        "gateway/routes/estimates.py", "None if row is None else row.status", "None", _ESTIMATES
    ),
    mutation(
        "gateway/http/document.py",
        '"source": calculation.estimate_source,',
        '"source": None,',
        _ESTIMATES,
    ),
    mutation(
        "gateway/http/errors.py",
        '        404,\n        "unknown-function",',
        '        422,\n        "unknown-function",',
        _FUNCTIONS,
    ),
]
