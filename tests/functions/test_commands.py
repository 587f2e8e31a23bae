"""A group of click commands: listed from the cache, one imported when it is run."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from tampering import edits_of, tamper
from throwaway import App, check_after, remove, replace, write

pytest.importorskip("click")

SHOP = {
    "shop/__init__.py": "__version__ = '1'\n",
    "shop/cli.py": """
        import click
        from regcache_functions.commands import CommandGroup

        @click.group(cls=CommandGroup, package="shop.commands")
        @click.option("--debug", is_flag=True)
        def cli(debug):
            '''A shop.'''
        """,
    "shop/commands/__init__.py": "",
    "shop/commands/buy.py": """
        import click

        @click.command()
        @click.option("--amount", default=1, help="How many of them.")
        def buy(amount):
            '''Buy something that is described by a text longer than any line. And more.

            A paragraph that is never stored.
            '''
            click.echo(f"bought {amount}")
        """,
    "shop/commands/texts.py": r"""
        import click
        from regcache_functions.commands import listed

        def add(name, help, **more):
            command = click.Command(name, help=help, callback=print, **more)
            globals()[name.replace("-", "_")] = command

        add("abbreviated", "Compare prices, vs. others, e.g. cheap ones. Not this.")
        add("rewrapped", "\b\nKeep  these   words of a paragraph, which begins with a mark.")
        add("two-lines", "One that goes on\n   in the next line, and has no end at all, or has it")
        add("empty", "")
        add("none", None)
        add("short", "Long.", short_help="A short help of its own, and it is not cut whatever "
            "the width, but wrapped into as many lines as it takes.")
        add("wide", "Größe ändern: ünïcödé 漢字 and a wörd-with-hyphens-that-is-long, on, on.")
        add("words", "wordthatislongerthananylineandsoisbrokennowhere" * 3)
        add("formfeed", "Before the feed.\f\nAfter it.")
        add("brackets", "{braces} %(percent)s [brackets] $dollar.")
        add("old", "One that is deprecated, with a text that is longer than a line of fifty.",
            deprecated=True)
        add("hidden", "Not shown.", hidden=True)
        """,
    "shop/commands/trade/__init__.py": "'''Trade with others.\n\nA paragraph.\n'''\n",
    "shop/commands/trade/swap.py": """
        import click

        @click.command()
        def swap():
            '''Swap things.'''
            click.echo("swapped")
        """,
}
USE = """
import click
from click.testing import CliRunner
from shop.cli import cli

def loaded():
    return [name for name in sys.modules if name.startswith("shop.commands")]

def call(*arguments, **more):
    result = CliRunner().invoke(cli, [*arguments], prog_name="shop", **more)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output

def page(group, width):
    return group.get_help(click.Context(group, info_name="shop", terminal_width=width))
"""


@pytest.fixture
def shop(app: App) -> App:
    """An application with a group of commands, which the cache knows."""
    app.write(SHOP)
    app.run(USE + "out = list(cli.commands)")
    return app


WIDTHS = range(30, 131)


def test_help_is_byte_for_byte_that_of_click(shop: App) -> None:
    """At each width a group of the same commands, imported, shows the same page."""
    cached = USE + f"out = [page(cli, width) for width in {WIDTHS}], loaded(), cli.report.status"
    real = f"""
