"""`reckoner system`: what it says of an answer that is not Reckoner's."""

import pytest

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.operating.system import system_text


@pytest.mark.parametrize("document", [{}, {"lanes": {"quick": {}}}, {"lanes": []}])
def test_a_document_of_another_form_is_a_sentence(document):
    with pytest.raises(CommandFailed, match="of an unknown form") as failure:
        system_text(document)
    assert failure.value.status is ExitStatus.UNREACHABLE
