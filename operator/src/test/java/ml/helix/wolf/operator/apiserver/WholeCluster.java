package ml.helix.wolf.operator.apiserver;

/**
 * Another API server, for classes whose tests change or watch all namespaces. They take turns, by a {@code @ResourceLock} of
 * {@link #TURN}, and run beside the classes that use {@link RealApiServer}.
 */
public final class WholeCluster extends RealApiServer {
    static final String TURN = "the whole cluster";

    private static final class OfThisJvm {
        static final Attempt ATTEMPT = start();
    }

    @Override
    Attempt attempt() {
        return OfThisJvm.ATTEMPT;
    }
}
