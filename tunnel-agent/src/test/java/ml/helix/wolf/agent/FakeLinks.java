package ml.helix.wolf.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import ml.helix.wolf.agent.control.Link;
import ml.helix.wolf.agent.control.RunnerToken;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;

/** A control plane without a network: it takes what bears a token that it knows, and refuses the rest. */
final class FakeLinks implements Function<RunnerToken, Link> {
    private final Map<String, Runnable> refusals = new ConcurrentHashMap<>();
    private final BlockingQueue<FakeLink> begun = new LinkedBlockingQueue<>();

    /** Thrown out of the middle of a link. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient TunnelException why;

        Refused(TunnelException why) {
            this.why = why;
        }
    }

    /** From now on this token is answered so. */
    FakeLinks refuse(String token, FailureReason reason) {
        refusals.put(token, () -> {
            throw new Refused(new TunnelException(reason, "as the test wants it"));
        });
        return this;
    }

    /** From now on this token makes the agent stumble. */
    FakeLinks stumble(String token) {
        refusals.put(token, () -> {
            throw new IllegalStateException("a fault that the test has made");
        });
        return this;
    }

    /** From now on this token is not answered until the latch is open. */
    FakeLinks delay(String token, CountDownLatch until) {
        refusals.put(token, () -> FakeLink.await(until));
        return this;
    }

    /** From now on this token is taken. */
    FakeLinks take(String token) {
        refusals.remove(token);
        return this;
    }

    @Override
    public Link apply(RunnerToken token) {
        return new FakeLink(token.secret().reveal());
    }

    /** The next link that the agent has begun to serve: it is the agent's own by then. */
    FakeLink next() throws InterruptedException {
        FakeLink link = begun.poll(20, TimeUnit.SECONDS);
        assertThat(link).as("one more link").isNotNull();
        return link;
    }

    /** How many links were begun that no test has taken. */
    int waiting() {
        return begun.size();
    }

    /** One control connection. */
    final class FakeLink implements Link {
        private final String token;
        private final CountDownLatch over = new CountDownLatch(1);
        private volatile TunnelException why;
        private volatile boolean draining;

        private FakeLink(String token) {
            this.token = token;
        }

        String token() {
            return token;
        }

        boolean draining() {
            return draining;
        }

        boolean closed() {
            return over.getCount() == 0;
        }

        /** The server ends it. */
        void lose() {
            lose(FailureReason.CONNECTION_LOST);
        }

        /** The same, for that reason. */
        void lose(FailureReason reason) {
            why = new TunnelException(reason, "lost, as the test wants it");
            over.countDown();
        }

        @Override
        public void serve(Runnable up) throws TunnelException {
            begun.add(this);
            try {
                refusals.getOrDefault(token, () -> {}).run();
            } catch (Refused e) {
                throw e.why;
            }
            up.run();
            await(over);
            if (why != null) {
                throw why;
            }
        }

        @Override
        public void drain() {
            draining = true;
        }

        @Override
        public void close() {
            over.countDown();
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
