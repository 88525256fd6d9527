"""The files in which kubectl, git, Terraform and the AWS command line keep what opens their servers."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from relcheck.facts import Credential, Fact, Registry, Unreadable
from relcheck.forms import decode_form
from relcheck.readers import recognise
from tests.planted_trees import filled
from tests.readers.reading import facts_of, lines_of

SECRET = "k3v9Qz71LmWp4Xs8Rt2b"


def said(module: str, path: str, text: str) -> list[str]:
    """Return kind, key, form, host and user of each credential, and check that its place holds it."""
    lines = lines_of(module, path, text, Credential, "kind", "key", "form", "host", "user")
    for fact in facts_of(module, path, text):
        if isinstance(fact, Credential) and fact.length and fact.kind != "private-key":
            place = fact.parts["value"]
            assert len(decode_form(text[place.start : place.end], place.form)) == fact.length
    return lines


FORMATS = [
    ("kubeconfig", "kubeconfig"),
    (".kube/config", "kubeconfig"),
    ("deploy/prod.kubeconfig", "kubeconfig"),
    ("deploy/prod-kubeconfig.yaml", "kubeconfig"),
    ("pkg/kubeconfig.go", ""),
    (".gitconfig", "git-config"),
    ("dotfiles/gitconfig", "git-config"),
    (".config/git/config", "git-config"),
    (".aws/credentials", "aws-config"),
    (".aws/config", "aws-config"),
    ("app/credentials", ""),
    (".terraformrc", "terraform"),
    (".terraform.d/credentials.tfrc.json", "terraform"),
    ("ci.tfrc", "terraform"),
]


@pytest.mark.parametrize(("path", "name"), FORMATS)
def test_a_file_is_known_by_its_name(path: str, name: str) -> None:
    assert recognise(path, lambda: b'users:\nclusters:\n"credentials"\n')[0] == name


def test_a_file_that_is_called_alike_and_holds_something_else() -> None:
    assert recognise("kubeconfig", lambda: b"see the manual\n")[0] == ""


def test_users_of_a_cluster() -> None:
    text = (
        "apiVersion: v1\nkind: Config\n"
        "clusters:\n- name: a\n  cluster: {server: 'https://k8s.acme.io:6443'}\n"
        f"- name: b\n  cluster: {{server: 'https://ci:{SECRET}@k8s.acme.io'}}\n"
        "contexts:\n- name: a\n  context: {cluster: a, user: one}\n"
        "users:\n"
        f"- name: one\n  user: {{token: {SECRET}}}\n"
        f'- name: two\n  user: {{username: ci, password: "{SECRET}"}}\n'
        f"- name: three\n  user:\n    auth-provider: {{name: oidc, config: {{id-token: {SECRET}, client-id: x}}}}\n"
        "- name: four\n  user:\n    exec: {command: x, env: [{name: CLIENT_SECRET, value: "
        f"{SECRET}}}, {{name: A, value: b}}]}}\n"
        "- name: five\n  user: {token: '${TOKEN}', tokenFile: /run/token, client-certificate-data: TFMwdExT}\n"
        "- name: six\n  user: {token: <token>, client-key-data: REDACTED}\n"
        "- name: seven\n  user: ~\n"
    )

    assert said("kubeconfig", ".kube/config", text) == [
        "13:17 kubeconfig token literal k8s.acme.io one",
        "15:35 kubeconfig password literal - ci",
        "18:52 kubeconfig id-token literal - three",
        "21:59 kubeconfig CLIENT_SECRET literal - four",
        "23:18 kubeconfig token reference - five",
        "25:17 kubeconfig token placeholder - six",
        "25:43 private-key private key of a client placeholder - -",
        "7:33 url-userinfo server literal k8s.acme.io ci",
    ]


def test_the_key_of_a_client_is_a_private_key() -> None:
    pem = filled("-----BEGIN RSA PRIVATE KEY-----\n{{pem}}\n-----END RSA PRIVATE KEY-----\n")
    coded = b64encode(pem.encode()).decode()
    text = f"apiVersion: v1\nkind: Config\nusers:\n- name: ci\n  user:\n    client-key-data: {coded}\n"

    (fact,) = facts_of("kubeconfig", ".kube/config", text)

    assert isinstance(fact, Credential)
    assert (fact.kind, fact.form, fact.where) == ("private-key", "literal", "home")
    assert text[fact.span.start : fact.span.end] == coded
    assert decode_form(coded, fact.span.form) == pem


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"apiVersion: v1\nkind: Config\nusers: [{{name: a, user: {{token: {SECRET}}}}}]\n", ["kubeconfig"]),
        (f"apiVersion: config.acme.io/v1\nkind: Config\nusers: [{{name: a, user: {{token: {SECRET}}}}}]\n", []),
        ("apiVersion: v1\nkind: Config\nusers: all\n", []),
    ],
)
def test_a_manifest_that_is_one(text: str, kinds: list[str]) -> None:
    found = [fact.kind for fact in facts_of("documents", "deploy/a.yaml", text) if isinstance(fact, Credential)]

    assert found == kinds


def test_a_broken_file_says_so_and_a_template_says_nothing() -> None:
    broken = facts_of("kubeconfig", "kubeconfig", "users: [\n")
    template = facts_of(
        "kubeconfig", "kubeconfig", "users: [{name: a, user: {token: {{ .Token }}}}]\nclusters: {{ x }}\n"
    )

    assert [type(fact) for fact in broken] == [Unreadable]
    assert template == []


def test_profiles_of_a_cloud() -> None:
    text = (
        "# a comment\n[default]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\n"
        f"aws_secret_access_key = {SECRET}\naws_session_token={SECRET}\n"
        f"[profile ci]\naws_secret_access_key = ${{SECRET}}\ns3 =\n  max_concurrent_requests = 20\nregion = eu-central-1\n"
        "[sample]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\naws_session_token =\n"
    )

    assert said("aws_config", ".aws/credentials", text) == [
        "4:25 aws-key aws_secret_access_key literal - default",
        "5:19 aws-key aws_session_token literal - default",
        "7:25 aws-key aws_secret_access_key reference - ci",
        "12:25 aws-key aws_secret_access_key placeholder - sample",
    ]


GIT = [
    (
        f'[url "https://ci:{SECRET}@git.acme.io/"]\n\tinsteadOf = a\n\tpushInsteadOf = b\n',
        ["1:18 url-userinfo url.insteadof literal git.acme.io ci"],
    ),
    (
        f'[remote "origin"]\n\turl = https://ci:{SECRET}@git.acme.io/a.git ; x\n',
        ["2:19 url-userinfo remote.url literal git.acme.io ci"],
    ),
    (f"[http]\n\tproxy = http://ci:{SECRET}@proxy.acme.io:3128\n", ["2:20 url-userinfo http.proxy literal proxy.acme.io ci"]),
    (
        f'[http "https://git.acme.io/a"] extraHeader = "PRIVATE-TOKEN: {SECRET}" # x\n',
        ["1:62 git-header private-token literal git.acme.io -"],
    ),
    (f"[HTTP]\n  ExtraHeader=AUTHORIZATION: bearer {SECRET}\n", ["2:37 git-header authorization literal - -"]),
    ("[http]\n\textraheader = AUTHORIZATION: basic Y2k6JHtUT0tFTn0=\n", ["2:37 git-header authorization reference - ci"]),
    ("[http]\n\textraheader = Authorization: Bearer ${TOKEN}\n", ["2:38 git-header authorization reference - -"]),
    (f"[http]\n\textraheader = X-Trace: {SECRET}\n", []),
    ("[credential]\n\thelper = store --file ~/.x\n", ["2:11 git-store store reference - -"]),
    ("[credential]\n\thelper = cache\n\thelper = !gh auth git-credential\n", []),
    (
        f'[credential "https://git.acme.io"]\n\thelper = "!f() {{ echo password={SECRET}; }}; f"\n',
        ["2:33 git-token credential.helper literal git.acme.io -"],
    ),
    (f"[github]\n\tuser = ci\n\ttoken = {SECRET}\n", ["3:10 git-token github.token literal - -"]),
    (f"# token = {SECRET}\n[alias]\n\ttoken = {SECRET}\n[core]\n\teditor\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), GIT)
def test_configuration_of_git(text: str, found: list[str]) -> None:
    assert said("git_config", ".gitconfig", text) == found


TERRAFORM = [
    (
        ".terraformrc", f'credentials "tf.acme.io" {{\n  token = "{SECRET}"\n}}\n',
        ["2:12 terraform-token token literal tf.acme.io -"],
    ),
    (
        "terraform.rc", 'credentials "tf.acme.io" {\n  token = "${TOKEN}"\n}\n',
        ["2:12 terraform-token token reference tf.acme.io -"],
    ),
    (
        "credentials.tfrc.json", f'{{"credentials": {{"tf.acme.io": {{"token": "{SECRET}"}}}}}}',
        ["1:43 terraform-token token literal tf.acme.io -"],
    ),
    (
        "credentials.tfrc.json", '{"credentials": {"tf.acme.io": {"token": "<token>"}}}',
        ["1:43 terraform-token token placeholder tf.acme.io -"],
    ),
    (".tofurc", 'credentials_helper "x" {\n  args = []\n}\n', []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "found"), TERRAFORM)
def test_credentials_of_terraform(path: str, text: str, found: list[str]) -> None:
    assert said("terraform", path, text) == found


def test_a_mirror_of_terraform_in_json() -> None:
    text = '{"provider_installation": {"network_mirror": {"url": "http://tf.acme.io/m/"}}}'

    facts: list[Fact] = facts_of("terraform", "a.tfrc.json", text)

    assert [(fact.purpose, fact.host) for fact in facts if isinstance(fact, Registry)] == [("mirror", "tf.acme.io")]


@pytest.mark.parametrize("module", ["kubeconfig", "aws_config", "git_config"])
@pytest.mark.parametrize("text", ["", "\0", "[", '[url "', "[a\n=b", "users: [[[[", '[a "\\'])
def test_odd_text_is_no_fault(module: str, text: str) -> None:
    facts_of(module, "x", text)


def test_work_grows_with_the_text() -> None:
    for text in ("[" * 100_000, '[a "' + "\\" * 100_000, "a = " + '"' * 100_000 + "\n", "a=" + "\\x" * 50_000):
        facts_of("git_config", ".gitconfig", text)


def test_a_document_without_users_is_none() -> None:
    assert facts_of("kubeconfig", "kubeconfig", "- a\n--- b\n") == []


def test_clients_of_object_stores() -> None:
    boto = f"[Credentials]\ngs_access_key_id = A\ngs_secret_access_key = {SECRET}\n[OAuth2]\nclient_secret = {SECRET}\n"
    s3cmd = f"[default]\nsecret_key={SECRET}\ngpg_passphrase =\nhost_base = s3.acme.io:9000\n[other]\naccess_token = ${{X}}\n"
    rclone = (
        f"[a]\ntype = webdav\nurl = https://dav.acme.io/x\npass = {SECRET}\n[b]\ntype = drive\nkey = no-secret-here\n"
        f'token = {{"access_token":"{SECRET}","refresh_token":"{SECRET}"}}\n'
    )

    assert said("storage_clients", ".boto", boto) == [
        "3:24 storage-key gs_secret_access_key literal - Credentials",
        "5:17 storage-key client_secret literal - OAuth2",
    ]
    assert said("storage_clients", "ci/.s3cfg", s3cmd) == [
        "2:12 storage-key secret_key literal s3.acme.io default",
        "6:16 storage-key access_token reference s3.amazonaws.com other",
    ]
    assert said("storage_clients", "rclone.conf", rclone) == [
        "4:8 storage-key pass literal dav.acme.io a",
        "8:26 storage-key access_token literal - b",
        "8:65 storage-key refresh_token literal - b",
    ]
    assert said("storage_clients", "rclone.conf", f"RCLONE_ENCRYPT_V0:\npass = {SECRET}\n") == []


STORES = [
    (".boto", "[Boto]\nis_secure = False\nhttps_validate_certificates = no\n", ["2:13 - http -", "3:31 - - off"]),
    (".boto", "[Boto]\nis_secure = True\nhttps_validate_certificates = True\n", []),
    (".s3cfg", "[default]\nuse_https = False\n", ["2:13 s3.amazonaws.com http -"]),
    (".s3cfg", "[default]\nhost_base = s3.acme.io\ncheck_ssl_hostname = 0\n", ["3:22 s3.acme.io - off"]),
    ("rclone.conf", "[a]\ntype = ftp\nno_check_certificate = true\n", ["3:24 - - off"]),
    ("rclone.conf", "[a]\ntype = ftp\nno_check_certificate = false\n", []),
    ("rclone.conf", "[a]\ntype = s3\nendpoint = http://s3.acme.io\n", ["3:19 s3.acme.io http -"]),
    ("rclone.conf", "[a]\ntype = s3\nendpoint = s3.acme.io\n", []),
]


@pytest.mark.parametrize(("path", "text", "found"), STORES)
def test_servers_of_object_stores(path: str, text: str, found: list[str]) -> None:
    assert lines_of("storage_clients", path, text, Registry, "host", "scheme", "tls") == found


def test_keys_of_google_cloud() -> None:
    pem = filled("-----BEGIN PRIVATE KEY-----\n{{pem}}\n-----END PRIVATE KEY-----\n")
    account = {"type": "service_account", "private_key": pem, "client_email": "ci@acme.io"}
    user = {"type": "authorized_user", "client_secret": "x", "refresh_token": SECRET}

    assert said("cloud_keys", "a.json", json.dumps(account)) == ["1:45 cloud-key private_key literal - ci@acme.io"]
    assert said("cloud_keys", "a.json", json.dumps({**account, "private_key": "-----BEGIN PRIVATE KEY-----"})) == [
        "1:45 cloud-key private_key placeholder - ci@acme.io"
    ]
    assert said("cloud_keys", "a.json", json.dumps(user)) == ["1:69 cloud-key refresh_token literal - -"]
    assert said("cloud_keys", "a.json", json.dumps({**user, "type": "other"})) == []
    assert facts_of("cloud_keys", "a.json", "[1]") == []
    assert recognise("ci/key.json", lambda: json.dumps(account).encode())[0] == "cloud-keys"
