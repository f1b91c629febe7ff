package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.Kstatus;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.testkit.ValueTable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(RealApiServer.class)
class CrdIT {
    private static KubernetesClient client;

    @BeforeAll
    static void connect(RealApiServer.Running server) {
        client = server.client();
    }

    @AfterAll
    static void disconnect() {
        client.close();
    }

    @Test
    void committedCrdComesBackFromTheApiServerAsItWasApplied() throws Exception {
        assertThat(specOnServer()).isEqualTo(committedSpec());
    }

    @Test
    void committedCrdComesBackFromTheApiServerAsItWasCreated() throws Exception {
        var dryRun = client.getKubernetesSerialization()
                .unmarshal(renamed(RealApiServer.committedCrdText()), GenericKubernetesResource.class);
        var answer = client.resource(dryRun).dryRun(true).create();
        var expected = (ObjectNode) committedSpec();
        expected.put("group", "other.helix.ml");
        assertThat(json(answer).path("spec")).isEqualTo(expected);
    }

    @Test
    void secondApplyOfTheCommittedCrdWritesNothing() {
        var first = client.resource(RealApiServer.committedCrd(client)).serverSideApply();
        var second = client.resource(RealApiServer.committedCrd(client)).serverSideApply();
        assertThat(second.getMetadata().getResourceVersion())
                .isEqualTo(first.getMetadata().getResourceVersion());
    }

    private static JsonNode specOnServer() throws Exception {
        return json(client.genericKubernetesResources("apiextensions.k8s.io/v1", "CustomResourceDefinition")
                        .withName("wolftunnels.wolf.helix.ml")
                        .get())
                .path("spec");
    }

    private static JsonNode committedSpec() throws Exception {
        return json(client.getKubernetesSerialization()
                        .unmarshal(RealApiServer.committedCrdText(), GenericKubernetesResource.class))
                .path("spec");
    }

    private static String renamed(String crd) {
        return crd.replace("name: wolftunnels.wolf.helix.ml", "name: wolftunnels.other.helix.ml")
                .replace("group: wolf.helix.ml", "group: other.helix.ml");
    }

    private static JsonNode json(GenericKubernetesResource resource) throws Exception {
        return new ObjectMapper().readTree(client.getKubernetesSerialization().asJson(resource));
    }

    @Test
    void wolfTunnelThatNoOperatorHasSeenHasObservedGenerationMinusOne() throws Exception {
        client.resource(resource("unseen", "{}")).create();
        try {
            var unseen = json(client.genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                    .inNamespace("default")
                    .withName("unseen")
                    .get());
            assertThat(unseen.path("status")).hasToString("{\"observedGeneration\":-1}");
            assertThat(Kstatus.of(unseen)).isEqualTo("InProgress");
        } finally {
            client.resource(resource("unseen", "{}")).delete();
        }
    }

    /** The rows of the table with which the agent is tested too. */
    static Stream<Arguments> values() {
        return Map.of(
                        "url", "{controlPlane: {url: %s}}",
                        "proxyUrl", "{controlPlane: {url: 'https://h', proxyUrl: %s}}",
                        "address", "{wolf: {address: %s}}",
                        "allow", "{wolf: {allow: [%s]}}",
                        "prefix", "{wolfId: {prefix: %s}}",
                        "labelKey", "{wolf: {labels: {%s: x}}}",
                        "labelValue", "{wolf: {labels: {a: %s}}}",
                        "zone", "{wolf: {zone: %s}}")
                .entrySet()
                .stream()
                .flatMap(field -> ValueTable.of(field.getKey()).stream()
                        .map(row -> Arguments.of(row, field.getValue().formatted(row))));
    }

    static Stream<Arguments> items() {
        return ValueTable.of("url").stream()
                .map(row -> Arguments.of(row, "{controlPlane: {urls: ['https://first', %s]}}".formatted(row)));
    }

