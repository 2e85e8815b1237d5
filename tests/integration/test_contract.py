"""The contract (src/varlink/*.varlink) and the code keep to each other; and the tests of those that
judge that."""
import itertools
import json
import os
import re

import fake_reeve
import pytest
from daemon import BUILD, CONTRACT, ROOT, Client, VarlinkError
from varlink_contract import SERVICE, BadContract, Contract, ContractBroken, Conversation, \
    Interface, loads

MANAGER = "io.reeve.Manager"
INVALID = "org.varlink.service.InvalidParameter"
OURS = CONTRACT.interfaces[MANAGER]
PARAMETERS = [(method, name) for method, (taken, _) in OURS.methods.items() for name in taken[1]]


# ---- introspection -------------------------------------------------------------------------------
def test_the_contract_is_served_byte_by_byte(calm):
    served = calm.call("org.varlink.service.GetInterfaceDescription", interface=MANAGER)
    with open(os.path.join(ROOT, f"src/varlink/{MANAGER}.varlink"), encoding="utf-8") as text:
        assert served["description"] == text.read()


def test_the_service_interface_is_the_standard_one(calm):
    served = Interface(calm.call("org.varlink.service.GetInterfaceDescription",
                                 interface="org.varlink.service")["description"])
    standard = Interface(SERVICE)
    assert (served.name, served.types, served.methods, served.errors) == \
        (standard.name, standard.types, standard.methods, standard.errors)


def test_info(calm):
    info = calm.call("org.varlink.service.GetInfo")
    assert (info["product"], info["vendor"]) == ("reeved", "reeve")
    assert info["version"] == calm.health(limit=0)["version"]
    assert info["interfaces"] == list(CONTRACT.interfaces)


def test_no_other_interface(calm):
    with pytest.raises(VarlinkError) as caught:
        calm.call("org.varlink.service.GetInterfaceDescription", interface="io.reeve.Log")
    assert caught.value.name == "org.varlink.service.InterfaceNotFound"
    assert caught.value.parameters == {"interface": "io.reeve.Log"}


# ---- the code against the contract ---------------------------------------------------------------
def test_errors_of_the_code_and_of_the_contract_are_the_same():
    """The names stand whole in the binary; that the same methods are served is shown by
    tests/unit/test_control_contract.c."""
    with open(os.path.join(BUILD, "reeved"), "rb") as binary:
        sent = set(re.findall(rb"\0io\.reeve\.Manager\.(\w+)(?=\0)", binary.read()))
    assert {name.decode() for name in sent} == set(OURS.errors)


def test_methods_that_are_not_declared_are_not_found(calm):
    for method in ("Upgrade", "health", "Health2", "GetInfo", "Healt", ""):
        with pytest.raises(VarlinkError) as caught:
            calm.call(f"{MANAGER}.{method}")
        assert caught.value.name == "org.varlink.service.MethodNotFound", method


def resolved(type_):
    """A type without its ? and with its name looked up."""
    while type_[0] in ("maybe", "name"):
        type_ = type_[1] if type_[0] == "maybe" else OURS.types[type_[1]]
    return type_


# What fits beyond its type.
GOOD = {"unit": ["web"], "units": [["web"], ["w*", "spare"]], "signal": ["CONT", "SIGCONT", "18"],
        "types": [["unit.state"], []], "timeout_ms": [5000, "5000"]}


def good_values(name, type_):
    type_ = resolved(type_)
    if name in GOOD:
        return GOOD[name]
    return {"enum": lambda: type_[1], "int": lambda: [0, 3, "3"], "bool": lambda: [True, False],
            "string": lambda: ["word"]}[type_[0]]()


def bad_values(type_):
    values = {"bool": [True], "int": [-1, 1.5, 1 << 70], "string": ["no such word"], "array": [[1]],
              "struct": [{"a": 1}]}
    kind = resolved(type_)[0]
    for other, those in values.items():
        if other == kind and kind not in ("int", "array") or \
                (other, kind) == ("string", "string"):
            continue
        yield from those
    if type_[0] != "maybe":
        yield None


def call_with(method, **given):
    """Parameters of `method`: the required ones, and those given."""
    taken = OURS.methods[method][0][1]
    bounded = {"timeout_ms": 50} if method == "Wait" else {}  # what it waits for may never be
    return {**{name: good_values(name, type_)[0] for name, type_ in taken.items()
               if type_[0] != "maybe"}, **bounded, **given}


@pytest.mark.parametrize("method, name", PARAMETERS)
def test_every_declared_parameter_is_taken(calm, method, name):
    for value in good_values(name, OURS.methods[method][0][1][name]):
        calm.call(method, **call_with(method, **{name: value}))
    if OURS.methods[method][0][1][name][0] == "maybe":
        calm.call(method, **call_with(method, **{name: None}))


