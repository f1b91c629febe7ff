package ml.helix.wolf.controlplane.dialing;

import java.util.OptionalLong;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.Dials;
import ml.helix.wolf.revdial.PendingDial;

/** Dials the runners whose control connections this process holds. Thread safe. */
public record LocalDialing(Dials dials) implements Dialing {

    @Override
    public Dial dial(String runnerId) {
        return new LocalDial(dials, dials.start(runnerId));
    }

    @Override
    public Dial dialAhead(String runnerId) {
        return new LocalDial(dials, dials.startAhead(runnerId));
    }

    private record LocalDial(Dials dials, PendingDial pending) implements Dial {
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
            dials.withdraw(pending);
        }
    }
}
