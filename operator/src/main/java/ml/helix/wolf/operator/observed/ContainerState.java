package ml.helix.wolf.operator.observed;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A container of a pod, as the kubelet last said.
 *
 * @param running whether its process runs
 * @param ready whether it runs and its readiness probe, if it has one, succeeds
 * @param startedAt since when it runs again after an end, RFC 3339, by the node's clock; else ""
 * @param waiting why it does not start, in the kubelet's word, for example ImagePullBackOff; else ""
 * @param message what the kubelet adds to that; else ""
 * @param image that it waits for; "" where it isn't waiting
 * @param ended how its last run ended, where there was one
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
    private static final int LONGEST_LAST_WORDS = 400;

    /**
     * The end of a container's run.
     *
     * @param reason the kubelet's word, for example OOMKilled or Error; "" where it has none
     * @param message the termination message, or the end of the log, on one line; "" where there is none
     */
    public record Termination(int exitCode, String reason, String message) {

        static Termination of(ContainerStateTerminated ended) {
            return new Termination(
                    requireNonNullElse(ended.getExitCode(), 0),
                    requireNonNullElse(ended.getReason(), ""),
                    lastWords(requireNonNullElse(ended.getMessage(), "")));
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

    /** As many of the last lines as fit, without stack frames and usage hints: what a program says when it gives up. */
    private static String lastWords(String text) {
        var lines = new ArrayList<String>();
        int length = 0;
        for (var line : List.of(text.split("\\R")).reversed()) {
            var words = line.strip();
            if (words.isEmpty()
                    || words.matches("at [\\w.$/]+\\(.*\\)|\\.\\.\\. \\d+ more|Run '.*' for the flags\\.")) {
                continue;
            }
            length += words.length() + 2;
            if (length > LONGEST_LAST_WORDS) {
                break;
            }
            lines.addFirst(words);
        }
        return String.join("; ", lines);
    }
}
