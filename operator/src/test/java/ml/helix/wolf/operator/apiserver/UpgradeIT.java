package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Another operator in the place of the one before. */
@ExtendWith(RealApiServer.class)
class UpgradeIT {
    private static final String IP = "127.0.0.51";

    private Trial trial;
    private FakeAgent agent;

    @BeforeEach
    void begin(RealApiServer.Running server) throws Exception {
        agent = new FakeAgent(IP, 0).connected("a1");
        trial = new Trial(server);
        operate("agent:1");
        trial.token("t");
        trial.apply("{agent: {port: %d}}".formatted(agent.port()));
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
        trial.podRuns("node-1", IP, true);
        trial.rolledOut(1, 1);
        up();
    }

    @AfterEach
    void end() {
        trial.close();
        agent.close();
    }

    @Test
    void operatorThatMeansTheSameTemplateChangesNothing() throws Exception {
        var daemonSet = trial.daemonSet().getMetadata().getResourceVersion();
        var account = trial.serviceAccount().getMetadata().getResourceVersion();
        var tunnel = trial.tunnel().getMetadata().getResourceVersion();
        int asked = agent.timesAsked();
        operate("agent:1");
        Eventually.holds(() -> assertThat(agent.timesAsked()).isGreaterThan(asked + 1));
        assertThat(trial.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
        assertThat(trial.serviceAccount().getMetadata().getResourceVersion()).isEqualTo(account);
        assertThat(trial.tunnel().getMetadata().getResourceVersion()).isEqualTo(tunnel);
        assertThat(trial.writes())
                .as("it takes its fields for its own once, which changes nothing")
                .extracting(Audited::permission)
                .containsExactlyInAnyOrder("patch /serviceaccounts", "patch apps/daemonsets");
    }

    @Test
    void operatorWithAnotherAgentImageRollsTheAgentsOnce() throws Exception {
        operate("agent:2");
        Eventually.holds(() -> assertThat(trial.agentImage()).isEqualTo("agent:2"));
        Eventually.holds(() -> assertThat(trial.verdict("Ready")).isEqualTo("False RollingOut"));
        trial.rolledOut(1, 1);
        up();
        assertThat(trial.daemonSet().getMetadata().getGeneration()).isEqualTo(2);
        assertThat(trial.writes())
                .filteredOn(write -> write.resource().equals("apps/daemonsets"))
                .hasSize(1);
    }

    @Test
    void operatorWithAnotherAgentImageLeavesTunnelsAloneThatNameTheirOwn() throws Exception {
        trial.apply("{agent: {port: %d, image: 'agent:1'}}".formatted(agent.port()));
        Eventually.holds(() ->
                assertThat(trial.tunnel().getStatus().observedGeneration()).isEqualTo(2));
        var daemonSet = trial.daemonSet().getMetadata().getResourceVersion();
        int asked = agent.timesAsked();
        operate("agent:2");
        Eventually.holds(() -> assertThat(agent.timesAsked()).isGreaterThan(asked + 1));
        assertThat(trial.daemonSet().getMetadata().getResourceVersion()).isEqualTo(daemonSet);
    }

    @Test
    void statusWithHardlyAFieldThatAnEarlierOperatorLeftIsMadeWhole() throws Exception {
        trial.admin
                .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(trial.namespace)
                .withName(Trial.TUNNEL)
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"status\": {\"summary\": null, \"desired\": null, \"conditions\": null,"
                                + " \"tunnels\": [{\"pod\": \"gpu-nodes-tunnel-agent-node-1\"}]}}");
        operate("agent:1");
        up();
        assertThat(trial.tunnel().getStatus().summary()).isEqualTo("1/1 connected");
        assertThat(trial.tunnel().getStatus().conditions()).hasSize(7);
    }

    private void operate(String agentImage) {
        trial.operate(trial.setup().hurried().image(agentImage));
    }

    private void up() throws Exception {
        Eventually.holds(() -> {
            assertThat(trial.verdict("Ready")).isEqualTo("True Connected");
            assertThat(trial.row("node-1").wolfId()).isEqualTo("a1");
        });
    }
}
