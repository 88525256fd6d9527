"""Earthfiles, Quadlet units, ko, GoReleaser, submodules."""

from __future__ import annotations

import pytest

from relcheck.facts import Command, Component, Credential, Download, Image, Registry, Unreadable
from relcheck.readers.systemd_lines import settings
from relcheck.source import Source
from tests.readers.reading import facts_of, lines_of

EARTHFILE = """VERSION 0.8
FROM golang:1.24
ARG --global TAG=latest
IMPORT github.com/o/r/lib:v1.0.0 AS lib
IMPORT ./x

build:
    # a comment
    FROM registry.acme.io/a:$TAG
    COPY (github.com/a/b:main+t/artifact --X=1) .
    COPY +deps/x (+y/z) .
    DO lib+INSTALL
    BUILD --platform=linux/amd64 github.com/a/c+all
    RUN --no-cache --mount=type=cache,target=/x \\
        # a comment inside
        curl https://files.acme.io/i | sh && \\
        apk add a
    ARG V=$(git rev-parse HEAD)
    SAVE IMAGE --push acme/api:$TAG acme/api:1
    WITH DOCKER --pull redis --load x:1=+y --compose c.yml
      RUN docker compose up
    END
    GIT CLONE --branch main https://github.com/q/w.git w

other:
    FROM $V
    FROM DOCKERFILE -f D .
    FROM +build
    ENTRYPOINT ["/bin/a"]
"""


def test_images_of_an_earthfile() -> None:
    assert lines_of("earthfile", "Earthfile", EARTHFILE, Image, "role", "written", "tag", "push") == [
        "2:13 job golang:1.24 1.24 False",
        "9:29 base registry.acme.io/a:$TAG latest False",
        "19:32 output acme/api:$TAG latest True",
        "19:46 output acme/api:1 1 True",
        "20:24 run redis - False",
        "20:39 output x:1 1 False",
        "26:10 job $V unknown False",
    ]


def test_an_image_that_goes_into_none_that_is_saved_is_a_job_s() -> None:
    text = (
        "VERSION 0.8\nFROM alpine\ntest:\n    FROM golang\n    BUILD +image\nbinary:\n    FROM rust\n    SAVE ARTIFACT x\n"
        "image:\n    FROM debian\n    COPY +binary/x /x\n    DO +PUBLISH\nPUBLISH:\n    FUNCTION\n    SAVE IMAGE acme/x:1.2.3\n"
        "child:\n    FROM +parent\n    SAVE IMAGE\nparent:\n    FROM busybox\n"
    )

    assert lines_of("earthfile", "Earthfile", text, Image, "role", "written")[:-1] == [
        "2:6 base alpine",  # PUBLISH has no FROM of its own
        "4:10 job golang",
        "7:10 base rust",
        "10:10 base debian",
        "15:23 output acme/x:1.2.3",
    ]
    assert lines_of("earthfile", "Earthfile", text, Image, "role", "written")[-1] == "20:10 base busybox"


def test_scratch_targets_behind_variables_and_values_of_a_branch() -> None:
    text = (
        "VERSION 0.8\na:\n  FROM scratch\nb:\n  ARG X=./lib+image\n  FROM $X --Y=1\n"
        "c:\n  IF [ -n 1 ]\n    ARG Z=alpine:latest\n  ELSE\n    ARG Z=alpine:3\n  END\n  FROM $Z\n"
    )

    assert lines_of("earthfile", "Earthfile", text, Image, "written", "state") == ["13:8 $Z unknown"]


def test_words_of_an_earthfile() -> None:
    text = (
        "VERSION 0.8\na:\n  SAVE IMAGE --push acme/a:$(cat version) # the release\n"
        '  WITH DOCKER --load (+b --NAME=x:1) --load y:2=(+c --X="a b") --pull "redis:7"\n    RUN true\n  END\n'
    )

    assert lines_of("earthfile", "Earthfile", text, Image, "role", "written", "tag") == [
        "3:21 output acme/a:$(cat version) unknown",
        "4:47 output y:2 2",
        "4:78 run redis:7 7",
    ]


def test_targets_of_others() -> None:
    assert lines_of("earthfile", "Earthfile", EARTHFILE, Component, "system", "name", "ref", "ref_kind") == [
        "4:27 earthly o/r v1.0.0 semver-full",
        "10:26 earthly a/b main branch",
        "13:34 earthly a/c - none",
        "20:54 compose c.yml - none",
        "23:24 git q/w main branch",
        "27:26 docker . - none",
    ]


def test_commands_of_an_earthfile() -> None:
    assert lines_of("earthfile", "Earthfile", EARTHFILE, Command, "written") == [
        "16:9 curl https://files.acme.io/i",
        "16:40 sh",
        "17:9 apk add a",
        "18:13 git rev-parse HEAD",
        "21:11 docker compose up",
        "29:18 /bin/a",
    ]
    assert lines_of("earthfile", "Earthfile", EARTHFILE, Download, "host", "executed_by") == ["16:14 files.acme.io sh"]


