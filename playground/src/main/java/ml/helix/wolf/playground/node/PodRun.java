package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.testkit.ProgramProcess;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pod on its node: runs its container as a process, probes it, starts it again a second after it ended, and writes
 * the pod's status when that changes. The pod has one container and mounts nothing: that is enough for an agent.
 *
 * <p>Thread-safe. A virtual thread runs the container until {@link #terminate}.
 */
final class PodRun {
    private static final Logger LOG = LoggerFactory.getLogger(PodRun.class);
    private static final Duration RESTART_DELAY = Duration.ofSeconds(1);
    /** A process gets these variables of this program: they find and tune Java. */
    private static final List<String> INHERITED =
            List.of("PATH", "HOME", "JAVA_HOME", "LANG", "TMPDIR", "TUNNEL_AGENT_JAVA_OPTS");

    private final KubernetesClient client;
    private final Pod pod;
    private final SimulatedNode node;
    private final Path log;
    private final Map<String, Path> executables;
    private final HttpClient http;
    private final Container container;
    private final Instant started = Instant.now();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread;

    private volatile @Nullable ProgramProcess process;

    // Only the pod's thread uses these.
    private ContainerState state = waiting("ContainerCreating", "");
    private @Nullable ContainerState lastState;
    private boolean ready;
    private int restarts;
    private PodStatus written = new PodStatus();

    /** @param log the file to which the container's output is appended */
    PodRun(
            KubernetesClient client,
            Pod pod,
            SimulatedNode node,
            Path log,
            Map<String, Path> executables,
            HttpClient http) {
        this.client = client;
        this.pod = pod;
        this.node = node;
        this.log = log;
        this.executables = executables;
        this.http = http;
        this.container = pod.getSpec().getContainers().getFirst();
        this.thread =
                Thread.ofVirtual().name("pod-" + pod.getMetadata().getName()).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Terminates the container, kills it if it still runs after the grace, and blocks until it has ended. Idempotent. */
    void terminate(Duration grace) throws InterruptedException {
        stopping.countDown();
        current().ifPresent(ProgramProcess::terminate);
        boolean ended = thread.join(grace.isZero() ? Duration.ofMillis(1) : grace);
        while (!ended) {
            current().ifPresent(ProgramProcess::kill);
            ended = thread.join(Duration.ofMillis(50));
        }
    }

    private Optional<ProgramProcess> current() {
        return Optional.ofNullable(process);
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private void run() {
        try {
            while (!isStopping()) {
                try {
                    runContainer();
                } catch (NotStartable e) {
                    update(waiting(e.reason(), String.valueOf(e.getMessage())), false);
                } catch (IOException | KubernetesClientException e) {
                    update(waiting("RunContainerError", String.valueOf(e.getMessage())), false);
                }
                stopping.await(RESTART_DELAY.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void runContainer() throws NotStartable, IOException, InterruptedException {
        ReadinessProbe probe = ReadinessProbe.of(container, node.address(), http);
        ProgramProcess running = ProgramProcess.start(command(), log);
        process = running;
        if (isStopping()) {
            running.terminate();
        }
        Instant since = Instant.now();
        ContainerState isRunning = new ContainerStateBuilder()
                .withNewRunning()
                .withStartedAt(since.toString())
                .endRunning()
                .build();
        update(isRunning, false);
        do {
            update(isRunning, probe.ready());
        } while (!running.endsWithin(probe.period()));
        int status = running.exitStatus();
        ContainerState ended = new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(status)
                .withReason(status == 0 ? "Completed" : "Error")
                .withStartedAt(since.toString())
                .withFinishedAt(Instant.now().toString())
                .endTerminated()
                .build();
        process = null;
        lastState = ended;
        restarts++;
        update(ended, false);
    }

    private ProcessBuilder command() throws NotStartable {
        if (pod.getSpec().getContainers().size() > 1) {
            throw new NotStartable("CreateContainerError", "a simulated node runs pods of one container only");
        }
        if (!container.getVolumeMounts().isEmpty()) {
            throw new NotStartable("CreateContainerError", "a simulated node mounts no volumes");
        }
        Path executable = executables.get(container.getImage());
        if (executable == null) {
            throw new NotStartable("ImagePullBackOff", "Back-off pulling image \"" + container.getImage() + "\"");
        }
        Map<String, String> variables = new ContainerEnvironment(
                        pod,
                        node.address(),
                        name -> Optional.ofNullable(client.secrets()
                                .inNamespace(pod.getMetadata().getNamespace())
                                .withName(name)
                                .get()))
                .of(container);
        List<String> command = new ArrayList<>(List.of(executable.toString()));
        container.getArgs().forEach(argument -> command.add(ContainerEnvironment.expand(argument, variables)));
        var builder = new ProcessBuilder(command);
        builder.environment().keySet().retainAll(INHERITED);
        builder.environment().putAll(variables);
        return builder;
    }

    private void update(ContainerState next, boolean nowReady) {
        state = next;
        ready = nowReady;
        PodStatus status = status();
        if (isStopping() || status.equals(written)) {
            return;
        }
        try {
            StatusApply.write(client, pod, status);
            written = status;
        } catch (KubernetesClientException e) {
            LOG.warn("Status of pod {} not written: {}", pod.getMetadata().getName(), e.getMessage());
        }
    }

    private PodStatus status() {
        return new PodStatusBuilder()
                .withPhase(process != null || restarts > 0 ? "Running" : "Pending")
                .withHostIP(node.address())
                .withPodIP(node.address())
                .withPodIPs(new PodIP(node.address()))
                .withStartTime(started.toString())
                .withConditions(
                        condition("PodScheduled", true),
                        condition("Initialized", true),
                        condition("ContainersReady", ready),
                        condition("Ready", ready))
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withName(container.getName())
                        .withImage(container.getImage())
                        .withImageID("")
                        .withReady(ready)
                        .withStarted(process != null)
                        .withRestartCount(restarts)
                        .withState(state)
                        .withLastState(lastState)
                        .build())
                .build();
    }

    /** The condition as last written, if its status is still the same: then its transition time stays. */
    private PodCondition condition(String type, boolean holds) {
        String status = holds ? "True" : "False";
        return written.getConditions().stream()
                .filter(condition -> condition.getType().equals(type)
                        && condition.getStatus().equals(status))
                .findFirst()
                .orElseGet(() -> new PodConditionBuilder()
                        .withType(type)
                        .withStatus(status)
                        .withReason(holds ? null : "ContainersNotReady")
                        .withLastTransitionTime(Instant.now().toString())
                        .build());
    }

    private static ContainerState waiting(String reason, String message) {
        return new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(reason)
                .withMessage(message)
                .endWaiting()
                .build();
    }
}
