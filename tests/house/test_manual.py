"""What the programs take, what their help says and what the manual tells are the same.

The manual's side is read from the source of the pages: mdoc marks each thing where it is explained
(`.It Fl` an option, `.It Cm` a verb, `.It Ic` a key).
"""
import os
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECTIONS = {"[reeve]": "KEYS OF THE DAEMON", "services": "KEYS OF SERVICES",
            "jobs": "KEYS OF JOBS", "units": "KEYS OF SERVICES AND JOBS"}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as text:
        return text.read()


def ask(program, *args):
    """The help of a program."""
    path = os.path.join(ROOT, "build", program)
    assert os.path.exists(path), f"no {path}: make first"
    return subprocess.run([path, *args], check=True, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60).stdout


def part(page, title):
    """One section (.Sh) or subsection (.Ss) of a page, with what is below it."""
    found = re.search(rf"^\.(Sh|Ss) {re.escape(title)}\n(.*?)(?=^\.Sh |\Z)", page, re.M | re.S)
    assert found, f"no section {title}"
    text = found.group(2)
    return text if found.group(1) == "Sh" else re.split(r"^\.Ss ", text, flags=re.M)[0]


# ---- reading pages and helps ----------------------------------------------------------------------

def options_explained(page):
    """{"--config", "-c", ...}: the options that have an item of their own."""
    found = set()
    for item in re.findall(r"^\.It (Fl .*)$", page, re.M):
        words = item.replace("Fl Fl ", "--").replace("Fl -", "--").replace("Fl ", "-").split()
        found |= {word for word in words if word.startswith("-")}
    return found


def options_of_help(text):
    """The options of the lines that begin with one."""
    found = set()
    for line in re.findall(r"^ +(-.*?)(?:  |$)", text, re.M):
        found |= set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line))
    return found


def verbs_of_help():
    """{verb: its group}, in the order of the help."""
    found, group = {}, None
    for line in ask("reevectl", "--help").split("\nOptions")[0].splitlines():
        title = re.fullmatch(r"([A-Z].*):", line)
        verb = re.match(r"  ([a-z-]+) ", line)
        group = title.group(1) if title else group
        if verb:
            found[verb.group(1)] = group
    assert len(found) > 15
    return found


def verbs_of_page(page):
    """{verb: (its subsection, the options that its item shows)}"""
    found = {}
    for title in re.findall(r"^\.Ss (.*)$", part(page, "DESCRIPTION"), re.M):
        items = re.split(r"^\.It (?=Cm|Xo)", part(page, title), flags=re.M)[1:]
        if title == "JSON":
            continue
        for item in items:
            head = item.split("\n.Xc\n" if item.startswith("Xo") else "\n")[0]
            verb = re.match(r"(?:Xo\n\.)?Cm ([a-z-]+)", head).group(1)
            # What is explained inside an item, such as the states of health, is no verb.
            if verb in verbs_of_help():
                found[verb] = (title, set(re.findall(r"Fl (?:Fl )?([a-z-]+)", head)))
    return found


COMMON = {"--socket", "--json", "--no-color", "--help", "-h"}


# ---- options and verbs ----------------------------------------------------------------------------

def test_reeved_options():
    page = read("man", "reeved.8")
    assert options_explained(page) == options_of_help(ask("reeved", "--help"))
    taken = set(re.findall(r'\{"([a-z-]+)", (?:no|required)_argument',
                           read("src", "reeved", "options.c")))
    assert {o[2:] for o in options_explained(page) if o.startswith("--")} == taken


def test_reevectl_verbs():
    page = verbs_of_page(read("man", "reevectl.1"))
    assert {verb: title for verb, (title, _) in page.items()} == verbs_of_help()
    assert list(page) == list(verbs_of_help()), "another order than in the help"


def test_reevectl_options():
    page = read("man", "reevectl.1")
    helps = [ask("reevectl", "--help")] + [ask("reevectl", "help", v) for v in verbs_of_help()]
    assert options_explained(page) == set().union(*map(options_of_help, helps))
    taken = set(re.findall(r'\{"([a-z-]+)", (?:no|required)_argument',
                           read("src", "reevectl", "options.c")))
    assert {o[2:] for o in options_explained(page) if o.startswith("--")} == taken


