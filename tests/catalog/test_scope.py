"""What a document sees besides the payload."""

from gateway.catalog.catalog import load


def test_documents_see_what_is_shared(shop, draft):
    """Shape, author, state and names; only the names that a document uses are computed."""
    made = draft(load(shop).services["a"], {"by": {"login": "ada"}, "state": "PLACED", "name": "not of a person"})
    (shown,), (card,) = made.message.attachments, made.card.attachments
    assert (shown.author_name, shown.author_link) == ("ada", "https://shop.example/users/ada")
    assert (shown.title, shown.color, shown.title_link) == ("order opened", "#2f81f7", "https://shop.example/users/")
    assert made.phase == "open"
    assert (card.title, card.author_name) == ("opened", "ada")
