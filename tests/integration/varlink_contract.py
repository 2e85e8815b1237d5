"""Varlink interfaces, strictly: the grammar of https://varlink.org/Interface-Definition, and whether
calls, replies and errors keep to one.

Stricter than Varlink asks, as our contract promises more: every member of a reply is there, null
when unknown; none is there that is not declared; an integer beyond 2^53 is a string of digits, and
none below; what is named like a time is one.
"""
import json
import re

BASIC = ("bool", "int", "float", "string", "object")
KEYWORDS = ("type", "method", "error")
EXACT = 1 << 53
TIME = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d\.\d{3}Z")
TIME_MEMBER = re.compile(r"(.*_)?at|last_(success|failure)|held_until")
DIGITS = re.compile(r"-?(0|[1-9]\d*)")

_TOKEN = re.compile(r"(?P<newline>\r\n|\r|\n)|(?P<space>[ \t]+)|(?P<comment>#[^\r\n]*)"
                    r"|(?P<symbol>->|\[\]|\[string\]|[?():,])|(?P<word>[A-Za-z][A-Za-z0-9_.-]*)")
_INTERFACE = re.compile(r"[A-Za-z](-*[A-Za-z0-9])*(\.[A-Za-z0-9](-*[A-Za-z0-9])*)+")
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_FIELD = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")

# What every Varlink service has besides its own.
SERVICE = """
interface org.varlink.service
method GetInfo() -> (
  vendor: string, product: string, version: string, url: string, interfaces: []string
)
method GetInterfaceDescription(interface: string) -> (description: string)
error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
"""


class BadContract(Exception):
    """The text is no Varlink interface; says where."""


class ContractBroken(AssertionError):
    """A message does not keep to its interface; says at which member."""


# ---- types: each is (kind, rest...) ---------------------------------------------------------------
# ("bool",) ... ("object",)  ("enum", words)  ("struct", {name: type})  ("name", NAME)
# ("maybe", type)  ("array", type)  ("dict", type)

class _Parser:
    def __init__(self, text):
        self.tokens = []  # (kind, text, line, whether it is the first of its line)
        self.at = 0
        line, begins, position = 1, True, 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if not found:
                raise BadContract(f"line {line}: {text[position]!r} is no part of Varlink")
            position = found.end()
            if found.lastgroup == "newline":
                line, begins = line + 1, True
            elif found.lastgroup in ("word", "symbol"):
                self.tokens.append((found.lastgroup, found.group(), line, begins))
                begins = False
        self.tokens.append(("end", "the end", line, True))

    def fail(self, what):
        raise BadContract(f"line {self.tokens[self.at][2]}: {what}")

    def peek(self):
        return self.tokens[self.at][1]

    def take(self, wanted=None):
        kind, text, _, _ = self.tokens[self.at]
        if kind == "end" or wanted is not None and text != wanted:
            self.fail(f"expected {wanted or 'more'}, not {text}")
        self.at += 1
        return text

    def take_name(self, expression, what):
        if not expression.fullmatch(self.peek()) or self.tokens[self.at][0] != "word":
            self.fail(f"{self.peek()} is no name of {what}")
        return self.take()

    def type(self):
        if self.peek() == "?":
            self.take()
            if self.peek() == "?":
                self.fail("?? means no more than ?")
            return ("maybe", self.type())
        if self.peek() in ("[]", "[string]"):
            return ("array" if self.take() == "[]" else "dict", self.type())
        if self.peek() == "(":
            return self.struct_or_enum()
        if self.peek() in BASIC:
            return (self.take(),)
        return ("name", self.take_name(_NAME, "a type"))

    def struct_or_enum(self, enum_allowed=True):
        fields, words = {}, []
        self.take("(")
        while self.peek() != ")":
            if fields or words:
                self.take(",")
            name = self.take_name(_FIELD, "a member")
            if name in fields or name in words:
                self.fail(f"{name} is there twice")
            if self.peek() == ":" and not words:
                self.take()
                fields[name] = self.type()
            elif enum_allowed and not fields:
                words.append(name)
            else:
                self.fail(f"{name} has no type")
        self.take(")")
        return ("enum", tuple(words)) if words else ("struct", fields)


