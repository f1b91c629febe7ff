package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.RunnerIdConflict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DuplicateRunnerIdsTest {
    private final List<ResourceID> told = new ArrayList<>();
    private final DuplicateRunnerIds ids = new DuplicateRunnerIds(told::add);
    private final WolfTunnel one = tunnel("one", "{wolfId: {source: NodeName}}");
    private final WolfTunnel other = tunnel("other", "{wolfId: {source: NodeName}}");

    @Test
    void tunnelsWithAgentsOnTheSameNodeAreRivalsAndEachIsTold() {
        assertThat(ids.rivals(one, pods("n1", "n2"))).isEmpty();
        assertThat(told).isEmpty();
        assertThat(ids.rivals(other, pods("n2", "n3"))).isEqualTo(Map.of("n2", rival("wolf-n2", "one")));
        assertThat(told).containsExactly(id(one));
        assertThat(ids.rivals(one, pods("n1", "n2"))).isEqualTo(Map.of("n2", rival("wolf-n2", "other")));
        assertThat(told).as("nothing has changed").hasSize(1);
        assertThat(ids.rivals(other, pods("n3"))).isEmpty();
        assertThat(told).as("the end is told, too").containsExactly(id(one), id(one));
        assertThat(ids.rivals(one, pods("n1", "n2"))).isEmpty();
    }

    @Test
    void tunnelThatIsGoneIsNoRival() {
        ids.rivals(one, pods("n1"));
        ids.rivals(other, pods("n1"));
        ids.forget(id(other));
        assertThat(told).containsExactly(id(one), id(one));
        assertThat(ids.rivals(one, pods("n1"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{wolfId: {source: PodName}}",
                "{wolfId: {source: NodeName, prefix: lab-}}",
                "{wolfId: {source: NodeName}, controlPlane: {url: 'https://another.example.com'}}",
            })
    void otherIdsOrAnotherControlPlaneAreNoRivals(String spec) {
        ids.rivals(one, pods("n1"));
        assertThat(ids.rivals(tunnel("other", spec), pods("n1"))).isEmpty();
        assertThat(told).isEmpty();
    }

    @Test
    void wholeIdsAreComparedHoweverTheyArePutTogether() {
        ids.rivals(tunnel("one", "{wolfId: {source: NodeName, prefix: lab-}}"), pods("n1"));
        assertThat(ids.rivals(other, pods("lab-n1"))).isEqualTo(Map.of("lab-n1", rival("wolf-lab-n1", "one")));
    }

    @ParameterizedTest
    @CsvSource({
        "HTTPS://Helix.example.com/, https://helix.example.com:443",
        "http://h:80/a, http://h/a/",
        "https://[FD00::1]:8443, https://[fd00::1]:8443/",
    })
    void urlsOfOneControlPlaneAreOne(String one, String other) {
        assertThat(DuplicateRunnerIds.normalised(one)).isEqualTo(DuplicateRunnerIds.normalised(other));
    }

    @ParameterizedTest
    @CsvSource({"https://h, http://h", "https://h/a, https://h/b", "https://h:1, https://h:2"})
    void urlsOfDifferentControlPlanesAreDifferent(String one, String other) {
        assertThat(DuplicateRunnerIds.normalised(one)).isNotEqualTo(DuplicateRunnerIds.normalised(other));
    }

    private static WolfTunnel tunnel(String name, String spec) {
        var tunnel = WolfTunnelYaml.resource(spec);
        tunnel.getMetadata().setName(name);
        return tunnel;
    }

    private static ResourceID id(WolfTunnel tunnel) {
        return ResourceID.fromResource(tunnel);
    }

    private static RunnerIdConflict rival(String runnerId, String tunnel) {
        return new RunnerIdConflict.WithOtherResource(runnerId, "wolf/" + tunnel);
    }

    private static List<AgentPod> pods(String... nodes) {
        return Stream.of(nodes)
                .map(node -> new AgentPod(
                        "pod-" + node,
                        "uid",
                        "owner",
                        node,
                        "10.0.0.1",
                        9797,
                        "",
                        "",
                        false,
                        true,
                        false,
                        "",
                        List.of()))
                .toList();
    }
}
