package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An agent says that something has changed, to an operator whose next poll is far away. */
@ExtendWith(RealApiServer.class)
class NoticeIT {
    private static final String IP = "127.0.0.31";

    /** Timers that never come to a periodic poll. */
    private static final class WithoutRounds extends ScheduledThreadPoolExecutor {
        WithoutRounds() {
            super(1, Thread.ofPlatform().name("timers").daemon().factory());
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
            return super.schedule(
                    command, unit.toSeconds(delay) >= 3 ? 1_000_000 : unit.toMillis(delay), TimeUnit.MILLISECONDS);
        }
    }

    @Test
    void aNoticeBringsAWolfThatIsGoneIntoTheStatusAndAForgedOneNothing(RealApiServer.Running server) throws Exception {
        try (var agent = new FakeAgent(IP, 0).connected("a1");
                var testbed = new Testbed(server);
                var http = HttpClient.newHttpClient()) {
            testbed.operate(
                    testbed.setup().timers(new WithoutRounds()).takingNoticesAt(new InetSocketAddress("127.0.0.1", 0)));
            testbed.token("t");
            testbed.apply("{agent: {port: %d}}".formatted(agent.port()));
            testbed.awaitDaemonSet();
            testbed.podRuns("node-1", IP, true);
            testbed.rolledOut(1, 1);
            testbed.awaitCondition("WolfReachable", "True Reachable");

            String[] to = agent.noticesTo().split(" ");
            assertThat(notice(http, to[0], "another-pod")).isEqualTo(404);
            agent.connected("a1", 1, false);
            assertThat(notice(http, to[0], to[1])).isEqualTo(202);
            testbed.awaitCondition("WolfReachable", "False WolfUnreachable");

            testbed.awaitIdle();
            var before = testbed.resource().getMetadata().getResourceVersion();
            int polls = agent.polls();
            assertThat(notice(http, to[0], to[1])).isEqualTo(202);
            Eventually.holds(() -> assertThat(agent.polls()).isEqualTo(polls + 1));
            testbed.awaitIdle();
            assertThat(testbed.resource().getMetadata().getResourceVersion()).isEqualTo(before);
        }
    }

    private static int notice(HttpClient http, String operator, String id) throws Exception {
        return http.send(
                        HttpRequest.newBuilder(URI.create("http://" + operator + "/changed/" + id))
                                .version(HttpClient.Version.HTTP_1_1)
                                .timeout(Duration.ofSeconds(10))
                                .POST(BodyPublishers.noBody())
                                .build(),
                        BodyHandlers.discarding())
                .statusCode();
    }
}
