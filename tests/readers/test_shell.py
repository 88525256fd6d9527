"""Shell text: words and quotes, what runs where, wrappers, files that scripts write, and any text at all."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Command, Credential, Dependency, Download, Fact, Image, Login, Registry
from relcheck.forms import decode_form
from relcheck.readers.shell import read, read_argv, read_shell
from relcheck.refs import MARK
from relcheck.refs.shell import parse
from relcheck.source import Source


def facts(text: str, **given_as: object) -> list[Fact]:
    return list(read_shell(Source("x.sh", text), **given_as))  # type: ignore[arg-type]


def commands(text: str, **given_as: object) -> list[Command]:
    return [fact for fact in facts(text, **given_as) if isinstance(fact, Command)]


def argv(text: str) -> list[list[str]]:
    return [list(found.argv) for found in commands(text)]


WORDS = [
    ("docker pull 'a b'", "a b"),
    ('docker pull "a b"', "a b"),
    ("docker pull a\\ b", "a b"),
    ("docker pull $'a b'", "a b"),
    ("docker pull a'b'\"c\"d", "abcd"),
    ('docker pull "a\\"b\\$c"', 'a"b$c'),
    ("docker pull a\\\n", "a"),
    ("docker pull \\\n  a", "a"),
    ("X=1; docker pull a:$X", "a:1"),
    ("X=1\ndocker pull a:${X}", "a:1"),
    ("docker pull a:${X:-2}", "a:2"),
    ("X=; docker pull a:${X:-2}", "a:2"),
    ("docker pull ${X}", "…"),
    ("docker pull a:$(cat v)", "a:…"),
    ("docker pull a:`cat v`", "a:…"),
    ("X=1; X=2; docker pull a:$X", "a:…"),
    ("read X; docker pull a:$X", "a:…"),
    ("for X in 1 2; do docker pull a:$X; done", "a:…"),
    ("docker pull a:$1", "a:…"),
]


@pytest.mark.parametrize(("text", "word"), WORDS)
def test_a_word_is_what_the_program_gets(text: str, word: str) -> None:
    (found,) = (each for each in commands(text) if each.program == "docker")

    assert found.argv[-1] == word


RUN = [
    ("a | b |& c", ["a", "b", "c"]),
    ("a && b || c; d & e", ["a", "b", "c", "d", "e"]),
    ("(a; b)", ["a", "b"]),
    ("{ a; b; }", ["a", "b"]),
    ("f() { a; }; function g { b; }", ["a", "b"]),
    ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
    ("while a; do b; done; until c; do d; done", ["a", "b", "c", "d"]),
    ("for i in x; do a; done", ["a"]),
    ("case $x in a) b;; c|d) e;; esac", ["b", "e"]),
    ("x=$(a); y=`b`", ["a", "b"]),
    ("diff <(a) <(b)", ["a", "b", "diff"]),
    ("! a", ["a"]),
    ("X=1 a", ["a"]),
    ("[[ -n $x ]] && a", ["a"]),
    ("(( x > 1 )) && a", ["a"]),
    ("# a\n#b", []),
    ("alias", ["alias"]),
]


@pytest.mark.parametrize(("text", "programs"), RUN)
def test_every_simple_command_is_found_wherever_it_stands(text: str, programs: list[str]) -> None:
    assert sorted(found.program for found in parse(Source("", text)) if found.program) == programs


WRAPPED = [
    "sudo {}",
    "sudo -E -u ci -n {}",
    "sudo -- {}",
    "doas {}",
    "env {}",
    "env -i -u HOME A=1 B=2 {}",
    "command {}",
    "exec {}",
    "builtin {}",
    "nohup {} &",
    "nice -n 5 {}",
    "time {}",
    "time -f %e {}",
    "timeout 5m {}",
    "timeout -s KILL 5 {}",
    "stdbuf -o L {}",
    "setsid {}",
    "chroot /mnt {}",
    "gosu app {}",
    "su-exec app {}",
    "xargs -n 1 {}",
    "echo a | xargs {}",
    "find . -name x -exec {} \\;",
    "poetry run {}",
    "uv run {}",
    "uv run --with x {}",
    "pipenv run {}",
    "hatch run {}",
    "bundle exec {}",
    "bash -c '{}'",
    "sh -ec '{}'",
    "bash -lc '{}'",
    "bash -euo pipefail -c '{}'",
    "/bin/sh -c '{}'",
    "su -c '{}'",
    "eval '{}'",
    "ssh host '{}'",
    "bash <<EOF\n{}\nEOF",
    "cat <<EOF | sh\n{}\nEOF",
    "echo '{}' | sh",
    "flock /tmp/x {}",
    "retry {}",
    "travis_retry {}",
    "winpty {}",
    "sudo env A=1 timeout 3 sh -c '{}'",
    "script -c '{}' log",
    "flock /tmp/x -c '{}'",
    "nix-shell --run '{}'",
    "parallel {} ::: a",
    "docker exec box {}",
    "docker exec -it -e A=1 box {}",
    "docker run --rm img {}",
]


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_a_wrapper_hides_no_command(wrapper: str) -> None:
    found = facts(wrapper.format("docker pull registry.example.com/a:1"))

    assert ("pulled", "1") in [(fact.role, fact.tag) for fact in found if isinstance(fact, Image)]


def test_wrappers_are_told() -> None:
    assert [found.wrappers for found in commands("sudo -E timeout 5 docker pull a:1")] == [("sudo", "timeout")]


SWALLOWED = [
    ("sha256sum -c x || true", True),
    ("sha256sum -c x || :", True),
    ("sha256sum -c x || echo no", True),
    ("sha256sum -c x || exit 1", False),
    ("sha256sum -c x || { echo no; exit 1; }", False),
    ("sha256sum -c x | tee log", True),
    ("set -o pipefail\nsha256sum -c x | tee log", False),
    ("sha256sum -c x &", True),
    ("set +e\nsha256sum -c x\nset -e", True),
    ("set +e\ntrue\nset -e\nsha256sum -c x", False),
    ("if sha256sum -c x; then true; fi", False),
    ("sha256sum -c x && y", False),
    ("(sha256sum -c x) || true", True),
    ("a && sha256sum -c x || true", True),
]


@pytest.mark.parametrize(("text", "swallowed"), SWALLOWED)
def test_whose_failure_is_lost(text: str, swallowed: bool) -> None:
    (found,) = (each for each in commands(text) if each.program == "sha256sum")

    assert found.swallowed is swallowed


CONDITIONAL = [
    ("if x; then a; fi", True),
    ("[ x ] && a", True),
    ("test x && a", True),
    ("case x in y) a;; esac", True),
    ("x && a", False),
    ("a", False),
    ("while x; do a; done", False),
]


@pytest.mark.parametrize(("text", "conditional"), CONDITIONAL)
def test_whether_a_test_decides(text: str, conditional: bool) -> None:
    (found,) = (each for each in parse(Source("", text)) if each.program == "a")

    assert found.conditional is conditional


def test_neighbours_in_a_pipe() -> None:
    first, second, third = commands("curl x | sudo tee f | sh")

    assert [(each.piped_from, each.piped_to) for each in (first, second, third)] == [
        ("", "tee"),
        ("curl", "sh"),
        ("tee", ""),
    ]


WRITTEN = [
    ("cat > ~/.npmrc <<EOF\n//h.example.com/:_authToken=Zm9vOmJhcnF1dXgx\nEOF\n", "npm-token"),
    ("echo '//h.example.com/:_authToken=Zm9vOmJhcnF1dXgx' >> .npmrc\n", "npm-token"),
    ("tee ~/.pypirc <<'EOF'\n[pypi]\npassword = hunter2hunter2x9\nEOF\n", "pypirc-password"),
    ("printf 'machine h.example.com login ci password hunter2hunter2x9' > ~/.netrc\n", "netrc-password"),
]


PASSWORD = "hunter2hunter2x9"
WRITTEN_TO_PYPIRC = {
    "a group": "{ echo '[pypi]'; echo 'username = __token__'; echo 'password = PASSWORD'; } > ~/.pypirc\n",
    "a subshell": "(echo '[pypi]' && echo 'password = PASSWORD') >> ~/.pypirc\n",
    "a group in a pipe": "{ echo '[pypi]'; echo 'password = PASSWORD'; } | sudo tee -a ~/.pypirc > /dev/null\n",
    "a loop": "for name in pypi; do\n  echo '[pypi]'\n  echo 'password = PASSWORD'\ndone > ~/.pypirc\n",
    "behind another command": "cd x && echo 'password = PASSWORD' > ~/.pypirc\n",
    "a document behind another command": "cd x && cat > ~/.pypirc <<EOF\n[pypi]\npassword = PASSWORD\nEOF\n",
    "a document behind another command, by tee": "cd x && cat <<EOF | tee ~/.pypirc\npassword = PASSWORD\nEOF\n",
    "the last of a pipe": "true | echo 'password = PASSWORD' > ~/.pypirc\n",
    "turned round": "! echo 'password = PASSWORD' > ~/.pypirc\n",
    "one line after the other": "echo '[pypi]' > ~/.pypirc\necho 'password = PASSWORD' >> ~/.pypirc\n",
    "errors go elsewhere": "echo 'password = PASSWORD' 2> log > ~/.pypirc\n",
    "a here-string": "cat > ~/.pypirc <<< 'password = PASSWORD'\n",
    "lines of printf": "printf '%s\\n' '[pypi]' 'password = PASSWORD' > ~/.pypirc\n",
    "a format of printf": "printf '[%s]\\npassword = %s\\n' pypi PASSWORD > ~/.pypirc\n",
    "a format with escapes": 'printf -- "[pypi]\\nuser = 100%%\\npassword = PASSWORD\\n" > ~/.pypirc\n',
    "a path in a variable": 'FILE="$HOME/.pypirc"\necho \'password = PASSWORD\' > "$FILE"\n',
    "through envsubst": "cat <<EOF | envsubst > ~/.pypirc\n[pypi]\npassword = PASSWORD\nEOF\n",
    "words of echo": "echo password = PASSWORD > ~/.pypirc\n",
}


@pytest.mark.parametrize("text", WRITTEN_TO_PYPIRC.values(), ids=WRITTEN_TO_PYPIRC.keys())
def test_a_password_that_a_script_writes_has_its_place(text: str) -> None:
    text = text.replace("PASSWORD", PASSWORD)
    found = [fact for fact in facts(text) if isinstance(fact, Credential)]

    assert [(fact.kind, fact.form, text[slice(*fact.span[:2])]) for fact in found] == [
        ("pypirc-password", "literal", PASSWORD)
    ]


def test_lines_of_a_file_that_is_begun_again_are_not_of_the_new_one() -> None:
    text = "echo '[a]' > ~/.pypirc\necho '[b]' > ~/.pypirc\necho 'password = x9x9x9x9x9x9' >> ~/.pypirc\n"

    assert [fact.key for fact in facts(text) if isinstance(fact, Credential)] == ["b"]


NOT_WRITTEN = {
    "errors of a group": "{ echo 'password = PASSWORD' >&2; } > ~/.pypirc\n",
    "what a substitution prints": "{ X=$(echo 'password = PASSWORD'); } > ~/.pypirc\n",
    "what goes into a pipe": "{ echo 'password = PASSWORD' | sed 1d; } > ~/.pypirc\n",
    "the first of a list": "echo 'password = PASSWORD' && true > ~/.pypirc\n",
    "another file in the group": "{ echo 'password = PASSWORD' > x; } > ~/.pypirc\n",
}


@pytest.mark.parametrize("text", NOT_WRITTEN.values(), ids=NOT_WRITTEN.keys())
def test_what_does_not_come_into_the_file_is_not_read_as_it(text: str) -> None:
    assert [fact for fact in facts(text.replace("PASSWORD", PASSWORD)) if isinstance(fact, Credential)] == []


@pytest.mark.parametrize(("text", "kind"), WRITTEN)
def test_a_file_that_a_script_writes_is_read_as_that_file(text: str, kind: str) -> None:
    found = [fact for fact in facts(text) if isinstance(fact, Credential)]

    assert kind in [fact.kind for fact in found]
    assert "hunter2hunter2x9" not in repr(found)


def test_a_dockerfile_in_a_script() -> None:
    text = "cat <<EOF > Dockerfile\nFROM a:1\nRUN docker pull b:2\nEOF\n"

    assert [(fact.role, fact.written) for fact in facts(text) if isinstance(fact, Image)] == [
        ("final", "a:1"),
        ("pulled", "b:2"),
    ]


def test_expressions_of_the_format_around_are_unknown_words() -> None:
    expressions = re.compile(r"\$\{\{.*?\}\}")
    (image,) = [
        fact for fact in facts("docker pull a:${{ x && y }}", expressions=expressions) if isinstance(fact, Image)
    ]

    assert (image.name, image.tag) == ("a", UNKNOWN)


def test_variables_from_outside_are_known_unless_the_script_sets_them() -> None:
    assert argv_of("docker pull a:$T", {"T": "1"}) == "a:1"
    assert argv_of("T=$(x)\ndocker pull a:$T", {"T": "1"}) == "a:…"


def argv_of(text: str, variables: dict[str, str]) -> str:
    return next(found.argv[-1] for found in commands(text, variables=variables) if found.program == "docker")


def test_a_list_of_words_needs_no_shell() -> None:
    words = [Source("", word) for word in ("sh", "-c", "docker pull a:1 && docker pull b:2")]

    assert [fact.written for fact in read_argv(words) if isinstance(fact, Image)] == ["a:1", "b:2"]
    plain = [Source("", word) for word in ("docker", "pull", "a:1", "&&", "docker", "pull", "b:2")]
    assert [fact.written for fact in read_argv(plain) if isinstance(fact, Image)] == ["a:1"]


OTHER_INTERPRETERS = ["#!/usr/bin/env python3\n", "#!/usr/bin/perl\n", "#!/usr/bin/env -S node\n", "#!/usr/bin/fish\n"]


@pytest.mark.parametrize("first", OTHER_INTERPRETERS)
def test_a_script_for_another_interpreter_is_not_read(first: str) -> None:
    assert list(read(Source("x.sh", first + "docker pull a:1\n"))) == []


def test_the_first_line_may_switch_errors_on() -> None:
    text = "#!/bin/bash -euo pipefail\nsha256sum -c x | tee log\n"

    assert next(fact.swallowed for fact in read(Source("x", text)) if isinstance(fact, Command)) is False


MEANT = [
    ("apt-get install -y --allow-unauthenticated x", Registry),
    ("git config --global http.sslVerify false", Registry),
    ("curl -k https://a.example.com/x -o y", Registry),
    ("pip install --trusted-host h.example.com x", Registry),
    ("npm config set strict-ssl false", Registry),
    ("npm install -g typescript", Dependency),
    ("npx cowsay", Dependency),
    ("pip install 'a==1' b", Dependency),
    ("go install example.com/x@latest", Dependency),
    ("cargo install ripgrep", Dependency),
    ("gem install rake", Dependency),
    ("dotnet tool install -g x", Dependency),
    ("helm upgrade x acme/x --version 1.2.3", Dependency),
    ("docker login -u ci --password-stdin h.example.com", Login),
    ("helm registry login h.example.com --password-stdin", Login),
    ("oras login h.example.com", Login),
    ("crane auth login h.example.com -u a --password-stdin", Login),
    ("wget https://a.example.com/x", Download),
]


@pytest.mark.parametrize(("text", "kind"), MEANT)
def test_a_command_yields_what_it_means(text: str, kind: type[Fact]) -> None:
    assert any(isinstance(fact, kind) for fact in facts(text))


PIECES = st.sampled_from(
    [
        "docker pull a:1", "curl -k https://a.example.com/x | sh", "echo $X", "X=1", "$X", "${X:-y}", "$(", ")", "`", "'", '"',
        "\\", "\n", "\r\n", ";", "&&", "||", "|", "&", "(", "{", "}", "if", "then", "fi", "case x in", "esac", "<<EOF", "\nEOF\n",
        ">", "<(", "#", "set +e\n", "sudo", "sh -c", "eval", " ", "é", "\x00", "\ud7ff", MARK, "${{ x }}", "npm publish",
        "pip install", "-", "--", "=", "for i in", "do", "done", "[[", "]]", "export", "kubectl apply -f -", "@", ":", "/",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map(" ".join) | st.text(max_size=200))
def test_any_text_is_read_and_places_decode(text: str) -> None:
    source = Source("x.sh", text)
    for fact in read_shell(source, expressions=re.compile(r"\$\{\{.*?\}\}"), context="run"):
        assert 0 <= fact.span.start <= fact.span.end <= len(text)
        for name, span in fact.parts.items():
            value = getattr(fact, name, None)
            if isinstance(value, str) and span.form in ("plain", "shell") and not isinstance(fact, Credential):
                assert decode_form(text[span.start : span.end], span.form) == value


HOSTILE = {
    "a pipe": "a | " * 6000 + "a",
    "a list": "a && " * 6000 + "a",
    "alternatives": "a || " * 6000 + "a",
    "open substitutions": "$(" * 3000,
    "nested substitutions": "$(" * 1500 + "a" + ")" * 1500,
    "open groups": "{ " * 3000,
    "open conditions": "if a; then " * 3000,
    "words": "docker run " + "-e x " * 8000,
    "redirects": "a " + "> x " * 4000,
    "variables": "".join(f"V{n}=$V{n - 1}x\n" for n in range(4000)),
    "expressions": "a ${{ x }} " * 4000,
    "tolerance": "set +e\nset -e\n" * 3000,
    "quotes": "\"'" * 5000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_time_in_step_with_its_size(name: str) -> None:
    started = time.process_time()
    facts(HOSTILE[name], expressions=re.compile(r"\$\{\{.*?\}\}"))

    # In step with the size this is far below; where it was quadratic, minutes.
    assert time.process_time() - started < 12
