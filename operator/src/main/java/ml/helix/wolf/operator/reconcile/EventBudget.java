package ml.helix.wolf.operator.reconcile;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.status.Story.Chapter;
import org.jspecify.annotations.Nullable;

/** Lets at most {@link #PER_MINUTE} Events of one WolfTunnel pass in any minute; those beyond pass as one later. Not thread-safe. */
final class EventBudget {
    static final int PER_MINUTE = 10;
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    /** When each Event of the last minute passed, in nanoseconds. */
    private final Deque<Long> passed = new ArrayDeque<>(PER_MINUTE);

    /** How many wait, and the newest of them. */
    private int waiting;

    private @Nullable Chapter newest;
    private boolean warning;

    /** @return what passes now, the oldest first */
    List<Chapter> pass(List<Chapter> chapters, long now) {
        while (!passed.isEmpty() && now - passed.getFirst() >= MINUTE) {
            passed.removeFirst();
        }
        var passing = new ArrayList<Chapter>();
        chapters.forEach(chapter -> {
            if (waiting == 0 && isFree()) {
                passed.add(now);
                passing.add(chapter);
            } else {
                waiting++;
                newest = chapter;
                warning |= chapter.warning();
            }
        });
        if (newest != null && isFree()) {
            passed.add(now);
            passing.add(allWaiting(newest));
            waiting = 0;
            newest = null;
            warning = false;
        }
        return passing;
    }

    private boolean isFree() {
        return passed.size() < PER_MINUTE;
    }

    private Chapter allWaiting(Chapter last) {
        return waiting == 1
                ? last
                : new Chapter(
                        warning,
                        last.reason(),
                        "%d changes in a short time; the last one: %s".formatted(waiting, last.note()));
    }

    /** When those that wait can pass; empty if none waits. */
    Optional<Duration> next(long now) {
        return waiting == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(passed.getFirst() + MINUTE - now));
    }
}
