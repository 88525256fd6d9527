"""Which options of `docker run` take a value: what it needs to find the image among the words (docker, podman, nerdctl)."""

from __future__ import annotations

from collections.abc import Sequence

BOOLEANS = frozenset((
    "--rm", "--init", "--privileged", "--read-only", "--detach", "--interactive", "--tty", "--publish-all",
    "--no-healthcheck", "--oom-kill-disable", "--sig-proxy", "--disable-content-trust", "--quiet", "--replace", "--rmi",
    "--no-hosts", "--env-host", "--help", "--use-api-socket", "--tls-verify", "--passwd", "--http-proxy", "--rootfs",
))  # fmt: skip
VALUES = frozenset((
    "-a", "-c", "-e", "-h", "-l", "-m", "-p", "-u", "-v", "-w", "--name", "--network", "--net", "--entrypoint", "--env",
    "--env-file", "--volume", "--workdir", "--user", "--publish", "--mount", "--label", "--hostname", "--link",
    "--memory", "--cpus", "--platform", "--restart", "--gpus", "--device", "--cap-add", "--cap-drop", "--add-host",
    "--tmpfs", "--ulimit", "--security-opt", "--shm-size", "--log-driver", "--log-opt", "--pull", "--pid", "--ipc",
    "--userns", "--cidfile", "--dns", "--expose", "--volumes-from", "--stop-signal", "--stop-timeout", "--health-cmd",
    "--network-alias", "--ip", "--mac-address", "--runtime", "--group-add", "--cgroupns", "--sysctl", "--annotation",
    "--label-file", "--isolation", "--pod", "--secret", "--arch", "--os", "--variant", "--authfile", "--attach",
    "--cpu-shares", "--cpuset-cpus", "--memory-swap", "--blkio-weight", "--device-cgroup-rule", "--dns-search",
    "--dns-option", "--domainname", "--kernel-memory", "--oom-score-adj", "--pids-limit", "--storage-opt", "--uts",
    "--volume-driver", "--health-interval", "--health-retries", "--health-timeout", "--cgroup-parent", "--systemd",
    "--timeout", "--conmon-pidfile", "--pidfile", "--creds", "--cert-dir",
))  # fmt: skip


def image_index(words: Sequence[str]) -> int | None:
    """Return which of the words behind `run` is the image, None where an unknown option makes that a guess."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        word = words[at]
        if word == "--":
            at += 1
            break
        if word.startswith("--"):
            if "=" not in word and word not in VALUES and word not in BOOLEANS:
                return None
            at += 2 if word in VALUES else 1
        else:
            at += 2 if _takes_next(word) else 1
    return at if at < len(words) else None


def _takes_next(word: str) -> bool:
    """Whether a group of one-letter options ends in one that takes the next word: `-it` does not, `-itv` does."""
    for place, letter in enumerate(word[1:], start=1):
        if f"-{letter}" in VALUES:
            return place == len(word) - 1
    return False
