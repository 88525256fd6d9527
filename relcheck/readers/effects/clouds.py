"""Command line tools of clouds and platforms: images that they deploy, registries that they log in to."""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Fact, Login, Text
from relcheck.readers.effects.invocation import Invocation
from relcheck.readers.effects.publishing import publish
from relcheck.readers.images import image_fact
from relcheck.refs import MARK
from relcheck.source import Source, Span


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what a tool of a cloud does with images."""
    yield from _TOOLS[invocation.program](invocation)


def _words(invocation: Invocation) -> str:
    """Return the words that choose what the tool does: those before the first option, at most three."""
    chosen = []
    for word in invocation.words[1:4]:
        if word.text.startswith("-"):
            break
        chosen.append(word.text)
    return " ".join(chosen)


def _deployed(invocation: Invocation, *options: str) -> Iterator[Fact]:
    for value in invocation.values(*options):
        yield from _image(invocation, value, "deployed")


def _image(invocation: Invocation, value: Source, role: str) -> Iterator[Fact]:
    found = image_fact(
        value,
        role=role,
        engine="command",
        state="partial" if MARK in value.text else "literal",
        job=invocation.setting.job,
        step=invocation.setting.step,
    )
    if found is not None:
        yield found


def _login(invocation: Invocation, host: Text, place: Span) -> Login:
    return Login(
        span=place,
        tool=invocation.program,
        host=host,
        secret_form="helper",
        cloud=True,
        job=invocation.setting.job,
        step=invocation.setting.step,
    )


def _gcloud(invocation: Invocation) -> Iterator[Fact]:
    """`gcloud run deploy --image`, `gcloud builds submit --tag`, `gcloud auth configure-docker [HOSTS]`."""
    words = _words(invocation)
    if words.startswith(("run deploy", "run jobs", "functions deploy", "compute instances")):
        yield from _deployed(invocation, "--image", "--container-image")
    elif words == "builds submit":
        for value in invocation.values("--tag", "-t"):
            yield from _image(invocation, value, "pushed")
            yield publish(invocation, "oci", span=value.all(), host=UNKNOWN, target=UNKNOWN)
    elif words.startswith("auth configure-docker"):
        given = [word for word in invocation.words[3:] if not word.text.startswith("-")]
        known = given[0].text.split(",")[0] if given and MARK not in given[0].text else ""
        place = given[0].source.all() if given else invocation.words[2].source.all()
        yield _login(invocation, known or UNKNOWN, place)


def _aws(invocation: Invocation) -> Iterator[Fact]:
    if _words(invocation).startswith(("lambda update-function-code", "lambda create-function")):
        yield from _deployed(invocation, "--image-uri")
    elif _words(invocation).startswith(("s3 cp", "s3 mv")):
        from relcheck.readers.effects.fetches import copied  # noqa: PLC0415 - few scripts fetch from a store

        yield from copied(invocation)


def _az(invocation: Invocation) -> Iterator[Fact]:
    """`az acr login --name N`, `az acr build --image`, `az containerapp up --image`."""
    words = _words(invocation)
    if words == "acr login":
        name = invocation.value("--name", "-n")
        if name is not None:
            host = name.text if "." in name.text else f"{name.text}.azurecr.io"
            yield _login(invocation, UNKNOWN if MARK in name.text else host, name.all())
    elif words == "acr build":
        yield publish(invocation, "oci", host=UNKNOWN, target=UNKNOWN)
    elif words.startswith("storage blob") and any(word.text == "download" for word in invocation.words[2:5]):
        from relcheck.readers.effects.fetches import blob  # noqa: PLC0415 - few scripts fetch from a store

        yield from blob(invocation)
    elif words.startswith(("containerapp", "container create", "webapp")):
        yield from _deployed(invocation, "--image", "--container-image-name")


def _fly(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb in ("deploy", "launch", "machine"):
        yield from _deployed(invocation, "--image", "-i")


def _doctl(invocation: Invocation) -> Iterator[Fact]:
    if _words(invocation) == "registry login":
        yield _login(invocation, "registry.digitalocean.com", invocation.words[2].source.all())


def _heroku(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "container:push":
        yield publish(invocation, "oci", host="registry.heroku.com", target=UNKNOWN)
    elif invocation.verb == "container:login":
        yield _login(invocation, "registry.heroku.com", invocation.words[1].source.all())


def _galaxy(invocation: Invocation) -> Iterator[Fact]:
    """`ansible-galaxy [role|collection] install NAME[,VERSION | :VERSION]`; `-r FILE` names a file of them."""
    words = [word for word in invocation.words[1:] if word.text not in ("role", "collection")]
    if (
        not words
        or words[0].text != "install"
        or invocation.has("-r", "--requirements-file", "--role-file") is not None
    ):
        return
    for word in words[1:]:
        name, _, version = word.text.replace(":", ",", 1).partition(",")
        if word.text.startswith(("-", ".", "/")) or MARK in word.text or "://" in word.text:
            continue
        yield Dependency(
            span=word.source.all(),
            ecosystem="ansible",
            where="tool",
            name=name,
            constraint=version,
            firmness="exact" if version[:1].isdigit() else "range" if version else "any",
            job=invocation.setting.job,
            step=invocation.setting.step,
        )


_TOOLS = {
    "gcloud": _gcloud,
    "aws": _aws,
    "az": _az,
    "flyctl": _fly,
    "fly": _fly,
    "doctl": _doctl,
    "heroku": _heroku,
    "ansible-galaxy": _galaxy,
}