from importlib import import_module
modules = [import_module(f"shop.commands.{{name}}") for name in ("buy", "texts")]
found = [it for m in modules for it in vars(m).values() if isinstance(it, click.Command)]
doc = import_module("shop.commands.trade").__doc__
real = click.Group("cli", params=cli.params, help=cli.help, commands=[*found])
real.add_command(click.Group("trade", help=doc))
out = [page(real, width) for width in {WIDTHS}]
"""
    pages, loaded, status = shop.run(cached)

    assert [[], "hit"] == [loaded, status]
    assert shop.run(USE + real) == pages
    assert len({*pages}) > 50


def test_page_of_a_discovery_is_that_of_the_cache(shop: App) -> None:
    """Whoever starts cold reads what everybody reads."""
    code = USE + "out = page(cli, 80), cli.report.status"
    (warm, hit), (cold, disabled) = shop.run(code), shop.run(code, REGCACHE_DISABLE="1")

    real = USE + "out = [type(it) is click.Command for it in cli.commands.values()][:2]"
    assert ["hit", "disabled"] == [hit, disabled]
    assert [[False, False], [True, True]] == [shop.run(real), shop.run(real, REGCACHE_DISABLE="1")]
    assert warm == cold == shop.run(USE + "cli.refresh()\nout = page(cli, 80)")


@pytest.mark.parametrize(
    ("arguments", "shown", "imported"),
    [
        (["--help"], "A shop.", []),
        ([], "Trade with others.", []),
        (["buy", "--help"], "How many of them.", ["", ".buy"]),
        (["buy", "--amount", "3"], "bought 3", ["", ".buy"]),
        (["trade", "--help"], "Swap things.", ["", ".trade"]),
        (["trade", "swap"], "swapped", ["", ".trade", ".trade.swap"]),
        (["--debug", "bay"], "No such command 'bay'. Did you mean 'buy'?", []),
        (["wird"], "(Did you mean one of: 'wide', 'words'?)", []),
        (["zzz"], "No such command 'zzz'.\n", []),
        (["--dabug"], "No such option", []),
    ],
)
def test_what_is_called_imports_its_own_module(
    arguments: list[str], shown: str, imported: list[str], shop: App
) -> None:
    """One command costs one module; help of the group and a misspelt command cost none."""
    shop.run(USE + "out = call('trade', '--help')")  # a group has a cache of its own

    output, modules = shop.run(USE + f"out = call(*{arguments!r}), loaded()")

    assert shown in output
    assert [f"shop.commands{name}" for name in imported] == modules


@pytest.mark.parametrize(
    ("words", "completed", "imported"),
    [
        ("shop b", ["plain,buy", "plain,brackets"], []),
        ("shop h", [], []),
        ("shop buy --", ["plain,--amount", "plain,--help"], ["", ".buy"]),
        ("shop trade s", ["plain,swap"], ["", ".trade"]),
        ("shop --", ["plain,--debug", "plain,--help"], []),
    ],
)
def test_completing_names_of_commands_imports_none(
    words: str, completed: list[str], imported: list[str], shop: App
) -> None:
    """Names come from the cache; options are those of the command itself, as it is now."""
    shop.run(USE + "out = call('trade', '--help')")
    count = words.count(" ")
    code = "import sys" + USE + "try: cli(prog_name='shop')\nfinally: print(*loaded())"
    variables = {"_SHOP_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)}

    said = shop.start(code, **variables).stdout.split()

    assert sorted([*completed, *(f"shop.commands{name}" for name in imported)]) == sorted(said)


def test_options_and_long_helps_are_not_stored(shop: App) -> None:
    """What the help of one command says is always its own: only the first sentence is kept."""
    stored = json.dumps([json.loads(path.read_text()) for path in shop.cache_files()])

    assert "Buy something that is described" in stored
    assert [] == [it for it in ("amount", "And more", "never stored", "Not this") if it in stored]


BROKEN = "import click\nimport not_there\n"


def test_command_that_fails_is_listed_with_its_reason(shop: App) -> None:
    """Running it says what, where and what to do; the others work."""
    shop.write({"shop/commands/rent_out.py": BROKEN})
    code = USE + "out = page(cli, 80), call('rent-out'), call('buy'), cli.failures, loaded()"
    shop.run(code)

    page, said, bought, failures, modules = shop.run(code)

    error = "ModuleNotFoundError: No module named 'not_there'"
    place = shop.folder / "shop/commands/rent_out.py"
    assert f"  rent-out     (fails: {error})" in page
    assert f"Error: 'rent-out' cannot be run: {error} ({place}:2). Mend shop.commands" in said
    assert [bought, f"{error} ({place}:2)"] == ["bought 1\n", failures["shop.commands.rent_out"]]
    assert "shop.commands.texts" not in modules
    shop.write({"not_there.py": "", "shop/commands/rent_out.py": BROKEN + SHOP_RENT})
    assert "rented" == shop.run(USE + "out = call('rent').strip()")


SHOP_RENT = "@click.command()\ndef rent(): click.echo('rented')\n"


def test_command_that_fails_takes_no_name_from_another(shop: App) -> None:
    """The name of a module that fails is a guess; who has it by right, runs."""
    shop.write({"shop/commands/abc.py": SHOP_RENT_TOO, "shop/commands/rent.py": BROKEN})
    code = USE + "out = call('rent'), [*cli.failures], cli.report.status"

    failed = ["shop.commands.rent"]
    assert [["rented\n", failed, "miss"], ["rented\n", failed, "hit"]] == [
        shop.run(code), shop.run(code)
    ]  # fmt: skip


SHOP_RENT_TOO = "import click\n" + SHOP_RENT


def test_module_that_lacks_something_comes_with_it(shop: App) -> None:
    """Nothing in the package changes: what was missing is an input."""
    shop.write({"shop/commands/rent.py": BROKEN + SHOP_RENT})

    look = (
        USE
        + "out = call('rent').strip(), cli.report.status, getattr(cli.report.saved, 'status', None)"
    )
    check_after(shop, write("not_there.py", ""), look)
    assert "rented" == shop.run(look)[0]


def test_options_of_a_command_that_fails_are_none(shop: App) -> None:
    """The shell gets nothing to complete, and no traceback."""
    shop.write({"shop/commands/rent.py": BROKEN})
    code = (
        USE
        + """