UNIT = """[Unit]
Description=x

[Container]
Image=registry.acme.io/web
Exec=nginx -g off
Environment=A=1 "B=2"
# Image=no
Volume=data.volume:/data

[Build]
ImageTag=localhost/x:1

[Service]
ExecStartPre=-/usr/bin/podman pull alpine
"""


def test_a_quadlet_unit() -> None:
    assert lines_of("quadlet", "web.container", UNIT, Image, "role", "written") == [
        "5:7 run registry.acme.io/web",
        "12:22 output localhost/x:1",
        "15:36 pulled alpine",
    ]
    assert lines_of("quadlet", "web.container", UNIT, Command, "written") == [
        "6:6 nginx -g off",
        "15:15 /usr/bin/podman pull alpine",
    ]


@pytest.mark.parametrize("image", ["web.image", "web.build", "oci-archive:/x", ""])
def test_units_and_archives_are_no_images(image: str) -> None:
    assert lines_of("quadlet", "a.container", f"[Container]\nImage={image}\n", Image, "written") == []


def test_ko() -> None:
    text = "defaultBaseImage: cgr.dev/chainguard/static\nbaseImageOverrides:\n  github.com/acme/x: alpine:3.22\nbuilds: []\n"

    assert lines_of("ko", ".ko.yaml", text, Image, "role", "name", "tag") == [
        "1:19 base cgr.dev/chainguard/static -",
        "3:29 base alpine 3.22",
    ]


GORELEASER = """before: {hooks: [go mod tidy, {cmd: ./x.sh}]}
dockers:
  - image_templates: ['acme/a:{{ .Tag }}', 'acme/a:latest']
    skip_push: true
docker_manifests:
  - name_template: acme/a:{{ .Version }}
dockers_v2:
  - images: [acme/b]
    tags: ['v{{ .Version }}', '{{ if .X }}latest{{ end }}']
kos:
  - base_image: alpine
docker_signs:
  - {cmd: cosign, args: [sign, '${artifact}']}
"""


def test_goreleaser() -> None:
    assert lines_of("goreleaser", ".goreleaser.yaml", GORELEASER, Image, "role", "name", "tag", "push") == [
        "3:24 output acme/a unknown False",
        "3:52 output acme/a latest False",
        "8:14 output acme/b unknown True",
        "8:14 output acme/b unknown unknown",
        "6:20 output acme/a unknown True",
        "11:17 base alpine - False",
        "13:33 signed unknown unknown False",
    ]
    written = [
        line.partition(" ")[2] for line in lines_of("goreleaser", ".goreleaser.yaml", GORELEASER, Command, "written")
    ]
    assert written == ["go mod tidy", "./x.sh", "cosign sign ${artifact}"]


SUBMODULES = """[submodule "a"]
\tpath = a
\turl = https://github.com/o/a.git
[submodule "b"]
\tpath = b
\turl = http://ci:hunter2x9@git.acme.io/o/b
\tbranch = main
[submodule "c"]
\turl = ../c.git
"""


def test_submodules() -> None:
    assert lines_of("gitmodules", ".gitmodules", SUBMODULES, Component, "name", "host", "ref", "ref_kind", "local") == [
        "3:8 o/a github.com - sha False",
        "6:8 o/b git.acme.io main branch False",
        "9:8 unknown - - sha True",
    ]
    assert lines_of("gitmodules", ".gitmodules", SUBMODULES, Registry, "scheme") == ["6:28 http"]
    assert lines_of("gitmodules", ".gitmodules", SUBMODULES, Credential, "form") == ["6:18 literal"]


@pytest.mark.parametrize("module", ["earthfile", "quadlet", "ko", "goreleaser", "gitmodules"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "{",
        "FROM",
        "WITH DOCKER --pull",
        "SAVE IMAGE",
        "IMPORT",
        "\\",
        "a: [",
        "[submodule",
        "\0",
        "x:\n" * 999,
    ],
)
def test_bad_input_gives_a_fault_at_most(module: str, text: str) -> None:
    assert all(isinstance(fact, Unreadable) for fact in facts_of(module, "x", text))


def test_lines_of_a_unit() -> None:
    text = (
        "[Unit]\r\nDescription=a \\\r\n  b\r\n; ExecStart=no\r\n[Service]\r\nExecStart=/usr/bin/docker run \\\r\n"
        "# ExecStart=no\r\n  ; no \\\r\n  -e A=1 acme/a:1 \\\r\n"
    )

    assert [
        (setting.section, setting.key, " ".join(setting.value.text.split())) for setting in settings(Source("a", text))
    ] == [
        ("Unit", "Description", "a b"),
        ("Service", "ExecStart", "/usr/bin/docker run -e A=1 acme/a:1"),
    ]
    assert lines_of("quadlet", "a.service", text, Image, "role", "written") == ["9:17 run acme/a:1"]