@pytest.mark.parametrize("verb", verbs_of_help())
def test_reevectl_options_of_a_verb(verb):
    """The item of a verb shows the options that are its own, each once, short or long."""
    shown = verbs_of_page(read("man", "reevectl.1"))[verb][1]
    own = options_of_help(ask("reevectl", "help", verb)) - COMMON
    pairs = {"f": "follow", "n": "lines", "q": "quiet"}
    assert {pairs.get(o, o) for o in shown} == {o[2:] for o in own if o.startswith("--")}


def test_completion_of_reevectl():
    """tests/integration looks at what it offers; here, that nothing else stands in it."""
    text = read("packaging", "completion", "reevectl.bash")
    verbs = re.search(r"local verbs='(.*?)'", text, re.S).group(1).split()
    assert verbs == list(verbs_of_help())
    explained = options_explained(read("man", "reevectl.1"))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= explained
    types = re.search(r"local types='(.*?)'", text, re.S).group(1).split()
    notices = re.findall(r'= "((?:session|unit)\.[a-z]+)"', read("src", "core", "notice.c"))
    assert sorted(types) == sorted(notices)
    for page, mark in (("reevectl.1", "Sy"), ("reeve-protocol.7", "Cm")):
        told = re.findall(rf"^\.It {mark} ((?:session|unit)\.[a-z]+)$", read("man", page), re.M)
        assert sorted(told) == sorted(notices), page


# ---- keys of the configuration --------------------------------------------------------------------

def keys_taken():
    """{"services": [key, ...], ...}: the table in config/keys.c."""
    where = {"DAEMON": "[reeve]", "SECTION_REEVE": "[reeve]", "UNIT": "units",
             "SECTION_UNIT": "units", "SECTION_EXTENDING": "units", "SERVICE": "services", "JOB": "jobs"}
    found = {place: set() for place in SECTIONS}
    for key, macro, inside in re.findall(r'^    \{"([a-z_]+)",\s+(\w+)\(([\w.]+)\)',
                                         read("src", "config", "keys.c"), re.M):
        found[where[inside if macro in ("RAW", "COMMANDS", "LINES") else macro]].add(key)
    assert sum(map(len, found.values())) > 30
    return found


def test_keys_are_explained_where_they_belong():
    page = read("man", "reeve.ini.5")
    explained = {place: set(re.findall(r"(?:^\.It|,) Ic ([a-z_]+)", re.sub(
        r" , Ic", "\n.It Ic", part(page, title)), re.M)) for place, title in SECTIONS.items()}
    assert explained == keys_taken()


def test_the_example_shows_every_key():
    places = ("reeve", "defaults", "template", "service", "job")
    shown, place = {name: set() for name in places}, None
    for line in read("conf", "reeve.ini").splitlines():
        header = re.match(r"\[([a-z]+)", line)
        place = header.group(1) if header else place
        shown[place or "reeve"] |= set(re.findall(r"^(?:# )?([a-z_]+) = ", line))
    taken = keys_taken()
    assert shown["reeve"] - {"key"} == taken["[reeve]"]
    assert shown["service"] == taken["units"] | taken["services"]
    assert shown["job"] <= taken["units"] | taken["jobs"]
    assert taken["jobs"] <= shown["job"]
    assert shown["defaults"] and shown["template"]


# ---- the protocol ---------------------------------------------------------------------------------

def test_the_protocol_page_has_the_methods_and_errors_of_the_contract():
    """tests/integration looks for every name of the contract in the page; here for no other."""
    page, contract = read("man", "reeve-protocol.7"), read("src/varlink/io.reeve.Manager.varlink")
    explained = {name: re.findall(r"Fa (\w+)", rest) for name, rest
                 in re.findall(r"^\.It Cm ([A-Z]\w+)(.*)$", part(page, "METHODS"), re.M)}
    assert explained == {name: re.findall(r"(\w+):", parameters) for name, parameters
                         in re.findall(r"^method (\w+)\((.*?)\) ->", contract, re.M | re.S)}
    assert re.findall(r"^\.It Cm (\w+)", part(page, "ERROR REPLIES"), re.M) == \
        re.findall(r"^error (\w+)", contract, re.M)
