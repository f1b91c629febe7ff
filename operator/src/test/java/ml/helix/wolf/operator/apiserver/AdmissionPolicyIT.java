package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.WolfTunnelYaml;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What manifests/admission-policy allows to a user who may only create and change WolfTunnels. */
@ExtendWith(WholeCluster.class)
@ResourceLock(WholeCluster.TURN)
class AdmissionPolicyIT {
    private static final String HOME = "wolf-system";
    private static final String POLICY = "wolf-tunnel-policy";
    private static final String ORDINARY = "policy-ordinary";
    private static final String PRIVILEGED = "policy-privileged";
    private static final String CREATOR = "creator-of-wolf-tunnels";

    @TempDir
    private static Path folder;

    private static KubernetesClient admin;
    private static KubernetesClient creator;
    private static Map<String, String> defaults;

    @BeforeAll
    static void install(RealApiServer.Running server) throws Exception {
        admin = server.client();
        creator = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(server.config())
                        .withImpersonateUsername(CREATOR)
                        .build())
                .build();
        for (var name : List.of(HOME, ORDINARY, PRIVILEGED)) {
            RealApiServer.applyNamespace(admin, name);
        }
        mayCreateWolfTunnels(ORDINARY);
        mayCreateWolfTunnels(PRIVILEGED);
        var kubectl = new Kubectl(server, folder);
        kubectl.run("", "apply", "--server-side", "-k", "../manifests/admission-policy");
        // fails if the API server keeps something else than was applied
        kubectl.run("", "diff", "--server-side", "-k", "../manifests/admission-policy");
        defaults =
                admin.configMaps().inNamespace(HOME).withName(POLICY).require().getData();
        parameters(Map.of());
    }

    private static void mayCreateWolfTunnels(String namespace) {
        admin.resource(new RoleBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(CREATOR)
                        .endMetadata()
                        .addNewRule()
                        .withApiGroups("wolf.helix.ml")
                        .withResources("wolftunnels")
                        .withVerbs("create", "get", "update")
                        .endRule()
                        .build())
                .serverSideApply();
        admin.resource(new RoleBindingBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(CREATOR)
                        .endMetadata()
                        .withNewRoleRef("rbac.authorization.k8s.io", "Role", CREATOR)
                        .addNewSubject("rbac.authorization.k8s.io", "User", CREATOR, "")
                        .build())
                .serverSideApply();
    }

    /** Removes the policy for the tests that follow; returns when the API server no longer applies it. */
    @AfterAll
    static void uninstall() throws Exception {
        for (var kind : List.of("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy")) {
            admin.genericKubernetesResources("admissionregistration.k8s.io/v1", kind)
                    .withName(POLICY)
                    .delete();
        }
        admin.configMaps().inNamespace(HOME).withName(POLICY).delete();
        admin.resources(WolfTunnel.class).inNamespace(ORDINARY).delete();
        // the policy refuses everything without the ConfigMap
        Eventually.holds(() -> assertThatCode(() -> admin.resource(resource(ORDINARY, "after-the-policy", "{}"))
                        .dryRun()
                        .create())
                .doesNotThrowAnyException());
        creator.close();
        admin.close();
    }

    @AfterEach
    void restore() throws Exception {
        parameters(Map.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{pod: {hostNetwork: true}, wolf: {address: $(NODE_IP):8080}}",
                "{wolf: {address: 'unix:///var/run/wolf/wolf.sock'}, pod: {securityContext: {runAsUser: 0}}}",
                "{wolf: {address: 'unix:///run/wolf/wolf.sock'}}",
                "{wolf: {address: 'unix:///srv/wolf.sock', container: {image: wolf}}}",
                "{wolf: {container: {image: wolf, securityContext: {runAsUser: 0, capabilities: {add: [KILL], drop: [ALL]}}}}}",
                "{wolf: {container: {image: wolf, ports: [{containerPort: 80}], livenessProbe: {tcpSocket: {port: 80}}}}}",
                "{agent: {image: 'registry.example.com/agent:1', env: [{name: NO_PROXY, value: a}]}}",
                "{pod: {volumes: [{name: c, emptyDir: {}}], securityContext: {seccompProfile: {type: RuntimeDefault}}}}",
            })
    void everythingOfPodSecurityBaselineAndTheNodeNetworkIsAccepted(String spec) {
        assertThat(refusal(ORDINARY, spec)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gpu-nodes.yaml",
                "service-account-token.yaml",
                "several-control-planes.yaml",
                "sidecar.yaml",
                "unix-socket.yaml"
            })
    void examplesAreAcceptedWithThePolicyAsItIsShipped(String example) throws Exception {
        try (var yaml = Files.newInputStream(Path.of("../manifests/examples", example))) {
            for (var object : admin.load(yaml).items()) {
                if (object.getKind().equals("WolfTunnel")) {
                    object.getMetadata().setNamespace(ORDINARY);
                    assertThat(creator.resource(object).dryRun(true).create()).isNotNull();
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{wolf: {address: 'unix:///etc/wolf.sock'}}                               | folders /etc (",
                "{wolf: {address: 'unix:///var/run/wolf/../wolf.sock'}}                   | absolute path",
                "{wolf: {address: 'unix:///var/run/wolf-not/wolf.sock'}}                  | not all among hostPaths",
                "{pod: {volumes: [{name: root, hostPath: {path: /}}]}}                    | not all among hostPaths",
                "{pod: {volumes: [{name: up, hostPath: {path: /var/run/wolf/..}}]}}       | not all among hostPaths",
                "{pod: {volumes: [{name: w, hostPath: {path: /run/wolf}}]}, wolf: {container: {image: x}}} | with a hostPath",
                "{pod: {hostNetwork: true}, wolf: {container: {image: x}}}                | on the host network",
                "{wolf: {container: {image: x, securityContext: {privileged: true}}}}     | has more (privileged",
                "{wolf: {container: {image: x, securityContext: {capabilities: {add: [SYS_ADMIN]}}}}} | has more (privileged",
                "{wolf: {container: {image: x, securityContext: {procMount: Unmasked}}}}  | has more (privileged",
                "{wolf: {container: {image: x, securityContext: {seccompProfile: {type: Unconfined}}}}} | has more (seccomp",
                "{pod: {securityContext: {seLinuxOptions: {type: spc_t}}}}                | has more (seccomp",
                "{pod: {securityContext: {sysctls: [{name: kernel.core_pattern, value: x}]}}} | has more (seccomp",
                "{pod: {securityContext: {appArmorProfile: {type: Unconfined}}}}          | has more (seccomp",
                "{pod: {securityContext: {windowsOptions: {hostProcess: true}}}}          | has more (seccomp",
                "{pod: {annotations: {container.apparmor.security.beta.kubernetes.io/agent: unconfined}}} | turns AppArmor off",
                "{wolf: {container: {image: x, ports: [{containerPort: 80, hostPort: 80}]}}} | has a hostPort",
                "{wolf: {container: {image: x, livenessProbe: {httpGet: {host: a, port: 80}}}}} | names a host",
                "{wolf: {container: {image: x, lifecycle: {postStart: {tcpSocket: {host: a, port: 80}}}}}} | names a host",
                "{agent: {env: [{name: JAVA_TOOL_OPTIONS, value: x}]}}                    | options of the JVM",
                "{agent: {env: [{name: LD_PRELOAD, value: x}]}}                           | options of the JVM",
                "{agent: {env: [{name: https_proxy, value: x}]}}                          | must not set a proxy",
            })
    void anythingMoreIsRefusedWithTheRuleAndWhoCanChangeIt(String spec, String sentence) {
        var refusal = refusal(ORDINARY, spec);
        assertThat(refusal).contains(sentence);
        if (!sentence.equals("absolute path")) {
            assertThat(refusal)
                    .contains(
                            "forbidden",
                            "of ConfigMap wolf-system/wolf-tunnel-policy; a cluster admin can change that");
        }
    }

    @Test
    void onlyPrivilegedNamespacesMayHaveEverything() throws Exception {
        var spec = "{pod: {hostNetwork: true, volumes: [{name: root, hostPath: {path: /}}]},"
                + " wolf: {container: {image: x, securityContext: {privileged: true}}}}";
        parameters(Map.of("privilegedNamespaces", "other, policy-priv*"));
        assertThat(refusal(PRIVILEGED, spec)).isEmpty();
        assertThat(refusal(ORDINARY, spec)).contains("forbidden");
        assertThat(refusal(ORDINARY, "{wolf: {container: {image: x, securityContext: {privileged: true}}}}"))
                .contains("namespace policy-ordinary is not among privilegedNamespaces of ConfigMap");
    }

    @Test
    void controlPlaneAndProxyMustBeAmongTheUrls() throws Exception {
        parameters(Map.of(
                "controlPlaneUrls", "https://helix.example.com\nhttps://*.example.org/wolf/**, http://proxy:3128"));
        for (var url :
                List.of("https://helix.example.com", "https://helix.example.com/", "https://a.example.org/wolf/b/c")) {
            assertThat(refusal(ORDINARY, target(url, ""))).as(url).isEmpty();
        }
        for (var url : List.of(
                "https://evil.example",
                "http://helix.example.com",
                "https://helix.example.com.evil.example",
                "https://helix-example.com",
                "https://helix.example.com/wolf",
                "https://evil.example/.example.org/wolf/x",
                "https://evil.example/x.example.org/wolf/x")) {
            assertThat(refusal(ORDINARY, target(url, "")))
                    .as(url)
                    .contains("controlPlane.url " + url + " is not among controlPlaneUrls of ConfigMap");
        }
        var good = "https://helix.example.com";
        assertThat(refusal(ORDINARY, target(good, "http://proxy:3128"))).isEmpty();
        assertThat(refusal(ORDINARY, target(good, "http://user:pw@proxy:3128"))).isEmpty();
        assertThat(refusal(ORDINARY, target(good, "http://proxy:3128@evil.example:3128")))
                .contains("proxyUrl, without user and password, is not among")
                .doesNotContain("proxy:3128@");
    }

    @Test
    void eachOfSeveralControlPlanesMustBeAmongTheUrls() throws Exception {
        parameters(Map.of("controlPlaneUrls", "https://*.example.com/**, https://helix.example.com"));
        var good = "'https://helix.example.com', 'https://other.example.com/x'";
        assertThat(refusal(ORDINARY, "{controlPlane: {urls: [%s]}}".formatted(good)))
                .isEmpty();
        assertThat(refusal(ORDINARY, "{controlPlane: {urls: [%s, 'https://evil.example']}}".formatted(good)))
                .contains("controlPlane.urls: https://evil.example is not among controlPlaneUrls of ConfigMap");
        assertThat(refusal(ORDINARY, target("https://other.example.com/x,https://evil.example", "")))
                .as("the agent would take it for two")
                .contains("write each control plane as an item of urls");
    }

    @Test
    void agentImagesMustBeAmongTheImages() throws Exception {
        parameters(Map.of("agentImages", "registry.example.com/wolf/*"));
        assertThat(refusal(ORDINARY, "{}")).isEmpty();
        assertThat(refusal(ORDINARY, "{agent: {image: 'registry.example.com/wolf/agent:1'}}"))
                .isEmpty();
        assertThat(refusal(ORDINARY, "{agent: {image: 'registry.example.com/wolf/a/b'}}"))
                .contains("is not among agentImages of ConfigMap");
        assertThat(refusal(ORDINARY, "{agent: {image: 'evil.example/registry.example.com/wolf/a'}}"))
                .contains("is not among agentImages of ConfigMap");
    }

    @Test
    void fieldsThatAnUpdateLeavesAloneAreNotCheckedAgain() throws Exception {
        var name = "kept";
        var unix = "{wolf: {address: 'unix:///var/run/wolf/wolf.sock'}, %s}";
        creator.resource(resource(ORDINARY, name, unix.formatted("paused: false")))
                .create();
        parameters(Map.of("hostPaths", "", "controlPlaneUrls", "", "agentImages", ""));

        update(name, unix.formatted("paused: true, agent: {logLevel: debug}"));
        assertThat(admin.resources(WolfTunnel.class)
                        .inNamespace(ORDINARY)
                        .withName(name)
                        .require()
                        .getSpec()
                        .paused())
                .isTrue();
        assertThat(refused(() -> update(name, "{wolf: {address: 'unix:///run/wolf/wolf.sock'}}")))
                .contains("not all among hostPaths");
        assertThat(refused(() -> update(name, unix.formatted("runnerToken: {secretRef: {name: another}}"))))
                .contains("is not among controlPlaneUrls");
    }

    @Test
    void everythingIsRefusedWithoutTheParameters() throws Exception {
        admin.configMaps().inNamespace(HOME).withName(POLICY).delete();
        Eventually.holds(
                () -> assertThat(refusal(ORDINARY, "{}")).contains("policy", "no params found for policy binding"));
    }

    @Test
    void policyHasNoEffectOnTheStatusThatTheOperatorWrites() throws Exception {
        creator.resource(resource(ORDINARY, "created", "{}")).create();
        parameters(Map.of("controlPlaneUrls", ""));
        var created = admin.genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(ORDINARY)
                .withName("created");
        created.editStatus(resource -> {
            resource.setAdditionalProperty("status", Map.of("summary", "1/1 connected"));
            return resource;
        });
        assertThat(created.get().<String>get("status", "summary")).isEqualTo("1/1 connected");
    }

    private static String target(String url, String proxy) {
        return "{controlPlane: {url: '%s'%s}}".formatted(url, proxy.isEmpty() ? "" : ", proxyUrl: '" + proxy + "'");
    }

    /** Empty if it is accepted. */
    private static String refusal(String namespace, String spec) {
        return refused(() ->
                creator.resource(resource(namespace, "t", spec)).dryRun(true).create());
    }

    private static void update(String name, String spec) {
        creator.resource(resource(ORDINARY, name, spec)).unlock().update();
    }

    private static String refused(Runnable write) {
        try {
            write.run();
            return "";
        } catch (KubernetesClientException e) {
            return e.getStatus().getMessage();
        }
    }

    private static GenericKubernetesResource resource(String namespace, String name, String spec) {
        return admin.getKubernetesSerialization()
                .unmarshal(WolfTunnelYaml.of(namespace, name, spec), GenericKubernetesResource.class);
    }

    /** Writes the shipped parameters with these changes, and returns when the API server applies them. */
    private static void parameters(Map<String, String> changed) throws Exception {
        var data = new HashMap<>(defaults);
        data.putAll(changed);
        // tells the new ConfigMap from the old one
        var marker = "marker" + System.nanoTime();
        data.merge("hostPaths", "/" + marker, (paths, mark) -> paths + "," + mark);
        data.merge("controlPlaneUrls", "http://" + marker, (urls, mark) -> urls + "," + mark);
        admin.resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withNamespace(HOME)
                        .withName(POLICY)
                        .endMetadata()
                        .withData(data)
                        .build())
                .unlock()
                .createOr(existing -> existing.update());
        var marked = "{controlPlane: {url: 'http://%1$s'}, wolf: {address: 'unix:///%1$s/wolf.sock'}}";
        Eventually.holds(() -> {
            assertThat(refusal(ORDINARY, marked.formatted("no-such-folder"))).contains("forbidden");
            assertThat(refusal(ORDINARY, marked.formatted(marker))).isEmpty();
        });
    }
}
