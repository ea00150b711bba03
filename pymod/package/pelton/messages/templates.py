"""Jinja2 templates of an application: rendered at once, or as the body of an answer that awaits what they await."""

from __future__ import annotations

from pelton.errors import RegistrationError
from pelton.messages.response import TemplateBody, copied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike
    from typing import Any

    import jinja2

    from pelton.app import App
    from pelton.messages.response import Response

MISSING = "enable_templates() needs Jinja2"
INSTALL = 'pip install "pelton[templates]"'


class Templates:
    """Those of one application, once it has enabled them."""

    def __init__(
        self,
        app: App,
        template_dir: str | PathLike[str],
        auto_escape: bool,
        globals: Mapping[str, Any] | None,  # noqa: A002
        where: str,
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
        self._app = app
        self._auto_escape = auto_escape
        self._globals = {"url_for": app.url_for, **(globals or {})}
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
                auto_reload=self._app.debug,  # a look at each file before each use
            )
            made.globals.update(self._globals)
            self._made[awaits] = made
        return made


class Rendering:
    """The part of App that renders."""

    _templates: Templates | None = None

    url_for: Callable[..., str]
    _registering: Callable[[str, str], None]

    def enable_templates(
        self,
        template_dir: str | PathLike[str] = "templates",
        auto_escape: bool = True,
        globals: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> None:
        """Finds templates in a directory and renders them by Jinja2, the extra `pelton[templates]`.

        Args:
            template_dir: The directory, from the current one.
            auto_escape: Whether values are escaped for HTML.
            globals: Names that every template knows, beside `url_for`.

        Raises:
            RegistrationError: Jinja2 is not installed, there is no such directory, or templates are enabled already.
        """
        from sys import _getframe

        caller = _getframe(1)
        where = f"{caller.f_code.co_filename}:{caller.f_lineno}"
        self._registering("enable_templates()", where)
        if self._templates is not None:
            raise RegistrationError(
                "enable_templates() is called twice",
                where=where,
                fix="keep one call; subdirectories are part of the name: render('mail/welcome.html')",
            )
        self._templates = Templates(self, template_dir, auto_escape, globals, where)  # type: ignore[arg-type]

    def render(self, name: str, context: Mapping[str, Any] | None = None) -> str:
        """The text of a rendered template.

        Args:
            name: The template's path in its directory.
            context: Names that the template knows.

        Raises:
            RegistrationError: Templates are not enabled.
            jinja2.TemplateNotFound: There is no such template.
        """
        return enabled(self).environment(False).get_template(name).render(context or {})

    def render_string(self, source: str, context: Mapping[str, Any] | None = None) -> str:
        """The text of a template that is given itself; otherwise as `render()`."""
        return enabled(self).environment(False).from_string(source).render(context or {})


def enabled(app: Rendering) -> Templates:
    """The templates of an application; RegistrationError if there are none."""
    if app._templates is None:
        raise RegistrationError(
            "templates are not enabled", fix="call app.enable_templates('templates') before the app serves"
        )
    return app._templates


async def rendered(response: Response, app: Rendering) -> Response:
    """The response with the text of its template, if it has one."""
    template = response._body
    if not isinstance(template, TemplateBody):
        return response
    made = copied(response)  # it may be returned again, and is rendered anew then
    source = enabled(app).environment(True).get_template(template.name)
    made._body = (await source.render_async(template.context)).encode()
    return made
