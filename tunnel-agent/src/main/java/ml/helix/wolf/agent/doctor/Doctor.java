package ml.helix.wolf.agent.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.local.WolfDialer;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.Connector;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Destination;
import ml.helix.wolf.agent.transport.Hop;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.Tls;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.program.RunnerId;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Timers;

/**
 * Checks each hop between the control planes and Wolf, with the agent's own code. It connects as {@code doctor-{id}}: with the
 * agent's own id it would displace the running agent, and Helix registers each id that begins with {@code hydra-} or
 * {@code sandbox-} as a host.
 */
public final class Doctor {
    private static final Duration LOCAL_TIMEOUT = Duration.ofSeconds(5);

    private final List<Destination> controlPlanes;
    private final Trust trust;
    private final TokenSource tokens;
    private final String runnerId;
    private final WolfAddress local;

    /** @param runnerId the agent's */
    public Doctor(
            List<Destination> controlPlanes, Trust trust, TokenSource tokens, String runnerId, WolfAddress local) {
        this.controlPlanes = List.copyOf(controlPlanes);
        this.trust = trust;
        this.tokens = tokens;
        this.runnerId = RunnerId.DOCTOR + runnerId;
        this.local = local;
    }

    /** Checks all control planes at the same time. Takes at most 45 s. Called once. */
    public Diagnosis examine() {
        try (ScheduledExecutorService timers = Timers.daemon("doctor-timers");
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var tls = new Tls(trust);
            var remote = controlPlanes.stream()
                    .map(one -> CompletableFuture.supplyAsync(
                            () -> new Diagnosis.OfControlPlane(
                                    one.url().toString(),
                                    new ControlPlaneChecks(
                                                    new Connector(one.url(), one.proxy(), tls, new Resolver()),
                                                    tokens,
                                                    runnerId,
                                                    timers)
                                            .run()),
                            threads))
                    .toList();
            var diagnosis = new Diagnosis(
                    remote.stream().map(CompletableFuture::join).toList(),
                    checkLocal(new WolfDialer(local, new Resolver(), timers), timers));
            timers.shutdownNow();
            return diagnosis;
        }
    }

    private Check checkLocal(WolfDialer wolf, ScheduledExecutorService timers) {
        try {
            ByteStream stream = wolf.dial();
            try (stream;
                    var _ = Deadline.in(LOCAL_TIMEOUT, timers).guard(stream::close)) {
                byte[] request =
                        "GET /api/v1/apps HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
                stream.write(request, 0, request.length);
                byte[] answer = new byte[64];
                int length = stream.read(answer, 0, answer.length);
                String text = new String(answer, 0, Math.max(length, 0), StandardCharsets.ISO_8859_1);
                if (text.startsWith("HTTP/1.")) {
                    return local(Check.Outcome.OK, "Wolf's API answers at " + local);
                } else {
                    return local(Check.Outcome.FAILED, "what listens at " + local + " speaks no HTTP; is it Wolf?");
                }
            }
        } catch (WolfUnreachableException e) {
            return local(Check.Outcome.FAILED, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return local(
                    Check.Outcome.FAILED,
                    "Wolf's API at " + local + " takes connections and does not answer; is it stuck?");
        }
    }

    private static Check local(Check.Outcome outcome, String detail) {
        return new Check(Hop.LOCAL, outcome, detail);
    }
}
