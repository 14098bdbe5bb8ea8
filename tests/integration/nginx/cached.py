"""Addresses that NGINX may answer from its cache, and what the gateway says for it to do so."""

from typing import Any
from uuid import uuid4

FOR_A_WHILE: dict[str, Any] = {"X_Accel_Expires": "3600"}


def document():
    return f"/calculations/{uuid4()}"


def result():
    return f"/calculations/{uuid4()}/result"