    /** @param spec with the value as JSON, which is YAML too */
    @ParameterizedTest(name = "{1}")
    @MethodSource({"values", "items"})
    void valueIsJudgedAsTheAgentJudgesIt(ValueTable.Row row, String spec) {
        if (row.good()) {
            create(spec);
        } else {
            assertThat(refusal("t", spec)).contains(row.why()).containsOnlyOnce("Invalid value");
        }
    }

    @ParameterizedTest
    @CsvSource({"128Mi", "0.5", ".5", "1.", "+1", "1e3", "1E-3", "500m", "4G", "0", "100n"})
    void quantityIsAcceptedWhereverThereIsOne(String quantity) {
        for (var spec : quantities("'" + quantity + "'")) {
            create(spec);
        }
    }

    @ParameterizedTest
    @CsvSource({"128MB", "4GB", "1 Gi", "''", "abc", "-1", "1e", "0x10", "1mi", "1K"})
    void textThatIsNoQuantityIsRefusedWhereverThereIsOne(String quantity) {
        for (var spec : quantities("'" + quantity + "'")) {
            assertThat(refusal("t", spec))
                    .contains("in body should match", "|Mi|")
                    .containsOnlyOnce("Invalid value");
        }
    }

    @Test
    void fractionWithoutQuotesIsRefusedWithOneLineBesideTheApiServersOwn() {
        for (var spec : quantities("0.02")) {
            assertThat(refusal("t", spec)
                            .replaceAll(", <nil>: Invalid value: null: some validation rules were not.*", ""))
                    .contains("must be of type integer,string")
                    .containsOnlyOnce("Invalid value");
        }
    }

    private static List<String> quantities(String quantity) {
        return Stream.of(
                        "{agent: {resources: {limits: {memory: %s}}}}",
                        "{agent: {resources: {requests: {cpu: %s}}}}",
                        "{agent: {env: [{name: A, valueFrom: {resourceFieldRef: {resource: x, divisor: %s}}}]}}",
                        "{wolf: {container: {image: wolf, resources: {limits: {memory: %s}}}}}",
                        "{wolf: {container: {image: wolf, resources: {requests: {cpu: %s}}}}}",
                        "{pod: {volumes: [{name: a, emptyDir: {sizeLimit: %s}}]}}",
                        "{pod: {volumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {resources: {requests:"
                                + " {storage: %s}}}}}}]}}")
                .map(spec -> spec.formatted(quantity))
                .toList();
    }

