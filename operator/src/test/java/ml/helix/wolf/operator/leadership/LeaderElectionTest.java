package ml.helix.wolf.operator.leadership;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;

class LeaderElectionTest {
    private final ManualScheduler time = new ManualScheduler();
    private final SharedLease lease = new SharedLease();
    private final List<String> happened = new ArrayList<>();

    @Test
    void firstReplicaLeadsAtOnceAndTheSecondStandsBy() {
        replica("a", lease).start();
        replica("b", lease).start();
        time.advance(Duration.ofMinutes(10));
        assertThat(happened).containsExactly("a leads");
        assertThat(lease.transitions()).isZero();
    }

    @Test
    void leaderThatStopsReleasesTheLeaseAndTheOtherLeadsAtItsNextTry() {
        var first = replica("a", lease);
        first.start();
        replica("b", lease).start();
        time.advance(Duration.ofMinutes(1));
        first.close();
        time.advance(LeaderElection.RETRY_PERIOD);
        assertThat(happened).containsExactly("a leads", "b leads");
        first.close();
    }

    @Test
    void killedLeaderIsReplacedAfterTheLeaseDuration() {
        var connection = new Connection();
        replica("a", connection).start();
        replica("b", lease).start();
        time.advance(Duration.ofMinutes(1));
        happened.clear();
        connection.down = true;
        time.advance(LeaderElection.LEASE_DURATION.minus(LeaderElection.RETRY_PERIOD));
        assertThat(happened).containsExactly("a lost");
        time.advance(LeaderElection.RETRY_PERIOD.multipliedBy(2));
        assertThat(happened).containsExactly("a lost", "b leads");
    }

    @Test
    void leaderWhoseRequestHangsStopsBeforeAnotherMayLead() {
        var hanging = new ArrayList<Runnable>();
        var stuck = new boolean[1];
        replica("a", lease, task -> {
                    if (stuck[0]) {
                        hanging.add(task);
                    } else {
                        task.run();
                    }
                })
                .start();
        replica("b", lease).start();
        time.advance(Duration.ofMinutes(1));
        stuck[0] = true;
        time.advance(LeaderElection.RENEW_DEADLINE.plusMillis(1));
        assertThat(happened).containsExactly("a leads", "a lost");
        time.advance(LeaderElection.LEASE_DURATION);
        assertThat(happened).containsExactly("a leads", "a lost", "b leads");
        hanging.forEach(Runnable::run);
        assertThat(lease.holder()).isEqualTo("b");
    }

    @Test
    void shortInterruptionChangesNothing() {
        var connection = new Connection();
        replica("a", connection).start();
        replica("b", lease).start();
        time.advance(Duration.ofMinutes(1));
        connection.down = true;
        time.advance(LeaderElection.RENEW_DEADLINE.minusSeconds(4));
        connection.down = false;
        time.advance(Duration.ofMinutes(1));
        assertThat(happened).containsExactly("a leads");
    }

    @Test
    void writeWhoseAnswerIsLostCountsOnceItIsRead() {
        lease.answersToLose = 1;
        replica("a", lease).start();
        time.advance(LeaderElection.RETRY_PERIOD);
        assertThat(happened).containsExactly("a leads");
        assertThat(lease.transitions()).isZero();
    }

    @Test
    void leaderThatFindsAnotherHolderStopsAtOnce() {
        replica("a", lease).start();
        time.advance(Duration.ofSeconds(1));
        lease.record = new LeaseRecord("somebody", LeaderElection.LEASE_DURATION, "99", 1, null);
        time.advance(LeaderElection.RETRY_PERIOD);
        assertThat(happened).containsExactly("a leads", "a lost");
    }

    @Test
    void abandonedLeaseIsTakenOnlyAfterItWasSeenUnchangedForItsDuration() {
        lease.record = new LeaseRecord("gone", LeaderElection.LEASE_DURATION, "7", 3, "2001-01-01T00:00:00Z");
        replica("a", lease).start();
        time.advance(LeaderElection.LEASE_DURATION.minusMillis(1));
        assertThat(happened).isEmpty();
        time.advance(Duration.ofMillis(1));
        assertThat(happened).containsExactly("a leads");
        assertThat(lease.transitions()).isEqualTo(4);
    }

    @Test
    void ofTwoReplicasThatWriteAtTheSameTimeOneLeads() {
        lease.conflicts = 1;
        replica("a", lease).start();
        replica("b", lease).start();
        time.advance(Duration.ofSeconds(10));
        assertThat(happened).singleElement();
    }

    @Test
    void closedReplicaSendsNoRequest() {
        var closed = replica("a", lease);
        closed.start();
        time.advance(Duration.ofSeconds(1));
        closed.close();
        int reads = lease.reads;
        time.advance(Duration.ofMinutes(1));
        assertThat(lease.reads).isEqualTo(reads);
        assertThat(lease.holder()).isEmpty();
        assertThat(happened).containsExactly("a leads");
    }

    private LeaderElection replica(String name, LeaseStore store) {
        return replica(name, store, Runnable::run);
    }

    private LeaderElection replica(String name, LeaseStore store, Executor tasks) {
        return new LeaderElection(
                store,
                name,
                time,
                tasks,
                time::nanoTime,
                () -> happened.add(name + " leads"),
                () -> happened.add(name + " lost"));
    }

    /** A Lease in the manner of the API server: a write needs the version that was read. */
    private static final class SharedLease implements LeaseStore {
        LeaseRecord record;
        int reads;
        int answersToLose;
        int conflicts;
        private int version = 100;

        @Override
        public Optional<LeaseRecord> read() {
            reads++;
            return Optional.ofNullable(record);
        }

        @Override
        public Outcome write(Optional<LeaseRecord> before, String holder) {
            if (conflicts-- > 0 || !before.equals(Optional.ofNullable(record))) {
                return Outcome.CONFLICT;
            }
            boolean moved = before.isPresent()
                    && !holder.isEmpty()
                    && !before.get().holder().equals(holder);
            record = new LeaseRecord(
                    holder,
                    LeaderElection.LEASE_DURATION,
                    String.valueOf(version++),
                    before.map(LeaseRecord::transitions).orElse(0) + (moved ? 1 : 0),
                    null);
            if (answersToLose-- > 0) {
                throw new IllegalStateException("the connection broke");
            }
            return Outcome.WRITTEN;
        }

        String holder() {
            return record.holder();
        }

        int transitions() {
            return record.transitions();
        }
    }

    /** A connection to the shared Lease that can break. */
    private final class Connection implements LeaseStore {
        boolean down;

        @Override
        public Optional<LeaseRecord> read() {
            if (down) {
                throw new IllegalStateException("no connection");
            }
            return lease.read();
        }

        @Override
        public Outcome write(Optional<LeaseRecord> before, String holder) {
            return lease.write(before, holder);
        }
    }
}
