"""curl and wget: what is fetched, where it goes, who executes it, and whether anything was checked before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from relcheck.facts import UNKNOWN, Download, Fact, Registry, Text
from relcheck.patterns import lazy_pattern
from relcheck.readers.effects.invocation import Invocation, unwrap
from relcheck.readers.effects.publishing import host_of, publish
from relcheck.readers.effects.secrets import credential, secret_options
from relcheck.readers.urls import url_parts, userinfo
from relcheck.refs import MARK
from relcheck.refs.shell import SHELLS, SimpleCommand, Word
from relcheck.refs.url import is_loopback, parse_url

_INTERPRETERS = SHELLS | {"python", "python3", "perl", "ruby", "node", "php", "pwsh", "source", "eval", "."}
_UNPACKERS = frozenset(("tar", "unzip", "gunzip", "bsdtar", "7z", "dpkg", "rpm", "installer", "install"))
_INSTALLERS = frozenset(
    ("dpkg", "rpm", "installer", "gdebi", "dnf", "yum", "apt", "apt-get", "apk", "pacman", "msiexec")
)
"""What runs the scripts of a package that it is handed as a file."""
_ARCHIVE = re.compile(r"\.(?:t(?:ar\.)?(?:gz|xz|bz2|zst)|tar|zip)$")
_VALUES = (
    "-o", "--output", "--output-dir", "-H", "--header", "-X", "--request", "-d", "--data", "--data-raw", "-u", "--user", "-A",
    "--user-agent", "--retry", "--retry-delay", "--connect-timeout", "-m", "--max-time", "-T", "--upload-file", "-F", "--form",
    "-b", "--cookie", "-c", "-e", "-w", "--write-out", "--cacert", "--cert", "--key", "-x", "--proxy", "--data-binary", "-P",
    "--directory-prefix", "--output-document", "--tries", "--timeout", "--post-data", "--retry-max-time", "--max-redirs",
    "--resolve", "--proto", "--data-urlencode", "-t", "--ciphers", "--limit-rate", "--range", "-r",
)  # fmt: skip
_UPLOADS = (
    "-T",
    "--upload-file",
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "-F",
    "--form",
    "--post-data",
    "--json",
)
_PACKAGE_UPLOAD = lazy_pattern(r"/packages/(?:generic|maven|npm|pypi|nuget|composer|conan|helm|terraform)/")
_CURL_GROUP = lazy_pattern(r"-[fsSLkgjJlnNpqRviI#0-6]+o(?P<file>.*)", re.DOTALL)
_WGET_GROUP = lazy_pattern(r"-[qcNSrnvd46]+O(?P<file>.*)", re.DOTALL)
_NEAR = 100
"""How many commands behind a download may have to do with it: a limit for scripts of any length."""
_CHECKERS = frozenset(("sha256sum", "sha512sum", "shasum", "sha1sum", "md5sum", "sha384sum", "openssl", "b2sum"))
_COMPARERS = frozenset(("grep", "egrep", "fgrep", "diff", "cmp"))
"""What a sum is piped into to be compared: `sha256sum FILE | grep HASH && …`."""
_SIGNERS = frozenset(("gpg", "gpg2", "gpgv", "minisign", "cosign", "signify", "slsa-verifier", "gh"))


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield a download for each URL, unless the command uploads."""
    if not _only_here(invocation):
        for value, key in secret_options(invocation):
            yield credential(value, "argv-password", invocation, key=key)
    yield from _certificates(invocation)
    method = invocation.value("-X", "--request") if invocation.program == "curl" else None
    uploads = any(invocation.has(flag) for flag in _UPLOADS) or (
        method is not None and method.text in ("POST", "PUT", "DELETE", "PATCH")
    )
    for word in _words(invocation):
        if uploads and _PACKAGE_UPLOAD.search(word.text) and (method is None or method.text != "DELETE"):
            yield publish(
                invocation, "generic", span=word.source.all(), tool=invocation.program, host=host_of(word.source)
            )
        if "://" not in word.text:
            continue
        secret = userinfo(word.source, job=invocation.setting.job, step=invocation.setting.step)
        if secret is not None:
            yield secret
        if not uploads:
            yield download(invocation, word, _output(invocation, word))


def _only_here(invocation: Invocation) -> bool:
    """Whether every URL is of this machine, as in a health check."""
    hosts = [url.host for found in _words(invocation) if (url := parse_url(found.text)) is not None]
    return bool(hosts) and all(isinstance(host, str) and is_loopback(host) for host in hosts)


def _words(invocation: Invocation) -> list[Word]:
    return invocation.operands(_VALUES)


def _certificates(invocation: Invocation) -> Iterator[Fact]:
    for word in invocation.words[1:]:
        text = word.text
        short = (
            invocation.program == "curl" and re.fullmatch(r"-[a-zA-Z#]*k[a-zA-Z#]*", text) and not text.startswith("-o")
        )
        if short or text in ("--insecure", "--no-check-certificate", "--proxy-insecure", "--check-certificate=false"):
            hosts = [url.host for found in _words(invocation) if (url := parse_url(found.text)) is not None]
            host = hosts[0] if hosts else UNKNOWN

            yield Registry(
                span=word.source.all(), job=invocation.setting.job, step=invocation.setting.step, ecosystem="",
                purpose="download", url=UNKNOWN, host=host, tls="off", key=text,
                loopback=UNKNOWN if host is UNKNOWN else is_loopback(str(host)),
            )  # fmt: skip


