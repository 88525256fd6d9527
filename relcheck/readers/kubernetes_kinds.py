"""Kinds of Kubernetes objects: which live in a namespace, which are never walked, and where some keep their images.

Built-in kinds: the Kubernetes API reference. Kinds of others: the custom resource definitions that their projects ship.
A kind that is not listed has an unknown scope.
"""

from __future__ import annotations

_CORE = "Pod Service ConfigMap Secret ServiceAccount PersistentVolumeClaim Endpoints Event LimitRange PodTemplate \
ReplicationController ResourceQuota"
_NAMESPACED: dict[str, str] = {
    "": _CORE,
    "apps": "Deployment DaemonSet StatefulSet ReplicaSet ControllerRevision",
    "batch": "Job CronJob",
    "autoscaling": "HorizontalPodAutoscaler",
    "policy": "PodDisruptionBudget",
    "networking.k8s.io": "Ingress NetworkPolicy",
    "extensions": "Deployment DaemonSet ReplicaSet Ingress NetworkPolicy",
    "rbac.authorization.k8s.io": "Role RoleBinding",
    "coordination.k8s.io": "Lease",
    "discovery.k8s.io": "EndpointSlice",
    "events.k8s.io": "Event",
    "storage.k8s.io": "CSIStorageCapacity",
    "resource.k8s.io": "ResourceClaim ResourceClaimTemplate",
    "argoproj.io": "Application ApplicationSet AppProject Rollout Experiment AnalysisTemplate AnalysisRun Workflow "
    "WorkflowTemplate CronWorkflow EventSource EventBus Sensor WorkflowEventBinding",
    "tekton.dev": "Task Pipeline TaskRun PipelineRun StepAction CustomRun",
    "triggers.tekton.dev": "EventListener TriggerTemplate TriggerBinding Trigger Interceptor",
    "serving.knative.dev": "Service Configuration Revision Route DomainMapping",
    "eventing.knative.dev": "Broker Trigger",
    "sources.knative.dev": "ContainerSource PingSource ApiServerSource SinkBinding",
    "source.toolkit.fluxcd.io": "GitRepository OCIRepository HelmRepository HelmChart Bucket",
    "helm.toolkit.fluxcd.io": "HelmRelease",
    "kustomize.toolkit.fluxcd.io": "Kustomization",
    "image.toolkit.fluxcd.io": "ImageRepository ImagePolicy ImageUpdateAutomation",
    "notification.toolkit.fluxcd.io": "Alert Provider Receiver",
    "cert-manager.io": "Certificate Issuer CertificateRequest",
    "acme.cert-manager.io": "Order Challenge",
    "monitoring.coreos.com": "Prometheus PrometheusAgent PrometheusRule Alertmanager AlertmanagerConfig ServiceMonitor "
    "PodMonitor Probe ScrapeConfig ThanosRuler",
    "external-secrets.io": "ExternalSecret SecretStore PushSecret",
    "bitnami.com": "SealedSecret",
    "gateway.networking.k8s.io": "Gateway HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute ReferenceGrant "
    "BackendTLSPolicy",
    "networking.istio.io": "VirtualService DestinationRule Gateway ServiceEntry Sidecar EnvoyFilter WorkloadEntry "
    "WorkloadGroup",
    "security.istio.io": "AuthorizationPolicy PeerAuthentication RequestAuthentication",
    "keda.sh": "ScaledObject ScaledJob TriggerAuthentication",
    "traefik.io": "IngressRoute IngressRouteTCP IngressRouteUDP Middleware TLSOption TLSStore ServersTransport "
    "TraefikService",
    "cilium.io": "CiliumNetworkPolicy",
    "kafka.strimzi.io": "Kafka KafkaConnect KafkaConnector KafkaTopic KafkaUser KafkaBridge KafkaMirrorMaker2 "
    "KafkaNodePool KafkaRebalance",
    "postgresql.cnpg.io": "Cluster Backup ScheduledBackup Pooler ImageCatalog",
    "autoscaling.k8s.io": "VerticalPodAutoscaler",
    "route.openshift.io": "Route",
    "build.openshift.io": "BuildConfig",
    "image.openshift.io": "ImageStream",
    "apps.openshift.io": "DeploymentConfig",
    "kubeflow.org": "Notebook PyTorchJob TFJob MPIJob",
}  # fmt: skip
_CLUSTER: dict[str, str] = {
    "": "Namespace Node PersistentVolume ComponentStatus",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "admissionregistration.k8s.io": "MutatingWebhookConfiguration ValidatingWebhookConfiguration "
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding",
    "storage.k8s.io": "StorageClass VolumeAttachment VolumeAttributesClass CSIDriver CSINode",
    "scheduling.k8s.io": "PriorityClass",
    "node.k8s.io": "RuntimeClass",
    "networking.k8s.io": "IngressClass IPAddress ServiceCIDR",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
    "resource.k8s.io": "DeviceClass ResourceSlice",
    "storagemigration.k8s.io": "StorageVersionMigration",
    "policy": "PodSecurityPolicy",
    "cert-manager.io": "ClusterIssuer",
    "gateway.networking.k8s.io": "GatewayClass",
    "external-secrets.io": "ClusterSecretStore ClusterExternalSecret ClusterPushSecret",
    "kyverno.io": "ClusterPolicy ClusterCleanupPolicy",
    "templates.gatekeeper.sh": "ConstraintTemplate",
    "policy.sigstore.dev": "ClusterImagePolicy",
    "argoproj.io": "ClusterWorkflowTemplate ClusterAnalysisTemplate",
    "tekton.dev": "ClusterTask",
    "triggers.tekton.dev": "ClusterTriggerBinding ClusterInterceptor",
    "pkg.crossplane.io": "Provider Configuration Function",
    "apiextensions.crossplane.io": "Composition CompositeResourceDefinition",
    "postgresql.cnpg.io": "ClusterImageCatalog",
    "serving.kserve.io": "ClusterServingRuntime",
    "security.openshift.io": "SecurityContextConstraints",
    "project.openshift.io": "Project",
    "machineconfiguration.openshift.io": "MachineConfig",
    "config.openshift.io": "ClusterVersion",
    "trust.cert-manager.io": "Bundle",
    "crd.projectcalico.org": "IPPool GlobalNetworkPolicy",
    "projectcalico.org": "IPPool GlobalNetworkPolicy",
    "cilium.io": "CiliumClusterwideNetworkPolicy",
    "karpenter.sh": "NodePool",
    "karpenter.k8s.aws": "EC2NodeClass",
    "keda.sh": "ClusterTriggerAuthentication",
}


