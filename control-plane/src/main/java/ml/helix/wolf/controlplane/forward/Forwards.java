package ml.helix.wolf.controlplane.forward;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import ml.helix.wolf.controlplane.dialing.Dialing;

/** All listening forwards, from {@link #start} to {@link #close}. Thread safe. */
public final class Forwards implements AutoCloseable {
    private final List<Forward> forwards;
    private final Dialing dialing;
    private final List<ForwardListener> listeners = new CopyOnWriteArrayList<>();

    public Forwards(List<Forward> forwards, Dialing dialing) {
        this.forwards = forwards;
        this.dialing = dialing;
    }

    /** @throws IOException if an address can't be bound; those before it listen until {@link #close} */
    public void start() throws IOException {
        for (Forward forward : forwards) {
            listeners.add(ForwardListener.open(forward, dialing));
        }
    }

    /** The ports, in the order of the forwards. */
    public List<Integer> ports() {
        return listeners.stream().map(ForwardListener::port).toList();
    }

    @Override
    public void close() {
        listeners.forEach(ForwardListener::close);
    }
}
