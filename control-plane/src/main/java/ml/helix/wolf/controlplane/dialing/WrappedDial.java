package ml.helix.wolf.controlplane.dialing;

import java.util.OptionalLong;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;

/** Another dial, of which a subclass changes something. */
public abstract class WrappedDial implements Dial {
    private final Dial dial;

    protected WrappedDial(Dial dial) {
        this.dial = dial;
    }

    @Override
    public ByteStream await() throws DialException, InterruptedException {
        return dial.await();
    }

    @Override
    public String id() {
        return dial.id();
    }

    @Override
    public OptionalLong askedAt() {
        return dial.askedAt();
    }

    @Override
    public boolean isSettled() {
        return dial.isSettled();
    }

    @Override
    public boolean isPickedUpAhead() {
        return dial.isPickedUpAhead();
    }

    @Override
    public void withdraw() {
        dial.withdraw();
    }
}
