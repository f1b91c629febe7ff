package ml.helix.wolf.controlplane.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;

class FeedTest {
    private static final Runnable NO_CUT = () -> {};

    private final ManualScheduler time = new ManualScheduler();
    private final List<Map<String, String>> taken = new ArrayList<>();
    private final Feed feed = new Feed(this::take, time, time::nanoTime);

    @Test
    void withoutViewersNothingIsTaken() {
        time.advance(Duration.ofMinutes(1));

        assertThat(taken).isEmpty();
    }

    @Test
    void allViewersShareOneSnapshotASecond() throws Exception {
        try (Feed.Viewer one = feed.join(NO_CUT);
                Feed.Viewer other = feed.join(NO_CUT)) {
            assertThat(one.next()).contains(snapshot(1));
            assertThat(other.next()).contains(snapshot(1));
            time.advance(Feed.INTERVAL);
            assertThat(one.next()).contains(snapshot(2));
            assertThat(other.next()).contains(snapshot(2));
        }

        time.advance(Duration.ofMinutes(1));
        assertThat(taken).hasSize(2);
    }

    @Test
    void aViewerWaitsForTheNextSnapshot() throws Exception {
        try (Feed.Viewer viewer = feed.join(NO_CUT)) {
            viewer.next();
            var next = new CompletableFuture<Optional<Map<String, String>>>();
            Thread waiting = Thread.ofVirtual().start(() -> {
                try {
                    next.complete(viewer.next());
                } catch (InterruptedException e) {
                    next.completeExceptionally(e);
                }
            });
            while (waiting.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            assertThat(next).isNotDone();
            time.advance(Feed.INTERVAL);

            assertThat(next.get()).contains(snapshot(2));
        }
    }

    @Test
    void aViewerThatIsLateGetsTheNewestSnapshotOnly() throws Exception {
        try (Feed.Viewer viewer = feed.join(NO_CUT)) {
            time.advance(Feed.INTERVAL.multipliedBy(7));

            assertThat(viewer.next()).contains(snapshot(8));
        }
    }

    @Test
    void aViewerThatReadsTooSlowlyIsCut() throws Exception {
        List<String> cut = new ArrayList<>();
        try (Feed.Viewer slow = feed.join(() -> cut.add("slow"));
                Feed.Viewer quick = feed.join(() -> cut.add("quick"))) {
            slow.next();
            for (int i = 0; i < Feed.SLOWEST.toSeconds(); i++) {
                quick.next();
                time.advance(Feed.INTERVAL);
            }
            assertThat(cut).isEmpty();
            quick.next();
            time.advance(Feed.INTERVAL);

            assertThat(cut).containsExactly("slow");
        }
    }

    @Test
    void theNumberOfViewersIsLimited() throws Exception {
        Feed.Viewer first = feed.join(NO_CUT);
        for (int i = 1; i < Feed.MOST_VIEWERS; i++) {
            feed.join(NO_CUT);
        }
        assertThatThrownBy(() -> feed.join(NO_CUT)).isInstanceOfSatisfying(ApiException.class, e -> {
            assertThat(e.error().status()).isEqualTo(503);
            assertThat(e.error().code()).isEqualTo("TooManyViewers");
            assertThat(e.error().fields().get("Retry-After")).isEqualTo("10");
        });

        first.close();
        first.close();
        feed.join(NO_CUT);
        assertThatThrownBy(() -> feed.join(NO_CUT)).isInstanceOf(ApiException.class);
    }

    @Test
    void closingEndsEachViewerAndWaitsForIt() throws Exception {
        Feed.Viewer viewer = feed.join(NO_CUT);
        viewer.next();
        Thread closing = Thread.ofVirtual().start(feed::close);

        assertThat(viewer.next()).isEmpty();
        while (closing.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        viewer.close();
        closing.join();
        assertThat(time.isShutdown()).isTrue();
        feed.close();
    }

    private Map<String, String> take() {
        taken.add(snapshot(taken.size() + 1));
        return taken.getLast();
    }

    private static Map<String, String> snapshot(int number) {
        return Map.of("wolf-1", String.valueOf(number));
    }
}
