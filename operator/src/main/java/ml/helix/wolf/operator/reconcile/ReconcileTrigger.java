package ml.helix.wolf.operator.reconcile;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import java.util.function.Consumer;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** Brings agents' news to the reconciler, and a tunnel's end to whoever keeps something for it. */
final class ReconcileTrigger extends SimpleInboundEventSource<WolfTunnel> implements ResourceEventAware<WolfTunnel> {
    private final Consumer<WolfTunnel> gone;

    ReconcileTrigger(Consumer<WolfTunnel> gone) {
        super("agents");
        this.gone = gone;
    }

    void changed(ResourceID tunnel) {
        propagateEvent(tunnel);
    }

    @Override
    public void onResourceDeleted(WolfTunnel tunnel) {
        gone.accept(tunnel);
    }
}
