package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.operator.ApiClient;
import ml.helix.wolf.operator.OperatorSettings;
import ml.helix.wolf.operator.WolfTunnelOperator;
import ml.helix.wolf.program.LogSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The operator with the committed roles and its own ServiceAccount's token; the audit log has its requests. */
@ExtendWith(WholeCluster.class)
@ResourceLock(WholeCluster.TURN)
class RbacIT {
    private static final String HOME = "wolf-system";

    private RealApiServer.Running server;
    private KubernetesClient admin;
    private List<HasMetadata> committed;

    @BeforeEach
    void install(RealApiServer.Running running) throws Exception {
        server = running;
        admin = running.client();
        RealApiServer.applyNamespace(admin, HOME);
        admin.resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace(HOME)
                        .withName("wolf-tunnel-operator")
                        .endMetadata()
                        .build())
                .serverSideApply();
        try (var yaml = Files.newInputStream(Path.of("../manifests/operator/rbac.yaml"))) {
            committed = admin.load(yaml).items();
        }
    }

    @AfterEach
    void uninstall() {
        committed.forEach(object -> admin.resource(placed(object)).delete());
        admin.close();
    }

    @Test
    void operatorInTheWholeClusterNeedsEveryVerbOfItsRolesAndNoOther() throws Exception {
        applied(committed.stream().map(RbacIT::placed).toList(), HOME);
        int before = server.audited().size();
        lifeOfAWolfTunnel(Set.of());
        Eventually.holds(() -> assertThat(permissions(before, "allow")).isEqualTo(granted()));
        assertThat(permissions(before, "forbid")).isEmpty();
    }

    @Test
    void namespacedInstallAsKustomizeRendersItWorksInItsNamespaceAlone(@TempDir Path folder) throws Exception {
        try (var home = new Testbed(server)) {
            var install = namespacedInstall(folder, home.namespace);
            applied(install, home.namespace);
            assertThat(watchedNamespaces(install)).containsExactly(home.namespace);
            int before = server.audited().size();
            life(home, home.namespace, watchedNamespaces(install));
            staysWithin(before, home.namespace, Set.of(home.namespace));
        }
    }

    @Test
    void namespacedInstallWithItsRoleInASecondNamespaceWorksInBothAndNowhereElse(@TempDir Path folder)
            throws Exception {
        try (var home = new Testbed(server);
                var second = new Testbed(server)) {
            var install = namespacedInstall(folder, home.namespace);
            applied(install, home.namespace);
            var roleAlone = install.stream()
                    .filter(object -> object.getMetadata().getName().equals("wolf-tunnel-operator"))
                    .filter(object -> object instanceof Role || object instanceof RoleBinding)
                    .toList();
            roleAlone.forEach(object -> object.getMetadata().setNamespace(second.namespace));
            applied(roleAlone, home.namespace);
            int before = server.audited().size();
            var both = Set.of(home.namespace, second.namespace);
            life(second, home.namespace, both);
            life(home, home.namespace, both);
            staysWithin(before, home.namespace, both);
        }
    }

    @Test
    void cordonedNodesNeedTheirOwnRoleAndItsPolicyAllowsNothingButTheAnnotation() throws Exception {
        applied(committed.stream().map(RbacIT::placed).toList(), HOME);
        var node = new NodeBuilder()
                .withNewMetadata()
                .withName("node-of-cordons")
                .endMetadata()
                .withNewSpec()
                .withUnschedulable(true)
                .endSpec()
                .build();
        var settings = new OperatorSettings(
                "agent:1", Set.of(), false, Optional.empty(), Optional.empty(), LogSettings.DEFAULT);
        List<HasMetadata> more = new ArrayList<>();
        for (var file : List.of("rbac.yaml", "policy.yaml")) {
            try (var yaml = Files.newInputStream(Path.of("../manifests/drain-cordoned-nodes", file))) {
                more.addAll(admin.load(yaml).items());
            }
        }
        admin.resource(node).create();
        try (var testbed = new Testbed(server);
                var client = ApiClient.of(operatorConfig(HOME)).build();
                var operator = WolfTunnelOperator.standBy(client, settings, new PrometheusRegistry(), () -> {})) {
            operator.work();
            testbed.token("t");
            testbed.apply("{drainCordonedNodes: true}");
            testbed.awaitDaemonSet();
            testbed.podRuns("node-of-cordons", "127.0.0.1", true);
            testbed.awaitCondition("CordonedNodesDrained", "False NodesForbidden");

            applied(more, HOME);
            testbed.awaitCondition("CordonedNodesDrained", "True NodesWatched");
            var pod = client.resource(new PodBuilder()
                    .withNewMetadata()
                    .withNamespace(testbed.namespace)
                    .withName(Testbed.AGENTS + "-node-of-cordons")
                    .endMetadata()
                    .build());
            var seen = admin.pods().inNamespace(testbed.namespace).withName(Testbed.AGENTS + "-node-of-cordons");
            Eventually.holds(() -> assertThat(seen.get().getMetadata().getAnnotations())
                    .containsEntry("wolf.helix.ml/cordoned", "true"));

            for (var change : List.of(
                    "{\"spec\":{\"containers\":[{\"name\":\"agent\",\"image\":\"other:1\"}]}}",
                    "{\"metadata\":{\"annotations\":{\"other\":\"a\"}}}",
                    "{\"metadata\":{\"labels\":{\"other\":\"a\"}}}")) {
                // a policy works a moment after it was applied
                Eventually.holds(() -> assertThat(refusal(pod, change)).contains("wolf.helix.ml/cordoned"));
            }

            admin.nodes().withName("node-of-cordons").edit(cordoned -> {
                cordoned.getSpec().setUnschedulable(null);
                return cordoned;
            });
            Eventually.holds(() ->
                    assertThat(seen.get().getMetadata().getAnnotations()).doesNotContainKey("wolf.helix.ml/cordoned"));
            testbed.delete(); // operators of other tests, without the role, would watch nodes for it
        } finally {
            more.forEach(object -> admin.resource(object).delete());
            admin.resource(node).delete();
        }
    }

    /** Of a dry run: what was changed before the policy worked would be no change afterwards, and not refused. */
    private static String refusal(Resource<Pod> pod, String change) {
        try {
            pod.patch(
                    new PatchContext.Builder()
                            .withPatchType(PatchType.STRATEGIC_MERGE)
                            .withDryRun(List.of("All"))
                            .build(),
                    change);
            return "not refused";
        } catch (KubernetesClientException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Returns when the authorizer knows the roles too, which is a moment later. */
    private void applied(List<HasMetadata> objects, String home) throws Exception {
        objects.forEach(object -> admin.resource(object).serverSideApply());
        for (var object : objects) {
            switch (object) {
                case ClusterRole role -> awaitAllowed(home, "", role.getRules());
                case Role role -> awaitAllowed(home, role.getMetadata().getNamespace(), role.getRules());
                default -> {}
            }
        }
    }

    private void awaitAllowed(String home, String namespace, List<PolicyRule> rules) throws Exception {
        for (var rule : rules) {
            var name = rule.getResourceNames().isEmpty()
                    ? ""
                    : rule.getResourceNames().getFirst();
            for (var resource : rule.getResources()) {
                for (var verb : rule.getVerbs()) {
                    var parts = resource.split("/");
                    var review = new SubjectAccessReviewBuilder()
                            .withNewSpec()
                            .withUser(user(home))
                            .withNewResourceAttributes()
                            .withNamespace(namespace)
                            .withGroup(rule.getApiGroups().getFirst())
                            .withResource(parts[0])
                            .withSubresource(parts.length > 1 ? parts[1] : "")
                            .withName(name)
                            .withVerb(verb)
                            .endResourceAttributes()
                            .endSpec()
                            .build();
                    Eventually.holds(() -> assertThat(admin.authorization()
                                    .v1()
                                    .subjectAccessReview()
                                    .create(review)
                                    .getStatus()
                                    .getAllowed())
                            .as(() -> verb + " " + resource)
                            .isTrue());
                }
            }
        }
    }

    /** The objects of {@code kubectl apply -k manifests/namespaced}, in another namespace. */
    private List<HasMetadata> namespacedInstall(Path folder, String namespace) throws Exception {
        var yaml = new Kubectl(server, folder)
                .run("", "kustomize", "../manifests/namespaced")
                .replace("namespace: wolf\n", "namespace: " + namespace + "\n");
        var objects = admin.load(new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)))
                .items();
        assertThat(objects)
                .extracting(HasMetadata::getKind)
                .contains("Role", "RoleBinding", "ServiceAccount", "Deployment")
                .doesNotContain("ClusterRole", "ClusterRoleBinding", "Namespace", "CustomResourceDefinition")
                .noneMatch(kind -> kind.startsWith("ValidatingAdmissionPolicy"));
        return objects;
    }

    /** The namespaces that the operator's Deployment sets. */
    private static Set<String> watchedNamespaces(List<HasMetadata> install) {
        return install.stream()
                .filter(Deployment.class::isInstance)
                .map(Deployment.class::cast)
                .flatMap(deployment ->
                        deployment.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv().stream()
                                .filter(variable -> variable.getName().equals("WATCH_NAMESPACES"))
                                .filter(variable -> variable.getValueFrom()
                                        .getFieldRef()
                                        .getFieldPath()
                                        .equals("metadata.namespace"))
                                .map(variable -> deployment.getMetadata().getNamespace()))
                .collect(Collectors.toSet());
    }

    /** The log has a watch when it has ended, which the API server notices a moment after the operator has closed. */
    private void staysWithin(int since, String home, Set<String> namespaces) throws Exception {
        Eventually.holds(() -> assertThat(requests(since, user(home)))
                .extracting(AuditedRequest::permission)
                .contains("list wolf.helix.ml/wolftunnels", "watch /pods"));
        server.awaitAudit();
        var requests = requests(since, user(home)).toList();
        assertThat(requests).extracting(AuditedRequest::decision).containsOnly("allow");
        assertThat(requests).extracting(AuditedRequest::namespace).isSubsetOf(namespaces);
    }

    private void lifeOfAWolfTunnel(Set<String> namespaces) throws Exception {
        try (var testbed = new Testbed(server)) {
            life(testbed, HOME, namespaces);
        }
    }

    /** @param home where the operator runs */
    private void life(Testbed testbed, String home, Set<String> namespaces) throws Exception {
        var settings = new OperatorSettings(
                "agent:1", namespaces, true, Optional.empty(), Optional.empty(), LogSettings.DEFAULT);
        try (var client = operatorClient(home);
                var operator = WolfTunnelOperator.standBy(client, settings, new PrometheusRegistry(), () -> {})) {
            operator.work();
            testbed.apply("{controlPlane: {url: 'https://h', caBundleRef: {name: ca}}}");
            testbed.awaitCondition("Ready", "False RunnerTokenMissing");
            testbed.token("t");
            testbed.awaitCondition("Ready", "False CaBundleMissing");
            testbed.apply("{}");
            testbed.awaitCondition("Ready", "False RollingOut");
            testbed.apply("{agent: {port: 9000}}");
            testbed.awaitDaemonSet(2);
            testbed.rolledOut(1, 0);
            testbed.failedCreate("pods \"x\" is forbidden: exceeded quota");
            testbed.awaitCondition("Stalled", "True PodsForbidden");
            testbed.podRuns("node-1", "127.0.0.1", true);
            testbed.rolledOut(1, 1);
            Eventually.holds(
                    () -> assertThat(testbed.resource().getStatus().connected()).isEqualTo(1));
            Eventually.holds(() -> assertThat(operator.notReady()).isEmpty());
            awaitRenewal(server.audited().size(), home);
        }
    }

    /** Returns after the operator has renewed its Lease, as it does every two seconds. */
    private void awaitRenewal(int since, String home) throws Exception {
        Eventually.holds(() -> assertThat(requests(since, user(home)))
                .extracting(AuditedRequest::permission)
                .contains("patch coordination.k8s.io/leases"));
    }

    private KubernetesClient operatorClient(String home) {
        return new KubernetesClientBuilder().withConfig(operatorConfig(home)).build();
    }

    private Config operatorConfig(String home) {
        var token = admin.serviceAccounts()
                .inNamespace(home)
                .withName("wolf-tunnel-operator")
                .tokenRequest(new TokenRequest())
                .getStatus()
                .getToken();
        return new ConfigBuilder(server.config())
                .withOauthToken(token)
                .withNamespace(home)
                .build();
    }

    /** A user's requests, without discovery, which everybody may do. */
    private Stream<AuditedRequest> requests(int since, String user) {
        return server.audited().stream()
                .skip(since)
                .filter(request -> request.user().equals(user))
                .filter(request -> !request.resource().equals("/"));
    }

    private Set<String> permissions(int since, String decision) {
        return requests(since, user(HOME))
                .filter(request -> request.decision().equals(decision))
                .map(AuditedRequest::permission)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String user(String namespace) {
        return "system:serviceaccount:" + namespace + ":wolf-tunnel-operator";
    }

    private Set<String> granted() {
        return committed.stream()
                .flatMap(object -> switch (object) {
                    case ClusterRole role -> role.getRules().stream();
                    case Role role -> role.getRules().stream();
                    default -> Stream.<PolicyRule>empty();
                })
                .flatMap(rule -> rule.getApiGroups().stream().flatMap(group -> rule.getResources().stream()
                        .flatMap(resource -> rule.getVerbs().stream().map(verb -> verb(verb, group, resource)))))
                // the API server checks these within a patch, without an audit event; without them the patch fails
                .filter(granted -> !granted.matches(
                        "create (apps/daemonsets|/serviceaccounts)|update wolf.helix.ml/wolftunnels/finalizers"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String verb(String verb, String group, String resource) {
        return verb + " " + group + "/" + resource;
    }

    private static HasMetadata placed(HasMetadata object) {
        if (object instanceof Role || object instanceof RoleBinding) {
            object.getMetadata().setNamespace(HOME);
        }
        return object;
    }
}