context = cli.make_context("shop", ["rent"], resilient_parsing=True)
name, command, rest = cli.resolve_command(context, ["rent"])
inner = command.make_context(name, rest, parent=context, resilient_parsing=True)
out = [item.value for item in inner.command.shell_complete(inner, "--")]
"""
    )
    assert ["--help"] == shop.run(code)


@pytest.mark.parametrize("variable", ["LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"])
def test_language_is_an_input(variable: str, shop: App) -> None:
    """Helps may be translated when a module is imported: another language is another answer."""
    text = "import click, os\nhi = click.Command('hi', help=os.environ.get({!r}, 'none'))\n"
    shop.write({"shop/commands/hi.py": text.format(variable)})
    code = USE + "out = cli.commands['hi'].get_short_help_str(), cli.report.status"
    plain = dict.fromkeys(("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"), "C")
    shop.run(code, **plain)

    assert [["C", "hit"], ["de_DE", "miss"]] == [
        shop.run(code, **plain),
        shop.run(code, **{**plain, variable: "de_DE"}),
    ]


CHANGES = {
    "a command more": write("shop/commands/more.py", "import click\nmore = click.Command('more')"),
    "a command less": remove("shop/commands/buy.py"),
    "another help": replace("shop/commands/buy.py", "Buy something", "Purchase something"),
    "hidden now": replace("shop/commands/buy.py", "command()", "command(hidden=True)"),
    "another group": replace("shop/commands/trade/__init__.py", "Trade", "Deal"),
    "a subclass": replace(
        "shop/cli.py",
        "@click.group(cls=Comm",
        "class Own(CommandGroup):"
        "\n    def to_command(self, name, value): return None\n\n"
        "@click.group(cls=Own or Comm",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_seen_by_the_next_start(change: str, shop: App) -> None:
    """As one without a cache sees it."""
    look = USE + "out = page(cli, 80), cli.report.status, getattr(cli.report.saved, 'status', None)"

    before = shop.run(look)[0]
    check_after(shop, CHANGES[change], look)
    assert before != shop.run(look)[0]


def test_verify_compares_pages_in_fresh_processes(shop: App) -> None:
    """The pages of the cache are those of the commands; what is otherwise is shown."""
    code = (
        USE
        + "v = cli.verify()\nout = v.status, v.is_fresh, [str(d) for d in v.differences], loaded()"
    )
    assert ["hit", True, [], []] == shop.run(code)
    nested = USE + "call('trade', '--help')\nv = cli.commands['trade'].verify()\n"
    assert ["hit", True] == shop.run(nested + "out = v.status, v.is_fresh")
    (file,) = [path for path in shop.cache_files() if "trade" not in path.name]
    [path.unlink() for path in shop.cache_files() if path != file]
    change, _, _ = edits_of("buy")
    tamper(shop, change(help="Buy nothing."))

    status, is_fresh, differences, _ = shop.run(code)

    assert ["hit", False] == [status, is_fresh]
    assert ["help" in differences[0]] + [
        f"'{width}'" in differences[at] for at, width in enumerate((40, 80, 120), 1)
    ] == [True] * 4


def test_verify_leaves_the_file_as_it_is(shop: App) -> None:
    """Also where a start would renew stamps, of a file that was touched."""
    os.utime(shop.folder / "shop/commands/buy.py")
    shop.wrote()
    (file,) = shop.cache_files()
    before = file.read_bytes()

    assert ["hit", True] == shop.run(USE + "v = cli.verify()\nout = v.status, v.is_fresh")
    assert before == file.read_bytes()
    shop.run(USE + "list(cli.commands)\nout = 0")
    assert before != file.read_bytes()


def test_group_of_a_script_cannot_be_verified(shop: App) -> None:
    """Another process could not import it; the error says what could."""
    code = """