def download(invocation: Invocation, word: Word, output: str) -> Download:
    """Return what a command fetches by a URL into a file, the empty string where it goes on in a pipe."""
    url = parse_url(word.text)
    executed, piped = _executed(invocation, output)
    span = word.source.all()
    redacted = url.redacted if url is not None else word.text
    return Download(
        span=span,
        parts=url_parts(word.source, url),
        job=invocation.setting.job,
        step=invocation.setting.step,
        tool=invocation.program,
        url=UNKNOWN if MARK in redacted else redacted,
        scheme=url.scheme if url else UNKNOWN,
        host=url.host if url else UNKNOWN,
        output=output.replace(MARK, "…"),
        verified_by=_verified(invocation, output, word),
        executed_by=executed,
        piped=piped,
        unpacked=_unpacked(invocation, output),
        checksum_of=_checksum_of(invocation, redacted, url.host if url else ""),
        context=invocation.setting.context,
    )


_SUMS = lazy_pattern(
    r"(?:\.sha\d+(?:sums?|\.txt)?|sums?\.(?:txt|asc)|\bSHA\d+SUMS?|(?:checksums?|sha\d+sums?)(?:\.txt)?)$"
)


def _checksum_of(invocation: Invocation, url: str, host: Text) -> str:
    """Return the file that the checksums at a URL are for: one of the same host, and nothing else that verifies it."""
    if not _SUMS.search(url) or not isinstance(host, str) or not host:
        return ""
    script = invocation.script[max(invocation.command.index - _NEAR, 0) : invocation.command.index + _NEAR]
    if any(command.program in _SIGNERS for command in script) or not any(map(_compares, script)):
        return ""
    for command in script:
        for word in command.words[1:] if command.program in ("curl", "wget", "aria2c") else ():
            other = parse_url(word.text)
            if other is not None and other.host == host and not _SUMS.search(word.text) and MARK not in host:
                return word.text.rstrip("/").rsplit("/", 1)[-1].replace(MARK, "…")
    return ""


def _compares(command: SimpleCommand) -> bool:
    return command.program in _CHECKERS and any(
        re.fullmatch(r"-\w*c\w*|--check", word.text) for word in command.words[1:]
    )


def _output(invocation: Invocation, word: Word) -> str:
    names = ("-o", "--output") if invocation.program == "curl" else ("-O", "--output-document")
    found = invocation.value(*names)
    target = found.text if found is not None else _grouped(invocation)
    if target not in ("", "-"):
        return target
    for redirect in invocation.command.redirects:
        if redirect.operator in (">", ">>") and redirect.target is not None:
            return redirect.target.text
    remote = invocation.program != "curl" or any(
        re.fullmatch(r"-[a-zA-Z#]*O[a-zA-Z#]*|--remote-name(?:-all)?", item.text) for item in invocation.words
    )
    if invocation.command.piped_to or invocation.command.inside or not remote or target == "-":
        return ""
    return word.text.rstrip("/").rsplit("/", 1)[-1].split("?")[0]


def _grouped(invocation: Invocation) -> str:
    """Return the file of an output option that stands last in a group of letters: `curl -fsSLo FILE`, `wget -qO FILE`."""
    group = _CURL_GROUP if invocation.program == "curl" else _WGET_GROUP
    for number, word in enumerate(invocation.words):
        match = group.fullmatch(word.text)
        if match is not None:
            following = invocation.words[number + 1 : number + 2]
            return match["file"] or (following[0].text if following else "")
    return ""


def _executed(invocation: Invocation, output: str) -> tuple[str, bool]:
    """Return the program that executes what is fetched, and whether it does so straight from the network."""
    command = invocation.command
    behind = command.piped_to
    if behind in _INTERPRETERS and not _filters(invocation):
        return behind, True
    if command.inside and command.outer in _INTERPRETERS:
        return command.outer, True
    if not output:
        return "", False
    name = output.rsplit("/", 1)[-1]
    for later in _after(invocation):
        program, words = _behind_prefix(later)
        if program in _INTERPRETERS and any(_same(word, output, name) for word in words[1:3]):
            return program, False
        if words and _same(words[0], output, name):
            return words[0].rsplit("/", 1)[-1].replace(MARK, "…"), False
        if (
            program == "chmod"
            and any("x" in word or re.fullmatch(r"[0-7]*[1357][0-7]*", word) for word in words[1:2])
            and any(_same(word, output, name) for word in words[2:])
        ):
            return "chmod", False
        if program in _INSTALLERS and "--import" not in words and any(_same(word, output, name) for word in words[1:]):
            return program, False
        inside = words[0].removeprefix("./").partition("/") if words else ("", "", "")
        if inside[1] and inside[0] == _ARCHIVE.sub("", name) != name and _unpacked(invocation, output):
            return inside[2].rsplit("/", 1)[-1].replace(MARK, "…"), False
    return "", False


