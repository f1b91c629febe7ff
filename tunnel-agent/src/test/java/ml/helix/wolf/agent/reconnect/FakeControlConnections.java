package ml.helix.wolf.agent.reconnect;

import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.token.RunnerToken;
import ml.helix.wolf.testkit.Waiting;

/** Control connections to a control plane without a network, which accepts each token unless the test says otherwise. */
final class FakeControlConnections implements Function<RunnerToken, ControlConnection> {
    private final Map<String, Handshake> handshakes = new ConcurrentHashMap<>();
    private final BlockingQueue<FakeControlConnection> served = new LinkedBlockingQueue<>();

    /** What happens before the connection is up. */
    private interface Handshake {
        void run() throws TunnelException;
    }

    /** From now on refuses this token. */
    void refuse(String token, FailureReason reason) {
        handshakes.put(token, () -> {
            throw new TunnelException(reason, "refused by the test");
        });
    }

    /** From now on a connection with this token fails by a bug of the agent. */
    void fault(String token) {
        handshakes.put(token, () -> {
            throw new IllegalStateException("a fault made by the test");
        });
    }

    /** From now on a connection with this token comes up when the latch opens. */
    void delay(String token, CountDownLatch until) {
        handshakes.put(token, () -> await(until));
    }

    /** From now on accepts this token. */
    void accept(String token) {
        handshakes.remove(token);
    }

    @Override
    public ControlConnection apply(RunnerToken token) {
        return new FakeControlConnection(token.secret().reveal());
    }

    /** The next connection that the agent has begun to serve. */
    FakeControlConnection next() throws InterruptedException {
        return Waiting.next(served);
    }

    /** How many connections were served that no test has taken by {@link #next}. */
    int waiting() {
        return served.size();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** One control connection. */
    final class FakeControlConnection implements ControlConnection {
        private final String token;
        private final CountDownLatch closed = new CountDownLatch(1);
        private volatile TunnelException loss;
        private volatile boolean draining;
        private volatile boolean pickingUp;
        private volatile Runnable onReconnect = () -> {};

        private FakeControlConnection(String token) {
            this.token = token;
        }

        String token() {
            return token;
        }

        boolean draining() {
            return draining;
        }

        boolean closed() {
            return closed.getCount() == 0;
        }

        void askToReconnect() {
            onReconnect.run();
        }

        /** Whether a pickup is under way from now on. */
        void pickUp(boolean underWay) {
            pickingUp = underWay;
        }

        @Override
        public boolean isPickingUp() {
            return pickingUp;
        }

        /** Ends the connection from the server's side. */
        void lose(FailureReason reason) {
            loss = new TunnelException(reason, "lost by the test");
            closed.countDown();
        }

        @Override
        public void serve(Runnable onUp, Runnable onReconnect) throws TunnelException {
            this.onReconnect = onReconnect;
            served.add(this);
            handshakes.getOrDefault(token, () -> {}).run();
            onUp.run();
            await(closed);
            if (loss != null) {
                throw loss;
            }
        }

        @Override
        public void drain() {
            draining = true;
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }
}
