package ml.helix.wolf.operator.agents;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;

/**
 * Asks agents for their status: at once when one appears or its pod's readiness changes, and on a slow, jittered tick
 * otherwise. However many agents there are, the tick grows so that {@link #PER_SECOND} are asked in a second; however many
 * change at once, {@link #MOST_PER_SECOND} are, and {@link #AT_ONCE} questions are under way.
 *
 * <p>A failed question is asked again every {@link #TICK}, and no news for a while, as a busy node or network answers late. An
 * agent that has never answered counts as unreachable after two failures in a row. One that has keeps its answer for
 * {@value #DOUBTED_UNREADY} failures, about 30 s, and while the cluster calls it ready, which it does because the agent
 * answers its probe, for {@value #DOUBTED_READY}, about two minutes; but for two where the cluster has lost its node.
 *
 * <p>Thread-safe. Each question runs as a task of its own that may block. {@link #close} ends the asking; questions
 * under way are not waited for, and their answers are dropped.
 *
 * @param <K> what agents belong to
 */
public final class AgentPoller<K> implements AutoCloseable {
    static final Duration TICK = Duration.ofSeconds(5);
    static final Duration SECOND_TRY = Duration.ofSeconds(1);
    static final int DOUBTED_UNREADY = 6;
    static final int DOUBTED_READY = 24;
    static final int PER_SECOND = 100;
    static final int MOST_PER_SECOND = 2 * PER_SECOND;
    /** As many as are under way where none is answered: agents that keep silent must not delay the others' questions. */
    static final int AT_ONCE = (int) (MOST_PER_SECOND * StatusRequest.PATIENCE.toSeconds());

    private final Function<AgentAddress, AgentAnswer> question;
    private final ScheduledExecutorService timers;
    private final Executor tasks;
    private final DoubleSupplier random;
    private final Consumer<K> changed;
    private final LongSupplier nanoTime;
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final PollPacer pace = new PollPacer(MOST_PER_SECOND);

    /** By owner and pod uid. Guarded by this. */
    private final Map<K, Map<String, PolledAgent<K>>> asked = new HashMap<>();
    /** Of all owners' agents. Guarded by this. */
    private int size;
    /** Guarded by this. */
    private boolean closed;

    /**
     * @param question blocks until there is an answer; must end by itself
     * @param random from 0 to 1, for jitter
     * @param nanoTime the clock that timers go by
     * @param changed is told, without a lock held, whose agent's answer has another meaning than before
     */
    public AgentPoller(
            Function<AgentAddress, AgentAnswer> question,
            ScheduledExecutorService timers,
            Executor tasks,
            DoubleSupplier random,
            LongSupplier nanoTime,
            Consumer<K> changed) {
        this.question = question;
        this.timers = timers;
        this.tasks = tasks;
        this.random = random;
        this.nanoTime = nanoTime;
        this.changed = changed;
    }

    /** Asks by HTTP, on virtual threads. */
    public static <K> AgentPoller<K> overHttp(
            ScheduledExecutorService timers, DoubleSupplier random, Consumer<K> changed, Consumer<AgentAnswer> tally) {
        return new AgentPoller<>(
                address -> {
                    var answer = StatusRequest.ask(address);
                    tally.accept(answer);
                    return answer;
                },
                timers,
                task -> Thread.ofVirtual().name("agent-status").start(task),
                random,
                System::nanoTime,
                changed);
    }

    /** From now on asks exactly these of the owner's agents; those that cannot be asked are passed over. */
    public synchronized void watch(K owner, Collection<AgentPod> pods) {
        if (closed) {
            return;
        }
        var mine = asked.computeIfAbsent(owner, absent -> new HashMap<>());
        var seen = new HashSet<String>();
        var fresh = new ArrayList<PolledAgent<K>>();
        for (var pod : pods) {
            if (pod.ip().isEmpty()
                    || pod.port() == 0
                    || pod.agent().filter(agent -> agent.running()).isEmpty()) {
                continue;
            }
            seen.add(pod.uid());
            var prompt = new PolledAgent.Prompt(
                    new AgentAddress(pod.ip(), pod.port()), pod.ready(), pod.agentReady(), pod.nodeLost());
            var known = mine.get(pod.uid());
            if (known == null) {
                known = new PolledAgent<>(owner, prompt);
                mine.put(pod.uid(), known);
                size++;
                fresh.add(known);
            } else if (!known.prompt.equals(prompt)) {
                known.prompt = prompt;
                askSoon(known);
            }
        }
        mine.entrySet().removeIf(entry -> !seen.contains(entry.getKey()) && dropped(entry.getValue()));
        for (var newcomer : fresh) {
            schedule(newcomer, spread(fresh.size()));
        }
    }

