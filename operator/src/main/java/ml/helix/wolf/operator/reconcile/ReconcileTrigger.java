package ml.helix.wolf.operator.reconcile;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.ResourceEventAware;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import java.util.function.Consumer;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** Requests passes from inside this process, and learns of deleted WolfTunnels. Thread-safe. */
final class ReconcileTrigger extends SimpleInboundEventSource<WolfTunnel> implements ResourceEventAware<WolfTunnel> {
    private final Consumer<WolfTunnel> onDeleted;

    ReconcileTrigger(Consumer<WolfTunnel> onDeleted) {
        super("trigger");
        this.onDeleted = onDeleted;
    }

    void trigger(ResourceID resource) {
        propagateEvent(resource);
    }

    @Override
    public void onResourceDeleted(WolfTunnel resource) {
        onDeleted.accept(resource);
    }
}
