"""justfile, Procfile, Taskfile and Rakefile: which lines are shell text, and what is put into them."""

from __future__ import annotations

from relcheck.facts import Command, Dependency, Image, Registry
from tests.readers.reading import facts_of, lines_of


def images(module: str, path: str, text: str) -> list[str]:
    """Return place, name and tag of the images."""
    return lines_of(module, path, text, Image, "name", "tag")


def test_recipes_of_a_justfile() -> None:
    text = (
        "registry := 'r.example.com'\nversion := `git describe`\nset dotenv-load\n\n# builds\nrelease tag='latest': build\n"
        "    @docker push {{registry}}/a:1.2\n    -docker push b:{{version}}\n\nbuild:\n    #!/bin/sh\n    docker pull c:3\n"
        "py:\n    #!/usr/bin/env python3\n    docker = pull\n"
    )

    assert images("justfile", "justfile", text) == ["7:33 r.example.com/a 1.2", "8:18 b unknown", "12:19 c 3"]


def test_a_justfile_for_another_shell_has_no_shell_text() -> None:
    text = "set shell := ['nu', '-c']\na:\n  docker pull b:2\n"

    assert images("justfile", "justfile", text) == []
    assert images("justfile", "justfile", text.replace("'nu'", "'bash'")) == ["3:17 b 2"]
    assert images("justfile", "justfile", text.replace("'nu'", "'/usr/bin/zsh'")) == ["3:17 b 2"]


def test_processes() -> None:
    assert images("justfile", "Procfile", "web: docker run a:1\n# web: docker run b:1\n") == ["1:19 a 1"]


def test_commands_of_a_taskfile() -> None:
    text = (
        "version: '3'\nvars: {R: r.example.com, V: {sh: docker pull v:1}}\ntasks:\n  a: docker pull {{.R}}/a:1\n"
        "  b:\n    vars: {T: '2'}\n    cmds:\n      - docker pull b:{{.T}}\n      - cmd: docker pull c:{{.V}}\n"
        "      - task: a\n      - defer: docker rmi d:4\n  e: [docker pull e:5]\n"
    )

    assert images("taskfile", "Taskfile.yml", text) == [
        "2:48 v 1", "4:27 r.example.com/a 1", "8:23 b 2", "9:26 c unknown", "12:21 e 5",
    ]  # fmt: skip


def test_commands_in_ruby() -> None:
    text = (
        "IMAGE = 'r.example.com/a'\ntask :x do\n  sh 'docker pull b:2'\n  sh \"docker push #{IMAGE}:1.2\" do |ok, _|\n  end\n"
        "  system('docker', 'pull', 'c:3')\n  x = `docker pull d:4`\n  foo.sh 'docker pull e:5'\n  puts 'docker pull f:6'\nend\n"
    )

    assert images("rakefile", "Rakefile", text) == ["3:21 b 2", "4:28 unknown 1.2", "6:31 c 3", "7:22 d 4"]


def test_words_of_ruby_that_a_shell_would_read_otherwise_are_left() -> None:
    assert lines_of("rakefile", "Rakefile", "system('docker', 'run', 'a; b')\n", Command, "written") == []


def test_repositories_of_apt() -> None:
    text = "# deb [trusted=yes] https://a.example.com/ x y\ndeb [arch=amd64 trusted=yes] https://b.example.com/os stable main\n"

    assert lines_of("apt_sources", "sources.list", text, Registry, "host", "key", "integrity_off") == [
        "2:38 b.example.com deb False", "2:17 - trusted=yes True",
    ]  # fmt: skip


def test_repositories_of_dnf() -> None:
    text = (
        "[main]\ngpgcheck = 0\n[acme]\nbaseurl=http://a.example.com/os\nsslverify = False\ngpgcheck=1\n"
        "[local]\nbaseurl=file:///mnt\ngpgcheck=0\nmirrorlist=https://m.example.com/x\n"
    )

    assert lines_of("dnf_repo", "a.repo", text, Registry, "host", "key", "integrity_off", "tls") == [
        "2:12 - gpgcheck=0 True -", "4:16 a.example.com baseurl False -", "5:13 a.example.com sslverify False off",
        "8:9 - baseurl False -", "10:20 m.example.com mirrorlist False -",
    ]  # fmt: skip


NOX = """
import nox

@nox.session(python=["3.13"])
def release(s):
    if s.posargs:
        s.run("docker", "push", "shop:1.0", external=True)
    s.run("docker", "push", f"shop:{TAG}")
    s.install("twine", *EXTRA)
    print("docker push shop:2.0"); self.run("docker", "push", "shop:3.0")

def helper(session):
    session.run_always("sh", "-c", "docker push shop:4.0")
    session.notify("docker", "push")
    session.run()
"""


def test_sessions_of_nox() -> None:
    found = facts_of("noxfile", "noxfile.py", NOX)

    pushed = [str(f.written) for f in found if isinstance(f, Image)]
    assert pushed == ["shop:1.0", "…", "shop:4.0"]
    assert [f.name for f in found if isinstance(f, Dependency)] == ["twine"]
    assert facts_of("noxfile", "noxfile.py", "def release(session:\n") == []


TOX = """
[env_run_base]
deps = ["twine"]
commands = [["docker", "push", "shop:1.0"], ["-", "docker", "push", "shop:{env:TAG}"], [{ replace = "ref" }, "x"]]
[env.a]
install_command = ["docker", "push", "shop:2.0", "{opts}"]
[env.b]
description = "docker push shop:3.0"
"""
OLD_TOX = "[testenv]\ncommands =\n  ! docker push shop:1.0\n  docker push \\\n    shop:2.0\n"


def test_tox_in_every_file_that_it_reads() -> None:
    tables = TOX.replace("[env", "[tool.tox.env")
    old = f"[tool.tox]\nlegacy_tox_ini = '''\n{OLD_TOX}'''\n"

    def pushed(module: str, path: str, text: str) -> list[str]:
        found = facts_of(module, path, text)
        for fact in found:
            if isinstance(fact, Image) and isinstance(fact.tag, str) and "tag" in fact.parts:
                place = fact.parts["tag"]
                assert text[place.start : place.end] == fact.tag
        return [str(fact.tag) for fact in found if isinstance(fact, Image)]

    assert pushed("tox", "tox.toml", TOX) == ["1.0", "Unknown.UNKNOWN", "2.0"]
    assert pushed("pyproject", "pyproject.toml", tables) == ["1.0", "Unknown.UNKNOWN", "2.0"]
    assert pushed("pyproject", "pyproject.toml", old) == ["1.0", "2.0"]
    assert pushed("tox", "tox.ini", OLD_TOX) == ["1.0", "2.0"]
    assert pushed("setup_cfg", "setup.cfg", OLD_TOX) == ["1.0", "2.0"]


def test_indexes_of_tox() -> None:
    text = "[tox]\nindexserver =\n  default = http://a.acme.io/x\n  other = https://b.acme.io/\n[testenv]\nindexserver = http://c.acme.io\n"

    found = [fact for fact in facts_of("tox", "tox.ini", text) if isinstance(fact, Registry)]

    assert [(fact.host, fact.purpose) for fact in found] == [("a.acme.io", "index"), ("b.acme.io", "explicit-index")]
