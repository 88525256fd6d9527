"""What the developers and the release run."""

import nox


@nox.session
def release(session: nox.Session) -> None:
    session.run("git", "clone", "--branch", "main", "https://git.acme.io/acme/build-tools")
    session.install("--index-url", "http://pypi.acme.io/simple", "acme-build==1.2.0")
    session.install("-r", "build-tools/requirements.txt")
    session.run("docker", "login", "-u", "ci", "-p", "t7Rk2mWq9Zb4", "registry.acme.io")
    session.run("docker", "run", "--rm", "registry.acme.io/acme/check:1.2.0", *session.posargs)
    session.run("curl", "-fsSLo", "tool", "https://get.acme.io/tool")
    session.run("twine", "upload", "--repository-url", "http://pypi.acme.io/", "dist/acme-1.0.0.tar.gz")
    session.run("kubectl", "apply", "-n", "shop", "-f", "deploy.yaml")
