"""The system user that a service runs as, when root starts it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from compose.services.errors import ServiceError


@dataclass(frozen=True)
class Account:
    """A system user to change to."""

    name: str
    uid: int
    gid: int

    def reaches(self, folder: Path) -> bool:
        """Tell whether this user may enter the folder."""
        # Asked of the kernel rather than worked out from modes: access lists count as well.
        answer = subprocess.run(
            ["/usr/bin/test", "-x", folder],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            start_new_session=True,  # a Ctrl-C meant for this process must not be the answer
        )
        return answer.returncode == 0


def drop_to(name: str) -> Account | None:
    """Return the account that root has to change to; None if this process is not root's.

    Raises `ServiceError` if there is no such user.
    """
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam(name)
    except KeyError as error:
        raise ServiceError(
            f"There is no system user {name}, whom root has to change to.",
            "Install the Debian package postgresql, which brings it, or run this as another user.",
        ) from error
    return Account(user.pw_name, user.pw_uid, user.pw_gid)
