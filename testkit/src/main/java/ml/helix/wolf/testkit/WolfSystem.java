package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.function.Supplier;

/** Health and load as only Helix's fork reports them. Thread-safe. */
final class WolfSystem {
    private final WolfSessions sessions;
    private final WolfLobbies lobbies;
    private final Supplier<String> health;
    private final long startedNanos = System.nanoTime();

    /** @param health what Wolf calls itself */
    WolfSystem(WolfSessions sessions, WolfLobbies lobbies, Supplier<String> health) {
        this.sessions = sessions;
        this.lobbies = lobbies;
        this.health = health;
    }

    JsonNode health() {
        ObjectNode answer = WolfConnection.JSON
                .createObjectNode()
                .put("success", true)
                .put("process_uptime_seconds", uptime())
                .put("stuck_thread_count", 0)
                .put("total_thread_count", 24 + 6 * sessions.count())
                .put("can_create_new_pipelines", true)
                .put("overall_status", health.get());
        answer.putArray("threads");
        return answer;
    }

    JsonNode memory() {
        int streams = sessions.count();
        ObjectNode answer = WolfConnection.JSON
                .createObjectNode()
                .put("success", true)
                .put("process_rss_bytes", 412_000_000L + 180_000_000L * streams)
                .put("gstreamer_buffer_bytes", 24_000_000L * streams)
                .put("total_memory_bytes", 436_000_000L + 204_000_000L * streams);
        answer.putArray("apps");
        answer.set("lobbies", lobbies.memory());
        answer.putArray("clients");
        answer.putObject("gpu_stats")
                .put("available", true)
                .put("gpu_name", "NVIDIA RTX 4000 SFF Ada Generation")
                .put("encoder_session_count", streams)
                .put("encoder_average_fps", streams == 0 ? 0 : 60)
                .put("encoder_utilization_percent", 9 * streams)
                .put("gpu_utilization_percent", 4 + 11 * streams)
                .put("memory_utilization_percent", 6 + 5 * streams)
                .put("memory_used_mb", 812 + 640 * streams)
                .put("memory_total_mb", 20_475)
                .put("temperature_celsius", 41 + 3 * streams);
        answer.putObject("gstreamer_pipelines")
                .put("producer_pipelines", streams)
                .put("consumer_pipelines", 2 * streams);
        return answer;
    }

    private long uptime() {
        return Duration.ofNanos(System.nanoTime() - startedNanos).toSeconds();
    }
}
