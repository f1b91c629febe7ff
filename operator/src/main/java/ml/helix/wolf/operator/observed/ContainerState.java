package ml.helix.wolf.operator.observed;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A container of a pod, as the kubelet last reported it.
 *
 * @param running whether its process runs
 * @param ready whether it runs and its readiness probe, if it has one, succeeds
 * @param startedAt when it started again after it had ended, RFC 3339, by the node's clock; else ""
 * @param waiting why it doesn't start, in the kubelet's word, for example ImagePullBackOff; else ""
 * @param message the kubelet's sentence to that; else ""
 * @param image the image that it waits for; "" if it isn't waiting
 * @param termination how its last run ended; empty if it never did
 */
public record ContainerState(
        String name,
        boolean running,
        boolean ready,
        String startedAt,
        String waiting,
        String message,
        String image,
        Optional<Termination> termination) {

    /** Characters kept of a termination message; the kubelet's own limit is 4096 bytes. */
    private static final int MAX_MESSAGE = 400;

    /**
     * The end of a container's run.
     *
     * @param reason the kubelet's word, for example OOMKilled or Error; "" if it has none
     * @param message the termination message, or the end of the log, on one line; "" if there is none
     */
    public record Termination(int exitCode, String reason, String message) {

        static Termination of(ContainerStateTerminated state) {
            return new Termination(
                    requireNonNullElse(state.getExitCode(), 0),
                    requireNonNullElse(state.getReason(), ""),
                    lastLines(requireNonNullElse(state.getMessage(), "")));
        }
    }

    static ContainerState of(ContainerStatus status) {
        var state = Optional.ofNullable(status.getState());
        var running = state.map(now -> now.getRunning());
        var waiting = state.map(now -> now.getWaiting());
        var ended = state.map(now -> now.getTerminated())
                .or(() -> Optional.ofNullable(status.getLastState()).map(last -> last.getTerminated()));
        return new ContainerState(
                status.getName(),
                running.isPresent(),
                running.isPresent() && Boolean.TRUE.equals(status.getReady()),
                running.filter(again -> ended.isPresent())
                        .map(since -> since.getStartedAt())
                        .orElse(""),
                waiting.map(why -> why.getReason()).orElse(""),
                waiting.map(why -> why.getMessage()).orElse(""),
                waiting.map(why -> status.getImage()).orElse(""),
                ended.map(Termination::of));
    }

    /** As many of the last lines as fit, without stack frames and usage hints: why the program gave up. */
    private static String lastLines(String text) {
        var lines = new ArrayList<String>();
        int length = 0;
        for (var line : List.of(text.split("\\R")).reversed()) {
            var stripped = line.strip();
            if (stripped.isEmpty()
                    || stripped.matches("at [\\w.$/]+\\(.*\\)|\\.\\.\\. \\d+ more|Run '.*' for the flags\\.")) {
                continue;
            }
            length += stripped.length() + 2;
            if (length > MAX_MESSAGE) {
                break;
            }
            lines.addFirst(stripped);
        }
        return String.join("; ", lines);
    }
}
