import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from overfit_core.batches import MAX_SAMPLES, SETTING_NAMES, SOURCES, BatchShape, make_batch
from overfit_core.batches.catalogue import SettingName
from overfit_core.batches.making import MAKERS
from overfit_core.spec import BatchSpec


def test_every_source_has_a_maker_a_label_and_a_meaning() -> None:
    assert set(SOURCES) == set(MAKERS)
    assert all(source.id == name for name, source in SOURCES.items())
    assert all(source.label and source.meaning.endswith(".") for source in SOURCES.values())


def test_every_setting_is_known_and_its_default_lies_in_its_range() -> None:
    assert get_args(SettingName) == SETTING_NAMES
    for source in SOURCES.values():
        assert set(source.settings) <= set(SETTING_NAMES)
        for setting in source.settings.values():
            assert setting.minimum <= setting.default <= setting.maximum
            assert setting.meaning.endswith(".")


@pytest.mark.parametrize("source", SOURCES)
def test_the_shape_is_that_of_the_batch(source: str) -> None:
    spec = BatchSpec(source=source)
    shape, batch = SOURCES[source].shape(spec), make_batch(spec)
    assert batch.x.shape == (4, *shape.inputs)
    assert batch.task == shape.task
    assert len(batch.class_names) == (shape.classes or 0)
    assert SOURCES[source].task == shape.task


@pytest.mark.parametrize("source", [s for s in SOURCES.values() if s.max_samples])
def test_the_rows_there_are_can_all_be_had_and_no_more(source) -> None:  # noqa: ANN001
    held_out = max(0, source.max_samples - MAX_SAMPLES)
    batch = make_batch(BatchSpec(source=source.id, samples=source.max_samples, held_out=held_out))
    assert len(batch.x) == source.max_samples
    with pytest.raises(ValueError, match=str(source.max_samples)):
        BatchSpec(source=source.id, samples=source.max_samples, held_out=1)


def test_settings_change_the_shape() -> None:
    spec = BatchSpec(source="sensor", steps=20, features=2)
    assert SOURCES["sensor"].shape(spec) == BatchShape((20, 2), 1, "binary", 2)
    spec = BatchSpec(source="blobs", classes=5, features=7)
    assert SOURCES["blobs"].shape(spec) == BatchShape((7,), 5, "multiclass", 5)


def test_two_classes_make_a_yes_no_question() -> None:
    spec = BatchSpec(source="blobs", classes=2)
    assert SOURCES["blobs"].shape(spec) == BatchShape((2,), 1, "binary", 2)
    assert make_batch(spec).y.shape == (4, 1)


def test_a_spec_and_its_shape_need_neither_scikit_learn_nor_keras(root: Path) -> None:
    code = (
        "import sys\n"
        "from overfit_core.batches import SOURCES\n"
        "from overfit_core.models.summary import summarise\n"
        "from overfit_core.spec import RunSpec\n"
        "summarise(RunSpec.load({'batch': {'source': 'iris'}}))\n"
        "print({'sklearn', 'keras', 'tensorflow'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