from regcache_functions.commands import CommandGroup
mine = CommandGroup("mine", package="shop.commands")
try: mine.verify()
except ValueError as error: out = str(error)
"""
    assert "group is 'mine'; give one that is a global of a module" in shop.run(code)


@pytest.mark.parametrize(
    "members",
    [
        {"module": "os"},
        {"module": 3},
        {"attribute": "buy.__globals__"},
        {"help": ["no text"]},
        {"order": "first"},
        {"unknown": 1},
    ],
)
def test_record_that_is_none_of_ours_is_refused(members: dict[str, Any], shop: App) -> None:
    """A cache file is input from outside: it is discovered instead."""
    change, _, _ = edits_of("buy")
    tamper(shop, change(**members))

    code = USE + "listed = [*cli.commands], cli.report.status\nout = listed[1], call('buy')"
    assert ["miss", "bought 1\n"] == shop.run(code)


@pytest.mark.parametrize("attribute", ["nothing", "click", ""])
def test_record_that_leads_to_no_command_is_refuted(attribute: str, shop: App) -> None:
    """The commands are discovered then, and the one that was called runs at once."""
    change, _, _ = edits_of("buy")
    tamper(shop, change(attribute=attribute))

    code = USE + "before = [*cli.commands], cli.report.status\nout = call('buy'), before[1]"
    assert ["bought 1\n", "hit"] == shop.run(code)


def test_stand_in_is_what_it_stands_for(shop: App) -> None:
    """Whoever asks more of a command than the help shows gets its own answer."""
    code = """
buy, trade = (cli.get_command(None, name) for name in ("buy", "trade"))
known = buy.name, buy.hidden, isinstance(buy, click.Command), loaded()
seen = []
click.echo = seen.append
out = [
    known, isinstance(trade, click.Group), isinstance(buy, click.Group), [*trade.commands],
    [each.name for each in buy.params], buy.help.count("stored"), type(buy.callback).__name__,
    click.Context(buy).invoke(buy, amount=4), buy(["--amount", "2"], standalone_mode=False),
    buy.to_info_dict(click.Context(buy))["name"], seen,
]
"""
    known = ["buy", False, True, []]
    rest = [True, False, ["swap"], ["amount"], 1, "function", None, None, "buy"]

    assert [known, *rest, ["bought 4", "bought 2"]] == shop.run(USE + code)


WAYS = {
    "added by the module": (
        "import click\nfrom shop.cli import cli\n@cli.command()\ndef way(): click.echo('went')\n"
    ),
    "added under another name": (
        "import click\nfrom shop.cli import cli\n@click.command('road')\n"
        "def road(): click.echo('went')\ncli.add_command(road, 'way')\n"
    ),
    "added to a group of another name": (
        "import click, shop.cli\n@shop.cli.cli.command('way')\ndef road(): click.echo('went')\n"
    ),
    "added without a name of the module": (
        "import click\nfrom shop.cli import cli\ndef way(): click.echo('went')\n"
        "cli.command()(way)\n"
    ),
    "without a name of its own": (
        "import click\ncommand = click.Command(None, callback=lambda: click.echo('went'))\n"
    ),
    "imported, and published": "from elsewhere import way\n__all__ = ['way']\n",
    "not published": (
        "import click\n__all__ = []\n"
        "way = click.Command('way', callback=lambda: click.echo('went'))\n"
    ),
    "a group that has its own": (
        "import click\n@click.group(invoke_without_command=True)\n"
        "def way(): click.echo('went')\n@way.command()\ndef inner(): ...\n"
    ),
    "a class that writes its short help": (
        "import click\nclass Own(click.Command):\n"
        "    def get_short_help_str(self, limit=45): return f'{limit} columns'\n"
        "way = Own('way', callback=lambda: click.echo('went'))\n"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_write_a_command(way: str, app: App) -> None:
    """Each is listed once, under its name, as it is without a cache, and runs."""
    elsewhere = "import click\n@click.command()\ndef way(): click.echo('went')\n"
    app.write({**SHOP, "shop/commands/way.py": WAYS[way], "elsewhere.py": elsewhere})
    app.remove("shop/commands/texts.py")
    code = USE + "out = page(cli, 50), [*cli.list_commands(None)], call('way'), cli.report.status"

    cold, warm = app.run(code), app.run(code)

    assert [["buy", "trade", "way"], "went\n", "miss"] == cold[1:]
    assert [cold[0], ["buy", "trade", "way"], "went\n", "hit"] == warm


NONE = {
    "imported from a sibling": "from .buy import buy\nfrom . import buy as module\n",
    "imported from elsewhere": "from elsewhere import way\n",
    "private": "import click\n_way = click.Command('way')\n",
    "a proxy of nothing yet": (
        "class Proxy:\n    def __getattribute__(self, name): raise RuntimeError(name)\n"
        "settings = Proxy()\n"
    ),
    "the group itself": "from shop.cli import cli\n",
    "nothing but a docstring": "'Helps others.'\n",
}


@pytest.mark.parametrize("module", NONE)
def test_globals_that_are_no_commands(module: str, app: App) -> None:
    """What a module uses, or keeps to itself, is none of the commands."""
    elsewhere = "import click\n@click.command()\ndef way(): ...\n"
    app.write({**SHOP, "shop/commands/aa.py": NONE[module], "elsewhere.py": elsewhere})
    app.write({"shop/commands/_private.py": "1 / 0\n", "shop/commands/texts.py": ""})
    code = USE + "out = [*cli.list_commands(None)], call('buy'), cli.failures, loaded()"
    app.run(code)

    modules = ["shop.commands", "shop.commands.buy"]
    assert [["buy", "trade"], "bought 1\n", {}, modules] == app.run(code)


@pytest.mark.parametrize("package", ["shop.commands", "shop"])
def test_group_without_a_function_is_none_of_its_commands(package: str, app: App) -> None:
    """Also not of a sub-package's group, which imports the one above."""
    uses = "from shop.cli import cli\n__all__ = ['cli']\n"
    group = f"""
from regcache_functions.commands import CommandGroup
cli = CommandGroup("shop", package={package!r})
"""
    files = {"shop/commands/aa.py": uses, "shop/commands/trade/bb.py": uses, "shop/cli.py": group}
    app.write({**SHOP, **files, "shop/commands/texts.py": "", "shop/__init__.py": ""})
    app.write({"shop/commands/__init__.py": "'All commands.'\n"})
    path = "" if package == "shop.commands" else "['commands'].commands"
    code = "from shop.cli import cli\n"

    listed = app.run(f"{code}top = cli.commands{path}\nout = [*top], [*top['trade'].commands]")

    assert [["buy", "trade"], ["swap"]] == listed
    assert path == "" or ["commands"] == app.run(code + "out = [*cli.commands]")