    @Test
    void smallestWolfTunnelIsAcceptedAndGetsEveryDefault() {
        var created = create("{}");
        var spec = created.getSpec();
        assertThat(spec.runnerToken().secretRef().key()).isEqualTo("token");
        assertThat(spec.runnerToken().delivery().name()).isEqualTo("Env");
        assertThat(spec.wolfId().source().name()).isEqualTo("PodName");
        assertThat(spec.wolfId().runnerPrefix()).isEqualTo("wolf-");
        assertThat(spec.wolf().address()).isEqualTo("localhost:8080");
        assertThat(spec.agent().port()).isEqualTo(9797);
        assertThat(spec.agent().reconnectSeconds()).isEqualTo(5);
        assertThat(spec.agent().drainSeconds()).isEqualTo(20);
        assertThat(spec.agent().imagePullPolicy().name()).isEqualTo("IfNotPresent");
        assertThat(spec.paused()).isFalse();
        assertThat(spec.drainCordonedNodes()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{controlPlane: {url: 'http://10.0.0.1:8080/helix'}}",
                "{controlPlane: {url: 'https://[fd00::1]:8443', insecureSkipVerify: true}}",
                "{controlPlane: {url: 'https://h', caBundleRef: {name: ca}}}",
                "{controlPlane: {urls: ['https://h']}}",
                "{controlPlane: {urls: ['https://h', 'http://h', 'https://h/a', 'https://h:8443'], insecureSkipVerify: true}}",
                "{wolfId: {source: NodeName, prefix: 'lab-'}}",
                "{wolfId: {runnerPrefix: hydra-}}",
                "{runnerToken: {serviceAccountToken: {audience: wolf-control-plane}}}",
                "{runnerToken: {serviceAccountToken: {audience: 'https://cp.example.com', expirationSeconds: 600}}}",
                "{wolf: {maxSessions: 10000, zone: eu-1, labels: {gpu: ada, example.com/a: ''}}}",
                "{pod: {labels: {team: streaming, example.com/a: ''}, annotations: {example.com/b: 'any text'}}}",
                "{wolf: {container: {image: wolf}}, pod: {hostNetwork: true, securityContext: {runAsUser: 0}}}",
                "{agent: {env: [{name: NO_PROXY, value: localhost}], resources: {limits: {memory: 128Mi}}}}",
                "{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 25%}}}",
                "{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}}",
                "{updateStrategy: {rollingUpdate: {maxUnavailable: 1, maxSurge: 0%}}}",
                "{updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}, pod: {hostNetwork: false}}",
                "{updateStrategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 0}}, wolf: {container: {image: wolf}}}",
                "{drainCordonedNodes: true}",
            })
    void isAccepted(String spec) {
        create(spec);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{controlPlane: {url: 'http://h', insecureSkipVerify: true}} | write https:// in url, or remove it",
                "{controlPlane: {url: 'http://h', caBundleRef: {name: ca}}}  | caBundleRef applies to https",
                "{controlPlane: {url: 'https://h', caBundleRef: {name: ''}}} | must be the name of a ConfigMap",
                "{controlPlane: {url: 'https://h', caBundleRef: {name: ca, key: 'a/b'}}} | must be a key of that ConfigMap",
                "{controlPlane: {}}                                        | must have exactly one of url",
                "{controlPlane: {url: 'https://h', urls: ['https://g']}}   | must have exactly one of url",
                "{controlPlane: {urls: []}}                                | should have at least 1 items",
                "{controlPlane: {urls: [a, b, c, d, e, f, g, h, i]}}       | must have at most 8 items",
                "{controlPlane: {urls: ['https://h', 'https://h']}}        | one is here twice",
                "{controlPlane: {urls: ['https://h/a', 'https://H:443/a/']}} | one is here twice",
                "{controlPlane: {urls: ['http://h', 'http://g'], insecureSkipVerify: true}} | write https:// in url, or remove it",
                "{runnerToken: {secretRef: {name: ''}}}                    | must be the name of a Secret",
                "{runnerToken: {secretRef: {name: s, key: ''}}}            | must be a key of that Secret",
                "{runnerToken: {secretRef: {}}}                            | spec.runnerToken.secretRef.name: Required value",
                "{runnerToken: {secretRef: {name: s}, delivery: Pigeon}}   | supported values: \"Env\", \"File\"",
                "{runnerToken: {}}                                         | must have exactly one of secretRef",
                "{runnerToken: {secretRef: {name: s}, serviceAccountToken: {audience: a}}} | must have exactly one of secretRef",
                "{runnerToken: {serviceAccountToken: {}}}                  | spec.runnerToken.serviceAccountToken.audience: Required value",
                "{runnerToken: {serviceAccountToken: {audience: ''}}}      | must be the audience that the control plane expects",
                "{runnerToken: {serviceAccountToken: {audience: a, expirationSeconds: 599}}} | should be greater than or equal to 600",
                "{runnerToken: {serviceAccountToken: {audience: a, expirationSeconds: 86401}}} | should be less than or equal to 86400",
                "{wolfId: {runnerPrefix: ''}}                              | must be ASCII letters, digits",
                "{wolfId: {runnerPrefix: doctor-}}                         | and not begin with doctor-",
                "{wolfId: {runnerPrefix: 'a/b'}}                           | must be ASCII letters, digits",
                "{wolfId: {source: Hostname}}                              | supported values: \"NodeName\", \"PodName\"",
                "{wolf: {container: {name: wolf}}}                         | container.image must name Wolf's image",
                "{wolf: {container: {name: agent, image: wolf}}}           | container.name must not be 'agent'",
                "{wolf: {maxSessions: 0}}                                  | should be greater than or equal to 1",
                "{wolf: {maxSessions: 10001}}                              | should be less than or equal to 10000",
                "{wolf: {zone: ''}}                                        | must be 1 to 63 letters, digits",
                "{agent: {port: 0}}                                        | should be greater than or equal to 1",
                "{agent: {port: 65536}}                                    | should be less than or equal to 65535",
                "{agent: {image: ''}}                                      | must be an image reference",
                "{agent: {imagePullPolicy: Sometimes}}                     | supported values: \"Always\"",
                "{agent: {logLevel: loud}}                                 | supported values: \"debug\"",
                "{agent: {reconnectSeconds: 61}}                           | should be less than or equal to 60",
                "{agent: {drainSeconds: -1}}                               | should be greater than or equal to 0",
                "{agent: {env: [{name: RUNNER_TOKEN, value: x}]}}          | write the field of this resource that stands for it",
                "{agent: {env: [{name: '', value: x}]}}                    | each needs a name",
                "{pod: {labels: {team: 'a b'}}}                            | each value must be a label's value",
                "{pod: {labels: {'a b': x}}}                               | each key must be a label's key",
                "{pod: {labels: {app.kubernetes.io/name: x}}}              | are the operator's own",
                "{pod: {nodeSelector: {gpu: 'a/b'}}}                       | each value must be a label's value",
                "{pod: {annotations: {wolf.helix.ml/token-generation: x}}} | not one of wolf.helix.ml/",
                "{updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}} | both would want the same port",
                "{updateStrategy: {rollingUpdate: {maxSurge: 10%}}, wolf: {container: {image: w}}, pod: {hostNetwork: true}} | remove maxSurge",
                "{drainCordonedNodes: maybe}                               | must be of type boolean",
                "{pod: {volumes: [{name: wolf-socket}]}}                   | which are the operator's own",
            })
    void isRefusedWithASentenceThatSaysWhatToWrite(String spec, String sentence) {
        assertThat(refusal("t", spec)).contains(sentence);
    }

    @Test
    void tooLongANameIsRefused() {
        assertThat(refusal("a".repeat(51), "{}")).contains("metadata.name must have at most 50 characters");
    }

    @Test
    void tooLongALabelValueIsRefused() {
        for (String spec :
                List.of("{pod: {labels: {team: %s}}}", "{wolf: {labels: {team: %s}}}", "{wolf: {zone: %s}}")) {
            assertThat(refusal("t", spec.formatted("a".repeat(64)))).contains("Too long: may not be more than 63");
        }
    }

    @Test
    void moreThan32LabelsOfWolfAreRefused() {
        String labels = IntStream.range(0, 33).mapToObj(i -> "l" + i + ": x").collect(Collectors.joining(", "));
        assertThat(refusal("t", "{wolf: {labels: {" + labels + "}}}")).contains("must have at most 32 items");
    }

    private static String refusal(String name, String spec) {
        try {
            client.resource(resource(name, spec)).dryRun(true).create();
        } catch (KubernetesClientException e) {
            return e.getStatus().getMessage();
        }
        throw new AssertionError("accepted: " + spec);
    }

    private static WolfTunnel create(String spec) {
        var answer = client.resource(resource("t", spec)).dryRun(true).create();
        var yaml = client.getKubernetesSerialization();
        return yaml.unmarshal(yaml.asJson(answer), WolfTunnel.class);
    }

    /** A valid WolfTunnel whose fields {@code spec} replaces. */
    private static GenericKubernetesResource resource(String name, String spec) {
        return client.getKubernetesSerialization()
                .unmarshal(WolfTunnelYaml.of("default", name, spec), GenericKubernetesResource.class);
    }
}