class Interface:
    """One interface: `types`, `methods` ({name: (in, out)}) and `errors`, by name."""

    def __init__(self, text):
        parser = _Parser(text)
        parser.take("interface")
        self.name = parser.take_name(_INTERFACE, "an interface")
        self.types, self.methods, self.errors = {}, {}, {}
        while parser.tokens[parser.at][0] != "end":
            self._member(parser)
        if not self.methods and not self.types and not self.errors:
            parser.fail("the interface has no members")
        for kinds in (self.types, self.errors, *({"in": i, "out": o}
                                                 for i, o in self.methods.values())):
            for type_ in kinds.values():
                self._check_names(type_)
        for name in self.types:
            self._check_finite(name, ("name", name), ())

    def _member(self, parser):
        if not parser.tokens[parser.at][3]:
            parser.fail(f"{parser.peek()} does not begin a line")
        kind = parser.take()
        if kind not in KEYWORDS:
            parser.at -= 1
            parser.fail(f"{kind} is none of type, method and error")
        name = parser.take_name(_NAME, f"a {kind}")
        if name in self.types or name in self.methods or name in self.errors:
            parser.fail(f"{name} is there twice")
        if kind == "type":
            self.types[name] = parser.struct_or_enum()
        elif kind == "error":
            self.errors[name] = parser.struct_or_enum(enum_allowed=False)
        else:
            taken = parser.struct_or_enum(enum_allowed=False)
            parser.take("->")
            self.methods[name] = (taken, parser.struct_or_enum(enum_allowed=False))

    def _check_names(self, type_):
        if type_[0] == "name" and type_[1] not in self.types:
            raise BadContract(f"the type {type_[1]} is declared nowhere")
        if type_[0] == "struct":
            for inner in type_[1].values():
                self._check_names(inner)
        elif type_[0] in ("maybe", "array", "dict"):
            self._check_names(type_[1])

    def _check_finite(self, name, type_, within):
        """A value of a type that always holds one of itself would have no end."""
        if type_[0] == "name":
            if type_[1] in within:
                raise BadContract(f"the type {name} holds itself")
            self._check_finite(name, self.types[type_[1]], (*within, type_[1]))
        elif type_[0] == "struct":
            for inner in type_[1].values():
                self._check_finite(name, inner, within)

    # ---- values -------------------------------------------------------------------------------
    def check(self, value, type_, place, given=False):
        """Whether `value` is of this type. `given`: to a method, where what may be null may be
        absent too, and any integer may come as digits."""
        kind = type_[0]
        if kind == "maybe":
            if value is not None:
                self.check(value, type_[1], place, given)
        elif kind == "name":
            self.check(value, self.types[type_[1]], place, given)
        elif kind == "struct":
            self._check_struct(value, type_[1], place, given)
        elif kind == "array":
            _must(isinstance(value, list), place, value, "an array")
            for i, item in enumerate(value):
                self.check(item, type_[1], f"{place}[{i}]", given)
        elif kind == "dict":
            _must(isinstance(value, dict), place, value, "an object")
            for key, item in value.items():
                self.check(item, type_[1], f"{place}[{key!r}]", given)
        elif kind == "enum":
            _must(isinstance(value, str) and value in type_[1], place, value,
                  "one of " + ", ".join(type_[1]))
        else:
            _must(_BASIC_CHECKS[kind](value, given), place, value, f"of type {kind}")

    def _check_struct(self, value, members, place, given):
        _must(isinstance(value, dict), place, value, "an object")
        for name, type_ in members.items():
            if name in value:
                item = value[name]
                self.check(item, type_, f"{place}.{name}", given)
                if not given and item is not None and TIME_MEMBER.fullmatch(name):
                    _must(isinstance(item, str) and TIME.fullmatch(item), f"{place}.{name}", item,
                          "a time")
            elif not (given and type_[0] == "maybe"):
                raise ContractBroken(f"{place}.{name} is missing")
        for name in value:
            if name not in members:
                raise ContractBroken(f"{place}.{name} is not declared")


def _is_int(value, given):
    if isinstance(value, str):
        return bool(DIGITS.fullmatch(value)) and (given or abs(int(value)) > EXACT)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= EXACT


_BASIC_CHECKS = {
    "bool": lambda value, given: isinstance(value, bool),
    "int": _is_int,
    "float": lambda value, given: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value, given: isinstance(value, str),
    "object": lambda value, given: isinstance(value, dict),
}


def _must(true, place, value, what):
    if not true:
        raise ContractBroken(f"{place} is not {what} but {json.dumps(value)[:200]}")


