package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.AgentPods;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.RunnerIdConflict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DuplicateRunnerIdsTest {
    private final List<ResourceID> triggered = new ArrayList<>();
    private final DuplicateRunnerIds duplicates = new DuplicateRunnerIds(triggered::add);
    private final WolfTunnel one = resource("one", "{wolfId: {source: NodeName}}");
    private final WolfTunnel other = resource("other", "{wolfId: {source: NodeName}}");

    @Test
    void wolfTunnelsWithAgentsOnTheSameNodeAreInConflictAndBothAreTriggered() {
        assertThat(duplicates.conflicts(one, pods("n1", "n2"))).isEmpty();
        assertThat(triggered).isEmpty();
        assertThat(duplicates.conflicts(other, pods("n2", "n3"))).isEqualTo(Map.of("n2", conflict("wolf-n2", "one")));
        assertThat(triggered).containsExactly(id(one));
        assertThat(duplicates.conflicts(one, pods("n1", "n2"))).isEqualTo(Map.of("n2", conflict("wolf-n2", "other")));
        assertThat(triggered).as("nothing has changed").hasSize(1);
        assertThat(duplicates.conflicts(other, pods("n3"))).isEmpty();
        assertThat(triggered).as("the end triggers too").containsExactly(id(one), id(one));
        assertThat(duplicates.conflicts(one, pods("n1", "n2"))).isEmpty();
    }

    @Test
    void deletedWolfTunnelCausesNoConflict() {
        duplicates.conflicts(one, pods("n1"));
        duplicates.conflicts(other, pods("n1"));
        duplicates.forget(id(other));
        assertThat(triggered).containsExactly(id(one), id(one));
        assertThat(duplicates.conflicts(one, pods("n1"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{wolfId: {source: PodName}}",
                "{wolfId: {source: NodeName, prefix: lab-}}",
                "{wolfId: {source: NodeName, runnerPrefix: hydra-}}",
                "{wolfId: {source: NodeName}, controlPlane: {url: 'https://another.example.com'}}",
            })
    void otherIdsOrAnotherControlPlaneCauseNoConflict(String spec) {
        duplicates.conflicts(one, pods("n1"));
        assertThat(duplicates.conflicts(resource("other", spec), pods("n1"))).isEmpty();
        assertThat(triggered).isEmpty();
    }

    @Test
    void oneControlPlaneInCommonIsAConflict() {
        var urls =
                "{wolfId: {source: NodeName}, controlPlane: {urls: ['https://a', 'https://helix.example.com:443/']}}";
        duplicates.conflicts(one, pods("n1"));
        assertThat(duplicates.conflicts(resource("other", urls), pods("n1")))
                .isEqualTo(Map.of("n1", conflict("wolf-n1", "one")));
        assertThat(duplicates.conflicts(resource("other", urls.replace("helix.example.com", "b")), pods("n1")))
                .isEmpty();
    }

    @Test
    void wholeIdsAreComparedWhateverTheirPrefix() {
        duplicates.conflicts(resource("one", "{wolfId: {source: NodeName, prefix: lab-}}"), pods("n1"));
        assertThat(duplicates.conflicts(other, pods("lab-n1")))
                .isEqualTo(Map.of("lab-n1", conflict("wolf-lab-n1", "one")));
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

    private static WolfTunnel resource(String name, String spec) {
        var resource = WolfTunnelYaml.resource(spec);
        resource.getMetadata().setName(name);
        return resource;
    }

    private static ResourceID id(WolfTunnel resource) {
        return ResourceID.fromResource(resource);
    }

    private static RunnerIdConflict conflict(String runnerId, String tunnel) {
        return new RunnerIdConflict.WithOtherResource(runnerId, "wolf/" + tunnel);
    }

    private static List<AgentPod> pods(String... nodes) {
        return Stream.of(nodes).map(AgentPods::on).toList();
    }
}
