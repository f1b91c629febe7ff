package ml.helix.wolf.controlplane.dialing;

import java.util.OptionalLong;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.PendingDial;

/** Dials the runners whose control connections this process holds. Thread safe. */
public record LocalDialing(ConnectionManager connections) implements Dialing {

    @Override
    public Dial dial(String runnerId) {
        return new LocalDial(connections, connections.startDial(runnerId));
    }

    @Override
    public Dial dialAhead(String runnerId) {
        return new LocalDial(connections, connections.startDialAhead(runnerId));
    }

    private record LocalDial(ConnectionManager connections, PendingDial pending) implements Dial {
        @Override
        public ByteStream await() throws DialException, InterruptedException {
            try {
                return pending.await();
            } catch (InterruptedException e) {
                withdraw();
                throw e;
            }
        }

        @Override
        public String id() {
            return pending.id();
        }

        @Override
        public OptionalLong askedAt() {
            return pending.askedAt();
        }

        @Override
        public boolean isSettled() {
            return pending.isSettled();
        }

        @Override
        public void withdraw() {
            connections.withdraw(pending);
        }
    }
}