# ---- messages ------------------------------------------------------------------------------------
def loads(data):
    """One message. Members that are there twice and numbers that JSON does not know are refused."""
    def members(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ContractBroken("a member is there twice among " + ", ".join(k for k, _ in pairs))
        return found

    def constant(word):
        raise ContractBroken(f"{word} is no JSON")

    try:
        return json.loads(data.decode(), object_pairs_hook=members, parse_constant=constant)
    except ValueError as error:
        raise ContractBroken(f"no JSON ({error}): {data[:200]!r}") from None


class Contract:
    """What one service says it does: its interfaces, org.varlink.service among them."""

    def __init__(self, *texts):
        self.interfaces = {i.name: i for i in map(Interface, (SERVICE, *texts))}

    def _find(self, full_name, kind):
        interface, _, name = full_name.rpartition(".")
        found = self.interfaces.get(interface)
        return (found, getattr(found, kind)[name]) if found and name in getattr(found, kind) \
            else (None, None)

    def knows(self, method):
        return self._find(method, "methods")[0] is not None

    def check_call(self, method, parameters):
        interface, types = self._find(method, "methods")
        if not interface:
            raise ContractBroken(f"{method} is not declared")
        interface.check(parameters or {}, types[0], method.rpartition(".")[2], given=True)

    def is_call(self, method, parameters):
        """Whether the contract allows this call. It knows types and no ranges."""
        try:
            self.check_call(method, parameters)
        except ContractBroken:
            return False
        return True

    def check_reply(self, message, method=None, more=False):
        """Whether the message may be an answer to `method`; None: to any."""
        _must(isinstance(message, dict), "the message", message, "an object")
        for name in message:
            if name not in ("parameters", "continues", "error"):
                raise ContractBroken(f"a message has no {name}")
        _must(isinstance(message.get("parameters"), dict), "parameters", message, "an object")
        if "error" in message:
            self._check_error(message)
            return
        if "continues" in message:
            _must(message["continues"] is True, "continues", message["continues"],
                  "true, or absent")
            if method and not more:
                raise ContractBroken(f"{method} goes on without having been asked for more")
        if method is None:
            self._check_any(message["parameters"])
        else:
            interface, types = self._find(method, "methods")
            if not interface:
                raise ContractBroken(f"{method} is not declared, and was answered")
            interface.check(message["parameters"], types[1], method.rpartition(".")[2])

    def _check_error(self, message):
        if "continues" in message:
            raise ContractBroken("an error goes on")
        interface, type_ = self._find(message["error"], "errors")
        if not interface:
            raise ContractBroken(f"the error {message['error']} is not declared")
        interface.check(message["parameters"], type_, message["error"].rpartition(".")[2])

    def _check_any(self, parameters):
        for interface in self.interfaces.values():
            for _, out in interface.methods.values():
                try:
                    interface.check(parameters, out, "reply")
                    return
                except ContractBroken:
                    pass
        raise ContractBroken(f"no method answers like this: {json.dumps(parameters)[:300]}")


class Conversation:
    """One connection seen from the client: which answer belongs to which call. After bytes that are
    no call nobody can tell, and an answer may then be that of any method."""

    def __init__(self, contract):
        self.contract = contract
        self.pending = []  # (method, parameters, more) that are not answered yet; None: unknown
        self.sent = b""

    def say(self, data):
        if self.pending is None:
            return
        self.sent += data
        while b"\0" in self.sent:
            message, _, self.sent = self.sent.partition(b"\0")
            try:
                call = json.loads(message.decode())
                method = call["method"]
                if isinstance(method, str) and not call.get("oneway"):
                    self.pending.append((method, call.get("parameters"), call.get("more", False)))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                method = None
            if not isinstance(method, str):
                self.pending = None
                return

    def hear(self, message):
        """Raises ContractBroken."""
        if not self.pending:
            # Nothing was asked, or who knows what: a refusal at the door, or an early TooLarge.
            if self.pending is not None and "error" not in message:
                raise ContractBroken(f"an answer without a call: {json.dumps(message)[:200]}")
            self.pending = None
            self.contract.check_reply(message)
            return
        method, parameters, more = self.pending[0]
        if not message.get("continues"):
            self.pending.pop(0)
        if "error" not in message and not self.contract.is_call(method, parameters):
            raise ContractBroken(f"{method} takes no {json.dumps(parameters)[:200]}, "
                                 "and was answered")
        self.contract.check_reply(message, method, more)