@pytest.mark.parametrize("method, name", PARAMETERS)
def test_every_wrong_type_is_refused_by_name(calm, method, name):
    before = calm.call("List")["units"]
    for value in bad_values(OURS.methods[method][0][1][name]):
        with pytest.raises(VarlinkError) as caught:
            calm.call(method, **call_with(method, **{name: value}))
            pytest.fail(f"{value!r} was taken")
        assert caught.value.name == INVALID, value
        assert caught.value.parameters == {"parameter": name}, value
    after = calm.call("List")["units"]
    assert [(u["state"], u["run"]) for u in after] == [(u["state"], u["run"]) for u in before]


@pytest.mark.parametrize("method", OURS.methods)
def test_what_is_not_declared_is_refused_by_name(calm, method):
    with pytest.raises(VarlinkError) as caught:
        calm.call(method, **call_with(method, nuits=1))
    assert caught.value.name == INVALID
    assert caught.value.parameters == {"parameter": "nuits"}
    for name, type_ in OURS.methods[method][0][1].items():
        if type_[0] != "maybe":
            given = call_with(method)
            del given[name]
            with pytest.raises(VarlinkError) as caught:
                calm.call(method, **given)
            assert caught.value.name == INVALID
            assert caught.value.parameters == {"parameter": name}
    assert calm.unit("web")["state"] == "running"


def test_the_standard_methods_refuse_as_well(calm):
    for method, given, name in (("GetInfo", {"x": 1}, "x"),
                                ("GetInterfaceDescription", {}, "interface"),
                                ("GetInterfaceDescription", {"interface": None}, "interface"),
                                ("GetInterfaceDescription", {"interface": 5}, "interface")):
        with pytest.raises(VarlinkError) as caught:
            calm.call(f"org.varlink.service.{method}", **given)
        assert (caught.value.name, caught.value.parameters) == (INVALID, {"parameter": name})


def test_the_fake_answers_as_the_contract_says():
    """What reevectl is tested with is what reeved might say."""
    units = fake_reeve.site()
    for method, answer in fake_reeve.site_handlers(units).items():
        given = call_with(method)
        if "units" in given:
            given["units"] = ["web"]
        CONTRACT.check_reply({"parameters": answer(given)}, f"{MANAGER}.{method}")
    for unit in units:
        CONTRACT.check_reply({"parameters": {"unit": fake_reeve.shown(unit)}}, f"{MANAGER}.Show")


# ---- the manual ----------------------------------------------------------------------------------
def test_the_manual_names_everything_of_the_contract():
    with open(os.path.join(ROOT, "man/reeve-protocol.7"), encoding="utf-8") as page:
        words = set(re.findall(r"[A-Za-z_.]+[A-Za-z_]", page.read()))
    missing = [word for word in (*OURS.methods, *OURS.errors) if word not in words]
    for type_ in (*OURS.types.values(), *itertools.chain(*OURS.methods.values()),
                  *OURS.errors.values()):
        missing += [name for name in type_[1] if name not in words]
    with open(os.path.join(ROOT, f"src/varlink/{MANAGER}.varlink"), encoding="utf-8") as text:
        types = re.findall(r"^# ((?:session|unit)\.\w+)", text.read(), re.M)
    assert len(types) == 12
    missing += [name for name in types if name not in words]
    assert not missing


# ---- the parser is strict ------------------------------------------------------------------------
GOOD_TEXT = """# A comment.
interface a.b-c.d2
type T (a: int, b: ?[]string, c: [string](x, y), d_e: []?E, type: object)
type E (one, two) # and another
type N ()
method M(t: T) -> (f: float,
    s: (q: bool), # in between
    n: ?N)
error Broken (why: string)
"""


def test_a_good_contract_is_read():
    read = Interface(GOOD_TEXT)
    assert read.name == "a.b-c.d2" and set(read.types) == {"T", "E", "N"}
    assert read.types["E"] == ("enum", ("one", "two"))
    assert read.types["N"] == ("struct", {})
    assert read.types["T"][1]["b"] == ("maybe", ("array", ("string",)))
    assert read.types["T"][1]["c"] == ("dict", ("enum", ("x", "y")))
    assert read.methods["M"][1] == ("struct", {"f": ("float",),
                                               "s": ("struct", {"q": ("bool",)}),
                                               "n": ("maybe", ("name", "N"))})
    assert read.errors == {"Broken": ("struct", {"why": ("string",)})}


