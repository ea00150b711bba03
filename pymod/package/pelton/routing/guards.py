"""Guards: which requests reach a handler. `(request)` gives True or None to pass, False or a text to refuse, or raises."""

from __future__ import annotations

from collections.abc import Mapping

from pelton.callables import is_coroutine, name_of
from pelton.errors import ForbiddenError, GuardError, UnauthorizedError, place_of
from pelton.routing.layer_checks import check_call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

    from pelton._native import Request

__all__ = ["And", "Authenticated", "Not", "Or", "PermissionGuard", "RoleGuard"]


class Authenticated:
    """Lets a request pass whose user is known: `request.context[user_key]` is there and not None. Else 401.

    Args:
        user_key: Where the user is in `request.context`.
    """

    def __init__(self, user_key: str = "user") -> None:
        self.user_key = user_key

    def __call__(self, request: Request) -> bool:
        _user(request, self.user_key)
        return True


class RoleGuard:
    """Lets pass a user with one of the roles, or with all of them. Else 403, and 401 without a user.

    Args:
        roles: Names, or one name.
        require_all: Whether the user needs all of them.
        user_key: Where the user is in `request.context`.
        role_key: Where the user has its roles, as an item or an attribute.
    """

    def __init__(
        self,
        roles: Iterable[str] | str,
        require_all: bool = False,
        user_key: str = "user",
        role_key: str = "roles",
    ) -> None:
        self.roles = _wanted("RoleGuard", "roles", roles)
        self.require_all = require_all
        self.user_key = user_key
        self.role_key = role_key

    def __call__(self, request: Request) -> bool:
        return _has(_user(request, self.user_key), self.role_key, self.roles, self.require_all)


class PermissionGuard:
    """Lets pass a user with all of the permissions, or with one of them. Else 403, and 401 without a user.

    Args:
        permissions: Names, or one name.
        require_all: Whether the user needs all of them.
        user_key: Where the user is in `request.context`.
        perm_key: Where the user has its permissions, as an item or an attribute.
    """

    def __init__(
        self,
        permissions: Iterable[str] | str,
        require_all: bool = True,
        user_key: str = "user",
        perm_key: str = "permissions",
    ) -> None:
        self.permissions = _wanted("PermissionGuard", "permissions", permissions)
        self.require_all = require_all
        self.user_key = user_key
        self.perm_key = perm_key

    def __call__(self, request: Request) -> bool:
        return _has(_user(request, self.user_key), self.perm_key, self.permissions, self.require_all)


class _Combined:
    """Guards as one guard; its call gives an awaitable if that of one of them does."""

    def __init__(self, *guards: Callable[[Any], Any]) -> None:
        if not guards:
            raise ValueError(f"{type(self).__name__}() of no guards says nothing; name at least one")
        self.guards = taken_guards(guards)
        self.awaited = any(map(is_awaited, self.guards))

    def __call__(self, request: Request) -> Any:
        """True, or an awaitable of that; raises a GuardError where it refuses."""
        return self._judge_later(request) if self.awaited else self._judge(request)

    def _judge(self, request: Request) -> bool:
        raise NotImplementedError

    async def _judge_later(self, request: Request) -> bool:
        raise NotImplementedError


class And(_Combined):
    """Lets pass if all of its guards do; the first that refuses gives the answer."""

    def _judge(self, request: Request) -> bool:
        for guard in self.guards:
            judge(guard(request), guard)
        return True

    async def _judge_later(self, request: Request) -> bool:
        for guard in self.guards:
            judge(await _given(guard, request), guard)
        return True


class Or(_Combined):
    """Lets pass if one of its guards does. If all refuse the first gives the answer, but no 401 to a user who is known."""

    def _judge(self, request: Request) -> bool:
        refusals: list[GuardError] = []
        for guard in self.guards:
            try:
                judge(guard(request), guard)
            except GuardError as error:
                refusals.append(error)
            else:
                return True
        raise _weightiest(refusals)

    async def _judge_later(self, request: Request) -> bool:
        refusals: list[GuardError] = []
        for guard in self.guards:
            try:
                judge(await _given(guard, request), guard)
            except GuardError as error:
                refusals.append(error)
            else:
                return True
        raise _weightiest(refusals)


class Not(_Combined):
    """Lets pass if its guard refuses, and refuses with 403 if that lets pass."""

    def __init__(self, guard: Callable[[Any], Any], /) -> None:
        super().__init__(guard)

    def _judge(self, request: Request) -> bool:
        try:
            judge(self.guards[0](request), self.guards[0])
        except GuardError:
            return True
        raise ForbiddenError

    async def _judge_later(self, request: Request) -> bool:
        try:
            judge(await _given(self.guards[0], request), self.guards[0])
        except GuardError:
            return True
        raise ForbiddenError


def is_awaited(guard: Any) -> bool:
    """Whether a call of it gives an awaitable, or may give one."""
    return guard.awaited if isinstance(guard, _Combined) else is_coroutine(guard)


def judge(verdict: Any, guard: Any) -> None:
    """Returns if it is a pass; a GuardError for a refusal, TypeError for what is neither."""
    if verdict is not None and verdict is not True:
        refuse(verdict, guard)


def refuse(verdict: Any, guard: Any) -> NoReturn:
    if verdict is False:
        raise ForbiddenError
    if isinstance(verdict, str):
        raise ForbiddenError(verdict)
    if hasattr(verdict, "__await__"):
        if hasattr(verdict, "close"):
            verdict.close()
        raise TypeError(f"guard {name_of(guard)}() of {place_of(guard)} gave an awaitable; write it as async def")
    raise TypeError(f"guard {name_of(guard)}() of {place_of(guard)} gave {verdict!r}, which is no True, False, None or str")


def taken_guards(given: Any) -> tuple[Callable[[Any], Any], ...]:
    """The value of `guards=`."""
    if not isinstance(given, list | tuple):
        raise TypeError(f"guards is a sequence: guards=[{name_of(given)}], not {given!r}")
    for guard in given:
        check_call(guard, "guard", ("request",), place_of(guard))
    return tuple(given)


async def _given(guard: Any, request: Request) -> Any:
    verdict = guard(request)
    return await verdict if is_awaited(guard) and hasattr(verdict, "__await__") else verdict


def _weightiest(refusals: list[GuardError]) -> GuardError:
    return next((one for one in refusals if not isinstance(one, UnauthorizedError)), refusals[0])


def _user(request: Request, key: str) -> Any:
    user = request.context.get(key)
    if user is None:
        raise UnauthorizedError
    return user


def _has(user: Any, key: str, wanted: tuple[str, ...], all_of_them: bool) -> bool:
    held = user.get(key) if isinstance(user, Mapping) else getattr(user, key, None)
    if held is None:
        return False
    if isinstance(held, str):
        held = (held,)
    return all(one in held for one in wanted) if all_of_them else any(one in held for one in wanted)


def _wanted(what: str, name: str, given: Any) -> tuple[str, ...]:
    wanted = (given,) if isinstance(given, str) else tuple(given)
    if not wanted:
        raise ValueError(f"{what}({name}=) is empty; name at least one, or use Authenticated()")
    return wanted
