"""The tests that tests/README.md names exist."""
import os
import re

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAME = re.compile(r"`(test_\w+)::(\w+)`")


def missing(text, tests):
    """Names of tests in `text` that are not below `tests`."""
    broken = []
    for file, name in NAME.findall(text):
        python = os.path.join(tests, "integration", file + ".py")
        c = os.path.join(tests, "unit", file + ".c")
        path, pattern = (python, rf"^def {name}\(") if os.path.exists(python) else \
            (c, rf"^static void {name}\(")
        try:
            with open(path, encoding="utf-8") as source:
                if not re.search(pattern, source.read(), re.M):
                    broken.append(f"{file}::{name}")
        except FileNotFoundError:
            broken.append(f"{file}::{name}")
    return broken


def test_the_ledger_names_tests_that_exist():
    with open(os.path.join(TESTS, "README.md"), encoding="utf-8") as text:
        ledger = text.read()
    assert len(NAME.findall(ledger)) > 50
    assert not missing(ledger, TESTS)


def test_the_check_notices(tmp_path):
    (tmp_path / "integration").mkdir()
    (tmp_path / "integration" / "test_a.py").write_text("def test_one():\n    pass\n")
    assert missing("`test_a::test_one`", tmp_path) == []
    assert missing("`test_a::test_on` `test_b::test_one`", tmp_path) == ["test_a::test_on",
                                                                         "test_b::test_one"]
