"""Requests to NGINX on sockets of their own, as no HTTP client would send them."""

import contextlib
import json
import socket


def send(server, sent):
    """Send bytes on a new connection; return the status and the problem document."""
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower(), received
    return int(head.split()[1]), json.loads(body)


def open_stream(server, path, address="127.0.0.1"):
    """Return a socket on which the stream has begun."""
    connection = socket.create_connection(
        (server.host, server.port), timeout=10, source_address=(address, 0)
    )
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    while b"data:" not in connection.recv(65_536):
        pass
    return connection
