"""A section with `instances`: several units, their names, their numbers."""


def test_each_knows_its_name_and_number(reeve, tmp_path):
    """At expansion and in the environment of the process."""
    reeve.configure(f"""
        [service:web]
        command = sh -c 'echo "${{REEVE_UNIT}} ${{REEVE_INSTANCE}} $REEVE_UNIT $REEVE_INSTANCE"
            > {tmp_path}/$0; exec sleep 1000' ${{REEVE_UNIT}}
        instances = 3
        [service:plain]
        command = sh -c 'env > {tmp_path}/plain; exec sleep 1000'
    """).start()
    names = ["web@1", "web@2", "web@3", "plain"]
    assert [unit["name"] for unit in reeve.health()["units"]] == names
    for number in (1, 2, 3):
        path = tmp_path / f"web@{number}"
        reeve.wait_for(lambda path=path: path.exists() and path.read_text().endswith("\n"))
        assert path.read_text() == f"web@{number} {number} web@{number} {number}\n"
    reeve.wait_for(lambda: (tmp_path / "plain").exists() and
                   "REEVE_INSTANCE=\n" in (tmp_path / "plain").read_text())
    assert "REEVE_UNIT=plain\n" in (tmp_path / "plain").read_text()


def test_one_instance_has_a_number_too(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        instances = 1
    """).start()
    reeve.wait_unit("web@1", state="running")
    assert [unit["name"] for unit in reeve.health()["units"]] == ["web@1"]


def test_the_most_instances_of_the_longest_name(reeve):
    """They are up, and one that requires them all comes after them."""
    name = "n" * 48
    reeve.configure(f"""
        [service:{name}]
        command = sleep 1000
        instances = 1000
        autostart = no
        [service:last]
        command = sleep 1000
        requires = {name}@1000 {name}@1
    """).start()
    reeve.wait_unit("last", state="running")
    states = {unit["name"]: unit["state"] for unit in reeve.health()["units"]}
    assert len(states) == 1001
    assert {one for one, state in states.items() if state == "running"} == {
        f"{name}@1000", f"{name}@1", "last"}
