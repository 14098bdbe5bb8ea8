"""The examples of docs/reference/client.md, run one after the other, print what they say."""

import re
from pathlib import Path

_PAGE = (Path(__file__).parents[3] / "docs/reference/client.md").read_text()
_EXAMPLES = re.findall(r"^```python\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
_PRINTED = re.compile(r"^ *print\((?:(?!print\().)+?\)  # ([^\n]+)$", re.MULTILINE | re.DOTALL)


def test_the_examples_print_what_they_say(base_url, tmp_path, capsys):
    assert len(_EXAMPLES) >= 8
    names: dict[str, object] = {}
    for example in _EXAMPLES:
        code = example.replace("http://localhost:8080", base_url)
        exec(code.replace("/tmp/", f"{tmp_path}/"), names)  # noqa: S102, S108
        assert capsys.readouterr().out.splitlines() == _PRINTED.findall(example)
    assert len((tmp_path / "fibonacci.txt").read_bytes()) == 208_988
