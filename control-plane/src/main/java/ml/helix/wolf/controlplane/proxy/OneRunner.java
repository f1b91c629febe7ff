package ml.helix.wolf.controlplane.proxy;

import java.util.Optional;
import ml.helix.wolf.controlplane.dialing.Dialing;

/** One runner; twice, if the data connection of the first dial was picked up ahead of need. */
record OneRunner(Dialing dialing, String runnerId) implements Destinations {

    @Override
    public Destination first() {
        return new Destination(runnerId, dialing.dial(runnerId));
    }

    @Override
    public Optional<Destination> after(Destination failed, boolean mayRepeat) {
        return mayRepeat && failed.dial().isPickedUpAhead()
                ? Optional.of(new Destination(runnerId, dialing.dialFresh(runnerId)))
                : Optional.empty();
    }
}
