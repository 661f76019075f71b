"""What clients tell besides documents is kept within bounds."""

from signoff.core.session import Finding, Place
from signoff.runtime import signals as module
from signoff.runtime.signals import Signals


def finding(uri: str, message: str = "bad") -> Finding:
    return Finding(message, place=Place(uri))


def test_the_findings_of_a_document_are_those_told_last() -> None:
    signals = Signals()
    signals.diagnosed("a", [finding("a", "one"), finding("a", "two")])
    signals.diagnosed("b", [finding("b")])
    signals.diagnosed("a", [finding("a", "three")])
    assert [one.message for one in signals.findings] == ["three", "bad"]
    signals.diagnosed("a", [])
    assert [one.message for one in signals.findings] == ["bad"]


def test_places_are_in_the_order_in_which_they_were_viewed() -> None:
    signals = Signals()
    for uri in ("a", "b", "a", "c"):
        signals.viewed(uri)
    assert signals.views == ("c", "a", "b")


def test_each_reader_hears_of_touched_files_from_its_own_moment_on() -> None:
    signals = Signals()
    signals.touched(["a", "b"])
    first, moment = signals.touched_since(0)
    signals.touched(["b", "c"])
    later, now = signals.touched_since(moment)
    assert (first, later) == (("a", "b"), ("b", "c"))
    assert signals.touched_since(now) == ((), now)


def test_nothing_grows_without_end() -> None:
    signals = Signals()
    for number in range(2 * module.MOST_TOUCHED):
        signals.diagnosed(str(number), [finding("x")] * 200)
        signals.viewed(str(number))
        signals.touched([str(number)])
    assert len(signals.findings) == module.MOST_FILES * module.MOST_FINDINGS
    assert len(signals.views) == module.MOST_VIEWED
    touched, _ = signals.touched_since(0)
    assert len(touched) == module.MOST_TOUCHED and touched[-1] == str(2 * module.MOST_TOUCHED - 1)
