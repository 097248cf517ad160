"""Fetches a service's own metrics and gives each sample the label config_version."""

import http.client
import socket
import urllib.request


def from_socket(path, timeout=1.5):
    """Our own services write everything to whoever connects, and hang up."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout)
        s.connect(path)
        parts = []
        while chunk := s.recv(65536):
            parts.append(chunk)
    return b"".join(parts).decode()


def from_http(url, timeout=1.5):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


FAILURES = (OSError, http.client.HTTPException, ValueError)


def relabel(text, version, keep=None):
    """`keep`: only families whose name begins with one of these, None for all."""
    label = f'config_version="{version}"'
    out = []
    for row in text.split("\n"):
        if not row or row[0] == "#":
            # Of the comments only the types are of use.
            if row.startswith("# TYPE ") and (keep is None or row.startswith(keep, 7)):
                out.append(row)
            continue
        if keep is not None and not row.startswith(keep):
            continue
        brace, space = row.find("{"), row.find(" ")
        if 0 < brace < space:
            out.append(f"{row[:brace]}{{{label},{row[brace + 1:]}")
        elif space > 0:
            out.append(f"{row[:space]}{{{label}}}{row[space:]}")
    out.append("")
    return "\n".join(out)


def render(values):
    """{name: (kind, value)} in the text form."""
    return "".join(f"# TYPE {n} {kind}\n{n} {v}\n" for n, (kind, v) in values.items())
