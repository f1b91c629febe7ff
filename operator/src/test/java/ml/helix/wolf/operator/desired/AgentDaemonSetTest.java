package ml.helix.wolf.operator.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.program.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentDaemonSetTest {
    private static final TemplateInputs INPUTS =
            new TemplateInputs("agent:default", Optional.of("token-7"), Optional.empty());

    @Test
    void daemonSetDoesNotDependOnTheOperatorsVersion() {
        var resource = WolfTunnelYaml.resource("{wolf: {container: {image: wolf}}}");
        assertThat(new KubernetesSerialization().asYaml(AgentDaemonSet.of(resource, INPUTS)))
                .contains("agent:default")
                .doesNotContain(Version.text());
    }

    @Test
    void fieldThatOnlyANewerOperatorKnowsIsIgnored() {
        var known = AgentDaemonSet.of(WolfTunnelYaml.resource("{agent: {port: 9000}}"), INPUTS);
        var newer = WolfTunnelYaml.resource("{agent: {port: 9000, moon: {phase: 1}}, sun: [1]}");
        assertThat(AgentDaemonSet.of(newer, INPUTS)).isEqualTo(known);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                                        | WOLF_ID            | field metadata.name",
                "{wolfId: {source: NodeName}}                              | WOLF_ID            | field spec.nodeName",
                "{wolfId: {prefix: lab-}}                                  | WOLF_NAME          | field metadata.name",
                "{wolfId: {prefix: lab-}}                                  | WOLF_ID            | lab-$(WOLF_NAME)",
                "{}                                                        | RUNNER_ID          | absent",
                "{wolfId: {runnerPrefix: wolf-}}                           | RUNNER_ID          | absent",
                "{wolfId: {runnerPrefix: hydra-}}                          | RUNNER_ID          | hydra-$(WOLF_ID)",
                "{wolfId: {runnerPrefix: hydra-, prefix: lab-}}            | WOLF_ID            | lab-$(WOLF_NAME)",
                "{}                                                        | HELIX_API_URL      | https://helix.example.com",
                "{controlPlane: {url: 'https://h/$(HOME)'}}                | HELIX_API_URL      | https://h/$$(HOME)",
                "{}                                                        | RUNNER_TOKEN       | secret wolf-token token",
                "{runnerToken: {secretRef: {name: s, key: k}}}             | RUNNER_TOKEN       | secret s k",
                "{}                                                        | RUNNER_TOKEN_FILE  | absent",
                "{runnerToken: {secretRef: {name: s}, delivery: File}}     | RUNNER_TOKEN       | absent",
                "{runnerToken: {secretRef: {name: s}, delivery: File}}     | RUNNER_TOKEN_FILE  | /etc/wolf-tunnel/token/token",
                "{runnerToken: {serviceAccountToken: {audience: a}}}       | RUNNER_TOKEN       | absent",
                "{runnerToken: {serviceAccountToken: {audience: a}}}       | RUNNER_TOKEN_FILE  | /etc/wolf-tunnel/token/token",
                "{}                                                        | WOLF_LOCAL_ADDR    | localhost:8080",
                "{wolf: {address: '$(NODE_IP):8080'}}                      | WOLF_LOCAL_ADDR    | $(NODE_IP):8080",
                "{wolf: {address: '$(NODE_IP):8080'}}                      | NODE_IP            | field status.hostIP",
                "{}                                                        | NODE_IP            | absent",
                "{}                                                        | POD_IP             | field status.podIP",
                "{}                                                        | AGENT_LISTEN       | $(POD_IP):9797",
                "{agent: {port: 9000}}                                     | AGENT_LISTEN       | $(POD_IP):9000",
                "{agent: {reconnectSeconds: 9}}                            | RECONNECT_SECONDS  | 9",
                "{agent: {drainSeconds: 9}}                                | DRAIN_SECONDS      | 9",
                "{agent: {logLevel: debug}}                                | LOG_LEVEL          | debug",
                "{wolf: {allow: [GET /a, 'POST /$(B)/*']}}                 | WOLF_ALLOW         | GET /a; POST /$$(B)/*",
                "{wolf: {allow: []}}                                       | WOLF_ALLOW         | absent",
                "{wolf: {maxSessions: 8}}                                  | WOLF_MAX_SESSIONS  | 8",
                "{}                                                        | WOLF_MAX_SESSIONS  | absent",
                "{wolf: {zone: eu-1}}                                      | WOLF_ZONE          | eu-1",
                "{}                                                        | WOLF_ZONE          | absent",
                "{wolf: {labels: {team: streaming, example.com/gpu: ''}}}  | WOLF_LABELS        | example.com/gpu=,team=streaming",
                "{wolf: {labels: {}}}                                      | WOLF_LABELS        | absent",
                "{}                                                        | HELIX_CA_FILE      | absent",
                "{controlPlane: {url: 'https://h', caBundleRef: {name: c}}} | HELIX_CA_FILE     | /etc/wolf-tunnel/ca/ca.crt",
                "{}                                                        | HELIX_INSECURE_TLS | absent",
                "{controlPlane: {url: 'https://h', insecureSkipVerify: true}} | HELIX_INSECURE_TLS | true",
                "{controlPlane: {url: 'https://h', proxyUrl: 'http://p:3128'}} | HTTPS_PROXY   | http://p:3128",
                "{controlPlane: {url: 'http://h', proxyUrl: 'http://p:3128'}} | HTTP_PROXY     | http://p:3128",
                "{agent: {env: [{name: NO_PROXY, value: .local}]}}         | NO_PROXY           | .local",
            })
    void agentIsConfiguredByItsEnvironment(String spec, String variable, String expected) {
        var found = agent(spec).getEnv().stream()
                .filter(entry -> entry.getName().equals(variable))
                .map(AgentDaemonSetTest::text)
                .toList();
        assertThat(found).isEqualTo(expected.equals("absent") ? List.of() : List.of(expected));
    }

    private static String text(EnvVar variable) {
        var from = variable.getValueFrom();
        if (from == null) {
            return variable.getValue();
        }
        if (from.getFieldRef() != null) {
            assertThat(from.getFieldRef().getApiVersion()).isEqualTo("v1");
            return "field " + from.getFieldRef().getFieldPath();
        }
        return "secret " + from.getSecretKeyRef().getName() + " "
                + from.getSecretKeyRef().getKey();
    }

    @Test
    void serviceAccountTokenIsAProjectedVolumeThatTheKubeletRenews() {
        var pod = AgentDaemonSet.of(
                        WolfTunnelYaml.resource(
                                "{runnerToken: {serviceAccountToken: {audience: cp, expirationSeconds: 600}}}"),
                        INPUTS)
                .getSpec()
                .getTemplate()
                .getSpec();
        assertThat(pod.getAutomountServiceAccountToken())
                .as("the API server's own token")
                .isFalse();
        assertThat(pod.getVolumes()).singleElement().satisfies(volume -> {
            assertThat(volume.getName()).isEqualTo("runner-token");
            assertThat(volume.getSecret()).isNull();
            assertThat(volume.getProjected().getSources()).singleElement().satisfies(source -> {
                var token = source.getServiceAccountToken();
                assertThat(token.getAudience()).isEqualTo("cp");
                assertThat(token.getExpirationSeconds()).isEqualTo(600);
                assertThat(token.getPath()).isEqualTo("token");
            });
        });
        assertThat(pod.getContainers().getFirst().getVolumeMounts())
                .extracting(mount -> mount.getName() + " " + mount.getMountPath())
                .contains("runner-token /etc/wolf-tunnel/token");
    }

    @Test
    void variableComesAfterThoseItRefersTo() {
        var names = agent("{wolfId: {prefix: a-}, wolf: {address: '$(NODE_IP):1'}}").getEnv().stream()
                .map(EnvVar::getName)
                .toList();
        assertThat(names).containsSubsequence("WOLF_NAME", "WOLF_ID");
        assertThat(agent("{wolfId: {prefix: a-, runnerPrefix: b-}}").getEnv())
                .extracting(EnvVar::getName)
                .containsSubsequence("WOLF_NAME", "WOLF_ID", "RUNNER_ID");
        assertThat(names).containsSubsequence("NODE_IP", "WOLF_LOCAL_ADDR");
        assertThat(names).containsSubsequence("POD_IP", "AGENT_LISTEN");
        assertThat(names).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                                           | true",
                "{wolf: {container: {image: w}}}                              | false",
                "{pod: {hostNetwork: false}}                                  | false",
                "{wolf: {container: {image: w}}, pod: {hostNetwork: true}}    | true",
            })
    void nodeNetworkIsUsedUnlessWolfIsInThePodOrTheSpecSaysOtherwise(String spec, boolean hostNetwork) {
        var pod = pod(spec);
        assertThat(Boolean.TRUE.equals(pod.getHostNetwork())).isEqualTo(hostNetwork);
        assertThat(pod.getDnsPolicy()).isEqualTo(hostNetwork ? "ClusterFirstWithHostNet" : "ClusterFirst");
    }

    @Test
    void podHasNoAccessToTheClusterAndTimeToDrain() {
        var pod = pod("{agent: {drainSeconds: 300}}");
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getEnableServiceLinks()).isFalse();
        assertThat(pod.getServiceAccountName()).isEqualTo("gpu-nodes-tunnel-agent");
        assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThan(300);
    }

    @Test
    void agentIsConfined() {
        var security = agent("{}").getSecurityContext();
        assertThat(security.getRunAsNonRoot()).isTrue();
        assertThat(security.getReadOnlyRootFilesystem()).isTrue();
        assertThat(security.getAllowPrivilegeEscalation()).isFalse();
        assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(security.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{runAsUser: 0} | false", "{runAsNonRoot: false} | false", "{runAsUser: 1000} | true"})
    void agentIsRootOnlyIfTheSpecAsksForIt(String context, boolean nonRoot) {
        var agent = agent("{pod: {securityContext: %s}}".formatted(context));
        assertThat(agent.getSecurityContext().getRunAsNonRoot()).isEqualTo(nonRoot);
    }

    @Test
    void probesAskTheAgentAtThePodsAddress() {
        var agent = agent("{agent: {port: 9000}}");
        assertThat(agent.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/livez");
        assertThat(agent.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/readyz");
        assertThat(agent.getReadinessProbe().getHttpGet().getHost()).isNull();
        assertThat(agent.getReadinessProbe().getHttpGet().getPort().getIntVal()).isEqualTo(9000);
        assertThat(agent.getReadinessProbe().getFailureThreshold())
                .as("one late answer is not a lost tunnel")
                .isEqualTo(2);
    }

    @Test
    void lastLogLinesOfAnAgentAreItsTerminationMessage() {
        assertThat(agent("{}").getTerminationMessagePolicy()).isEqualTo("FallbackToLogsOnError");
    }

    @Test
    void socketOnTheNodeIsReachedThroughItsFolder() {
        var pod = pod("{wolf: {address: 'unix:///var/run/wolf/wolf.sock'}}");
        assertThat(volume(pod, "wolf-socket").getHostPath().getPath()).isEqualTo("/var/run/wolf");
        assertThat(volume(pod, "wolf-socket").getHostPath().getType()).isEqualTo("DirectoryOrCreate");
        assertThat(mount(pod, "agent").getMountPath()).isEqualTo("/var/run/wolf");
    }

    @Test
    void socketOfASidecarIsSharedWithIt() {
        var pod = pod("{wolf: {address: 'unix:///run/w/wolf.sock', container: {image: wolf}}}");
        assertThat(volume(pod, "wolf-socket").getEmptyDir()).isNotNull();
        assertThat(mount(pod, "agent").getMountPath()).isEqualTo("/run/w");
        assertThat(mount(pod, "wolf").getMountPath()).isEqualTo("/run/w");
        assertThat(mount(pod, "wolf").getReadOnly()).isNull();
        assertThat(container(pod, "wolf").getEnv()).singleElement().satisfies(variable -> assertThat(text(variable))
                .isEqualTo("/run/w/wolf.sock"));
    }

    @Test
    void sidecarThatMountsTheFolderItselfIsLeftAsItIs() {
        var given = "{name: w, image: wolf, env: [{name: WOLF_SOCKET_PATH, value: /run/w/wolf.sock}],"
                + " volumeMounts: [{name: mine, mountPath: /run/w}]}";
        var pod = pod("{wolf: {address: 'unix:///run/w/wolf.sock', container: %s}}".formatted(given));
        assertThat(container(pod, "w").getVolumeMounts())
                .extracting(VolumeMount::getName)
                .containsExactly("mine");
        assertThat(container(pod, "w").getEnv()).hasSize(1);
    }

    @Test
    void anAgentReadsOfACordonFromItsPodsAnnotationOnlyIfTheSpecAsksForIt() {
        var pod = pod("{drainCordonedNodes: true}");
        assertThat(volume(pod, "wolf-tunnel-node").getDownwardAPI().getItems())
                .singleElement()
                .satisfies(item -> {
                    assertThat(item.getPath()).isEqualTo("cordoned");
                    assertThat(item.getFieldRef().getFieldPath())
                            .isEqualTo("metadata.annotations['wolf.helix.ml/cordoned']");
                });
        assertThat(agent("{drainCordonedNodes: true}").getEnv())
                .anySatisfy(variable -> assertThat(variable.getName() + " " + variable.getValue())
                        .isEqualTo("WOLF_CORDON_FILE /etc/wolf-tunnel/node/cordoned"));
        assertThat(agent("{drainCordonedNodes: true}").getVolumeMounts())
                .extracting(mount -> mount.getName() + " " + mount.getMountPath())
                .contains("wolf-tunnel-node /etc/wolf-tunnel/node");
        assertThat(agent("{}").getEnv()).extracting(EnvVar::getName).doesNotContain("WOLF_CORDON_FILE");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{wolf: {container: {image: w}}, updateStrategy: {rollingUpdate: {maxSurge: 1}}}     | true",
                "{wolf: {container: {image: w}}, updateStrategy: {rollingUpdate: {maxSurge: 10%}}}   | true",
                "{wolf: {container: {image: w}}, updateStrategy: {rollingUpdate: {maxSurge: 0%}}}    | false",
                "{wolf: {container: {image: w}}, updateStrategy: {rollingUpdate: {maxSurge: 0}}}     | false",
                "{wolf: {container: {image: w}}, updateStrategy: {type: OnDelete}}                   | false",
                "{wolf: {container: {image: w}}}                                                     | false",
                "{pod: {hostNetwork: false}, updateStrategy: {rollingUpdate: {maxSurge: 1}}}         | false",
            })
    void anAgentThatComesBeforeTheOldOneGoesWaitsForTheWolfInItsPod(String spec, boolean waits) {
        assertThat(agent(spec).getEnv().stream().map(EnvVar::getName).anyMatch("WOLF_WAIT_SECONDS"::equals))
                .isEqualTo(waits);
    }

    @Test
    void tokenFileAndCertificatesAreMountedWithOnlyTheNamedKeys() {
        var pod = pod("{controlPlane: {url: 'https://h', caBundleRef: {name: c, key: k1}},"
                + " runnerToken: {secretRef: {name: s, key: k2}, delivery: File}}");
        assertThat(volume(pod, "runner-token").getSecret().getItems())
                .singleElement()
                .satisfies(item -> {
                    assertThat(item.getKey()).isEqualTo("k2");
                    assertThat(item.getPath()).isEqualTo("token");
                });
        assertThat(volume(pod, "ca-bundle").getConfigMap().getItems())
                .singleElement()
                .satisfies(item -> {
                    assertThat(item.getKey()).isEqualTo("k1");
                    assertThat(item.getPath()).isEqualTo("ca.crt");
                });
    }

    @Test
    void digestsAreOnTheTemplateSoThatAChangeRollsThePods() {
        var inputs = new TemplateInputs("a", Optional.of("t1"), Optional.of("c1"));
        var template = AgentDaemonSet.of(WolfTunnelYaml.resource("{pod: {annotations: {mine: x}}}"), inputs)
                .getSpec()
                .getTemplate();
        assertThat(template.getMetadata().getAnnotations())
                .containsEntry("wolf.helix.ml/token-generation", "t1")
                .containsEntry("wolf.helix.ml/ca-generation", "c1")
                .containsEntry("mine", "x");
    }

    @Test
    void labelsOfTheSpecAreOnThePodsButNotInTheImmutableSelector() {
        var daemonSet = daemonSet("{pod: {labels: {team: x}}}");
        assertThat(daemonSet.getSpec().getTemplate().getMetadata().getLabels())
                .containsEntry("team", "x")
                .containsEntry("app.kubernetes.io/instance", "gpu-nodes");
        assertThat(daemonSet.getSpec().getSelector().getMatchLabels()).doesNotContainKey("team");
    }

    @Test
    void equalWolfTunnelsHaveEqualDaemonSetsAndDifferentOnesAnotherDigest() {
        assertThat(daemonSet("{}")).isEqualTo(daemonSet("{}"));
        assertThat(digest("{}")).isEqualTo(digest("{}")).isNotEqualTo(digest("{agent: {port: 9000}}"));
        assertThat(digest("{pod: {nodeSelector: {a: x, b: y}}}"))
                .isEqualTo(digest("{pod: {nodeSelector: {b: y, a: x}}}"));
    }

    @Test
    void imageIsTheOperatorsUnlessTheSpecNamesOne() {
        assertThat(agent("{}").getImage()).isEqualTo("agent:default");
        assertThat(agent("{agent: {image: 'mine:1'}}").getImage()).isEqualTo("mine:1");
    }

    private static DaemonSet daemonSet(String spec) {
        return AgentDaemonSet.of(WolfTunnelYaml.resource(spec), INPUTS);
    }

    private static String digest(String spec) {
        return daemonSet(spec).getMetadata().getAnnotations().get(AgentMetadata.DESIRED_ANNOTATION);
    }

    private static PodSpec pod(String spec) {
        return daemonSet(spec).getSpec().getTemplate().getSpec();
    }

    private static Container agent(String spec) {
        return container(pod(spec), "agent");
    }

    private static Container container(PodSpec pod, String name) {
        return pod.getContainers().stream()
                .filter(container -> container.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Volume volume(PodSpec pod, String name) {
        return pod.getVolumes().stream()
                .filter(volume -> volume.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static VolumeMount mount(PodSpec pod, String container) {
        return container(pod, container).getVolumeMounts().stream()
                .filter(mount -> mount.getName().equals("wolf-socket"))
                .findFirst()
                .orElseThrow();
    }
}
