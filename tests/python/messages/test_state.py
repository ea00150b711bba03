"""State: an attribute namespace with a fallback."""

from __future__ import annotations

import copy
import pickle

import pytest

from pelton import State


def test_state_is_an_attribute_namespace() -> None:
    state = State()
    state.a = 1
    assert state.a == 1 and "a" in dir(state) and repr(state) == "State({'a': 1})"
    del state.a
    with pytest.raises(AttributeError):
        state.a
    with pytest.raises(AttributeError):
        del state.a


def test_state_is_copied_with_attributes_of_its_own() -> None:
    app_state, values = State({"pool": ["P"]}), {"a": [1]}
    state = State(values, app_state)
    for copied in (copy.copy(state), copy.deepcopy(state), pickle.loads(pickle.dumps(state))):
        assert type(copied) is State and copied.a == [1] and copied.pool == ["P"] and repr(copied) == repr(state)
        copied.b = 2
        assert not hasattr(state, "b")
    assert copy.copy(state).a is state.a and copy.copy(state).pool is app_state.pool
    assert copy.deepcopy(state).a is not state.a and copy.deepcopy(state).pool is not app_state.pool
    state.me = state
    again = copy.deepcopy(state)
    assert again.me is again
    marker = State("pool")
    assert repr(copy.copy(marker)) == repr(copy.deepcopy(marker)) == "State('pool')" and not hasattr(marker, "pool")
    assert not hasattr(State.__new__(State), "anything")
