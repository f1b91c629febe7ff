package ml.helix.wolf.program;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * SIGTERM and SIGINT: the first begins an orderly stop, the second ends the process at once. A shutdown hook can't tell
 * the two apart, and would make the exit status 143.
 */
public final class StopSignals {
    private StopSignals() {}

    /**
     * From now on the first signal runs {@code stop} on a thread of its own; the second halts with status 1. Call before
     * announcing anything that shutdown must undo.
     *
     * @param stop must end the process: a signal no longer does
     */
    public static void handle(Runnable stop) {
        var stopping = new AtomicBoolean();
        Runnable onSignal = () -> {
            if (stopping.compareAndSet(false, true)) {
                stop.run();
            } else {
                Runtime.getRuntime().halt(1);
            }
        };
        install("TERM", onSignal);
        install("INT", onSignal);
    }

    /** By reflection: sun.misc.Signal is the only way, and javac warns of its name beyond any SuppressWarnings. */
    private static void install(String name, Runnable onSignal) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            onSignal.run();
                        }
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "this Java has no module jdk.unsupported: no orderly stop on SIG" + name, e);
        }
    }
}
