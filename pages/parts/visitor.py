"""Who looks at the page: known by a signed cookie, or by a login where one is configured.

Whoever has a run's link may look at it; only who made it may steer, rename or delete it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from overfit_core.visitors import (
    COOKIE,
    COOKIE_SECONDS,
    cookie_name,
    new_cookie,
    owner_of_cookie,
    owner_of_login,
)
from pages.parts import session_keys as keys
from pages.parts.engine import engine

if TYPE_CHECKING:
    from overfit_core.store import RaceRecord, RunRecord

_KEY = "visitor-cookie"
# A cookie that another tab has set meanwhile stays, and this tab is the same visitor.
_JS = """
export default function ({ data, setTriggerValue }) {
  const parts = document.cookie.split("; ").map((part) => part.split("="));
  const kept = parts.find(([name]) => name === data.name)?.[1];
  if (kept && !data.replace) {
    if (kept !== data.value) setTriggerValue("kept", kept);
    return;
  }
  const rules = `Max-Age=${data.seconds}; Path=/; SameSite=Lax`;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${data.name}=${data.value}; ${rules}${secure}`;
}
"""


def owner() -> str:
    """Return who looks at the page, as the store knows them."""
    return _login() or _visitor()[0]


def is_mine(record: RunRecord | RaceRecord) -> bool:
    """Tell whether whoever looks may change a run, or a race."""
    return record.owner is None or record.owner == owner()


def remember_visitor() -> None:
    """Have the browser keep who it is."""
    if _login():
        return
    secret = _secret()
    _, cookie = _visitor()
    sent = sent_cookie(secret)
    replace = sent is not None and sent != cookie
    data = {"name": cookie_name(secret), "value": cookie, "seconds": COOKIE_SECONDS}
    _component()(key=_KEY, data=data | {"replace": replace}, on_kept_change=_become_the_kept)


def sent_cookie(secret: str) -> str | None:
    """Return this installation's cookie that the browser sent when it opened the page.

    Once there was one name for all installations: a cookie of that name that was signed here still
    counts, until the browser keeps it under the name of today.

    Args:
        secret: What this installation signs cookies with.
    """
    cookies = st.context.cookies
    if (sent := cookies.get(cookie_name(secret))) is not None:
        return sent
    earlier = cookies.get(COOKIE)
    return earlier if owner_of_cookie(earlier, secret) else None


def _become_the_kept() -> None:
    """Be who another tab says, which was opened at the same time and was faster."""
    kept = st.session_state[_KEY].get("kept")
    if owner_of_cookie(kept, _secret()):
        st.session_state[keys.VISITOR] = kept


def _visitor() -> tuple[str, str]:
    """Return owner and cookie; a visitor without a sound cookie gets a new one."""
    secret = _secret()
    cookie = st.session_state.get(keys.VISITOR)
    if not owner_of_cookie(cookie, secret):
        cookie = sent_cookie(secret)
    if not owner_of_cookie(cookie, secret):
        st.session_state[keys.VISITOR] = cookie = new_cookie(secret)
    return owner_of_cookie(cookie, secret) or "", cookie or ""


def _secret() -> str:
    return engine().store.secret(COOKIE)


def _login() -> str | None:
    """Return the owner that a login stands for; None without one, or where none is configured."""
    user = st.user.to_dict()
    if not user.get("is_logged_in"):
        return None
    return owner_of_login(str(user.get("iss")), str(user.get("sub") or user.get("email")))


@st.cache_resource(show_spinner=False)
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component("overfit_visitor", js=_JS, isolate_styles=False)
