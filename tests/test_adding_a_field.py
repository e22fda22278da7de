"""What the README says of adding a field: one line makes a column part of its type, the SDL and both ways to read."""

from pathlib import Path

import pytest

from tests.copies import PROJECT, copy_code, run_python, run_tests

TYPES = Path("schema/people/types.py")
LINE = '    pronouns: str | None = column(models.Person.pronouns, "How to speak of them.")\n'
ANOTHER = '    source: str | None = column(models.Person.source, "Where the record came from.")\n'
PRINTED = '''  """Where the record came from."""
  source: String
'''
SDL = "from schema.root import build_schema; print(build_schema().as_str())"


def test_the_readme_shows_a_line_of_the_code():
    assert LINE in (PROJECT / "README.md").read_text()
    assert LINE in (PROJECT / TYPES).read_text()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_one_line_adds_a_column_to_the_type_the_sdl_and_both_ways_of_reading(tmp_path: Path):
    copy = copy_code(tmp_path)
    assert PRINTED not in run_python(copy, "-c", SDL).stdout
    changed = (copy / TYPES).read_text().replace(LINE, LINE + ANOTHER)
    (copy / TYPES).write_text(changed)
    assert PRINTED in run_python(copy, "-c", SDL).stdout
    done = run_tests(copy, "tests/differential/test_differential.py", "-k", "every_field")
    assert done.returncode == 0, done.stdout[-3000:]
