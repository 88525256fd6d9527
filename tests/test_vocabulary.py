"""The hardest rules of the field, written against the vocabulary: none needs a helper function."""

from __future__ import annotations

import pytest

from relcheck.engine import UNRESOLVED, Checker, ExpressionError, Program, activation

HARDEST = {
    "login-push-mismatch": (
        "job",
        (
            "size(job.logins) > 0 && !job.foreign_login && size(job.pushes) > 0 && job.logins.all(l, !l.cloud) && "
            "job.pushes.all(p, !job.logins.exists(l, l.host == p.host))"
        ),
    ),
    "deploy-by-tag": ("image", 'image.role == "deployed" && image.digest == "" && image.digest_known'),
    "double-publish-trigger": (
        "job",
        'size(job.publishes) > 0 && !job.guarded && "push:tags" in job.events && "release" in job.events',
    ),
    "image-layer-secret": ("credential", 'credential.kind == "file" && credential.in_final_stage'),
    "token-beside-oidc": ("publish", 'publish.token == "static" && publish.id_token == "write"'),
    "tag-version-mismatch": ("release", 'release.head_tag != "" && !release.head_tag_agrees'),
    "k8s-namespace-missing": ("resource", 'resource.scope == "namespaced" && resource.namespace == ""'),
    "publish-latest-only": ("job", 'job.tag_trigger && job.pushes.all(p, p.tag_kind in ["latest", "none"])'),
    "version-not-bumped": ("release", "release.known && release.same_version && release.changed"),
    "npm-scope-unmapped": ("dependency", "dependency.scope_private && !dependency.scope_mapped"),
    "verification-ignored": ("command", 'command.verifies != "" && command.swallowed'),
    "secret-scope-wide": (
        "job",
        (
            'job.secrets.exists(s, s.publishes && s.level != "step" && '
            'job.secrets.filter(o, o.name == s.name && o.level == "step").size() == 1)'
        ),
    ),
}


@pytest.mark.parametrize("name", HARDEST)
def test_a_hard_rule_needs_nothing_but_fields(name: str) -> None:
    kind, expression = HARDEST[name]

    assert Checker(kind, {}).compile(expression, returns="bool")


def test_a_misspelt_field_is_refused_with_its_column() -> None:
    with pytest.raises(ExpressionError) as caught:
        Checker("image", {}).compile('image.tag == "" && image.digets == ""', returns="bool")

    assert (caught.value.line, caught.value.column) == (1, 25)


UNKNOWNS = [
    ('image.tag == "" && image.digest == ""', {"image.tag": "1"}, False),
    ('image.tag == "" && image.digest == ""', {"image.tag": ""}, UNRESOLVED),
    ('image.digest == "" || image.tag == ""', {"image.tag": ""}, True),
]


@pytest.mark.parametrize(("expression", "values", "answer"), UNKNOWNS)
def test_unknown_is_the_third_value(expression: str, values: dict[str, object], answer: object) -> None:
    program = Program(Checker("image", {}).compile(expression, returns="bool"))

    assert program.evaluate(activation(values)) is answer


def test_an_unknown_field_of_a_record_in_a_list_is_unknown_too() -> None:
    program = Program(Checker("job", {}).compile('job.pushes.exists(p, p.host == "x")', returns="bool"))

    assert program.evaluate(activation({"job.pushes": [{"tag": "1"}, {"host": "x"}]})) is True
    assert program.evaluate(activation({"job.pushes": [{"tag": "1"}]})) is UNRESOLVED
