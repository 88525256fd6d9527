"""Images that a repository signs and deploys: whether anything in it looks at the signature, or some of it does not."""

from __future__ import annotations

from relcheck.facts import UNKNOWN, Command, Image, Registry, Resource
from relcheck.link import Repository

_POLICIES = frozenset((
    "ClusterImagePolicy", "ImagePolicy", "ClusterPolicy", "Policy", "ImageValidatingPolicy", "ValidatingPolicy", "Verifier",
    "TrustRoot", "PolicyServer", "ClusterAdmissionPolicy", "VerificationPolicy", "ImagePolicyWebhook", "ConstraintTemplate",
))  # fmt: skip
"""Kinds by which a cluster may demand signatures."""

_DEMANDS = ("signedBy", "sigstoreSigned")
"""What `policy.json` of the engines demands of an image."""


def link(repository: Repository) -> None:
    """Fill `signed_at` of deployed images that the same repository signs and nothing verifies.

    Where the repository demands Docker's content trust in one place, a place that gives it up is told.
    """
    _trust(repository)
    signed = {
        (image.host, image.repository): path
        for path, _, image in repository.all(Image)
        if image.role == "signed" and UNKNOWN not in (image.host, image.repository)
    }
    if not signed or not repository.whole:
        return
    if any(fact.verifies in ("signature", "attestation") for _, _, fact in repository.all(Command)):
        return
    if any(fact.kind in _POLICIES for _, _, fact in repository.all(Resource)):
        return
    if any(fact.purpose == "signature-policy" and fact.key in _DEMANDS for _, _, fact in repository.all(Registry)):
        return
    for path, index, image in list(repository.all(Image)):
        if image.role == "deployed" and (image.host, image.repository) in signed:
            repository.put(path, index, image.replace(signed_at=signed[image.host, image.repository]))


def _trust(repository: Repository) -> None:
    found = [fact for fact in repository.all(Registry) if fact[2].purpose == "content-trust"]
    if any(fact.key.endswith("=1") for _, _, fact in found):
        for path, index, fact in found:
            if not fact.key.endswith("=1"):
                repository.put(path, index, fact.replace(purpose="signature", integrity_off=True))
