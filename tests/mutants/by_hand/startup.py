"""Faults in how a process starts and is told to stop."""

from functools import partial

from tests.mutants.mutation import mutation

_CLAIM = "unit/shared/test_startup.py"

_startup = partial(mutation, "shared/startup.py")

MUTATIONS = [
    _startup("        sys.exit(USAGE_STATUS)\n", "        sys.exit(1)\n", _CLAIM),
    _startup("set_up_logs(settings.log_level, settings.log_format, ", "print(name, ", _CLAIM),
    _startup("    arm_from_environment()\n", "", _CLAIM),
    _startup("            is_stopping = True\n", "", _CLAIM),
    _startup("        elif number != signal.SIGHUP:\n", "        else:\n", _CLAIM),
    _startup("    signal.signal(signal.SIGINT, on_signal)\n", "", _CLAIM),
    _startup("if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:", "if True:", _CLAIM),
]