def test_two_commands_of_one_name_are_listed_as_failing(shop: App) -> None:
    """Which is meant is not clear: running it names both, all others work."""
    shop.write({"shop/commands/again.py": "import click\nbuy = click.Command('buy')\n"})
    code = USE + "out = page(cli, 80), call('buy'), call('trade'), cli.report.status"

    for status in ("miss", "hit"):
        page, said, trade, seen = shop.run(code)

        assert status == seen
        assert "  buy          (fails: DuplicateItemError: two items of cli" in page
        assert "shop.commands.again:buy and shop.commands.buy:buy. Give one of them" in said
        assert "swap" in trade


def test_sections_and_order(shop: App) -> None:
    """A section stands under its own heading; a number goes before the name."""
    text = """
import click
from regcache_functions.commands import listed
for name, section, order in (("a", "Late", 2), ("b", "Late", 1), ("c", "", 0), ("z", "", -1)):
    globals()[name] = listed(section, order)(click.Command(name, help=f"Do {name}."))
"""
    shop.write({"shop/commands/texts.py": text})
    code = USE + "out = page(cli, 80).partition('Commands:')[2]"

    cold, warm = shop.run(code), shop.run(code + "\nassert cli.report.status == 'hit'")

    assert cold == warm
    assert [line.split()[0] for line in cold.split("\n") if line.strip()] == [
        "z", "buy", "c", "trade", "Late:", "b", "a"
    ]  # fmt: skip


INSTALLED = {
    "shop/cli.py": SHOP["shop/cli.py"].replace(
        'package="shop.commands"', 'entry_points="shop.commands"'
    ),
    "extra.py": "import click\n@click.command()\ndef wrap(): click.echo('wrapped')\n",
    "more.py": "import click\n@click.command()\ndef mail(): '''Mail it.'''\n",
    "extra-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: extra\nVersion: 1\n",
    "extra-1.dist-info/entry_points.txt": (
        "[shop.commands]\npack = extra:wrap\nall = more\nbad = missing:x\nnone = extra:nothing\n"
    ),
}


