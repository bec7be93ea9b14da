"""The Learn page: the article's story, break it, and the mystery."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from overfit_core.faults import FAULTS, make_mystery
from overfit_core.presets import PRESETS
from pages.parts import session_keys as keys
from tests.pages.conftest import OpenApp
from tests.pages.fake import FakeWorkers
from tests.pages.test_diagnosis import FOUND


def train(at: AppTest) -> AppTest:
    at.button(key="train-lesson").click().run()
    assert not at.exception
    return at.run()


def runs(at: AppTest) -> list[str]:
    return param(at, "runs").split(",")


def param(at: AppTest, name: str) -> str:
    value = at.query_params[name]
    return value if isinstance(value, str) else value[0]


def text(at: AppTest) -> str:
    html = [str(element.proto.body) for element in at.get("html")]
    return " ".join([*html, *(element.value for element in at.markdown)])


def test_the_first_lesson_is_the_article_and_trains_its_examples(
    workers: FakeWorkers, open_app: OpenApp
) -> None:
    workers.found = FOUND
    at = open_app("learn")
    assert "What really happens" not in text(at)
    at.radio(key=keys.EXAMPLE).set_value("article-3").run()
    train(at)
    (run_id,) = runs(at)
    assert workers.store.run(run_id).spec == PRESETS["article-3"].spec
    assert PRESETS["article-3"].look_for in text(at)


def test_a_healthy_run_and_a_broken_one_train_side_by_side(
    workers: FakeWorkers, open_app: OpenApp
) -> None:
    at = open_app("learn", lesson="break", fault="zero-weights")
    fault = FAULTS["zero-weights"]
    assert fault.change in text(at)
    train(at)
    healthy, broken = (workers.store.run(run_id) for run_id in runs(at))
    assert healthy.spec.hash == fault.healthy.hash
    assert broken.spec.hash == fault.broken.hash
    assert (healthy.name, broken.name) == ("Healthy", fault.title)
    assert fault.watch in text(at)


def test_each_fault_keeps_its_runs_and_a_reload_shows_them_again(open_app: OpenApp) -> None:
    at = open_app("learn", lesson="break", fault="zero-weights")
    train(at)
    first = runs(at)
    at.button_group(key=keys.FAULT).set_value("dropout").run()
    assert "runs" not in at.query_params
    at.button_group(key=keys.FAULT).set_value("zero-weights").run()
    assert runs(at) == first
    again = open_app("learn", lesson="break", fault="zero-weights", runs=",".join(first))
    assert FAULTS["zero-weights"].watch in text(again)


def test_a_mystery_is_guessed(workers: FakeWorkers, open_app: OpenApp) -> None:
    mystery = make_mystery("dropout", 5)
    at = open_app("learn", mystery=mystery.code)
    assert FAULTS["dropout"].change not in text(at)
    train(at)
    assert FAULTS["dropout"].change not in text(at)
    assert workers.store.run(runs(at)[0]).spec == mystery.spec
    wrong = next(choice for choice in mystery.choices if choice != "dropout")
    at.radio(key=keys.GUESS).set_value(wrong).run()
    at.button(key="guess-it").click().run()
    assert "No: with" in text(at)
    assert FAULTS["dropout"].change not in text(at)
    at.radio(key=keys.GUESS).set_value("dropout").run()
    at.button(key="guess-it").click().run()
    assert f"It is: {FAULTS['dropout'].title}" in text(at)
    assert at.button(key="guess-it").disabled


def test_a_right_guess_and_giving_up(open_app: OpenApp) -> None:
    for key, said in (("guess-it", "Right: "), ("give-up", "It is: ")):
        at = train(open_app("learn", mystery=make_mystery("too-small", 9).code))
        at.radio(key=keys.GUESS).set_value("too-small").run()
        at.button(key=key).click().run()
        assert f"{said}{FAULTS['too-small'].title}" in text(at)


def test_a_new_mystery_has_a_link_that_opens_the_same(open_app: OpenApp) -> None:
    at = open_app("learn", lesson="mystery")
    at.button(key="new-mystery").click().run()
    code = param(at, "mystery")
    other = open_app("learn", visitor="somebody", mystery=code)
    assert other.session_state[keys.MYSTERY] == code
    assert not any(fault in code for fault in FAULTS)


def test_nonsense_in_the_address_is_said_and_shows_the_first_lesson(open_app: OpenApp) -> None:
    at = open_app("learn", mystery="1.nonsense", runs="nobody", fault="none")
    assert "cannot be opened" in text(at)
    at = open_app("learn", lesson="none", example="none", fault="none", runs="nobody")
    assert at.session_state[keys.LESSON] == "article"
    assert not at.exception


def test_training_in_somebody_elses_lesson_ends_none_of_their_runs(
    workers: FakeWorkers, open_app: OpenApp
) -> None:
    workers.hold = True
    mine = open_app("learn")
    mine.button(key="train-lesson").click().run()
    run_id = param(mine, "runs")
    other = open_app("learn", visitor="somebody", lesson="article", runs=run_id)
    other.button(key="train-lesson").click().run()
    assert param(other, "runs") != run_id
    assert workers.store.run(run_id).status == "queued"


def test_the_settings_of_an_example_open_on_the_train_page(open_app: OpenApp) -> None:
    at = open_app()
    at.switch_page("pages/train.py").run()
    assert at.session_state[keys.PRESET] == "article-2"
    # What the button of the lesson does.
    at.session_state[keys.OPENED] = False
    at.query_params["preset"] = "article-3"
    at.run()
    assert at.session_state[keys.PRESET] == "article-3"
    at.number_input(key="set.training.epochs").set_value(7).run()
    at.session_state[keys.OPENED] = False
    at.query_params["preset"] = "article-1"
    at.run()
    assert at.number_input(key="set.training.epochs").value == 7
    assert "Your own settings were kept" in text(at)
