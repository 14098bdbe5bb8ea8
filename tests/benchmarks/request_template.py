"""The requests of a load generator: one repeated, or many that differ in one value.

`{value}` in the path or in the body stands for a number that counts up, or for a line of a file.
`{items}` in the body stands for `items` copies of `item`, each with the next number.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RequestTemplate:
    """Requests of one kind. `first` is the number, or the line of the file, to begin with."""

    path: str
    method: str = "GET"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    first: int = 0
    values_file: str = ""
    item: str = ""
    items: int = 1

    def after(self, requests: int) -> "RequestTemplate":
        """Return the same, beginning after the numbers that these requests have used."""
        return dataclasses.replace(self, first=self.first + requests * self.items)

    @property
    def varies(self) -> bool:
        """Whether one request differs from the next."""
        return "{value}" in self.path + self.body + self.item

    def rendered(self, host: str) -> Iterator[bytes]:
        """Yield requests of HTTP/1.1, without end."""
        if not self.varies:
            yield from itertools.repeat(self._render(host, self.path, self.body))
        values = self._values()
        while True:
            if self.item:
                items = (self.item.replace("{value}", next(values)) for _ in range(self.items))
                yield self._render(host, self.path, self.body.replace("{items}", ",".join(items)))
            else:
                value = next(values)
                body = self.body.replace("{value}", value)
                yield self._render(host, self.path.replace("{value}", value), body)

    def _values(self) -> Iterator[str]:
        if not self.values_file:
            yield from map(str, itertools.count(self.first))
        lines = Path(self.values_file).read_text().split()
        start = self.first % len(lines)
        yield from itertools.cycle(lines[start:] + lines[:start])

    def _render(self, host: str, path: str, body: str) -> bytes:
        lines = [f"{self.method} {path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", body]).encode("ascii")

    def lua(self) -> str:
        """Return a script with which wrk sends the same. One thread of wrk counts by itself."""
        script = f"wrk.method = {_quoted(self.method)}\n"
        for name, value in self.headers.items():
            script += f"wrk.headers[{_quoted(name)}] = {_quoted(value)}\n"
        if self.varies:
            script += _COUNTING % {
                "path": _quoted(self.path),
                "body": _quoted(self.body),
                "item": _quoted(self.item),
                "items": self.items,
                "first": self.first,
                "file": _quoted(self.values_file),
            }
        elif self.body:
            script += f"wrk.body = {_quoted(self.body)}\n"
        return script

    def to_json(self) -> dict[str, Any]:
        """Return what `RequestTemplate(**…)` takes."""
        return dataclasses.asdict(self)


def _quoted(text: str) -> str:
    # What JSON escapes in ASCII without control characters, Lua reads as JSON does.
    return json.dumps(text)


_COUNTING = """
local number, values = %(first)d, {}
local path, body, item, file = %(path)s, %(body)s, %(item)s, %(file)s

if file ~= "" then
  for line in io.lines(file) do values[#values + 1] = line end
end

local function next_value()
  number = number + 1
  if #values > 0 then return values[(number - 1) %% #values + 1] end
  return string.format("%%d", number - 1)
end

local function filled(text, value)
  local first, last = string.find(text, "{value}", 1, true)
  if not first then return text end
  return string.sub(text, 1, first - 1) .. value .. string.sub(text, last + 1)
end

-- What wrk.format does, but for the headers, which it would put together each time: on the same
-- processors as what is measured.
local head

local function request_of(path, body)
  if not head then
    local lines = {}
    for name, value in pairs(wrk.headers) do lines[#lines + 1] = name .. ": " .. value end
    head = " HTTP/1.1\\r\\n" .. table.concat(lines, "\\r\\n") .. "\\r\\n"
  end
  local length = body == "" and "" or "Content-Length: " .. #body .. "\\r\\n"
  return wrk.method .. " " .. path .. head .. length .. "\\r\\n" .. body
end

function request()
  if item == "" then
    local value = next_value()
    return request_of(filled(path, value), filled(body, value))
  end
  local texts = {}
  for index = 1, %(items)d do texts[index] = filled(item, next_value()) end
  local first, last = string.find(body, "{items}", 1, true)
  local before, behind = string.sub(body, 1, first - 1), string.sub(body, last + 1)
  return request_of(path, before .. table.concat(texts, ",") .. behind)
end
"""