def _flat(table: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((group, kind) for group, kinds in table.items() for kind in kinds.split())


NAMESPACED = _flat(_NAMESPACED)
CLUSTER = _flat(_CLUSTER)

_REVIEWS = ("TokenReview", "SubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview")
_SILENT_GROUPS = frozenset((
    "kyverno.io", "policies.kyverno.io", "constraints.gatekeeper.sh", "templates.gatekeeper.sh",
    "mutations.gatekeeper.sh", "policy.sigstore.dev", "apiextensions.k8s.io", "admissionregistration.k8s.io",
    "config.gatekeeper.sh", "apiextensions.crossplane.io", "kustomize.config.k8s.io", "audit.k8s.io",
    "image.toolkit.fluxcd.io", "builtin",
))  # fmt: skip
_SILENT_KINDS = frozenset((
    "CustomResourceDefinition", "ClusterPolicy", "Policy", "ConstraintTemplate", "ValidatingAdmissionPolicy", "Secret",
    "ConfigMap", "Node",
))  # fmt: skip

UNWALKED = frozenset((
    "apiVersion", "kind", "metadata", "status", "data", "stringData", "binaryData", "managedFields", "openAPIV3Schema",
    "annotations", "labels",
))  # fmt: skip
"""Keys below which no image, command or variable of a workload stands."""

CONTAINER_LISTS: dict[str, frozenset[str]] = {
    "": frozenset(("containers", "initContainers", "ephemeralContainers")),
    "tekton.dev": frozenset(("steps", "sidecars")),
    "argoproj.io": frozenset(("sidecars",)),
}
"""Keys of lists of containers: in every object, and in those of one group."""

CONTAINER_MAPS: dict[str, frozenset[str]] = {
    "tekton.dev": frozenset(("stepTemplate",)),
    "argoproj.io": frozenset(("container", "script")),
}
"""Keys of single containers in the objects of one group."""

CONTAINER_PATHS: dict[tuple[str, str], str] = {("tekton.dev", "StepAction"): "spec"}
"""Where kinds of others are a single container, by group and kind."""

IMAGE_PATHS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("monitoring.coreos.com", "Prometheus"): (("spec.image", "workload"), ("spec.thanos.image", "workload")),
    ("monitoring.coreos.com", "PrometheusAgent"): (("spec.image", "workload"),),
    ("monitoring.coreos.com", "Alertmanager"): (("spec.image", "workload"),),
    ("monitoring.coreos.com", "ThanosRuler"): (("spec.image", "workload"),),
    ("opentelemetry.io", "OpenTelemetryCollector"): (("spec.image", "workload"),),
    ("opentelemetry.io", "Instrumentation"): tuple(
        (f"spec.{language}.image", "workload")
        for language in ("java", "nodejs", "python", "dotnet", "go", "apacheHttpd", "nginx")
    ),
    ("pkg.crossplane.io", "Provider"): (("spec.package", "artifact"),),
    ("pkg.crossplane.io", "Configuration"): (("spec.package", "artifact"),),
    ("pkg.crossplane.io", "Function"): (("spec.package", "artifact"),),
    ("kind.x-k8s.io", "Cluster"): (("nodes[].image", "run"),),
    ("k3d.io", "Simple"): (("image", "run"),),
    ("postgresql.cnpg.io", "Cluster"): (("spec.imageName", "workload"),),
    ("sparkoperator.k8s.io", "SparkApplication"): (
        ("spec.image", "workload"), ("spec.driver.image", "workload"), ("spec.executor.image", "workload"),
    ),
    ("kafka.strimzi.io", "Kafka"): (
        ("spec.kafka.image", "workload"), ("spec.zookeeper.image", "workload"),
        ("spec.entityOperator.topicOperator.image", "workload"), ("spec.entityOperator.userOperator.image", "workload"),
    ),
    ("mirror.openshift.io", "ImageSetConfiguration"): (
        ("mirror.additionalImages[].name", "pulled"), ("mirror.operators[].catalog", "pulled"),
    ),
    ("kbld.k14s.io", "Config"): (("overrides[].newImage", "override"), ("destinations[].newImage", "output")),
    ("imgpkg.carvel.dev", "ImagesLock"): (("images[].image", "pulled"),),
    ("kubevirt.io", "VirtualMachine"): (
        ("spec.template.spec.volumes[].containerDisk.image", "mount"),
        ("spec.template.spec.domain.firmware.kernelBoot.container.image", "mount"),
        ("spec.dataVolumeTemplates[].spec.source.registry.url", "mount"),
    ),
    ("kubevirt.io", "VirtualMachineInstance"): (
        ("spec.volumes[].containerDisk.image", "mount"), ("spec.domain.firmware.kernelBoot.container.image", "mount"),
    ),
    ("pool.kubevirt.io", "VirtualMachinePool"): (
        ("spec.virtualMachineTemplate.spec.template.spec.volumes[].containerDisk.image", "mount"),
    ),
    ("cdi.kubevirt.io", "DataVolume"): (("spec.source.registry.url", "mount"),),
    ("cdi.kubevirt.io", "DataImportCron"): (("spec.template.spec.source.registry.url", "mount"),),
    **{
        (f"{kind.lower()}.k8s.elastic.co", kind): (("spec.image", "workload"),)
        for kind in ("Elasticsearch", "Kibana", "Beat", "Agent", "Logstash")
    },
    ("postgresql.cnpg.io", "ImageCatalog"): (("spec.images[].image", "workload"),),
    ("postgresql.cnpg.io", "ClusterImageCatalog"): (("spec.images[].image", "workload"),),
    ("apps.kruise.io", "ImagePullJob"): (("spec.image", "pulled"),),
    ("operators.coreos.com", "ClusterServiceVersion"): (("spec.relatedImages[].image", "workload"),),
    ("operators.coreos.com", "CatalogSource"): (("spec.image", "artifact"),),
    ("kpack.io", "Image"): (("spec.tag", "output"),),
    ("kpack.io", "Builder"): (("spec.tag", "output"),),
    ("kpack.io", "ClusterBuilder"): (("spec.tag", "output"),),
    ("kpack.io", "ClusterStore"): (("spec.sources[].image", "base"),),
    ("kpack.io", "ClusterStack"): (("spec.buildImage.image", "base"), ("spec.runImage.image", "base")),
    ("shipwright.io", "Build"): (("spec.output.image", "output"),),
    ("shipwright.io", "BuildStrategy"): (("spec.steps[].image", "workload"),),
    ("shipwright.io", "ClusterBuildStrategy"): (("spec.steps[].image", "workload"),),
    ("kafka.strimzi.io", "KafkaConnect"): (("spec.image", "workload"), ("spec.build.output.image", "output")),
}  # fmt: skip
"""Where kinds of others keep a single image, by group and kind: path and role."""


BUILTIN = "builtin"
"""The whole `apiVersion` of the plugins that Kustomize brings; it takes the place of their group."""


def group_of(api_version: str) -> str:
    """Return the group of an `apiVersion`: the empty string for the core's `v1`."""
    return BUILTIN if api_version == BUILTIN else api_version.rpartition("/")[0]


def scope_of(api_version: str, kind: str) -> str:
    """Return namespaced, cluster or unknown."""
    group = group_of(api_version)
    if (group, kind) in NAMESPACED or (kind == "LocalSubjectAccessReview"):
        return "namespaced"
    if (group, kind) in CLUSTER or group == "constraints.gatekeeper.sh" or kind in _REVIEWS:
        return "cluster"
    return "unknown"


def is_silent(api_version: str, kind: str) -> bool:
    """Whether the object holds patterns, schemas or plain data: nothing in it is a workload."""
    return group_of(api_version) in _SILENT_GROUPS or kind in _SILENT_KINDS
