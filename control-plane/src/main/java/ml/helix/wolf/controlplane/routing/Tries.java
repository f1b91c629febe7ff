package ml.helix.wolf.controlplane.routing;

import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.dialing.Dialing;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PercentEncoding;
import ml.helix.wolf.controlplane.proxy.Destinations;
import ml.helix.wolf.controlplane.routing.Balancer.Choice;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpStatus;

/**
 * The instances that one request goes to: {@link #MOST} at most, within one dial timeout. While there is another one to go to, a
 * dial may take only a part of that time. For one thread.
 */
final class Tries implements Destinations {
    static final int MOST = 3;
    /** Of the dial timeout, what a dial may take while there is another instance. */
    static final int PARTS = 6;

    private final Balancer balancer;
    private final Balancer.Asked asked;
    private final Dialer dialer;
    private final RoutingMetrics metrics;
    private final Set<String> tried = new HashSet<>();
    private boolean triedFresh;

    /**
     * Dials within a deadline.
     *
     * @param timeout for all dials of the request together
     * @param start of the request, in {@code nanoTime}
     */
    record Dialer(
            Dialing dialing, Duration timeout, ScheduledExecutorService timers, LongSupplier nanoTime, long start) {

        Duration left() {
            return timeout.minusNanos(nanoTime.getAsLong() - start);
        }

        Destination to(String runnerId, boolean others) {
            return new Destination(runnerId, bounded(runnerId, dialing.dial(runnerId), others));
        }

        Destination freshTo(String runnerId) {
            return new Destination(runnerId, bounded(runnerId, dialing.dialFresh(runnerId), false));
        }

        private Dial bounded(String runnerId, Dial dial, boolean others) {
            Duration left = left();
            Duration part = timeout.dividedBy(PARTS);
            Duration limit = others && part.compareTo(left) < 0 ? part : left;
            return dial.isSettled() || limit.compareTo(timeout) >= 0
                    ? dial
                    : new BoundedDial(runnerId, dial, limit, timers);
        }
    }

    Tries(Balancer balancer, Balancer.Asked asked, Dialer dialer, RoutingMetrics metrics) {
        this.balancer = balancer;
        this.asked = asked;
        this.dialer = dialer;
        this.metrics = metrics;
    }

    @Override
    public Destination first() throws ApiException {
        Optional<Choice> choice = balancer.choose(asked, tried);
        if (choice.isEmpty()) {
            metrics.noInstance();
            throw new ApiException(new ApiError(
                    HttpStatus.SERVICE_UNAVAILABLE_503,
                    "NoInstance",
                    "no instance that the token opens is online and not draining: see /api/v1/wolf-instances"));
        }
        metrics.chosen(choice.get().how());
        return start(choice.get());
    }

    @Override
    public Optional<Destination> after(Destination failed, boolean mayRepeat) {
        boolean another = mayRepeat && dialer.left().isPositive();
        if (another && failed.dial().isPickedUpAhead() && !triedFresh) {
            triedFresh = true;
            return Optional.of(dialer.freshTo(failed.runnerId()));
        }
        balancer.failed(failed.runnerId());
        if (!another || tried.size() == MOST) {
            return Optional.empty();
        }
        Optional<Choice> choice = balancer.choose(asked, tried);
        choice.ifPresent(chosen -> metrics.retried());
        return choice.map(this::start);
    }

    private Destination start(Choice choice) {
        String id = choice.instance().id();
        tried.add(id);
        return dialer.to(id, choice.others() && tried.size() < MOST);
    }

    @Override
    public boolean passesOn(HttpField field) {
        return !field.is(Routing.ZONE) && !field.is(Routing.SESSION);
    }

    @Override
    public void mark(HttpFields.Mutable response, Destination last) {
        response.put(Routing.INSTANCE, PercentEncoding.encode(last.runnerId()));
    }

    @Override
    public void close() {
        tried.forEach(balancer::ended);
    }
}
