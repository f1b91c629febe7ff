package ml.helix.wolf.operator.observed;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.util.Optional;

/**
 * A container of a pod, as the kubelet last said.
 *
 * @param running whether its process runs
 * @param waiting why it does not start, in the kubelet's word, for example ImagePullBackOff; else ""
 * @param message what the kubelet adds to that; else ""
 * @param exitCode of its last run, where there was one
 */
public record ContainerState(String name, boolean running, String waiting, String message, Optional<Integer> exitCode) {

    static ContainerState of(ContainerStatus status) {
        var state = Optional.ofNullable(status.getState());
        var waiting = state.map(now -> now.getWaiting());
        var ended = state.map(now -> now.getTerminated())
                .or(() -> Optional.ofNullable(status.getLastState()).map(last -> last.getTerminated()));
        return new ContainerState(
                status.getName(),
                state.map(now -> now.getRunning()).isPresent(),
                waiting.map(why -> why.getReason()).orElse(""),
                waiting.map(why -> why.getMessage()).orElse(""),
                ended.map(ContainerStateTerminated::getExitCode));
    }
}
