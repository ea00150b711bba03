"""`pelton completion`: a script that has a shell complete commands, flags and their values."""

from __future__ import annotations

from pelton.cli.commands import COMMANDS, SHELLS, Command, Flag, arguments_of
from pelton.cli.usage import UsageError
from pelton.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def completion(arguments: list[str]) -> int:
    """Prints the script of one shell."""
    from pelton.serving.terminal import put_out

    shell, _ = arguments_of("completion", arguments)
    if shell not in SHELLS:
        near = nearest(str(shell), list(SHELLS))
        raise UsageError(f"no completion for {shell!r}; write {near or 'bash, zsh or fish'}")
    return put_out({"bash": bash, "zsh": zsh, "fish": fish}[shell](COMMANDS.values()))


def _spellings(flag: Flag) -> list[str]:
    return [flag.spelled, f"--no-{flag.name}"] if flag.off else [flag.spelled]


# --- bash -------------------------------------------------------------------------------------

_BASH = """\
# Completion of pelton for bash.
_pelton() {
    local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]} words= kind=
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "{commands} --help --version" -- "$word")
        return
    fi
    # Bash takes --flag=value for three words.
    if [[ $word == "=" ]]; then
        word= flag+="="
    elif [[ $flag == "=" ]]; then
        flag=${COMP_WORDS[COMP_CWORD-2]}=
    fi
    case ${COMP_WORDS[1]}:$flag in
{values}
    *)
        case ${COMP_WORDS[1]}:$word in
{flags}
{targets}
        esac
        ;;
    esac
    case $kind in
    choice | flag) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    app) mapfile -t COMPREPLY < <(compgen -f -X '!*.py' -- "$word" ; compgen -d -- "$word") ;;
    esac
    case $kind in
    # A test of this function runs outside of a completion, where compopt has nothing to do.
    file | folder | app) compopt -o filenames 2>/dev/null ;;
    esac
}
complete -F _pelton pelton
"""


def bash(commands: Iterable[Command]) -> str:
    """The script for bash."""
    flags, targets = [], []
    actions: dict[str, list[str]] = {}  # the flags of each
    listed = list(commands)
    for command in listed:
        for flag in command.flags:
            if flag.value:
                action = f'kind=choice words="{" ".join(flag.choices)}"' if flag.choices else f"kind={flag.takes or 'none'}"
                # The value of a flag that may stand alone follows a = only.
                begin = f"{command.name}:{flag.spelled}"
                actions.setdefault(action, []).append(f"{begin}=" if flag.off else f"{begin} | {begin}=")
        words = " ".join(spelled for flag in command.flags for spelled in _spellings(flag))
        flags.append(f'        {command.name}:-*) kind=flag words="{words} --help" ;;')
        if command.takes == "SHELL":
            targets.append(f'        {command.name}:*) kind=choice words="{" ".join(SHELLS)}" ;;')
        elif kind := {"[APP]": "app", "DIR": "folder"}.get(command.takes):
            targets.append(f"        {command.name}:*) kind={kind} ;;")
    values = [f"    {' | '.join(spelled)}) {action} ;;" for action, spelled in actions.items()]
    return (
        _BASH.replace("{commands}", " ".join(one.name for one in listed))
        .replace("{values}", "\n".join(values))
        .replace("{flags}", "\n".join(flags))
        .replace("{targets}", "\n".join(targets))
    )


# --- zsh --------------------------------------------------------------------------------------

_ZSH = """\
#compdef pelton
# Completion of pelton for zsh.
_pelton() {
    local -a commands
    commands=(
{commands}
    )
    if (( CURRENT == 2 )); then
        _describe -t commands command commands
        return
    fi
    shift words
    (( CURRENT-- ))
    case ${words[1]} in
{cases}
    esac
}
if [[ $funcstack[1] == _pelton ]]; then
    _pelton "$@"
else
    compdef _pelton pelton
fi
"""


def zsh(commands: Iterable[Command]) -> str:
    """The script for zsh."""
    named, cases = [], []
    for command in commands:
        named.append(f"        '{command.name}:{_for_zsh(command.text)}'")
        specs = [spec for flag in command.flags for spec in _zsh_specs(flag)]
        specs.append("'--help[print help]'")
        if command.takes == "[APP]":
            specs.append("""':application:_files -g "*.py"'""")
        elif command.takes == "DIR":
            specs.append("':folder:_files -/'")
        elif command.takes == "SHELL":
            specs.append(f"':shell:({' '.join(SHELLS)})'")
        lines = " \\\n            ".join(("_arguments", *specs))
        cases.append(f"    {command.name})\n        {lines}\n        ;;")
    return _ZSH.replace("{commands}", "\n".join(named)).replace("{cases}", "\n".join(cases))


def _zsh_specs(flag: Flag) -> list[str]:
    text = f"[{_for_zsh(flag.text)}]"
    action = f"({' '.join(flag.choices)})" if flag.choices else {"file": "_files", "folder": "_files -/"}.get(flag.takes, " ")
    if flag.off:
        value = f"=-{text}::{flag.value}:{action}" if flag.value else text
        return [f"'{flag.spelled}{value}'", f"'--no-{flag.name}{text}'"]
    if not flag.value:
        return [f"'{flag.spelled}{text}'"]
    again = "*" if flag.name == "header" else ""
    separator = "=" if flag.spelled.startswith("--") else ""
    return [f"'{again}{flag.spelled}{separator}{text}:{_for_zsh(flag.value)}:{action}'"]


def _for_zsh(text: str) -> str:
    for letter in "\\:[]":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("'", "'\\''")


# --- fish -------------------------------------------------------------------------------------


def fish(commands: Iterable[Command]) -> str:
    """The script for fish."""
    lines = ["# Completion of pelton for fish.", "complete -c pelton -f"]
    listed = list(commands)
    names = " ".join(one.name for one in listed)
    for command in listed:
        none = f"not __fish_seen_subcommand_from {names}"
        lines.append(f"complete -c pelton -n {_for_fish(none)} -a {command.name} -d {_for_fish(command.text)}")
    for name in ("help", "version"):
        lines.append(f"complete -c pelton -n {_for_fish(f'not __fish_seen_subcommand_from {names}')} -l {name}")
    for command in listed:
        begin = f"complete -c pelton -n {_for_fish(f'__fish_seen_subcommand_from {command.name}')}"
        lines.append(f"{begin} -l help -d 'print help'")
        for flag in command.flags:
            option = f"-l {flag.name}" if len(flag.name) > 1 else f"-s {flag.name}"
            text = _for_fish(flag.text)
            if flag.value and not flag.off:
                taken = {"file": "-r -F", "folder": "-x -a '(__fish_complete_directories)'"}.get(flag.takes, "-x")
                choices = f" -a {_for_fish(' '.join(flag.choices))}" if flag.choices else ""
                lines.append(f"{begin} {option} {taken}{choices} -d {text}")
            else:
                lines.append(f"{begin} {option} -d {text}")
            if flag.off:
                lines.append(f"{begin} -l no-{flag.name} -d {text}")
        if command.takes == "[APP]":
            lines.append(f"{begin} -a '(__fish_complete_suffix .py)'")
        elif command.takes == "DIR":
            lines.append(f"{begin} -a '(__fish_complete_directories)'")
        elif command.takes == "SHELL":
            lines.append(f"{begin} -a {_for_fish(' '.join(SHELLS))}")
    return "\n".join((*lines, ""))


def _for_fish(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{quoted}'"
