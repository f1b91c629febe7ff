package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pod on its node: runs its containers, writes its status when that changes, keeps its mounted Secrets fresh.
 *
 * <p>Thread-safe. A virtual thread per container and one that writes; {@link #terminate} ends them.
 */
final class PodRun {
    private static final Logger LOG = LoggerFactory.getLogger(PodRun.class);
    private static final Duration REFRESH = Duration.ofSeconds(2);

    private final KubernetesClient client;
    private final Pod pod;
    private final SimulatedNode node;
    private final PodVolumes volumes;
    private final ContainerEnvironment environment;
    private final Path folder;
    private final List<ContainerRun> containers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Semaphore changes = new Semaphore(1);
    private final Instant started = Instant.now();
    /** Set by start, before anything else may see this. */
    private @Nullable Thread writer;

    private volatile boolean ending;

    PodRun(
            KubernetesClient client,
            Pod pod,
            SimulatedNode node,
            Path folder,
            ContainerLauncher launcher,
            HttpProbe prober,
            Duration firstBackOff) {
        this.client = client;
        this.pod = pod;
        this.node = node;
        this.folder = folder.resolve("pods").resolve(pod.getMetadata().getName());
        ConfigSource source = ConfigSource.of(client, pod.getMetadata().getNamespace());
        this.volumes = new PodVolumes(pod, this.folder, folder.resolve("nodes").resolve(node.name()), source);
        this.environment = new ContainerEnvironment(pod, node.address(), source);
        for (Container container : pod.getSpec().getContainers()) {
            containers.add(new ContainerRun(
                    container,
                    node.address(),
                    this::prepare,
                    launcher,
                    prober,
                    new CrashBackOff(firstBackOff),
                    changes::release));
        }
    }

    void start() {
        for (ContainerRun container : containers) {
            threads.add(thread("container", container::run));
        }
        writer = thread("status", this::keepStatus);
    }

    /** Asks the containers to end, kills what has not after the grace; blocks until all have ended. Idempotent. */
    void terminate(Duration grace) throws InterruptedException {
        ending = true;
        changes.release();
        containers.forEach(ContainerRun::stop);
        long end = System.nanoTime() + grace.toNanos();
        for (Thread thread : threads) {
            thread.join(Duration.ofNanos(Math.max(1_000_000, end - System.nanoTime())));
        }
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                containers.forEach(ContainerRun::kill);
                thread.join(Duration.ofMillis(50));
            }
        }
        if (writer != null) {
            writer.join();
        }
    }

    private ContainerCommand prepare(Container container) throws NotStartable, IOException {
        volumes.prepare();
        Map<String, String> variables = environment.of(container);
        Map<String, String> translated = new LinkedHashMap<>();
        variables.forEach((name, value) -> translated.put(name, volumes.translate(value, container)));
        List<String> arguments = new ArrayList<>();
        for (String argument : container.getArgs()) {
            arguments.add(volumes.translate(ContainerEnvironment.expand(argument, variables), container));
        }
        return new ContainerCommand(
                pod.getMetadata().getName(),
                container.getName(),
                Objects.requireNonNullElse(container.getImage(), ""),
                arguments,
                translated,
                folder.resolve(container.getName() + ".log"));
    }

    private void keepStatus() throws InterruptedException {
        PodStatus written = new PodStatus();
        while (!ending) {
            boolean changed = changes.tryAcquire(REFRESH.toNanos(), TimeUnit.NANOSECONDS);
            changes.drainPermits();
            if (ending) {
                return;
            }
            if (!changed) {
                refresh();
            }
            PodStatus status = status(written);
            if (!status.equals(written)) {
                try {
                    StatusPatch.write(client, pod, status);
                    written = status;
                } catch (KubernetesClientException e) {
                    LOG.warn(
                            "Status of pod {} not written: {}",
                            pod.getMetadata().getName(),
                            e.getMessage());
                }
            }
        }
    }

    private void refresh() {
        try {
            volumes.prepare();
        } catch (NotStartable | IOException | KubernetesClientException e) {
            LOG.debug(
                    "Volumes of pod {} stay as they are: {}", pod.getMetadata().getName(), e.getMessage());
        }
    }

    private PodStatus status(PodStatus before) {
        List<ContainerStatus> statuses =
                containers.stream().map(ContainerRun::status).toList();
        boolean running = statuses.stream()
                .anyMatch(status -> Boolean.TRUE.equals(status.getStarted()) || status.getRestartCount() > 0);
        boolean ready = statuses.stream().allMatch(ContainerStatus::getReady);
        return new PodStatusBuilder()
                .withPhase(running ? "Running" : "Pending")
                .withHostIP(node.address())
                .withPodIP(node.address())
                .withPodIPs(new PodIP(node.address()))
                .withStartTime(started.toString())
                .withConditions(
                        condition(before, "PodScheduled", true),
                        condition(before, "Initialized", true),
                        condition(before, "ContainersReady", ready),
                        condition(before, "Ready", ready))
                .withContainerStatuses(statuses)
                .build();
    }

    private static PodCondition condition(PodStatus before, String type, boolean value) {
        String text = value ? "True" : "False";
        return before.getConditions().stream()
                .filter(condition -> condition.getType().equals(type)
                        && condition.getStatus().equals(text))
                .findFirst()
                .orElseGet(() -> new PodConditionBuilder()
                        .withType(type)
                        .withStatus(text)
                        .withReason(value ? null : "ContainersNotReady")
                        .withLastTransitionTime(Instant.now().toString())
                        .build());
    }

    private interface Blocking {
        void run() throws InterruptedException;
    }

    private Thread thread(String what, Blocking task) {
        return Thread.ofVirtual().name(what + "-" + pod.getMetadata().getName()).start(() -> {
            try {
                task.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }
}
