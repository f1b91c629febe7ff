package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.TunnelYaml;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    void committed_crd_comes_back_from_the_api_server_as_it_was_applied() throws Exception {
        assertThat(specOnServer()).isEqualTo(committedSpec());
    }

    @Test
    void committed_crd_comes_back_from_the_api_server_as_it_was_created() throws Exception {
        var dryRun = client.getKubernetesSerialization()
                .unmarshal(renamed(RealApiServer.committedCrdText()), GenericKubernetesResource.class);
        var answer = client.resource(dryRun).dryRun(true).create();
        var expected = (ObjectNode) committedSpec();
        expected.put("group", "other.helix.ml");
        assertThat(json(answer).path("spec")).isEqualTo(expected);
    }

    @Test
    void second_apply_of_the_committed_crd_writes_nothing() {
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
    void smallest_tunnel_is_accepted_and_gets_every_default() {
        var created = create("{}");
        var spec = created.getSpec();
        assertThat(spec.runnerToken().secretRef().key()).isEqualTo("token");
        assertThat(spec.runnerToken().delivery().name()).isEqualTo("Env");
        assertThat(spec.wolfId().source().name()).isEqualTo("PodName");
        assertThat(spec.wolf().address()).isEqualTo("localhost:8080");
        assertThat(spec.agent().port()).isEqualTo(9797);
        assertThat(spec.agent().reconnectSeconds()).isEqualTo(5);
        assertThat(spec.agent().drainSeconds()).isEqualTo(20);
        assertThat(spec.agent().imagePullPolicy().name()).isEqualTo("IfNotPresent");
        assertThat(spec.paused()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{controlPlane: {url: 'http://10.0.0.1:8080/helix'}}",
                "{controlPlane: {url: 'https://[fd00::1]:8443', insecureSkipVerify: true}}",
                "{controlPlane: {url: 'https://h', proxyUrl: 'http://user:pa%20ss@proxy:3128'}}",
                "{controlPlane: {url: 'https://h', caBundleRef: {name: ca}}}",
                "{wolf: {address: '$(NODE_IP):8080'}}",
                "{wolf: {address: '[::1]:8080'}}",
                "{wolf: {address: 'unix:///var/run/wolf/wolf.sock'}}",
                "{wolfId: {source: NodeName, prefix: 'lab-'}}",
                "{pod: {labels: {team: streaming, example.com/a: ''}, annotations: {example.com/b: 'any text'}}}",
                "{wolf: {container: {image: wolf}}, pod: {hostNetwork: true, securityContext: {runAsUser: 0}}}",
                "{agent: {env: [{name: NO_PROXY, value: localhost}], resources: {limits: {memory: 128Mi}}}}",
                "{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 25%}}}",
            })
    void is_accepted(String spec) {
        create(spec);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{controlPlane: {url: 'wss://h'}}                          | must begin with https:// or http://",
                "{controlPlane: {url: ''}}                                 | must begin with https:// or http://",
                "{controlPlane: {url: 'https://'}}                         | must name a host",
                "{controlPlane: {url: 'https:///path'}}                    | must name a host",
                "{controlPlane: {url: 'https://user:pw@h'}}                | must have no user",
                "{controlPlane: {url: 'https://h?token=x'}}                | the token goes into a Secret",
                "{controlPlane: {url: 'https://h/a b'}}                    | must have no user, query, fragment or space",
                "{controlPlane: {url: 'https://h:0'}}                      | port must be between 1 and 65535",
                "{controlPlane: {url: 'https://h:65536/x'}}                | port must be between 1 and 65535",
                "{controlPlane: {url: 'https://[::1]:70000'}}              | port must be between 1 and 65535",
                "{controlPlane: {url: 'http://h', insecureSkipVerify: true}} | write https:// in url, or remove it",
                "{controlPlane: {url: 'http://h', caBundleRef: {name: ca}}}  | caBundleRef means something with https",
                "{controlPlane: {url: 'https://h', proxyUrl: 'socks5://p'}} | must be http://host:port",
                "{controlPlane: {url: 'https://h', proxyUrl: 'proxy:3128'}} | must be http://host:port",
                "{controlPlane: {url: 'https://h', caBundleRef: {name: ''}}} | must be the name of a ConfigMap",
                "{controlPlane: {url: 'https://h', caBundleRef: {name: ca, key: 'a/b'}}} | must be a key of that ConfigMap",
                "{controlPlane: {}}                                        | spec.controlPlane.url: Required value",
                "{runnerToken: {secretRef: {name: ''}}}                    | must be the name of a Secret",
                "{runnerToken: {secretRef: {name: s, key: ''}}}            | must be a key of that Secret",
                "{runnerToken: {secretRef: {}}}                            | spec.runnerToken.secretRef.name: Required value",
                "{runnerToken: {secretRef: {name: s}, delivery: Pigeon}}   | supported values: \"Env\", \"File\"",
                "{wolfId: {prefix: 'a/b'}}                                 | must have no spaces and none of",
                "{wolfId: {prefix: 'a b'}}                                 | must have no spaces and none of",
                "{wolfId: {prefix: '$(HOSTNAME)'}}                         | must have no spaces and none of",
                "{wolfId: {source: Hostname}}                              | supported values: \"NodeName\", \"PodName\"",
                "{wolf: {address: localhost}}                              | must be host:port",
                "{wolf: {address: 'http://localhost:8080'}}                | must be host:port",
                "{wolf: {address: '$(HOST_IP):8080'}}                      | must be host:port",
                "{wolf: {address: 'localhost:0'}}                          | port must be between 1 and 65535",
                "{wolf: {address: 'localhost:70000'}}                      | port must be between 1 and 65535",
                "{wolf: {address: 'unix://wolf.sock'}}                     | is written with its absolute path",
                "{wolf: {address: 'unix:wolf.sock'}}                       | is written with its absolute path",
                "{wolf: {address: 'unix:///wolf.sock'}}                    | in a folder of its own",
                "{wolf: {address: 'unix:///var/run/../wolf.sock'}}         | is written with its absolute path",
                "{wolf: {container: {name: wolf}}}                         | container.image must name Wolf's image",
                "{wolf: {container: {name: agent, image: wolf}}}           | container.name must not be 'agent'",
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
                "{pod: {volumes: [{name: wolf-socket}]}}                   | which are the operator's own",
            })
    void is_refused_with_a_sentence_that_says_what_to_write(String spec, String sentence) {
        assertThat(refusal("t", spec)).contains(sentence);
    }

    @Test
    void too_long_a_name_is_refused() {
        assertThat(refusal("a".repeat(51), "{}")).contains("metadata.name must have at most 50 characters");
    }

    @Test
    void too_long_a_socket_path_is_refused() {
        assertThat(refusal("t", "{wolf: {address: 'unix:///run/" + "a".repeat(103) + "'}}"))
                .contains("at most 107 characters");
    }

    @Test
    void too_long_a_label_value_is_refused() {
        assertThat(refusal("t", "{pod: {labels: {team: " + "a".repeat(64) + "}}}"))
                .contains("Too long: may not be more than 63");
    }

    private static String refusal(String name, String spec) {
        try {
            client.resource(tunnel(name, spec)).dryRun(true).create();
        } catch (KubernetesClientException e) {
            return e.getStatus().getMessage();
        }
        throw new AssertionError("accepted: " + spec);
    }

    private static WolfTunnel create(String spec) {
        var answer = client.resource(tunnel("t", spec)).dryRun(true).create();
        var yaml = client.getKubernetesSerialization();
        return yaml.unmarshal(yaml.asJson(answer), WolfTunnel.class);
    }

    /** Valid but for what {@code spec}, which wins over the rest field by field, makes of it. */
    private static GenericKubernetesResource tunnel(String name, String spec) {
        return client.getKubernetesSerialization()
                .unmarshal(TunnelYaml.of("default", name, spec), GenericKubernetesResource.class);
    }
}
