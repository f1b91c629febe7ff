package ml.helix.wolf.kubectl.status;

import ml.helix.wolf.program.Printable;

/** What {@code wait} waits for. The constants' names are what the user writes. */
public enum Goal {
    /** The condition Ready is True, for the newest spec. */
    ready,
    /** Every node that should run an agent has its tunnel up, whether with the newest template or with an older one. */
    connected;

    public boolean isReached(WolfTunnel wolfTunnel) {
        return switch (this) {
            case ready -> wolfTunnel.isReady();
            case connected -> wolfTunnel.isConnected();
        };
    }

    /** What is missing, in a line. */
    public static String progress(WolfTunnel wolfTunnel) {
        if (wolfTunnel.observedGeneration() < 0) {
            return "no operator has seen it yet";
        } else if (!wolfTunnel.isCurrent()) {
            return "the operator has not seen the newest change yet";
        }
        Condition ready = wolfTunnel.ready();
        String counts = wolfTunnel.summary().isEmpty() ? "" : wolfTunnel.summary() + ", ";
        return Printable.of(ready.isTrue() ? counts + "ready" : counts + ready.reason() + ": " + ready.message());
    }
}
