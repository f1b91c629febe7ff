package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.operator.OperatorSettings;
import ml.helix.wolf.operator.TunnelOperator;
import ml.helix.wolf.program.LogSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The operator with the committed roles and its own ServiceAccount's token, and what it asked for in the audit log. */
@ExtendWith(RealApiServer.class)
class RbacIT {
    private static final String HOME = "wolf-system";
    private static final String USER = "system:serviceaccount:" + HOME + ":wolf-tunnel-operator";

    private RealApiServer.Running server;
    private KubernetesClient admin;
    private List<HasMetadata> committed;

    @BeforeEach
    void install(RealApiServer.Running running) throws Exception {
        server = running;
        admin = running.client();
        admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(HOME)
                        .endMetadata()
                        .build())
                .serverSideApply();
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
    void operator_in_the_whole_cluster_needs_every_verb_of_its_roles_and_no_other() throws Exception {
        committed.forEach(object -> admin.resource(placed(object)).serverSideApply());
        int before = server.audited().size();
        lifeOfATunnel(Set.of());
        Eventually.holds(() -> assertThat(asked(before, "allow")).isEqualTo(granted()));
        assertThat(asked(before, "forbid")).isEmpty();
    }

    @Test
    void operator_of_one_namespace_needs_no_more_than_a_role_in_it() throws Exception {
        try (var trial = new Trial(server)) {
            for (var object : committed) {
                switch (object) {
                    case ClusterRole role ->
                        admin.resource(asRole(role, trial.namespace)).serverSideApply();
                    case Role lease -> admin.resource(placed(lease)).serverSideApply();
                    case RoleBinding lease -> admin.resource(placed(lease)).serverSideApply();
                    default -> admin.resource(binding(trial.namespace)).serverSideApply();
                }
            }
            int before = server.audited().size();
            life(trial, Set.of(trial.namespace));
            assertThat(asked(before, "forbid")).isEmpty();
        }
    }

    private void lifeOfATunnel(Set<String> namespaces) throws Exception {
        try (var trial = new Trial(server)) {
            life(trial, namespaces);
        }
    }

    private void life(Trial trial, Set<String> namespaces) throws Exception {
        var settings = new OperatorSettings("agent:1", namespaces, true, Optional.empty(), LogSettings.DEFAULT);
        try (var client = operatorClient();
                var operator = TunnelOperator.start(client, settings, new PrometheusRegistry(), () -> {})) {
            trial.apply("{controlPlane: {url: 'https://h', caBundleRef: {name: ca}}}");
            Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RunnerTokenMissing"));
            trial.token("t");
            Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False CaBundleMissing"));
            trial.apply("{}");
            Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
            trial.apply("{agent: {port: 9000}}");
            Eventually.holds(() ->
                    assertThat(trial.daemonSet().getMetadata().getGeneration()).isEqualTo(2));
            trial.podRuns("node-1", "127.0.0.1", true);
            trial.rolledOut(1, 1);
            Eventually.holds(
                    () -> assertThat(trial.tunnel().getStatus().connected()).isEqualTo(1));
            renewed(before(operator));
        }
    }

    private int before(TunnelOperator operator) {
        assertThat(operator.notReady()).isEmpty();
        return server.audited().size();
    }

    /** The lease is renewed every two seconds. */
    private void renewed(int since) throws Exception {
        Eventually.holds(() -> assertThat(asked(since, "allow")).contains("patch coordination.k8s.io/leases"));
    }

    private KubernetesClient operatorClient() {
        var token = admin.serviceAccounts()
                .inNamespace(HOME)
                .withName("wolf-tunnel-operator")
                .tokenRequest(new TokenRequest())
                .getStatus()
                .getToken();
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(server.config())
                        .withClientCertFile(null)
                        .withClientCertData(null)
                        .withClientKeyFile(null)
                        .withClientKeyData(null)
                        .withOauthToken(token)
                        .withNamespace(HOME)
                        .build())
                .build();
    }

    /** Such as "patch apps/daemonsets"; without what every authenticated user may. */
    private Set<String> asked(int since, String decision) {
        var json = new ObjectMapper();
        return server.audited().stream()
                .skip(since)
                .map(line -> {
                    try {
                        return json.readTree(line);
                    } catch (JsonProcessingException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .filter(event -> event.at("/user/username").asText().equals(USER))
                .filter(event -> event.at("/annotations/authorization.k8s.io~1decision")
                        .asText()
                        .equals(decision))
                .filter(event -> event.has("objectRef"))
                .map(event -> {
                    var object = event.path("objectRef");
                    var resource = object.path("resource").asText()
                            + (object.has("subresource")
                                    ? "/" + object.path("subresource").asText()
                                    : "");
                    return verb(
                            event.path("verb").asText(), object.path("apiGroup").asText(), resource);
                })
                .collect(Collectors.toCollection(TreeSet::new));
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
                // Asked of the authorizer within a patch, so it has no audit event of its own; without it the patch
                // fails.
                .filter(granted -> !granted.matches("create (apps/daemonsets|/serviceaccounts)"))
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

    private static Role asRole(ClusterRole role, String namespace) {
        var local = new Role();
        local.setMetadata(new ClusterRoleBuilder(role)
                .editMetadata()
                .withNamespace(namespace)
                .endMetadata()
                .build()
                .getMetadata());
        local.setRules(role.getRules());
        return local;
    }

    private static RoleBinding binding(String namespace) {
        return new RoleBindingBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("wolf-tunnel-operator")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", "wolf-tunnel-operator")
                .addNewSubject(null, "ServiceAccount", "wolf-tunnel-operator", HOME)
                .build();
    }
}
