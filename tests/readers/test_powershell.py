# ruff: noqa: E501 - a script in one line is easier to compare

"""PowerShell: which words are commands, what they get, and what its own commands say."""

from __future__ import annotations

import pytest

from relcheck.facts import Credential, Dependency, Download, Image, Publish
from relcheck.refs import MARK
from relcheck.refs.powershell import parse_powershell
from relcheck.source import Source
from tests.readers.reading import facts_of, lines_of


def commands(text: str) -> list[str]:
    """Return the commands of a text, their words joined by a blank, `?` for what is not known."""
    return [
        " ".join(word.text.replace(MARK, "?") for word in found.words)
        for found in parse_powershell(Source("a.ps1", text))
        if found.words
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b\nc; d\r\ne", ["a b", "c", "d", "e"]),
        ("a `\n  b `\r\n  c\n", ["a b c"]),
        ("a # b\n# c\n<# d\ne #> f\na#b", ["a", "f", "a#b"]),
        ('a \'b c\' \'it\'\'s\' "d e" "say ""x""" ""', ['a b c it\'s d e say "x" ']),
        ('a "b`"c`$d" b`:c', ['a b"c$d b:c']),
        ("$x = 'v'\na $x ${x} \"$x.y\" $x.y $z $env:A", ["a v v v.y ? ? ?"]),
        ("$x = 'v'; $x = 'w'\na $x", ["a ?"]),
        ("$x = 'v'\nforeach ($x in 1..3) { a $x }", ["a ?"]),
        ("param(\n  $x = 'v'\n)\na $x", ["a ?"]),
        ("$x = a b\n$y += c | d", ["a b", "c", "d"]),
        ("if (a b) { c } elseif ($x -eq 'docker') { d } else { e }", ["a b", "c", "d", "e"]),
        ("try { a } catch [B.C] { d } finally { e }", ["a", "d", "e"]),
        ("function Push-It([string]$a) { b }\nPush-It x", ["b", "Push-It x"]),
        ("[CmdletBinding()]\nparam([Parameter(Mandatory=$true)][string]$a)\nb", ["b"]),
        ("& 'C:\\Tools\\nuget.exe' push\n. .\\lib.ps1\n.\\run.cmd x", ["nuget.exe push", "lib.ps1", "run.cmd x"]),
        ("a (b c) { d } @(e)", ["a ? ? ?", "b c", "d", "e"]),
        ("a \"x$(b 'c)' d)y\" z", ["a x?y z", "b c) d"]),
        ("@{ Uri = 'x'; Name = a }", ["a"]),
        ("Write-Host @'\ndocker push x\n'@\na @\"\nb $x\n\"@", ["Write-Host docker push x", "a b ?"]),
        ("'docker push x'\n$x.docker('push')\n[A]::B('c')\n1..3 | a", ["a"]),
        ("a && b || c &\nd", ["a", "b", "c", "d"]),
        ("a > b.txt 2>&1\nc *>> d e", ["a", "c e"]),
        ("return a\nthrow 'x'\na -b:$c --d=e", ["a", "a -b:? --d=e"]),
        ("a )} b", ["a b"]),
        ('a "b', ["a b"]),
    ],
)
def test_the_words_of_commands(text: str, expected: list[str]) -> None:
    assert commands(text) == expected


def test_what_stands_around_a_command() -> None:
    first, second, third = parse_powershell(Source("a.ps1", "if ($x) { a | b }\nc (d)\n"))[:3]

    assert (first.piped_to, second.piped_from, first.conditional, third.conditional) == ("b", "a", True, False)
    (inner,) = [found for found in parse_powershell(Source("a.ps1", "iex (irm x)")) if found.program == "irm"]
    assert (inner.inside, inner.outer) == ("substitution", "iex")


def test_programs_mean_what_they_mean_in_a_shell() -> None:
    text = "$image = 'registry.example.com/acme/app'\nif ($push) {\n  docker push `\n    \"${image}:1.2.0\"\n}\n"

    assert lines_of("powershell", "a.ps1", text, Image, "name", "tag") == ["4:15 registry.example.com/acme/app 1.2.0"]
    (published,) = [fact for fact in facts_of("powershell", "a.ps1", text) if isinstance(fact, Publish)]
    assert published.host == "registry.example.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("irm https://x.example.com/i.ps1 | iex", "x.example.com Invoke-Expression - True"),
        ("iex (iwr -UseBasicParsing https://x.example.com/i.ps1)", "x.example.com Invoke-Expression - True"),
        ("iex ((New-Object Net.WebClient).DownloadString('https://x.example.com/i.ps1'))", "x.example.com Invoke-Expression - True"),
        ("iwr -Uri https://x.example.com/a.exe -OutFile a.exe\nStart-Process a.exe", "x.example.com Start-Process - False"),
        ("iwr https://x.example.com/a.exe -OutFile t\\a.exe\n.\\t\\a.exe /S", "x.example.com a.exe - False"),
        ("iwr https://x.example.com/a.exe -OutFile a.exe\n(Get-FileHash a.exe).Hash\n.\\a.exe", "x.example.com a.exe checksum False"),
        ("Invoke-WebRequest https://x.example.com/$v.json | ConvertFrom-Json", "x.example.com - - False"),
        ("(New-Object Net.WebClient).DownloadFile('https://x.example.com/a.zip', $f)", "x.example.com - - False"),
    ],
)  # fmt: skip
def test_what_is_fetched(text: str, expected: str) -> None:
    (line,) = lines_of("powershell", "a.ps1", text, Download, "host", "executed_by", "verified_by", "piped")

    assert line.partition(" ")[2] == expected


