package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Probe;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One container from its first start to the pod's end: started, probed, and started again with a growing wait when it
 * ends or is found dead. {@link #run()} is one thread's; the rest is thread-safe.
 */
final class ContainerRun {
    private static final Duration RETRY = Duration.ofSeconds(1);

    /** Resolves the container anew for each start. */
    interface Preparation {
        ContainerCommand prepare(Container container) throws NotStartable, IOException;
    }

    private final Container container;
    private final String ip;
    private final Preparation preparation;
    private final ContainerLauncher launcher;
    private final HttpProbe prober;
    private final CrashBackOff backOff;
    private final Runnable changed;
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** Guarded by this. */
    private ContainerState state = waiting("ContainerCreating", null);
    /** Guarded by this. */
    private @Nullable ContainerState lastState;
    /** Guarded by this. */
    private boolean ready;
    /** Guarded by this. */
    private int restarts;
    /** Guarded by this. */
    private ContainerLauncher.@Nullable Running running;

    ContainerRun(
            Container container,
            String ip,
            Preparation preparation,
            ContainerLauncher launcher,
            HttpProbe prober,
            CrashBackOff backOff,
            Runnable changed) {
        this.container = container;
        this.ip = ip;
        this.preparation = preparation;
        this.launcher = launcher;
        this.prober = prober;
        this.backOff = backOff;
        this.changed = changed;
    }

    /** Blocks until {@link #stop()} and the container's end. */
    void run() throws InterruptedException {
        while (stopping.getCount() > 0) {
            Instant started = Instant.now();
            try {
                Optional<ContainerLauncher.Running> run = launcher.start(preparation.prepare(container));
                if (run.isEmpty()) {
                    throw new NotStartable(
                            "ImagePullBackOff", "Back-off pulling image \"" + container.getImage() + "\"");
                }
                begin(run.get(), started);
                int status = watch(run.get());
                end(status, started);
            } catch (NotStartable e) {
                become(waiting(e.reason(), e.getMessage()));
                pause(RETRY);
                continue;
            } catch (IOException e) {
                become(waiting("RunContainerError", e.getMessage()));
                pause(RETRY);
                continue;
            }
            Duration wait = backOff.after(Duration.between(started, Instant.now()));
            if (!wait.isZero() && stopping.getCount() > 0) {
                become(waiting(
                        "CrashLoopBackOff",
                        "back-off " + wait.toSeconds() + "s restarting failed container=" + container.getName()));
                pause(wait);
            }
        }
    }

    /** Asks the container to end and starts it no more. */
    void stop() {
        stopping.countDown();
        ContainerLauncher.Running current;
        synchronized (this) {
            current = running;
        }
        if (current != null) {
            current.terminate();
        }
    }

    /** Ends the container, if it still runs. */
    synchronized void kill() {
        if (running != null) {
            running.kill();
        }
    }

    synchronized ContainerStatus status() {
        return new ContainerStatusBuilder()
                .withName(container.getName())
                .withImage(container.getImage())
                .withImageID("")
                .withReady(ready)
                .withStarted(running != null)
                .withRestartCount(restarts)
                .withState(state)
                .withLastState(lastState)
                .build();
    }

    private void begin(ContainerLauncher.Running run, Instant started) {
        synchronized (this) {
            running = run;
            ready = container.getReadinessProbe() == null;
            state = new ContainerStateBuilder()
                    .withNewRunning()
                    .withStartedAt(started.toString())
                    .endRunning()
                    .build();
        }
        changed.run();
        if (stopping.getCount() == 0) {
            run.terminate();
        }
    }

    private void end(int status, Instant started) {
        ContainerState ended = new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(status)
                .withReason(status == 0 ? "Completed" : "Error")
                .withStartedAt(started.toString())
                .withFinishedAt(Instant.now().toString())
                .endTerminated()
                .build();
        synchronized (this) {
            running = null;
            ready = false;
            lastState = ended;
            state = ended;
            restarts += stopping.getCount() > 0 ? 1 : 0;
        }
        changed.run();
    }

    /** Probes until the container's end; its exit status. */
    private int watch(ContainerLauncher.Running run) throws InterruptedException {
        List<ProbeLoop> probes = new ArrayList<>();
        Optional<ProbeLoop> startup = loop(container.getStartupProbe());
        Optional<ProbeLoop> liveness = loop(container.getLivenessProbe());
        Optional<ProbeLoop> readiness = loop(container.getReadinessProbe());
        startup.ifPresentOrElse(probes::add, () -> {
            liveness.ifPresent(probes::add);
            readiness.ifPresent(probes::add);
        });
        while (true) {
            long now = System.nanoTime();
            Optional<ProbeLoop> next = probes.stream().min(Comparator.comparingLong(probe -> probe.untilDue(now)));
            try {
                long wait = next.map(probe -> Math.max(0, probe.untilDue(now))).orElse(Long.MAX_VALUE);
                return run.exit().get(wait, TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                return 255;
            } catch (TimeoutException e) {
                ProbeLoop due = next.orElseThrow();
                due.note(prober.succeeds(due.probe(), container, ip));
                if (startup.filter(due::equals).isPresent() && due.passed()) {
                    probes.clear();
                    liveness.ifPresent(probes::add);
                    readiness.ifPresent(probes::add);
                } else if (readiness.filter(due::equals).isPresent()) {
                    judge(due);
                } else if (due.failed()) {
                    probes.clear();
                    run.terminate();
                }
            }
        }
    }

    private Optional<ProbeLoop> loop(@Nullable Probe probe) {
        return Optional.ofNullable(probe).map(given -> new ProbeLoop(given, System::nanoTime));
    }

    private void judge(ProbeLoop readiness) {
        synchronized (this) {
            boolean before = ready;
            ready = before ? !readiness.failed() : readiness.passed();
            if (before == ready) {
                return;
            }
        }
        changed.run();
    }

    private void become(ContainerState next) {
        synchronized (this) {
            if (next.equals(state)) {
                return;
            }
            state = next;
            ready = false;
        }
        changed.run();
    }

    private void pause(Duration wait) throws InterruptedException {
        stopping.await(wait.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static ContainerState waiting(String reason, @Nullable String message) {
        return new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(reason)
                .withMessage(message)
                .endWaiting()
                .build();
    }
}
