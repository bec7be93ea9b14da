"""A visitor is known by a cookie that nobody else can make."""

import pytest

from overfit_core.visitors import COOKIE, cookie_name, new_cookie, owner_of_cookie, owner_of_login

SECRET = "what this installation signs with"


def test_a_cookie_stands_for_the_same_owner_each_time_and_another_for_another() -> None:
    mine, yours = new_cookie(SECRET), new_cookie(SECRET)
    assert owner_of_cookie(mine, SECRET) == owner_of_cookie(mine, SECRET) is not None
    assert owner_of_cookie(mine, SECRET) != owner_of_cookie(yours, SECRET)


def test_the_owner_does_not_give_the_cookie_away() -> None:
    cookie = new_cookie(SECRET)
    visitor, _, signature = cookie.partition(".")
    owner = owner_of_cookie(cookie, SECRET)
    assert owner is not None
    assert len(owner) == 64
    assert visitor not in owner
    assert signature != owner


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "",
        ".",
        "no signature",
        "somebody.0000",
        "ä.ß",
    ],
)
def test_what_we_did_not_sign_stands_for_nobody(forged: str | None) -> None:
    assert owner_of_cookie(forged, SECRET) is None


def test_a_cookie_that_was_changed_or_signed_elsewhere_stands_for_nobody() -> None:
    cookie = new_cookie(SECRET)
    forged = (new_cookie("another secret"), cookie[:-1], f"x{cookie}", f"{cookie}.more")
    assert [owner_of_cookie(one, SECRET) for one in forged] == [None] * 4


def test_each_installation_has_a_name_for_its_cookie_that_does_not_tell_its_secret() -> None:
    here, there = cookie_name(SECRET), cookie_name("another secret")
    assert here == cookie_name(SECRET) != there
    assert here.startswith(f"{COOKIE}_")
    assert SECRET not in here


def test_logins_are_told_apart_by_issuer_and_subject() -> None:
    owners = {owner_of_login(*who) for who in (("a", "bc"), ("ab", "c"), ("a", "b"), ("", "abc"))}
    assert len(owners) == 4
    assert owner_of_login("a", "bc") in owners