def test_entry_points_name_commands(shop: App) -> None:
    """By their own names; one that names a module brings its commands; one that fails says so."""
    shop.write(INSTALLED)
    code = (
        USE
        + "out = page(cli, 90), call('pack'), call('bad'), 'more' in sys.modules, cli.report.status"
    )

    cold, (page, packed, bad, is_imported, status) = shop.run(code), shop.run(code)

    assert cold[:3] == [page, packed, bad]
    assert ["wrapped\n", False, "hit"] == [packed, is_imported, status]
    listed = [line.strip() for line in page.partition("Commands:\n")[2].splitlines()]
    assert ["bad   (fails: ModuleNotFoundError: No module named 'missing')", "mail  Mail it."] == (
        listed[:2]
    )
    assert listed[2].startswith("none  (fails: AttributeError: module 'extra' has no attribute")
    assert "'bad' cannot be run: ModuleNotFoundError: No module named 'missing'" in bad
    assert "hit" == shop.run(USE + "out = cli.verify().status")
    shop.remove("extra-1.dist-info/entry_points.txt")
    assert [] == shop.run(USE + "out = [*cli.commands]")


def test_entry_points_may_name_what_a_group_has_and_one_command_twice(shop: App) -> None:
    """Each has its name; what the package has under the same name is the same command."""
    group = "import click\n@click.group()\ndef db(): ...\n@db.command()\ndef dump(): ...\n"
    points = "db = extra:db\ndump = extra:dump\nsave = extra:dump\nbuy = shop.commands.buy:buy\n"
    cli = SHOP["shop/cli.py"].replace("package=", "entry_points='shop.commands', package=")
    shop.write({**INSTALLED, "shop/cli.py": cli, "extra.py": group, "shop/commands/texts.py": ""})
    shop.write({"extra-1.dist-info/entry_points.txt": f"[shop.commands]\n{points}"})
    code = USE + "out = [*cli.list_commands(None)], call('buy'), cli.failures, cli.report.status"
    listed = [["buy", "db", "dump", "save", "trade"], "bought 1\n", {}]

    assert [[*listed, "miss"], [*listed, "hit"]] == [shop.run(code), shop.run(code)]


def test_file_cannot_name_a_module_as_an_entry_point(shop: App) -> None:
    """Installed metadata are asked at that moment; what only a file says is not imported."""
    shop.write(INSTALLED)
    shop.run(USE + "out = [*cli.commands]")
    (file,) = [path for path in shop.cache_files() if "entry" in path.name]
    [path.unlink() for path in shop.cache_files() if path != file]
    change, _, _ = edits_of("pack")

    def lead_away(document: Any) -> None:
        change(module="antigravity")(document)
        document["import_path"]["points"].append(["x", "antigravity:x", "extra", "1"])

    tamper(shop, lead_away)

    code = USE + "out = call('pack'), 'antigravity' in sys.modules"
    assert ["wrapped\n", False] == shop.run(code)


def test_other_kinds_of_commands_are_made_by_a_subclass(shop: App) -> None:
    """Whatever a module holds may be a command: here classes with a ``run`` and a ``help``."""
    cli = """
import click
from regcache_functions.commands import CommandGroup

class Tasks(CommandGroup):
    def to_command(self, name, value):
        if isinstance(value, type) and hasattr(value, "run"):
            return click.Command(name, help=value.help, callback=value().run)
        return super().to_command(name, value)

cli = Tasks("shop", package="shop.commands")
"""
    task = "class Task:\n    help = 'Count all.'\n    def run(self): print('counted')\n"
    shop.write({"shop/cli.py": cli, "shop/commands/count_all.py": task})
    code = USE + "out = call('count-all'), cli.report.status, 'Count all.' in call(), loaded()"
    shop.run(code)

    imported = ["shop.commands", "shop.commands.count_all"]
    assert ["counted\n", "hit", True, imported] == shop.run(code)
    look = USE + "out = page(cli, 80), cli.report.status, getattr(cli.report.saved, 'status', None)"
    check_after(shop, replace("shop/cli.py", "help=value.help", "help='Do ' + name"), look)
    assert "Do count-all" in shop.run(look)[0]


