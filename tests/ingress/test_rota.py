"""Every key has its turn."""

from gateway.ingress.rota import Rota


def test_keys_take_turns():
    """The oldest item of each key first; a key that comes back goes behind the others."""
    rota = Rota()
    for item in ["a1", "a2", "a3", "b1", "a4", "b2", "c1"]:
        rota.add(item[0], item)
    assert (len(rota), rota.count("a"), rota.count("d")) == (7, 4, 0)
    assert [rota.take() for _ in range(7)] == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]
    assert not rota