def test_a_request_that_sends_is_no_download() -> None:
    text = "irm -Method Post -Uri https://x.example.com/hook -Body $b\n"

    assert lines_of("powershell", "a.ps1", text, Download, "host") == []


def test_modules_that_are_installed() -> None:
    text = "Install-Module -Force Pester\nInstall-Module -Name A -RequiredVersion 1.2.0 -Force\nInstall-PSResource B -Version '[1.0,2.0)'\nInstall-Module $m\n"

    assert lines_of("powershell", "a.ps1", text, Dependency, "name", "constraint", "firmness") == [
        "1:23 Pester - any", "2:22 A 1.2.0 exact", "3:20 B [1.0,2.0) range",
    ]  # fmt: skip


PASSWORD = "hunter2hunter2x9"
WRITTEN = {
    "a here-text": '@"\n[pypi]\npassword = PASSWORD\n"@ | Set-Content -Path "$HOME\\.pypirc"\n',
    "a here-text as a value": "Set-Content $HOME/.pypirc @'\n[pypi]\npassword = PASSWORD\n'@\n",
    "a variable": "$text = @'\n[pypi]\npassword = PASSWORD\n'@\nSet-Content -Path ~/.pypirc -Value $text\n",
    "a variable in a pipe": "$text = 'password = PASSWORD'\n$text | Out-File -FilePath ~/.pypirc -Encoding ascii\n",
    "a redirect": '"password = PASSWORD" > $env:USERPROFILE/.pypirc\n',
    "a program": "echo 'password = PASSWORD' >> ~/.pypirc\n",
    "lines": "Set-Content .pypirc '[pypi]', 'password = PASSWORD'\n",
    "lines in a pipe": "'[pypi]', 'password = PASSWORD' | Set-Content .pypirc\n",
    "a sum": "'password = ' + 'PASSWORD' | Out-File ~/.pypirc\n",
    "one line after the other": "'[pypi]' | Out-File ~/.pypirc\nAdd-Content -Path:~/.pypirc -Value 'password = PASSWORD'\n",
    "an array": "@(\n  '[pypi]'\n  'password = PASSWORD'\n) | Set-Content ~/.pypirc\n",
    "an array in a variable": "$a = @('[pypi]', 'password = PASSWORD')\n$a | Out-File ~/.pypirc\n",
    "a path in a variable": "$f = \"$HOME/.pypirc\"\n'password = PASSWORD' > $f\n",
    "a joined path": "Set-Content (Join-Path $HOME '.pypirc') 'password = PASSWORD'\n",
    "in a block": "if ($a) { New-Item -Path . -Name x; ni ~/.pypirc -Value 'password = PASSWORD' -Force }\n",
    "a method": "[System.IO.File]::WriteAllText(\"$HOME/.pypirc\", 'password = PASSWORD')\n",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_password_that_a_script_writes_has_its_place(text: str) -> None:
    text = text.replace("PASSWORD", PASSWORD)
    found = [
        fact
        for fact in facts_of("powershell", "a.ps1", text)
        if isinstance(fact, Credential) and fact.kind != "written"
    ]

    assert [(fact.kind, fact.form, text[slice(*fact.span[:2])]) for fact in found] == [
        ("pypirc-password", "literal", PASSWORD)
    ]


NOT_WRITTEN = {
    "a variable that is set twice": "$x = 'password = PASSWORD'\n$x = 'a'\n$x | Out-File ~/.pypirc\n",
    "a replacement": "'password = PASSWORD' -replace 'a', 'b' | Get-Item x\n",
    "another file": "'password = PASSWORD' > x.txt\n",
}


@pytest.mark.parametrize("text", NOT_WRITTEN.values(), ids=NOT_WRITTEN.keys())
def test_what_does_not_come_into_the_file_is_not_read_as_it(text: str) -> None:
    found = facts_of("powershell", "a.ps1", text.replace("PASSWORD", PASSWORD))

    assert [fact for fact in found if isinstance(fact, Credential) and fact.kind == "pypirc-password"] == []


VARIABLES = {
    "a member": "$env:NPM_TOKEN = 'PASSWORD'\n",
    "a method": "[Environment]::SetEnvironmentVariable('NPM_TOKEN', \"PASSWORD\", 'User')\n",
    "a program": "setx NPM_TOKEN PASSWORD /M\n",
}


@pytest.mark.parametrize("text", VARIABLES.values(), ids=VARIABLES.keys())
def test_a_variable_with_a_token(text: str) -> None:
    text = text.replace("PASSWORD", PASSWORD)
    found = [fact for fact in facts_of("powershell", "a.ps1", text) if isinstance(fact, Credential)]

    assert [(fact.kind, fact.key, text[slice(*fact.span[:2])]) for fact in found] == [("env", "NPM_TOKEN", PASSWORD)]
