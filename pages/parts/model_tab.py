"""The network as a table of layers, its head and its loss."""

from __future__ import annotations

import streamlit as st

from overfit_core.batches import SOURCES
from overfit_core.fields import FormField, fields_of
from overfit_core.limits import LIMITS
from overfit_core.models.layers import LAYERS
from overfit_core.models.losses import DEFAULT_ACTIVATION, DEFAULT_LOSS, LOSSES
from pages.parts import form_state
from pages.parts import session_keys as keys
from pages.parts.form_fields import Problems, field_grid, field_widget

SIZES = ("units", "filters", "pool_size", "heads", "rate")
"""The one setting of a layer that stands in the table as its size."""
MORE_WIDTH = 370
"""In pixels, or as wide as a phone."""
HEAD_LABELS = {
    "units": "Units of the head",
    "activation": "Activation of the head",
    "kernel_initializer": "Initialiser of the head",
    "trainable": "The head is trained",
}


def model_tab(problems: Problems) -> None:
    """Draw the layers, the head and the loss."""
    layer_ids = st.session_state[keys.LAYER_IDS]
    with st.container(gap="xsmall", key="layers"):
        if layer_ids:
            st.html(
                '<div class="layer-head" aria-hidden="true"><span>Layer</span><span>Size</span>'
                "<span>Activation</span><span></span></div>"
            )
        else:
            st.caption("No layers: the head sees the inputs directly.")
        for place, layer_id in enumerate(layer_ids):
            _row(place, layer_id, len(layer_ids), problems)
            problems.show("model", "layers", place)
        for problem in problems.under("model", "layers"):
            if len(problem.path) == 2:
                problems.show_one(problem)
        st.selectbox(
            "Add a layer",
            list(LAYERS),
            format_func=_layer_name,
            index=None,
            key=keys.ADD_LAYER,
            placeholder="Add a layer …",
            label_visibility="collapsed",
            on_change=_add_layer,
            disabled=len(layer_ids) >= LIMITS.layers,
        )
    _head_and_loss(problems)


def _row(place: int, layer_id: int, layers: int, problems: Problems) -> None:
    number = place + 1
    kind_key = keys.layer_setting(layer_id, "kind")
    with st.container(
        horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center",
        key=f"layer-row-{layer_id}",
    ):  # fmt: skip
        st.selectbox(
            f"Kind of layer {number}",
            list(LAYERS),
            format_func=lambda kind: LAYERS[kind].label,
            key=kind_key,
            label_visibility="collapsed",
            persist_state="session",
            width="stretch",
        )
        fields = dict(fields_of(LAYERS[st.session_state[kind_key]]))
        size = next((fields.pop(name) for name in SIZES if name in fields), None)
        activation = fields.pop("activation", None)
        for field, cell in ((size, "size"), (activation, "activation")):
            with st.container(key=f"layer-{cell}-{layer_id}", width="stretch"):
                if field is not None:
                    _cell(field, layer_id, number)
        _more(fields, place, layer_id, layers, problems)


def _cell(field: FormField, layer_id: int, number: int) -> None:
    field_widget(
        field,
        keys.layer_setting(layer_id, field.name),
        label=f"{field.label} of layer {number}",
        hidden_label=True,
    )


def _more(
    fields: dict[str, FormField], place: int, layer_id: int, layers: int, problems: Problems
) -> None:
    """Draw what does not stand in the table: the other settings, and what is done with the row."""
    with st.popover(
        f"More of layer {place + 1}", icon=":material/more_vert:", key=f"layer-more-{layer_id}"
    ):
        with st.container(width=MORE_WIDTH):
            _actions(place, layer_id, layers)
            st.caption(LAYERS[st.session_state[keys.layer_setting(layer_id, "kind")]].meaning)
            field_grid(fields, ("layer", layer_id), problems, ("model", "layers", place))


def _actions(place: int, layer_id: int, layers: int) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Up", key=f"up-{layer_id}", icon=":material/arrow_upward:", disabled=place == 0,
            on_click=form_state.move_layer, args=(layer_id, -1),
        )  # fmt: skip
        st.button(
            "Down", key=f"down-{layer_id}", icon=":material/arrow_downward:",
            disabled=place == layers - 1, on_click=form_state.move_layer, args=(layer_id, 1),
        )  # fmt: skip
        st.button(
            "Copy", key=f"copy-{layer_id}", icon=":material/content_copy:",
            disabled=layers >= LIMITS.layers, on_click=form_state.copy_layer, args=(layer_id,),
        )  # fmt: skip
        st.button(
            "Remove", key=f"remove-{layer_id}", icon=":material/delete:",
            on_click=form_state.remove_layer, args=(layer_id,),
        )  # fmt: skip


def _head_and_loss(problems: Problems) -> None:
    task = SOURCES[st.session_state[keys.setting("batch", "source")]].task
    wrong = problems.under("model", "head") + problems.under("model", "loss")
    with st.expander("Head and loss", key="head-and-loss", expanded=bool(wrong)):
        st.caption("They follow from the task. Other choices are taken, also wrong ones.")
        empty = {"activation": f"As the task asks ({DEFAULT_ACTIVATION[task]})"}
        for name, field in form_state.HEAD.items():
            field_widget(
                field,
                keys.setting("head", name),
                label=HEAD_LABELS[name],
                empty=empty.get(name, "As the task asks"),
            )
            problems.show("model", "head", name)
        st.selectbox(
            "Loss",
            [None, *LOSSES],
            format_func=lambda loss: (
                LOSSES[loss].label if loss else f"As the task asks ({DEFAULT_LOSS[task]})"
            ),
            key=keys.setting("model", "loss"),
            persist_state="session",
        )
        problems.show("model", "loss")


def _layer_name(kind: str) -> str:
    return f"{LAYERS[kind].label}: {LAYERS[kind].meaning}"


def _add_layer() -> None:
    kind = st.session_state[keys.ADD_LAYER]
    if kind:
        form_state.add_layer(kind)
    st.session_state[keys.ADD_LAYER] = None
