"""Jinja2 templates of an application: rendered at once, or when the response that holds them is sent."""

from __future__ import annotations

from pelton.errors import RegistrationError
from pelton.messages.response import TemplateBody, copied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike
    from typing import Any

    import jinja2

    from pelton.messages.response import Response
    from pelton.messages.service import Service

MISSING = "enable_templates() needs Jinja2"
INSTALL = 'pip install "pelton[templates]"'


class Templates:
    """The templates of one application."""

    def __init__(
        self,
        template_dir: str | PathLike[str],
        auto_escape: bool,
        globals: Mapping[str, Any],  # noqa: A002
        where: str,
        is_reloading: Callable[[], bool],
    ) -> None:
        try:
            import jinja2
        except ModuleNotFoundError as error:
            if error.name not in ("jinja2", "markupsafe"):
                raise
            raise RegistrationError(MISSING, where=where, fix=INSTALL) from None
        from os.path import isdir

        if not isdir(template_dir):
            raise RegistrationError(
                f"enable_templates({str(template_dir)!r}) names no directory",
                where=where,
                fix="create it, or give its path: enable_templates(template_dir=Path(__file__).parent / 'templates')",
            )
        self._is_reloading = is_reloading
        self._auto_escape = auto_escape
        self._globals = globals
        self._loader = jinja2.FileSystemLoader(template_dir)
        self._made: dict[bool, jinja2.Environment] = {}

    def environment(self, awaits: bool) -> jinja2.Environment:
        """One whose templates may await, or one that needs no loop; Jinja2 compiles for either."""
        made = self._made.get(awaits)
        if made is None:
            import jinja2

            made = jinja2.Environment(
                loader=self._loader,
                autoescape=self._auto_escape,
                enable_async=awaits,
                auto_reload=self._is_reloading(),  # a look at each file before each use
            )
            made.globals.update(self._globals)
            self._made[awaits] = made
        return made


def enabled(service: Service) -> Templates:
    """The templates of an application; RegistrationError if there are none."""
    if service.templates is None:
        raise RegistrationError(
            "templates are not enabled", fix="call app.enable_templates('templates') before the app serves"
        )
    return service.templates


async def rendered(response: Response, service: Service) -> Response:
    """The response with the text of its template, if it has one."""
    template = response._body
    if not isinstance(template, TemplateBody):
        return response
    made = copied(response)  # it may be returned again, and is rendered anew then
    source = enabled(service).environment(True).get_template(template.name)
    made._body = (await source.render_async(template.context)).encode()
    return made
