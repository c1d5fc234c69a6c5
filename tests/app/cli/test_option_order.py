"""Options of the server before a command are refused, for the command would not see them."""

import pytest
import typer

from app.cli.main import cli

SERVER = typer.main.get_command(cli)


def _commands(group, names=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*names, name))
        else:
            yield (*names, name), command


COMMANDS = dict(_commands(SERVER))
# Those without a value for the command, such as --install-completion, end the program at once.
OPTIONS = {
    option: [option] if parameter.is_flag else [option, "8000"]
    for parameter in SERVER.params
    if parameter.expose_value
    for option in (*parameter.opts, *parameter.secondary_opts)
}


def test_there_are_options_and_commands_to_try():
    assert {
        "--data-dir",
        "--model",
        "--host",
        "--port",
        "--password",
        "--open",
        "--no-notes",
    } <= set(OPTIONS)
    assert {("read",), ("ask",), ("evaluate", "memory")} <= set(COMMANDS)


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_each_option_of_the_server_is_refused_before_a_command(names, tmp_path, monkeypatch):
    monkeypatch.setenv("AMMON_DATA_DIR", str(tmp_path / "default"))
    taken = {o for p in COMMANDS[names].params for o in (*p.opts, *p.secondary_opts)}
    for option, arguments in OPTIONS.items():
        with pytest.raises(Exception, match=option) as refused:
            SERVER.main([*arguments, *names, "x"], "launch.py", standalone_mode=False)
        assert refused.value.exit_code == 2
        said = refused.value.format_message()
        if option in taken:
            assert f"belongs behind the command: launch.py {names[0]} " in said
        elif len(names) == 1:
            assert f"{names[0]} does not take it" in said
    assert not (tmp_path / "default").exists()


def test_an_option_before_a_command_is_refused_though_it_has_its_default_value(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("AMMON_DATA_DIR", str(tmp_path))
    with pytest.raises(Exception, match="--port is for the web page"):
        SERVER.main(["--port", "7860", "sessions"], "launch.py", standalone_mode=False)
