"""The hash of a spec, which stays as it was when specs get further settings.

Runs are stored with the hash of their settings. A setting that came later is marked `LATER`: at
its default, which does what was done before there was such a setting, it is left out of the hash.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from pydantic import BaseModel


class _Later:
    """Marks a setting that came after the first runs were stored."""


LATER: Final = _Later()
"""Belongs into the annotation: ``trainable: Annotated[bool, LATER] = True``."""


def settings_hash(spec: BaseModel, *, without: frozenset[str] = frozenset()) -> str:
    """Return the SHA-256 (hex) of all settings of a spec.

    Args:
        spec: A spec, whole.
        without: Fields of the spec itself that are left out.
    """
    settings = _hashed(spec, spec.model_dump(mode="json"))
    settings = {name: value for name, value in settings.items() if name not in without}
    canonical = json.dumps(settings, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _hashed(value: Any, dumped: Any) -> Any:  # noqa: ANN401 - a setting is anything
    """Return what is hashed of a value of a spec: its dump, without later settings at default."""
    if isinstance(value, BaseModel):
        return {
            name: _hashed(getattr(value, name), dumped[name])
            for name, info in type(value).model_fields.items()
            if not (LATER in info.metadata and getattr(value, name) == info.default)
        }
    if isinstance(value, tuple):
        return [_hashed(part, plain) for part, plain in zip(value, dumped, strict=True)]
    return dumped
