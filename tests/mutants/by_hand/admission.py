"""Faults in what counts as queued, and in the decision whether more may be."""

from functools import partial

from tests.mutants.mutation import mutation

_WORK = "unit/gateway/admission/test_queued_work.py"
_LIMITS = "unit/gateway/admission/test_limits.py"
_CLEARING = "unit/gateway/admission/test_clearing.py"
_CHARGES = "unit/gateway/submission/test_charges.py"
_DECISION = (
    "integration/gateway/admission/test_admission.py",
    "integration/gateway/admission/test_new_work.py",
)
_CLASSES = f"{_WORK}::test_classes_are_powers_of_two_of_the_charged_seconds"
_OF_KEYS = "integration/gateway/admission/test_limits_of_keys.py::test_a_key_has_limits_of_its_own"
_SUM = "integration/store/totals/test_queued_work.py"

_work = partial(mutation, "gateway/admission/queued_work.py")
_limits = partial(mutation, "gateway/admission/limits.py")
_clearing = partial(mutation, "gateway/admission/clearing.py")
_decision = partial(mutation, "gateway/admission/admission.py")
_submit = partial(mutation, "gateway/submission/submit.py")
_sum = partial(mutation, "shared/store/totals/queued_work.py")
_plan = partial(mutation, "gateway/submission/plan.py")

MUTATIONS = [
    # Forgotten, or counted twice for ever.
    _work("if one[0] > snapshot.moment)", "if False)", _WORK),
    _work("if one[0] > snapshot.moment)", ")", _WORK),
    _work("        for charge in self._adding:\n            self._count(charge)\n", "", _WORK),
    _work("        for _, charge in self._added:\n            self._count(charge)\n", "", _WORK),
    _work("(time.monotonic() + _UNKNOWN_SECONDS, charge)", "(0.0, charge)", _WORK),
    _work("            self._discount(charge)\n", "", _WORK),
    _work("        self._adding.discard(charge)\n        if stored", "        if stored", _WORK),
    _work("                self._count(stored)\n", "                pass\n", _WORK),
    _work("            self._work.lose_sight(self._charge)", "            pass", _WORK),
    _work("if len(self._added) > self._merge_beyond:", "if False:", _WORK),
    _work("bounds = (self._sum_began, time.monotonic())", "bounds = (time.monotonic(),)", _WORK),
    # The sum.
    _sum(" * (1 - progress))", ")", _SUM),
    _sum("coalesce(queued_by, submitted_by)", "submitted_by", _SUM),
    _sum("coalesce(charged_bytes, estimate_digits, 0))", "coalesce(estimate_digits, 0))", _SUM),
    _sum("IN ('queued', 'running') AND", "IN ('queued') AND", _SUM),
    _sum(
        "bisect_right(",
        "bisect_left(",
        f"{_WORK}::test_classes_are_powers_of_two_of_the_charged_seconds",
    ),
    # The decision.
    _limits("there + more > limit", "there + more >= limit", _LIMITS),
    _limits("if more > 0 and there", "if there", _LIMITS),
    _limits("return setting or math.inf", "return setting", _LIMITS),
    _limits("self.needed > self.limit", "self.needed >= self.limit", _LIMITS),
    _decision("            await self.queued_work.refresh()\n", "", *_DECISION),
    _decision("charge = await find_new()", "await find_new()", *_DECISION),
    _decision("self.queued_work.is_known and ", "", *_DECISION),
    _decision("key=lambda one: one[0].is_final", "key=lambda one: one[1]", *_DECISION),
    _decision("one.lane is Lane.HEAVY]", "one]", *_DECISION),
    _decision(
        "used = work.total_of(charge.key_name)",
        "used = work.total",
        _OF_KEYS,
    ),
    _submit("is_new = row is None or _needs_work(row)", "is_new = row is None", *_DECISION),
    _submit("is_new = row is None or _needs_work(row)", "is_new = True", *_DECISION),
    _submit("                    addition.stored = None", "                    pass", *_DECISION),
    _submit("addition.stored = await charge(receipt.new)", "pass", *_DECISION),
    _submit("by_id.keys() - await self._find_present(list(by_id))", "by_id.keys()", *_DECISION),
    _submit(
        "            if computed is not None:\n                return",
        "            if True:\n                return",
        *_DECISION,
    ),
    # What is charged, and for how long a client is sent away.
    _plan("max_result_bytes if size is None else size", "max_result_bytes", _CHARGES),
    _plan("limit if own is None else min(limit, own)", "limit if own is None else own", _CHARGES),
    _plan("QUICK_LIMIT_SECONDS if lane is Lane.QUICK else", "", _CHARGES),
    _clearing("if slots.get(lane)", "if lane in slots", _CLEARING),
    _clearing("            amount -= rate * (first - now)\n", "", _CLEARING),
    _clearing("sums.seconds / slots[lane]", "sums.seconds", _CLEARING),
]
