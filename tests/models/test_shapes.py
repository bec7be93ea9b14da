import pytest

from overfit_core.errors import ShapeError
from overfit_core.models.layers import LAYERS, BaseLayer
from overfit_core.models.shapes import layer_names, resolved, trace_shapes


def stack(*kinds: str) -> tuple[BaseLayer, ...]:
    return tuple(LAYERS[kind]() for kind in kinds)


def test_names_count_each_kind_from_one() -> None:
    layers = stack("dense", "dropout", "dense", "dense", "dropout")
    assert layer_names(layers) == ("dense_1", "dropout_1", "dense_2", "dense_3", "dropout_2")


@pytest.mark.parametrize(
    ("following", "every_step"),
    [
        ((), False),
        (("dense",), False),
        (("flatten",), False),
        (("lstm",), True),
        (("attention",), True),
        (("conv1d",), True),
        (("global_average_pooling",), True),
        (("dropout", "layer_normalization", "gru"), True),
        (("dropout", "dense", "lstm"), False),
    ],
)
def test_a_recurrent_layer_passes_every_step_on_where_the_next_layer_needs_it(
    following: tuple[str, ...], every_step: bool
) -> None:
    assert resolved(stack("lstm", *following))[0].return_sequences is every_step


def test_what_was_asked_for_is_kept() -> None:
    asked = LAYERS["gru"](return_sequences=False)
    assert resolved((asked, *stack("lstm")))[0] is asked


def test_shapes_follow_the_layers() -> None:
    layers = stack("conv2d", "max_pooling2d", "flatten", "dense")
    assert trace_shapes(layers, (8, 8, 1)) == ((8, 8, 1), (6, 6, 16), (3, 3, 16), (144,), (16,))
    assert trace_shapes(stack("lstm", "lstm"), (32, 3)) == ((32, 3), (32, 16), (16,))


def test_no_layers_leave_the_input() -> None:
    assert trace_shapes((), (2,)) == ((2,),)


def test_the_error_names_the_layer_by_its_place_and_kind() -> None:
    with pytest.raises(
        ShapeError, match=r"^.*layer 2, conv2d takes an image.*gets \(16,\)"
    ) as caught:
        trace_shapes(stack("dense", "conv2d"), (2,))
    assert caught.value.layer_index == 1
    assert caught.value.layer == "conv2d"
    assert caught.value.shape == (16,)
    assert caught.value.problems[0].path == ("model", "layers", 1)