@pytest.mark.parametrize("text, why", [
    ("", "expected interface"),
    ("type T ()", "expected interface"),
    ("interface a.b", "no members"),
    ("interface ab\nmethod M() -> ()", "no name of an interface"),
    ("interface a..b\nmethod M() -> ()", "no name of an interface"),
    ("interface a.b-\nmethod M() -> ()", "no name of an interface"),
    ("interface a.b method M() -> ()", "does not begin a line"),
    ("interface a.b\nmethod M() -> () method N() -> ()", "does not begin a line"),
    ("interface a.b\nmethod m() -> ()", "no name of a method"),
    ("interface a.b\nmethod M()", "expected ->"),
    ("interface a.b\nmethod M() -> (", "no name of a member"),
    ("interface a.b\nmethod M(a) -> ()", "a has no type"),
    ("interface a.b\nmethod M(a: int, b) -> ()", "b has no type"),
    ("interface a.b\nmethod M(a: int,) -> ()", "no name of a member"),
    ("interface a.b\nmethod M(a: int b: int) -> ()", "expected ,"),
    ("interface a.b\nmethod M(a: int, a: int) -> ()", "a is there twice"),
    ("interface a.b\ntype E (x, x)", "x is there twice"),
    ("interface a.b\ntype E (x, y: int)", "expected ,|y has no type"),
    ("interface a.b\ntype T ()\nmethod T() -> ()", "T is there twice"),
    ("interface a.b\ntype T (a: ??int)", r"\?\?"),
    ("interface a.b\ntype T (a: integer)", "no name of a type"),
    ("interface a.b\ntype T (a: Nope)", "Nope is declared nowhere"),
    ("interface a.b\nerror E (a: []Nope)", "Nope is declared nowhere"),
    ("interface a.b\ntype T (_a: int)", "is no part of Varlink"),
    ("interface a.b\ntype T (a_: int)", "no name of a member"),
    ("interface a.b\ntype T (a__b: int)", "no name of a member"),
    ("interface a.b\ntype T (a-b: int)", "no name of a member"),
    ("interface a.b\ntype T (a: int);", "is no part of Varlink"),
    ("interface a.b\ntype T (a: [int])", "is no part of Varlink"),
    ("interface a.b\ntype T (t: T)", "holds itself"),
    ("interface a.b\ntype T (u: U)\ntype U (a: (t: T))", "holds itself"),
    ("interface a.b\nerror E", r"expected \("),
    ("interface a.b\nerror E (x, y)", "x has no type"),
    ("interface a.b\nstruct S ()", "none of type, method and error"),
    ("interface a.b\nmethod M() -> ()\ninterface a.c", "none of type, method and error"),
])
def test_a_bad_contract_is_refused(text, why):
    with pytest.raises(BadContract, match=why):
        Interface(text)


# ---- and so is the judge of replies --------------------------------------------------------------
JUDGE = Contract("""interface a.b
type P (x: int, next: ?P)
method M(need: string, may: ?int) -> (
  b: bool, i: int, f: float, s: string, o: object, e: (one, two), l: []P, d: [string]int, n: ?P,
  at: ?string
)
method None() -> ()
error Bad (message: string)
""")
REPLY = {"b": True, "i": 1, "f": 0.5, "s": "", "o": {"any": [1]}, "e": "two",
         "l": [{"x": 1, "next": {"x": "9007199254740993", "next": None}}], "d": {"k": -2}, "n": None,
         "at": "2026-11-21T11:00:00.123Z"}


def without(members, name):
    return {key: value for key, value in members.items() if key != name}


def judge(parameters, method="a.b.M", **message):
    JUDGE.check_reply({"parameters": parameters, **message}, method)


def test_good_replies_pass():
    judge(REPLY)
    judge({**REPLY, "f": 1, "at": None, "i": (1 << 53), "n": {"x": -(1 << 53), "next": None}})
    judge({}, "a.b.None")
    judge({"message": "m"}, error="a.b.Bad")
    JUDGE.check_reply({"parameters": REPLY, "continues": True}, "a.b.M", more=True)
    JUDGE.check_reply({"parameters": REPLY})
    judge({"parameter": "need"}, error=INVALID)


@pytest.mark.parametrize("name, value", [
    ("b", 1), ("b", "true"), ("b", None), ("i", 1.0), ("i", True), ("i", "1"), ("i", (1 << 53) + 1),
    ("i", str(1 << 53)), ("i", "x"), ("f", True), ("f", "1"), ("s", 1), ("s", None), ("o", []),
    ("e", "three"), ("e", 1), ("l", {}), ("l", [None]), ("l", [{"x": 1}]),
    ("l", [{"x": 1, "next": {"x": 1}}]), ("l", [{"x": 1, "next": None, "y": 1}]), ("d", []),
    ("d", {"k": "v"}), ("n", {}), ("n", 1), ("at", "yesterday"), ("at", 5),
    ("at", "2026-11-21T11:00:00Z"),
])
def test_bad_members_are_refused(name, value):
    with pytest.raises(ContractBroken, match=rf"M\.{name}\b"):
        judge({**REPLY, name: value})