def _behind_prefix(command: SimpleCommand) -> tuple[str, list[str]]:
    """Return the program of a command and its words, behind `sudo` and the like."""
    words = unwrap(command)[0] if command.program in ("sudo", "doas", "env", "exec", "time", "nohup") else command.words
    texts = [word.text for word in words]
    return (texts[0].rsplit("/", 1)[-1] if texts else ""), texts


def _filters(invocation: Invocation) -> bool:
    """Whether the interpreter reads a program from its arguments, so that the pipe is only its data (`python -c`, `node -e`)."""
    for later in _after(invocation)[:1]:
        words = [word.text for word in later.words]
        if (
            any(word in ("-c", "-e", "-n", "-ne", "-pe", "-m", "-r") for word in words[1:4])
            and later.program not in SHELLS
        ):
            return True
    return False


def _after(invocation: Invocation) -> Sequence[SimpleCommand]:
    at = invocation.command.index + 1
    return invocation.script[at : at + _NEAR]


def _same(word: str, output: str, name: str) -> bool:
    if MARK in name:
        return word == output and MARK + MARK not in word and len(output.replace(MARK, "")) > 3
    return word == output or (word.rsplit("/", 1)[-1] == name and bool(name))


def _unpacked(invocation: Invocation, output: str) -> bool:
    if invocation.command.piped_to in _UNPACKERS:
        return True
    name = output.rsplit("/", 1)[-1]
    return bool(name) and any(
        command.program in _UNPACKERS and any(_same(word.text, output, name) for word in command.words[1:])
        for command in _after(invocation)
    )


_FETCHERS = frozenset(("curl", "wget"))
_SUM_OF = re.compile(rf"(?:(?:\\n|\b)[0-9a-fA-F]{{32,128}}|{MARK})[ \t]+\*?([^\s\\\"']+)")
_SUM_FILE = re.compile(r"(?P<name>.+)\.(?:sha\d+(?:sums?)?|md5(?:sum)?)")


def _checks_another(check: SimpleCommand, invocation: Invocation, output: str) -> bool:
    """Whether a check names nothing but what other commands of the script download; of an archive parts may be checked."""
    own = output.rsplit("/", 1)[-1]
    names = _checked_names(check, invocation.script)
    if not names or not own or MARK in own or own in names:
        return False
    at = invocation.command.index
    near = invocation.script[max(0, at - _NEAR) : at + 2 * _NEAR]
    others = [found for found in near if found is not invocation.command and found.program in _FETCHERS]
    return names <= {word.text.rsplit("/", 1)[-1] for found in others for word in found.words[1:]}


def _checked_names(check: SimpleCommand, script: Sequence[SimpleCommand]) -> set[str]:
    """Return the files that a check names: `echo "SUM  FILE" | sha256sum -c`, `sha256sum -c FILE.sha256`; none if unknown."""
    before = script[check.index - 1] if 0 < check.index < len(script) else None
    if before is not None and before.program in ("echo", "printf") and before.piped_to == check.program:
        text = " ".join(word.text for word in before.words[1:])
        return {name.rsplit("/", 1)[-1] for name in _SUM_OF.findall(text) if MARK not in name}
    lists = [word.text.rsplit("/", 1)[-1] for word in check.words[1:] if not word.text.startswith("-")]
    matches = [_SUM_FILE.fullmatch(name) for name in lists]
    return {match["name"] for match in matches if match} if all(matches) and MARK not in "".join(lists) else set()


def _verified(invocation: Invocation, output: str, word: Word) -> str:
    """Return how a download is checked by a later command of the same script: checksum, signature, or ""."""
    if re.search(r"[0-9a-f]{64}", word.text) or re.search(r"/raw/[0-9a-f]{40}/|/[0-9a-f]{40}/", word.text):
        return "pinned-url"
    name = output.rsplit("/", 1)[-1].split(".", maxsplit=1)[0].replace(MARK, "")
    another = False
    for later in _after(invocation):
        program, words = later.program, [item.text for item in later.words]
        if program in _CHECKERS and _checks_another(later, invocation, output or word.text):
            another = True
            continue
        if program in _CHECKERS and (
            any(re.fullmatch(r"-\w*c\w*|--check", item) for item in words[1:]) or program == "openssl"
        ):
            return "checksum"
        if program in _CHECKERS and (later.inside or later.piped_to in _COMPARERS):
            return "checksum"
        if program in _SIGNERS and any(
            item in ("--verify", "verify", "verify-blob", "-V", "-Vm", "attestation", "verify-artifact")
            for item in words[1:3]
        ):
            return "signature"
    if another:
        return ""
    raw = invocation.command.words[0].source.root.text if invocation.command.words else ""
    return "checksum" if name and re.search(r"(?:sha\d+sum|shasum)[^\n]*(?:--check|-c)\b", raw) and name in raw else ""
