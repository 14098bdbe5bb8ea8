"""Faults in what a calculation is, costs and gives, and in what is told of it."""

from tests.mutants.mutation import mutation

_CANONICAL = "reckoner/canonical_json.py"
_DOCUMENT = "gateway/http/document.py"
_CALCULATOR = "shared/calculator.py"
_RESULT = "shared/result.py"
_FACTORIAL = "shared/functions/factorial.py"
_FIBONACCI = "shared/functions/fibonacci.py"
_LIMBS = "shared/functions/limbs.py"
_ARGUMENTS = "reckoner/authoring/arguments/integers.py"
_ESTIMATE = "reckoner/authoring/estimates.py"
_VERIFICATION = "shared/functions/verification.py"
_BLOCKS = "shared/functions/digit_blocks.py"
_RETRY_AFTER = "gateway/waiting/retry_after.py"
_SERVED = "gateway/routes/result_bytes.py"

_IN_RETRY_AFTER = "integration/gateway/waiting/test_retry_after.py"
_IN_DOCUMENT = "unit/gateway/http/test_document.py"
_DOWNLOADS = "integration/gateway/routes/test_downloads.py"
_ESTIMATES = "unit/shared/functions/test_estimates.py"

MUTATIONS = [
    mutation(
        _CANONICAL,
        "sort_keys=True",
        "sort_keys=False",
        "unit/reckoner/test_canonical_json.py",
    ),
    mutation(_DOCUMENT, "row.length > longest", "row.length >= longest", _IN_DOCUMENT),
    mutation(_DOCUMENT, "moment.astimezone(UTC)", "moment", _IN_DOCUMENT),
    mutation(_DOCUMENT, '"attempts": {row.attempt}', '"attempts": 1', _IN_DOCUMENT),
    mutation(_DOCUMENT, "return text if kind is ResultKind.JSON else", "return", _IN_DOCUMENT),
    mutation(_DOCUMENT, '"check": {_encode(row.check)}', '"check": null', _IN_DOCUMENT),
    mutation(_DOCUMENT, "if kind is ResultKind.BYTES or", "if", _IN_DOCUMENT),
    mutation(
        _RESULT,
        "return self.length <= ROW",
        "return self.length < ROW",
        "unit/shared/test_calculator.py",
    ),
    mutation(
        _CALCULATOR,
        "self._uses % _PRIME_USES == 0",
        "not self._uses",
        "unit/shared/test_calculator.py",
    ),
    mutation(
        "shared/functions/production.py",
        "        check.feed(data)\n        check.finish()\n",
        "",
        "unit/shared/test_calculator.py",
    ),
    mutation(
        "shared/functions/production.py",
        "    if check is not None:\n        check.finish()\n",
        "",
        "unit/shared/functions/test_production.py",
    ),
    mutation(
        "shared/functions/production.py",
        "        if length > max_bytes:\n            raise ResultTooLarge(max_bytes)\n",
        "",
        "unit/shared/functions/test_production.py",
    ),
    mutation(
        "shared/functions/production.py",
        "        if waiting and (is_large or len(waiting)",
        "        if waiting and (len(waiting)",
        "unit/shared/functions/test_production.py",
    ),
    mutation(
        "shared/functions/predicates.py",
        "verdict is None or bool(verdict)",
        "True",
        "unit/shared/functions/test_production.py",
    ),
    mutation(
        "shared/functions/author_code.py",
        "        except BaseException as error:\n"
        "            raise FunctionExited(error) from error\n"
        "        finally",
        "        finally",
        "unit/shared/functions/test_production.py",
    ),
    mutation(
        _RESULT,
        "piece[: _PREVIEW_BYTES - len(self._head)]",
        "piece[:_PREVIEW_BYTES]",
        "unit/shared/test_result.py",
    ),
    mutation(_RESULT, "    if waiting:\n", "    if True:\n", "unit/shared/test_result.py"),
    mutation(
        _FACTORIAL,
        "min(start + RESIDUE_RUN, n + 1)",
        "start + RESIDUE_RUN",
        "unit/shared/functions/test_factorial.py",
    ),
    mutation(_FACTORIAL, "(1_000_000, 0.95, 57e6)", "(1_000_000, 0.95, 47e6)", _ESTIMATES),
    mutation(_FIBONACCI, "bytes=int(peak_bytes)", "bytes=int(peak_bytes / 2)", _ESTIMATES),
    mutation(
        _FIBONACCI,
        "    if n < 2:\n        return 1\n",
        "    if n < 1:\n        return 1\n",
        "unit/shared/functions/test_fibonacci.py",
    ),
    mutation(
        _FIBONACCI,
        "is_leading = not piece",
        "is_leading = False",
        "unit/shared/functions/test_fibonacci.py",
    ),
    mutation(_LIMBS, "if least == most:", "if True:", "unit/shared/functions/test_limbs.py"),
    mutation(
        _BLOCKS,
        "powmod(self._block_factor, self._count - 1,",
        "powmod(self._block_factor, self._count,",
        "unit/shared/functions/test_verification.py",
    ),
    mutation(
        _VERIFICATION,
        "if found.is_empty:",
        "if False:",
        "unit/shared/functions/test_verification.py",
    ),
    mutation(
        _VERIFICATION,
        "found.value != call_author(lambda: residue.of(self._bound.values, self._modulus))",
        "False",
        "unit/shared/functions/test_verification.py",
    ),
    mutation(
        _ARGUMENTS,
        "type(value) is not int or not minimum",
        "not isinstance(value, int) or not minimum",
        "unit/reckoner/authoring/arguments/test_integers.py",
    ),
    mutation(
        _ESTIMATE,
        "min(bisect_left(measured, (size,)), len(measured) - 1)",
        "min(bisect_left(measured, (size,)), len(measured) - 2)",
        "unit/reckoner/authoring/test_interpolation.py",
    ),
    mutation(_RETRY_AFTER, "* (1 - row.progress)", "", _IN_RETRY_AFTER),
    mutation(_RETRY_AFTER, "if row.status == Status.QUEUED:", "if True:", _IN_RETRY_AFTER),
    mutation(_RETRY_AFTER, "math.ceil(seconds)", "round(seconds)", _IN_RETRY_AFTER),
    mutation(_RETRY_AFTER, "_MAX_SECONDS))", "60))", _IN_RETRY_AFTER),
    mutation(_SERVED, "max(first - start, 0) : end - start", "max(first - start, 0) :", _DOWNLOADS),
    mutation(_SERVED, "digest.hexdigest() != row.result_sha256", "False", _DOWNLOADS),
    mutation(_SERVED, "if is_short or (", "if (", _DOWNLOADS),
    mutation(_SERVED, "max(1, -(-end // CHUNK_BYTES))", "end // CHUNK_BYTES + 1", _DOWNLOADS),
    mutation(_SERVED, "attempt = row.result_attempt", "attempt = row.attempt - 1", _DOWNLOADS),
]
