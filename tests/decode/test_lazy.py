"""Attributes that are computed once, and hold up no other thread."""

import threading

from gateway.decode.lazy import lazy


class Slow:
    """An object whose value comes when it is let."""

    def __init__(self):
        self.let = threading.Event()
        self.asked = threading.Event()
        self.count = 0

    @lazy
    def value(self):
        """The number of times that it was computed."""
        self.asked.set()
        self.let.wait(60)
        self.count += 1
        return self.count


def test_it_is_computed_once():
    """The second look finds what the first computed; the class has the documentation."""
    one = Slow()
    one.let.set()
    assert (one.value, one.value, one.count) == (1, 1, 1)
    assert "number of times" in Slow.value.__doc__


def test_one_object_holds_up_no_other():
    """While a thread computes the attribute of one object, that of another is there at once."""
    slow, quick = Slow(), Slow()
    quick.let.set()
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert slow.asked.wait(60)
    assert quick.value == 1
    assert slow.count == 0
    slow.let.set()
    thread.join()
    assert slow.value == 1
