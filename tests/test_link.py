"""Link codes: what goes in comes out, and what is not ours is refused kindly and at once."""

import base64
import json
import random
import re
import zlib

import pytest

from overfit_core import link
from overfit_core.errors import LinkCodeError
from overfit_core.limits import LIMITS
from overfit_core.presets import PRESETS
from overfit_core.spec import RunSpec
from tests.random_specs import random_spec

SPECS = [random_spec(random.Random(seed)) for seed in range(200)]


def packed(text: bytes, dictionary: bytes = link.DICTIONARY, version: str = "1") -> str:
    """A code as a stranger would forge it: the right wrapping round any text."""
    packer = zlib.compressobj(level=9, zdict=dictionary)
    data = packer.compress(text) + packer.flush()
    return f"{version}.{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def test_200_random_specs_come_back_equal() -> None:
    for spec in SPECS:
        again = RunSpec.from_link_code(spec.link_code())
        assert again == spec
        assert (again.hash, again.name) == (spec.hash, spec.name)


def test_random_specs_differ_and_use_every_part() -> None:
    assert len({spec.hash for spec in SPECS}) > 190
    assert len({spec.optimizer.name for spec in SPECS}) == 14
    assert len({spec.optimizer.schedule.kind for spec in SPECS}) == 7


def test_codes_are_short_and_need_no_quoting_in_a_url() -> None:
    codes = [spec.link_code() for spec in SPECS]
    assert all(re.fullmatch(r"1\.[A-Za-z0-9_-]+", code) for code in codes)
    assert max(map(len, codes)) < 1500
    assert len(RunSpec().link_code()) <= 24


def test_a_code_made_today_must_be_read_for_ever() -> None:
    code = "1.ePntQBf6qybsRJxm4ig7SCo6aoFm43JbbS0Arw81rQ"
    spec = RunSpec.from_link_code(code)
    assert spec.optimizer.arguments == {"momentum": 0.9, "nesterov": True}
    assert (spec.optimizer.name, spec.optimizer.learning_rate) == ("SGD", 0.1)
    assert (len(spec.model.layers), spec.training.epochs) == (1, 1000)


def test_links_of_before_a_setting_came_still_open_and_are_still_made() -> None:
    codes = {
        "sensor-attention": "1.ePntQBf6w-ZozILJ2AhoLDa_oLgAVMYlgvShuBhrikASxJUMMXyCpZACKsHmMWMDg9pa"
        "ACF5S4M",
        "digits-cnn": "1.ePntQBf6w-ZoaAGFVDAZG-lgKYuBVuHxHzQciYkN5DCEeg9kI4rHwT7D5gsjA4PaWgABSUKd",
    }
    for preset, code in codes.items():
        assert RunSpec.from_link_code(code) == PRESETS[preset].spec
        assert PRESETS[preset].spec.link_code() == code
    layers = [{"kind": kind} for kind in ("batch_normalization", "layer_normalization", "dense")]
    assert RunSpec.from_link_code("1.ePntQBf6q8bnRMriH-JgoItqAT2uJLg") == RunSpec.load(
        {"model": {"layers": layers}}
    )


def test_white_space_round_a_pasted_code_is_ignored() -> None:
    assert RunSpec.from_link_code(f" {RunSpec().link_code()}\n") == RunSpec()


DAMAGED = {
    "empty": ("", "not of the form"),
    "a word": ("hello", "not of the form"),
    "other letters": ("1.naïve+/=", "not of the form"),
    "digits of another script": ("\u0661.abcd", "not of the form"),
    "a later version": (
        "2." + RunSpec().link_code()[2:],
        "version 2, and this app reads version 1",
    ),
    "wrong base64": ("1.abcde", "missing"),
    "not zlib": ("1." + base64.urlsafe_b64encode(b"plain text").decode().rstrip("="), "changed"),
    "another dictionary": (packed(b"{}", b"other words"), "changed or cut off"),
    "cut off": (SPECS[0].link_code()[:-8], "cut off"),
    "cut to the version": ("1.", "not of the form"),
    "with a tail": (packed(b"{}") + "AAAA", "changed or cut off"),
    "too long": ("1." + "A" * LIMITS.link_code_length, "characters long"),
    "a hundred megabytes": ("1." + "A" * 10**8, "characters long"),
    "a bomb": (packed(b" " * 10**7), "unpacks to more than 128,000 bytes"),
    "just above the limit": (packed(b" " * (LIMITS.link_json_length + 1)), "unpacks to more than"),
    "not UTF-8": (packed(b"\xff\xfe"), "not JSON"),
    "not JSON": (packed(b"{'a': 1}"), "not JSON"),
    "nothing": (packed(b""), "not JSON"),
    "deep lists": (packed(b"[" * 50_000 + b"]" * 50_000), "not JSON of a size"),
    "deep tables": (packed(b'{"a":' * 20_000 + b"1" + b"}" * 20_000), "not JSON of a size"),
    "a number of 100,000 digits": (packed(b'{"version":' + b"1" * 100_000 + b"}"), "not JSON"),
    "NaN": (packed(b'{"optimizer":{"learning_rate":NaN}}'), "NaN"),
    "Infinity": (packed(b'{"optimizer":{"learning_rate":-Infinity}}'), "-Infinity"),
    "an infinity in digits": (packed(b'{"optimizer":{"learning_rate":1e999}}'), "finite"),
    "the same in an argument": (packed(b'{"optimizer":{"arguments":{"beta_1":1e999}}}'), "beta_1"),
    "a list": (packed(b"[1,2]"), "where settings should be"),
    "a stranger's field": (packed(b'{"__class__":"os.system"}'), "no setting called __class__"),
    "a later format": (packed(b'{"version":2}'), "version is 2"),
    "half a character": (packed(b'{"name":"\\ud800"}'), "UTF-8"),
    "ten thousand layers": (
        packed(json.dumps({"model": {"layers": [{"kind": "flatten"}] * 5_000}}).encode()),
        "At most 32",
    ),
    "too much work": (
        packed(
            b'{"model":{"layers":[{"kind":"dense","units":4096},{"kind":"dense","units":4096}]}}'
        ),
        "the limit is 1,000,000",
    ),
}


@pytest.mark.parametrize(("code", "says"), DAMAGED.values(), ids=DAMAGED)
def test_a_code_that_is_not_ours_is_refused(code: str, says: str) -> None:
    with pytest.raises(LinkCodeError) as caught:
        RunSpec.from_link_code(code)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 3_000


def test_one_changed_character_is_never_taken_for_another_spec() -> None:
    dice = random.Random(1)
    code = SPECS[3].link_code()
    for _ in range(300):
        place = dice.randrange(2, len(code))
        changed = code[:place] + dice.choice("AbZ09_-") + code[place + 1 :]
        try:
            assert RunSpec.from_link_code(changed) == SPECS[3]
        except LinkCodeError:
            continue


def test_random_bytes_raise_nothing_but_a_link_code_error() -> None:
    dice = random.Random(2)
    for _ in range(300):
        noise = base64.urlsafe_b64encode(dice.randbytes(dice.randrange(1, 200))).decode()
        with pytest.raises(LinkCodeError):
            RunSpec.from_link_code(f"1.{noise.rstrip('=')}")


@pytest.mark.parametrize("value", [None, 7, b"1.abc", ["1.abc"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(LinkCodeError, match="not text"):
        RunSpec.from_link_code(value)  # type: ignore[arg-type]
