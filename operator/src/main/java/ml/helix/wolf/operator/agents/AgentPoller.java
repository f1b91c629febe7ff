package ml.helix.wolf.operator.agents;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls agents for their status: at once when an agent appears, its pod's readiness changes or it says that something has changed,
 * and periodically otherwise, with jitter. With many agents the period grows, so that they make {@link #PER_SECOND} polls a second. However many change at
 * once, {@link #MAX_PER_SECOND} polls begin in a second, and {@link #MAX_CONCURRENT} are under way.
 *
 * <p>A busy node or network answers late, so one failed poll changes nothing; it is repeated after {@link #SECOND_TRY} and then
 * every {@link #PERIOD}. An agent that has never answered becomes unreachable after two failures in a row. An agent that has
 * answered keeps its answer for {@value #FAILURES_UNREADY} failures, about 30 s; while the cluster calls it ready, which means
 * that it answers its probe, for {@value #FAILURES_READY}, about two minutes; if the cluster has lost its node, for two.
 *
 * <p>Thread-safe. Each poll runs as a task of its own that may block. {@link #close} does not wait for polls under way; their
 * answers are dropped.
 *
 * @param <K> what agents belong to
 */
public final class AgentPoller<K> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AgentPoller.class);

    static final Duration PERIOD = Duration.ofSeconds(5);
    static final Duration SECOND_TRY = Duration.ofSeconds(1);
    /** Between two polls of an agent for its notices. */
    static final Duration LEAST_INTERVAL = Duration.ofSeconds(1);

    static final int FAILURES_UNREADY = 6;
    static final int FAILURES_READY = 24;
    static final int PER_SECOND = 100;
    static final int MAX_PER_SECOND = 2 * PER_SECOND;
    /** As many as are under way if no agent answers: agents that are silent must not delay the polls of others. */
    static final int MAX_CONCURRENT = (int) (MAX_PER_SECOND * StatusRequest.TIMEOUT.toSeconds());

    private final BiFunction<AgentAddress, String, AgentAnswer> request;
    private final ScheduledExecutorService timers;
    private final Executor tasks;
    private final DoubleSupplier random;
    private final Consumer<K> changed;
    private final LongSupplier nanoTime;
    private final Semaphore permits = new Semaphore(MAX_CONCURRENT);
    private final PollPacer pacer = new PollPacer(MAX_PER_SECOND);

    /** By owner and pod uid. Guarded by this. */
    private final Map<K, Map<String, PolledAgent<K>>> agents = new HashMap<>();
    /** The number of all owners' agents. Guarded by this. */
    private int size;
    /** Guarded by this. */
    private boolean closed;

    /**
     * @param request of an agent by its address and its pod's uid; blocks until there is an answer; must end by itself
     * @param random from 0 to 1, for jitter
     * @param nanoTime the clock of the timers
     * @param changed called without a lock with the owner of an agent whose answer differs from the last one
     */
    public AgentPoller(
            BiFunction<AgentAddress, String, AgentAnswer> request,
            ScheduledExecutorService timers,
            Executor tasks,
            DoubleSupplier random,
            LongSupplier nanoTime,
            Consumer<K> changed) {
        this.request = request;
        this.timers = timers;
        this.tasks = tasks;
        this.random = random;
        this.nanoTime = nanoTime;
        this.changed = changed;
    }

    /**
     * Polls by HTTP, on virtual threads.
     *
     * @param notices where agents say that something has changed, empty if nowhere
     * @param answered called with each answer
     */
    public static <K> AgentPoller<K> overHttp(
            Optional<String> notices,
            ScheduledExecutorService timers,
            DoubleSupplier random,
            Consumer<K> changed,
            Consumer<AgentAnswer> answered) {
        return new AgentPoller<>(
                (address, uid) -> {
                    var answer = StatusRequest.send(address, notices.map(to -> to + " " + uid));
                    answered.accept(answer);
                    return answer;
                },
                timers,
                task -> Thread.ofVirtual().name("agent-status").start(task),
                random,
                System::nanoTime,
                changed);
    }

    /** From now on polls exactly these of the owner's agents, without those that have no address or do not run. */
    public synchronized void watch(K owner, Collection<AgentPod> pods) {
        if (closed) {
            return;
        }
        var owned = agents.computeIfAbsent(owner, absent -> new HashMap<>());
        var present = new HashSet<String>();
        var added = new ArrayList<PolledAgent<K>>();
        for (var pod : pods) {
            if (pod.ip().isEmpty()
                    || pod.port() == 0
                    || pod.agent().filter(agent -> agent.running()).isEmpty()) {
                continue;
            }
            present.add(pod.uid());
            var state = PolledAgent.PodState.of(pod);
            var agent = owned.get(pod.uid());
            if (agent == null) {
                agent = new PolledAgent<>(owner, pod.uid(), state, nanoTime.getAsLong());
                owned.put(pod.uid(), agent);
                size++;
                added.add(agent);
            } else if (!agent.pod.equals(state)) {
                agent.pod = state;
                pollSoon(agent);
            }
        }
        owned.entrySet().removeIf(entry -> !present.contains(entry.getKey()) && dropped(entry.getValue()));
        for (var agent : added) {
            schedule(agent, spread(added.size()));
        }
    }

    /** Stops polling the owner's agents. */
    public synchronized void forget(K owner) {
        var owned = agents.remove(owner);
        if (owned != null) {
            owned.values().forEach(this::dropped);
        }
    }

    /**
     * An agent says that something has changed: polls it at once, or {@link #LEAST_INTERVAL} after its last poll.
     *
     * @param uid its pod's
     * @return whether it is polled at all
     */
    public synchronized boolean noticed(String uid) {
        for (var owned : agents.values()) {
            var agent = owned.get(uid);
            if (agent != null) {
                pollNoticed(agent);
                return true;
            }
        }
        return false;
    }

    private void pollNoticed(PolledAgent<K> agent) {
        if (agent.noticed || agent.queued) {
            return;
        }
        agent.noticed = true;
        if (agent.nextPoll != null) {
            agent.nextPoll.cancel(false);
            schedule(agent, untilNextAllowed(agent));
        }
    }

    private Duration untilNextAllowed(PolledAgent<K> agent) {
        long since = nanoTime.getAsLong() - agent.lastPoll;
        return Duration.ofNanos(Math.max(0, LEAST_INTERVAL.toNanos() - since));
    }

    /** The last answer; {@link AgentAnswer.None} for an agent that has not answered or is not polled. */
    public synchronized AgentAnswer answer(K owner, AgentPod pod) {
        var agent = agents.getOrDefault(owner, Map.of()).get(pod.uid());
        return agent == null ? new AgentAnswer.None() : agent.answer;
    }

    private boolean dropped(PolledAgent<K> agent) {
        size--;
        agent.pollAgain = false;
        if (agent.nextPoll != null) {
            agent.nextPoll.cancel(false);
        }
        agent.wait++;
        return true;
    }

    private void pollSoon(PolledAgent<K> agent) {
        if (agent.nextPoll == null) {
            agent.pollAgain = true;
        } else if (!agent.queued) {
            agent.nextPoll.cancel(false);
            schedule(agent, Duration.ZERO);
        }
    }

    private void schedule(PolledAgent<K> agent, Duration delay) {
        long wait = ++agent.wait;
        agent.nextPoll = timers.schedule(() -> queue(agent, wait), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The poll is due; it still waits for its turn among all polls. Does nothing if the wait was cancelled too late. */
    private synchronized void queue(PolledAgent<K> agent, long wait) {
        if (closed || agent.wait != wait) {
            return;
        }
        agent.queued = true;
        agent.nextPoll = timers.schedule(
                () -> poll(agent), pacer.untilTurn(nanoTime.getAsLong()).toNanos(), TimeUnit.NANOSECONDS);
    }

    private void poll(PolledAgent<K> agent) {
        AgentAddress address;
        synchronized (this) {
            agent.queued = false;
            agent.noticed = false;
            agent.nextPoll = null;
            agent.lastPoll = nanoTime.getAsLong();
            address = agent.pod.address();
        }
        tasks.execute(() -> {
            permits.acquireUninterruptibly();
            AgentAnswer answer;
            try {
                answer = request.apply(address, agent.uid);
            } catch (RuntimeException | Error e) {
                LOG.error("A fault of the operator ended the poll of the agent at {}; it is polled again", address, e);
                answer = new AgentAnswer.Unreachable(
                        "the operator has a fault: " + e.getClass().getSimpleName() + "; its log says more");
            } finally {
                permits.release();
            }
            answered(agent, answer);
        });
    }

    private void answered(PolledAgent<K> agent, AgentAnswer answer) {
        boolean differs;
        synchronized (this) {
            if (closed || !agents.getOrDefault(agent.owner, Map.of()).containsValue(agent)) {
                return;
            }
            agent.failures = answer instanceof AgentAnswer.Unreachable ? agent.failures + 1 : 0;
            boolean doubtful = agent.failures > 0 && agent.failures < failuresBelieved(agent);
            differs = !doubtful && !answer.equals(agent.answer);
            if (differs) {
                agent.answer = answer;
            }
            schedule(
                    agent,
                    agent.pollAgain
                            ? Duration.ZERO
                            : agent.noticed ? untilNextAllowed(agent) : doubtful ? untilRetry(agent) : period());
            agent.pollAgain = false;
        }
        if (differs) {
            changed.accept(agent.owner);
        }
    }

    /** How many failures in a row replace the last answer. */
    private static int failuresBelieved(PolledAgent<?> agent) {
        return switch (agent.answer) {
            case AgentAnswer.None none -> 2;
            case AgentAnswer.Reported reported ->
                agent.pod.nodeLost() ? 2 : agent.pod.agentReady() ? FAILURES_READY : FAILURES_UNREADY;
            case AgentAnswer.Unreachable unreachable -> 1;
        };
    }

    private Duration untilRetry(PolledAgent<?> agent) {
        return agent.failures == 1 ? SECOND_TRY : jittered(PERIOD);
    }

    private Duration period() {
        var forAll = Duration.ofMillis(size * 1000L / PER_SECOND);
        return jittered(forAll.compareTo(PERIOD) > 0 ? forAll : PERIOD);
    }

    private Duration jittered(Duration time) {
        return Duration.ofMillis((long) (time.toMillis() * (0.8 + 0.4 * random.getAsDouble())));
    }

    /** Delays the first polls of agents that appear together, so that thousands don't come at once. */
    private Duration spread(int added) {
        return Duration.ofMillis((long) (added * 1000L / PER_SECOND * random.getAsDouble()));
    }

    /** Idempotent. Does not close the timers. */
    @Override
    public synchronized void close() {
        closed = true;
        agents.values().forEach(owned -> owned.values().forEach(this::dropped));
        agents.clear();
    }
}
