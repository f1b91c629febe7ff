package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A new operator replaces an old one. */
@ExtendWith(RealApiServer.class)
class UpgradeIT {
    private static final String IP = "127.0.0.51";

    private Testbed testbed;
    private FakeAgent agent;

    @BeforeEach
    void setUp(RealApiServer.Running server) throws Exception {
        agent = new FakeAgent(IP, 0).connected("a1");
        testbed = new Testbed(server);
        operate("agent:1");
        testbed.token("t");
        testbed.bringUp(agent, IP);
    }

    @AfterEach
    void tearDown() {
        testbed.close();
        agent.close();
    }

    @Test
    void operatorWithTheSameTemplateChangesNothing() throws Exception {
        var daemonSet = testbed.daemonSet().getMetadata().getResourceVersion();
        var account = testbed.serviceAccount().getMetadata().getResourceVersion();
        var resource = testbed.resource().getMetadata().getResourceVersion();
        int polls = agent.polls();
        operate("agent:1");
        Eventually.holds(() -> assertThat(agent.polls()).isGreaterThan(polls + 1));
        assertThat(testbed.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        assertThat(testbed.serviceAccount().getMetadata().getResourceVersion()).isEqualTo(account);
        assertThat(testbed.resource().getMetadata().getResourceVersion()).isEqualTo(resource);
        assertThat(testbed.writes())
                .as("the first apply of a process, which changes nothing")
                .extracting(AuditedRequest::permission)
                .containsExactlyInAnyOrder("patch /serviceaccounts", "patch apps/daemonsets");
    }

    @Test
    void operatorWithAnotherAgentImageRollsTheAgentsOnce() throws Exception {
        operate("agent:2");
        Eventually.holds(() -> assertThat(testbed.agentImage()).isEqualTo("agent:2"));
        testbed.awaitCondition("Ready", "False RollingOut");
        testbed.rolledOut(1, 1);
        testbed.awaitUp();
        assertThat(testbed.daemonSet().getMetadata().getGeneration()).isEqualTo(2);
        assertThat(testbed.writes())
                .filteredOn(write -> write.resource().equals("apps/daemonsets"))
                .hasSize(1);
    }

    @Test
    void otherAgentImageOfTheOperatorLeavesWolfTunnelsAloneThatNameTheirOwn() throws Exception {
        testbed.apply("{agent: {port: %d, image: 'agent:1'}}".formatted(agent.port()));
        Eventually.holds(() ->
                assertThat(testbed.resource().getStatus().observedGeneration()).isEqualTo(2));
        var daemonSet = testbed.daemonSet().getMetadata().getResourceVersion();
        int polls = agent.polls();
        operate("agent:2");
        Eventually.holds(() -> assertThat(agent.polls()).isGreaterThan(polls + 1));
        assertThat(testbed.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
    }

    @Test
    void incompleteStatusOfAnEarlierOperatorIsCompleted() throws Exception {
        testbed.admin
                .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(testbed.namespace)
                .withName(Testbed.NAME)
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"status\": {\"summary\": null, \"desired\": null, \"conditions\": null,"
                                + " \"tunnels\": [{\"pod\": \"gpu-nodes-tunnel-agent-node-1\"}]}}");
        operate("agent:1");
        testbed.awaitUp();
        assertThat(testbed.resource().getStatus().summary()).isEqualTo("1/1 connected");
        assertThat(testbed.resource().getStatus().conditions()).hasSize(7);
    }

    private void operate(String agentImage) {
        testbed.operate(testbed.setup().pollingFast().image(agentImage));
    }
}
