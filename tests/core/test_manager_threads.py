"""One manager that several threads share: each has its own load, one of them builds."""

import os
import threading
import time

import pytest

from regcache_core import Reason, RegistryCacheManager, SourceTree


def in_thread(function):
    """What a function gives in a thread of its own."""
    given = []
    thread = threading.Thread(target=lambda: given.append(function()))
    thread.start()
    thread.join()
    return given[0]


def in_greenlet(function):
    """What a function gives in a greenlet of its own."""
    return pytest.importorskip("greenlet").greenlet(function).switch()


@pytest.fixture
def source(tmp_path):
    """A data file that answers are made from."""
    file = tmp_path / "palette.txt"
    file.write_text("old")
    return file


@pytest.fixture
def manager(source):
    """A manager whose answers depend on the file."""
    return RegistryCacheManager(
        "palettes",
        lambda: "1.0",
        item_type=str,
        application="painter",
        inputs=[SourceTree([source])],
    )


def edit(source, text):
    """Edit a file in another tick of the clock."""
    time.sleep(0.05)
    source.write_text(text)


@pytest.mark.parametrize("elsewhere", [in_thread, in_greenlet])
@pytest.mark.parametrize("saver", ["its own thread", "another thread"])
def test_answer_made_before_an_edit_is_not_saved_after_it(saver, elsewhere, manager, source):
    """Another thread has loaded, built and saved meanwhile, which does not renew what was read."""
    manager.load_cache()
    read_early = source.read_text()
    elsewhere(lambda: (manager.load_cache(), manager.save_cache({"red": source.read_text()})))
    edit(source, "new")

    run = elsewhere if saver == "another thread" else lambda function: function()
    saved = run(lambda: manager.save_cache({"red": read_early}))

    assert not saved
    assert Reason.SOURCE_CHANGED == manager.last_report.reason
    assert {"red": "new"} == manager.get_or_build(lambda: {"red": source.read_text()})
    assert {"red": "new"} == manager.load_cache()


@pytest.mark.parametrize("way", ["get_or_build", "get_lazily_or_build"])
def test_threads_of_one_process_build_once(way, manager):
    """Those that come meanwhile wait for the answer, and find it in the file."""
    built, answers = [], []
    together = threading.Barrier(6)

    def build():
        built.append(threading.get_ident())
        time.sleep(0.2)
        return {"red": "#f00"}

    def ask():
        together.wait()
        answers.append(dict(getattr(manager, way)(build)))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == len(built)
    assert [{"red": "#f00"}] * 6 == answers


def test_build_may_ask_the_same_manager(manager):
    """The thread that builds does not wait for itself."""

    def build():
        return {"red": "#f00", **(manager.get_or_build(lambda: {"blue": "#00f"}))}

    assert {"red": "#f00", "blue": "#00f"} == manager.get_or_build(build)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_child_that_is_forked_while_a_thread_builds_builds_itself(manager):
    """The thread that holds the turn is not in the child."""
    begun, end = threading.Event(), threading.Event()

    def build():
        begun.set()
        end.wait(60)
        return {"red": "#f00"}

    builder = threading.Thread(target=manager.get_or_build, args=[build])
    builder.start()
    begun.wait(60)
    child = os.fork()
    if child == 0:
        start = time.monotonic()
        answer = manager.get_or_build(lambda: {"red": "child"})
        os._exit(0 if answer == {"red": "child"} and time.monotonic() - start < 15 else 1)
    _, status = os.waitpid(child, 0)
    end.set()
    builder.join()

    assert 0 == os.waitstatus_to_exitcode(status)