    /** Stops asking the owner's agents. */
    public synchronized void forget(K owner) {
        var mine = asked.remove(owner);
        if (mine != null) {
            mine.values().forEach(this::dropped);
        }
    }

    /** The last answer; {@link AgentAnswer.None} for an agent that has not answered or is not asked. */
    public synchronized AgentAnswer answer(K owner, AgentPod pod) {
        var known = asked.getOrDefault(owner, Map.of()).get(pod.uid());
        return known == null ? new AgentAnswer.None() : known.answer;
    }

    private boolean dropped(PolledAgent<K> agent) {
        size--;
        agent.again = false;
        if (agent.next != null) {
            agent.next.cancel(false);
        }
        return true;
    }

    private void askSoon(PolledAgent<K> agent) {
        if (agent.next == null) {
            agent.again = true;
        } else if (!agent.inLine) {
            agent.next.cancel(false);
            schedule(agent, Duration.ZERO);
        }
    }

    private void schedule(PolledAgent<K> agent, Duration delay) {
        agent.next = timers.schedule(() -> begin(agent), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void begin(PolledAgent<K> agent) {
        if (closed) {
            return;
        }
        agent.inLine = true;
        agent.next = timers.schedule(
                () -> ask(agent), pace.untilTurn(nanoTime.getAsLong()).toNanos(), TimeUnit.NANOSECONDS);
    }

    private void ask(PolledAgent<K> agent) {
        AgentAddress address;
        synchronized (this) {
            agent.inLine = false;
            agent.next = null;
            address = agent.prompt.address();
        }
        tasks.execute(() -> {
            places.acquireUninterruptibly();
            AgentAnswer answer;
            try {
                answer = question.apply(address);
            } finally {
                places.release();
            }
            answered(agent, answer);
        });
    }

    private void answered(PolledAgent<K> agent, AgentAnswer answer) {
        boolean news;
        synchronized (this) {
            if (closed || !asked.getOrDefault(agent.owner, Map.of()).containsValue(agent)) {
                return;
            }
            agent.failures = answer instanceof AgentAnswer.Unreachable ? agent.failures + 1 : 0;
            boolean doubtful = agent.failures > 0 && agent.failures < believedAfter(agent);
            news = !doubtful && !answer.equals(agent.answer);
            if (news) {
                agent.answer = answer;
            }
            schedule(agent, agent.again ? Duration.ZERO : doubtful ? nextTry(agent) : tick());
            agent.again = false;
        }
        if (news) {
            changed.accept(agent.owner);
        }
    }

    /** How many failures in a row are news. */
    private static int believedAfter(PolledAgent<?> agent) {
        return switch (agent.answer) {
            case AgentAnswer.None none -> 2;
            case AgentAnswer.Reported reported -> {
                var prompt = agent.prompt;
                yield prompt.nodeLost() ? 2 : prompt.agentReady() ? DOUBTED_READY : DOUBTED_UNREADY;
            }
            case AgentAnswer.Unreachable unreachable -> 1;
        };
    }

    private Duration nextTry(PolledAgent<?> agent) {
        return agent.failures == 1 ? SECOND_TRY : jittered(TICK);
    }

    /** Grows with the number of agents. */
    private Duration tick() {
        var forAll = Duration.ofMillis(size * 1000L / PER_SECOND);
        return jittered(forAll.compareTo(TICK) > 0 ? forAll : TICK);
    }

    private Duration jittered(Duration time) {
        return Duration.ofMillis((long) (time.toMillis() * (0.8 + 0.4 * random.getAsDouble())));
    }

    /** Over which time newcomers are asked first, so that thousands don't all come at once. */
    private Duration spread(int newcomers) {
        return Duration.ofMillis((long) (newcomers * 1000L / PER_SECOND * random.getAsDouble()));
    }

    /** Idempotent. Leaves the timers to whoever made them. */
    @Override
    public synchronized void close() {
        closed = true;
        asked.values().forEach(mine -> mine.values().forEach(this::dropped));
        asked.clear();
    }
}