@pytest.mark.parametrize(
    ("edited", "where"),
    [
        ("tools.py", "entry_points='shop.commands'"),
        ("tools.py", "package='shop.commands'"),
        ("wording.py", "package='shop.commands'"),
    ],
)
def test_class_of_the_group_is_an_input_wherever_it_lies(
    edited: str, where: str, shop: App
) -> None:
    """Also where neither a package nor a function leads to it; and what its module imports."""
    tools = """
import click
from regcache_functions.commands import CommandGroup
import wording

class Tools(CommandGroup):
    def to_command(self, name, value):
        return click.Command(name, help=f"First {wording.WORD}.") if callable(value) else None
"""
    cli = f"from tools import Tools\ncli = Tools('shop', {where})\n"
    words = "WORD = 'First'\n"
    shop.write(INSTALLED if "entry_points" in where else {})
    shop.write({"main.py": cli, "tools.py": tools, "wording.py": words})

    use = USE.replace("shop.cli", "main")
    look = use + "out = page(cli, 80), cli.report.status, getattr(cli.report.saved, 'status', None)"
    check_after(shop, replace(edited, "First", "Second"), look)
    assert "Second" in shop.run(look)[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", "package is ''; give one, or entry_points=."),
        ("package=3", "package is 3; give a name, as text."),
        ("entry_points=3", "entry_points is 3; give a name, as text."),
        ("package='no.such'", "'c' cannot be run: ModuleNotFoundError: No module named 'no.such'"),
        ("package='shop.commands', depends_on='LANG'", "depends_on is 'LANG'; give a list of"),
        ("package='shop.commands', max_age_days=-1", "max_age_days is -1"),
        ("package='shop.commands', exclude='test'", "exclude is 'test'; give a list of patterns"),
        ("package='shop.commands', exclude=['shop.commands.buy']", "that begin below the package"),
        ("package='shop.nothing'", "shop.nothing"),
        ("package='shop.failing'", "'c' cannot be run: ZeroDivisionError"),
    ],
)
def test_group_that_cannot_be_says_why(arguments: str, told: str, shop: App) -> None:
    """Arguments that cannot be used, and a package that is not there or fails itself."""
    shop.write({"shop/failing.py": "1 / 0\n"})
    code = f"""
from regcache_functions.commands import CommandGroup
try: out = [*CommandGroup("c", {arguments}).commands]
except Exception as error: out = str(error)
"""
    assert told in shop.run(code)


def test_what_is_declared_is_an_input(shop: App) -> None:
    """A catalogue of translations, say, that lies beside the sources."""
    more = """package="shop.commands", exclude=["te*", "trade"],
            depends_on=[File("../words.txt")]"""
    cli = SHOP["shop/cli.py"].replace('package="shop.commands"', more)
    cli = cli.replace("import click", "import click\n        from regcache_core import File", 1)
    hi = "import click\nhi = click.Command('hi', help=open('words.txt').read())\n"
    shop.write({"words.txt": "Hello.", "shop/cli.py": cli, "shop/commands/hi.py": hi})

    look = USE + "out = page(cli, 80), cli.report.status, getattr(cli.report.saved, 'status', None)"
    check_after(shop, write("words.txt", "Good bye."), look)
    assert ["buy", "hi"] == shop.run(USE + "out = [*cli.list_commands(None)]")


def test_without_click_the_error_says_what_to_install(app: App) -> None:
    """Everything else of the package is there."""
    code = """
sys.modules["click"] = None
import regcache_functions
for name in regcache_functions.__all__: getattr(regcache_functions, name)
try: import regcache_functions.commands
except ModuleNotFoundError as error: out = str(error), error.name
"""
    told = "a group of commands needs click: pip install regcache-functions[click]"

    assert [told, "click"] == app.run(code)


def test_error_of_a_command_survives_pickling() -> None:
    """As every error of ours; it is one of click's and one of regcache's."""
    import pickle

    import click

    from regcache_core import RegcacheError
    from regcache_functions import commands

    error = commands.CommandImportError("buy", "shop.commands.buy", "it fails")

    again = pickle.loads(pickle.dumps(error))

    assert (str(error), "buy") == (str(again), again.command)
    assert isinstance(again, click.ClickException) and isinstance(again, RegcacheError)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        commands.nothing  # noqa: B018