@pytest.mark.parametrize("name", REPLY)
def test_missing_members_are_refused(name):
    with pytest.raises(ContractBroken, match=f"{name} is missing"):
        judge(without(REPLY, name))


@pytest.mark.parametrize("message, method", [
    ({"parameters": {**REPLY, "more": 1}}, "a.b.M"),
    ({"parameters": {"x": 1}}, "a.b.None"),
    ({"parameters": {"x": 1}}, None),
    ({"parameters": {}, "reply": 1}, "a.b.None"),
    ({"parameters": {}, "continues": True}, "a.b.None"),
    ({"parameters": {}, "continues": False}, "a.b.None"),
    ({"parameters": []}, "a.b.None"),
    ({}, "a.b.None"),
    ([], "a.b.None"),
    ({"parameters": {}}, "a.b.Nope"),
    ({"error": "a.b.Bad", "parameters": {}}, "a.b.M"),
    ({"error": "a.b.Bad"}, "a.b.M"),
    ({"error": "a.b.Bad", "parameters": {"message": 1}}, "a.b.M"),
    ({"error": "a.b.Bad", "parameters": {"message": "", "errno": 1}}, "a.b.M"),
    ({"error": "a.b.Bad", "parameters": {"message": ""}, "continues": True}, "a.b.M"),
    ({"error": "a.b.Worse", "parameters": {"message": ""}}, "a.b.M"),
    ({"error": "Bad", "parameters": {"message": ""}}, None),
])
def test_bad_messages_are_refused(message, method):
    with pytest.raises(ContractBroken):
        JUDGE.check_reply(message, method)


@pytest.mark.parametrize("given, allowed", [
    ({"need": ""}, True), ({"need": "", "may": None}, True), ({"need": "", "may": "7"}, True),
    (None, False), ({}, False), ({"need": None}, False), ({"need": "", "x": 1}, False),
    ({"need": "", "may": "x"}, False), ({"need": "", "may": 1.5}, False),
])
def test_calls_are_judged(given, allowed):
    assert JUDGE.is_call("a.b.M", given) is allowed


@pytest.mark.parametrize("data", [b'{"a":1,"a":1}', b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":1}x',
                                  b'{"a":"\xff"}', b""])
def test_bytes_that_are_no_message_are_refused(data):
    with pytest.raises(ContractBroken):
        loads(data)


def say(conversation, method, **more):
    conversation.say(json.dumps({"method": f"a.b.{method}", **more}).encode() + b"\0")


def test_answers_are_matched_with_their_calls():
    talk = Conversation(JUDGE)
    say(talk, "M", parameters={"need": "x"}, more=True)
    say(talk, "None", oneway=True)
    say(talk, "None")
    say(talk, "M", parameters={"nope": "x"})
    talk.hear({"parameters": REPLY, "continues": True})
    with pytest.raises(ContractBroken):  # still the first one's turn
        Conversation.hear(talk, {"parameters": {}, "continues": True})
    talk.hear({"parameters": REPLY})
    talk.hear({"parameters": {}})
    with pytest.raises(ContractBroken, match="M takes no"):
        talk.hear({"parameters": REPLY})
    with pytest.raises(ContractBroken, match="without a call"):
        talk.hear({"parameters": {}})


def test_after_bytes_that_are_no_call_any_answer_will_do():
    talk = Conversation(JUDGE)
    talk.say(b'{"method":')
    talk.say(b'5}\0')
    talk.hear({"parameters": {"message": "?"}, "error": "a.b.Bad"})
    talk.hear({"parameters": REPLY})
    with pytest.raises(ContractBroken):
        talk.hear({"parameters": {"x": 1}})


def test_a_broken_answer_fails_the_test_that_did_not_look(calm):
    """Every Client is a judge, and the daemon under test remembers."""
    client = calm.connect()
    client.conversation.contract = JUDGE
    client.send("Health")
    with client, pytest.raises(ContractBroken):
        client.receive()
    assert len(calm.broken) == 1 and "io.reeve.Manager.Health" in calm.broken[0]
    calm.broken.clear()
    with Client(calm.socket_path, checked=False) as unchecked:
        assert unchecked.call("Health")["status"] == "healthy"
