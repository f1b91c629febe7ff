package ml.helix.wolf.playground.node;

import static java.util.Objects.requireNonNullElse;
import static java.util.Objects.requireNonNullElseGet;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The readiness probe of one run of a container. Without an httpGet probe the container is ready at once. Used by one thread. */
final class ReadinessProbe {
    private final HttpClient http;
    /** Null if there is nothing to probe. */
    private final @Nullable HttpRequest request;

    private final Duration period;
    private final int failureThreshold;
    private int failures;
    private boolean ready;

    private ReadinessProbe(HttpClient http, @Nullable HttpRequest request, Probe probe) {
        this.http = http;
        this.request = request;
        this.period = Duration.ofSeconds(requireNonNullElse(probe.getPeriodSeconds(), 10));
        this.failureThreshold = requireNonNullElse(probe.getFailureThreshold(), 3);
    }

    /** @param ip the pod's; the probe's port must be a number */
    static ReadinessProbe of(Container container, String ip, HttpClient http) {
        Probe probe = requireNonNullElseGet(container.getReadinessProbe(), Probe::new);
        if (probe.getHttpGet() == null) {
            return new ReadinessProbe(http, null, probe);
        }
        var get = probe.getHttpGet();
        URI target = URI.create("http://" + ip + ":" + get.getPort().getIntVal() + get.getPath());
        Duration timeout = Duration.ofSeconds(requireNonNullElse(probe.getTimeoutSeconds(), 1));
        return new ReadinessProbe(
                http, HttpRequest.newBuilder(target).timeout(timeout).build(), probe);
    }

    /** The time from one probe to the next. */
    Duration period() {
        return period;
    }

    /** Probes once: whether the container is ready, by this result and those before it. */
    boolean ready() throws InterruptedException {
        if (succeeds()) {
            failures = 0;
            ready = true;
        } else {
            failures++;
            ready = ready && failures < failureThreshold;
        }
        return ready;
    }

    private boolean succeeds() throws InterruptedException {
        if (request == null) {
            return true;
        }
        try {
            int status =
                    http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            return status >= 200 && status < 400;
        } catch (IOException e) {
            return false;
        }
    }
}