APPS = {
    "shop/commands/rent.py": """
        import typer
        app = typer.Typer(help="Rent things. And more.")

        @app.command()
        def car(days: int = 1):
            '''Rent a car.'''
            print("car for", days)

        @app.command()
        def bike(): ...

        more = typer.Typer(name="more")
        app.add_typer(more)
        """,
    "shop/commands/lend_out.py": """
        import typer
        app = typer.Typer(add_completion=False)

        @app.command()
        def main(days: int = 1):
            '''Lend something. And more.'''
            print("lent for", days)
        """,
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rent", "car", "--days", "3"], "car for 3"),
        (["lend-out", "--days", "2"], "lent for 2"),
        (["lend-out", "--help"], "Lend something. And more."),
        (["rent", "cat"], "No such command 'cat'"),
        (["lend-out", "--days", "x"], "--days"),
    ],
)
def test_apps_of_typer_are_commands(arguments: list[str], said: str, shop: App) -> None:
    """Listed by the app's name or the module's; run with arguments of its own."""
    pytest.importorskip("typer")
    shop.write(APPS)
    command = "from shop.cli import cli; cli(prog_name='shop')"
    shop.run(USE + "out = page(cli, 80)")

    listed, modules = shop.run(USE + "out = page(cli, 80), loaded()")
    (declared,) = [json.loads(path.read_text())["depends_on"] for path in shop.cache_files()]
    done = shop.command("-c", command, *arguments)

    assert [] == modules
    assert ["typer"] == [*declared["distributions"]]
    assert "  lend-out     Lend something." in listed
    assert "  rent         Rent things." in listed
    assert said in done.stdout + done.stderr
    assert done.returncode == (2 if "x" in arguments or "cat" in arguments else 0)


def test_options_of_an_app_are_completed_by_it(shop: App) -> None:
    """At any depth, as Typer does it."""
    pytest.importorskip("typer")
    shop.write(APPS)
    code = (
        USE
        + """
from click.shell_completion import BashComplete
complete = BashComplete(cli, {}, "shop", "_SHOP_COMPLETE").get_completions
out = [[item.value for item in complete([*words], start)] for *words, start in
       (["lend-out", "--d"], ["rent", "c"], ["rent", "car", "--d"], ["rent", "nothing", "--d"])]
"""
    )
    assert [["--days"], ["car"], ["--days"], []] == shop.run(code)


TASKS = {
    "jobs/__init__.py": "",
    "jobs/registry.py": """
        from regcache_functions import FunctionRegistry

        TASKS: FunctionRegistry = FunctionRegistry("tasks", package="jobs.tasks")
        """,
    "jobs/tasks/__init__.py": "",
    "jobs/tasks/build.py": """
        from jobs.registry import TASKS

        @TASKS.register(aliases=["b"])
        def build(parser):
            '''Build 100% of it.

            And more.
            '''
            parser.add_argument("--jobs", type=int)
            parser.set_defaults(run=lambda args: print("built", args.jobs))
        """,
    "jobs/tasks/clean.py": """
        from jobs.registry import TASKS

        @TASKS.register
        def clean(parser):
            '''Clean up.'''
        """,
    "jobs/main.py": """
        import argparse, sys
        from regcache_functions import add_subcommands
        from jobs.registry import TASKS

        class Parser(argparse.ArgumentParser): ...

        def main(*arguments):
            parser = Parser("jobs")
            add_subcommands(parser, TASKS, dest="command", title="tasks")
            return parser.parse_args(arguments)
        """,
}


@pytest.mark.parametrize(
    ("arguments", "said", "imported", "code"),
    [
        ("'--help'", "build (b) Build 100% of it. clean Clean up.", [], 0),
        ("'build', '--help'", "Build 100% of it. And more.", ["", ".build"], 0),
        ("'b', '--jobs', 'x'", "argument --jobs: invalid int value: 'x'", ["", ".build"], 2),
        ("'bild'", "invalid choice: 'bild'", [], 2),
    ],
)
def test_subcommands_of_argparse(
    arguments: str, said: str, imported: list[str], code: int, app: App
) -> None:
    """The functions of a registry are listed unimported; one that is called fills its parser."""
    app.write(TASKS)
    program = f"""
import sys
from jobs.main import TASKS, main
list(TASKS)
before = {{*sys.modules}}
try: main({arguments})
finally: print([name for name in sys.modules if name.startswith("jobs.tasks")])
"""
    app.start(program)

    done = app.start(program)

    assert [code, True] == [done.returncode, said in " ".join((done.stdout + done.stderr).split())]
    assert str([f"jobs.tasks{name}" for name in imported]) in done.stdout


def test_subcommand_of_argparse_is_run(app: App) -> None:
    """What it says by ``set_defaults`` is what the program has; one that fails says why."""
    app.write(TASKS)
    code = "from jobs.main import TASKS, main\nlist(TASKS)\n"
    app.run(code + "out = 0")
    run = "args = main('b', '--jobs', '3')\nout = args.command, args.jobs, callable(args.run)"
    assert ["b", 3, True] == app.run(code + run)
    fails = app.start(
        code + "import sys, os\nsys.modules['jobs.tasks.build'] = None\nmain('build')"
    )

    assert 1 == fails.returncode
    assert "jobs build: tasks: 'build' is listed, but its module jobs.tasks.build" in fails.stderr
