package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.controlplane.store.TestStore;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.PostgresServer;
import ml.helix.wolf.testkit.ProgramProcess;
import ml.helix.wolf.testkit.TcpRelay;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the control plane does while PostgreSQL is gone, silent or full, and how replicas share it. */
class StoreFaultsIT {
    private static final String INSTANCES = "/api/v1/wolf-instances";

    private static PostgresServer server;

    @TempDir
    Path folder;

    @BeforeAll
    static void startServer() throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        server = PostgresServer.start();
    }

    @AfterAll
    static void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void withAServerThatIsGoneTunnelsGoOnAndHeartbeatsAreCaughtUp() throws Exception {
        String url = server.createDatabase();
        try (var wolf = FakeWolf.onLoopback().start();
                var controlPlane = TestControlPlane.start(TestStore.postgres(url));
                var _ = agent(controlPlane, "wolf-1", wolf)) {
            assertThat(put(controlPlane, "wolf-1", "{'zone':'eu-1'}").statusCode())
                    .isEqualTo(201);
            server.stop();
            try {
                eventually("it says so", () -> readyz(controlPlane).startsWith("ok, but the store is down since 20"));
                assertGoesOn(controlPlane, wolf);
            } finally {
                server.resume();
            }
            assertCatchesUp(controlPlane, url);
        }
    }

    @Test
    void withAServerThatIsSilentTunnelsGoOnAndHeartbeatsAreCaughtUp() throws Exception {
        String url = server.createDatabase();
        try (var relay = TcpRelay.start(new InetSocketAddress("127.0.0.1", server.port()));
                var wolf = FakeWolf.onLoopback().start();
                var controlPlane = TestControlPlane.start(
                        TestStore.postgres(url.replace(":" + server.port(), ":" + relay.port())));
                var _ = agent(controlPlane, "wolf-1", wolf)) {
            put(controlPlane, "wolf-1", "{'zone':'eu-1'}");
            relay.stall();
            HttpResponse<String> first = put(controlPlane, "wolf-2", "{}");
            assertThat(first.statusCode()).isEqualTo(503);
            assertThat(first.body()).contains("StoreUnavailable");
            eventually("it says so", () -> readyz(controlPlane).startsWith("ok, but the store is down"));
            assertGoesOn(controlPlane, wolf);
            relay.flow();
            assertCatchesUp(controlPlane, url);
        }
    }

    @Test
    void withADiskThatIsFullTunnelsGoOnAndHeartbeatsAreCaughtUp() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root may mount a small disk");
        Path disk = Files.createTempDirectory("small-disk");
        run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.toString());
        Files.setOwner(
                disk, disk.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres"));
        try {
            String url = server.createDatabase();
            try (var wolf = FakeWolf.onLoopback().start();
                    var controlPlane = TestControlPlane.start(TestStore.postgres(url));
                    var _ = agent(controlPlane, "wolf-1", wolf)) {
                put(controlPlane, "wolf-1", "{'zone':'eu-1'}");
                sql(
                        url,
                        "create tablespace small location '" + disk + "'",
                        "alter table instance set tablespace small");
                byte[] filling = new byte[8 * 1024 * 1024];
                try (var file = Files.newOutputStream(disk.resolve("filling"))) {
                    file.write(filling);
                } catch (java.io.IOException e) {
                    assertThat(e).hasMessageContaining("No space left");
                }
                // Room within the table's last page is used up first.
                for (int i = 0; put(controlPlane, "wolf-filling-" + i, "{}").statusCode() == 201; i++) {
                    assertThat(i).isLessThan(1000);
                }
                eventually("it says so", () -> readyz(controlPlane).startsWith("ok, but the store is down"));
                assertGoesOn(controlPlane, wolf);
                Files.delete(disk.resolve("filling"));
                assertCatchesUp(controlPlane, url);
            }
            sql(url, "alter table instance set tablespace pg_default", "drop tablespace small");
        } finally {
            run("umount", "-l", disk.toString());
            Files.delete(disk);
        }
    }

    private static void assertGoesOn(TestControlPlane controlPlane, FakeWolf wolf) throws Exception {
        assertThat(controlPlane.send(controlPlane.request("/readyz").build()).statusCode())
                .isEqualTo(200);
        assertThat(controlPlane.metric("wolf_control_plane_store_up")).isZero();
        assertThat(controlPlane
                        .send(controlPlane.toWolf("wolf-1", "/api/v1/apps").build())
                        .statusCode())
                .isEqualTo(200);
        try (var _ = agent(controlPlane, "wolf-new", wolf)) {
            assertThat(controlPlane
                            .send(controlPlane
                                    .toWolf("wolf-new", "/api/v1/apps")
                                    .build())
                            .statusCode())
                    .isEqualTo(200);
        }
        for (int sessions = 1; sessions <= 3; sessions++) {
            assertThat(post(controlPlane, "/wolf-1/heartbeat", "{'activeSessions':" + sessions + "}")
                            .statusCode())
                    .isEqualTo(200);
        }
        assertThat(post(controlPlane, "/wolf-1/drain", "")).satisfies(refused -> {
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("StoreUnavailable");
            assertThat(refused.headers().firstValue("Retry-After")).contains("2");
        });
        assertThat(get(controlPlane, "/wolf-1"))
                .contains("\"activeSessions\":3", "\"zone\":\"eu-1\"", "\"draining\":false");
    }

    private static void assertCatchesUp(TestControlPlane controlPlane, String url) throws Exception {
        eventually("it is up again", () -> readyz(controlPlane).equals("ok\n"));
        eventually("the heartbeats are in the store", () -> count(url, "id = 'wolf-1' and active_sessions = 3") == 1);
        eventually("the new agent is in the store", () -> count(url, "id = 'wolf-new' and lost_at is not null") == 1);
        assertThat(post(controlPlane, "/wolf-1/drain", "").statusCode()).isEqualTo(200);
        assertThat(count(url, "id = 'wolf-1' and draining and zone = 'eu-1'")).isEqualTo(1);
    }

    @Test
    void aServerThatIsDownAtTheStartIsCaughtUpLater() throws Exception {
        String url = server.createDatabase();
        try (var first = TestControlPlane.start(TestStore.postgres(url))) {
            put(first, "wolf-1", "{'zone':'eu-1'}");
        }
        server.stop();
        try (var controlPlane = TestControlPlane.start(TestStore.postgres(url))) {
            assertThat(readyz(controlPlane)).startsWith("ok, but the store is down");
            assertThat(post(controlPlane, "/wolf-1/heartbeat", "{'activeSessions':1}")
                            .statusCode())
                    .isEqualTo(200);
            server.resume();
            eventually("it has both", () -> get(controlPlane, "/wolf-1").contains("eu-1"));
            assertThat(get(controlPlane, "/wolf-1")).contains("\"activeSessions\":1");
        } finally {
            server.resume();
        }
    }

    @Test
    void replicasSeeOneAnothersChanges() throws Exception {
        StoreSettings store = TestStore.postgres(server.createDatabase());
        try (var one = TestControlPlane.start(store);
                var other = TestControlPlane.start(store)) {
            put(one, "wolf-1", "{'zone':'eu-1'}");
            eventually("created", () -> get(other, "/wolf-1").contains("eu-1"));
            post(other, "/wolf-1/heartbeat", "{'activeSessions':2}");
            post(one, "/wolf-1/drain", "");
            eventually("drained", () -> get(other, "/wolf-1").contains("\"draining\":true"));
            eventually("heard", () -> get(one, "/wolf-1").contains("\"activeSessions\":2"));
            put(other, "wolf-2", "{}");
            one.send(one.json("DELETE", INSTANCES + "/wolf-1", ""));
            eventually("forgotten", () -> get(other, "/wolf-1").contains("NotFound"));
            eventually("the rest is there", () -> get(one, "/wolf-2").contains("wolf-2"));
        }
    }

    @Test
    void aChangeThatCommitsLateIsNotMissed() throws Exception {
        String url = server.createDatabase();
        try (var controlPlane = TestControlPlane.start(TestStore.postgres(url));
                Connection late = connect(url)) {
            late.setAutoCommit(false);
            execute(
                    late,
                    "insert into instance (id, zone, version) values ('wolf-late', 'eu-1', pg_current_xact_id()::text::bigint)");
            // Changes with newer versions are written and read meanwhile.
            for (int i = 0; i < 3; i++) {
                put(controlPlane, "wolf-" + i, "{}");
            }
            assertThat(get(controlPlane, "/wolf-late")).contains("NotFound");
            late.commit();
            eventually("it is seen", () -> get(controlPlane, "/wolf-late").contains("eu-1"));
        }
    }

    @Test
    void whatWasAcknowledgedSurvivesAKill() throws Exception {
        for (StoreSettings store :
                List.of(TestStore.H2.create(folder.resolve("killed")), TestStore.postgres(server.createDatabase()))) {
            Map<String, String> environment = Map.of(
                    "RUNNER_TOKEN",
                    TestControlPlane.RUNNER_TOKEN,
                    "ADMIN_TOKEN",
                    TestControlPlane.ADMIN_TOKEN,
                    "CONTROL_PLANE_STORE",
                    store.url(),
                    "CONTROL_PLANE_STORE_USER",
                    store.user(),
                    "CONTROL_PLANE_STORE_PASSWORD",
                    store.password().read());
            try (var program = ProgramProcess.start(Main.class, folder, environment, "-listen=127.0.0.1:0")) {
                Pattern serving = Pattern.compile("Serving HTTP on port (\\d+)\\R");
                eventually("it serves", () -> serving.matcher(program.output()).find());
                Matcher port = serving.matcher(program.output());
                assertThat(port.find()).isTrue();
                try (var client = HttpClient.newHttpClient()) {
                    var request = HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + port.group(1) + INSTANCES + "/wolf-kept"))
                            .header("Authorization", "Bearer " + TestControlPlane.ADMIN_TOKEN)
                            .header("Content-Type", "application/json")
                            .PUT(HttpRequest.BodyPublishers.ofString("{\"zone\":\"eu-1\"}"))
                            .build();
                    int status = client.send(request, HttpResponse.BodyHandlers.discarding())
                            .statusCode();
                    program.kill();
                    assertThat(status).isEqualTo(201);
                }
                assertThat(program.output()).doesNotContain(PostgresServer.PASSWORD);
            }
            try (var controlPlane = TestControlPlane.start(store)) {
                assertThat(get(controlPlane, "/wolf-kept")).contains("eu-1");
            }
        }
    }

    private static TestAgent agent(TestControlPlane controlPlane, String id, FakeWolf wolf) throws Exception {
        int port = Integer.parseInt(wolf.local().substring(wolf.local().lastIndexOf(':') + 1));
        return TestAgent.connect(controlPlane, id, TestAgent.splicing(port));
    }

    private static String readyz(TestControlPlane controlPlane) throws Exception {
        return controlPlane.send(controlPlane.request("/readyz").build()).body();
    }

    private static String get(TestControlPlane controlPlane, String path) throws Exception {
        return controlPlane.send(controlPlane.admin(INSTANCES + path).build()).body();
    }

    private static HttpResponse<String> put(TestControlPlane controlPlane, String id, String body) throws Exception {
        return controlPlane.send(controlPlane.json("PUT", INSTANCES + "/" + id, body));
    }

    private static HttpResponse<String> post(TestControlPlane controlPlane, String path, String body) throws Exception {
        return controlPlane.send(controlPlane.json("POST", INSTANCES + path, body));
    }

    private static Connection connect(String url) throws SQLException {
        return DriverManager.getConnection(url, PostgresServer.USER, PostgresServer.PASSWORD);
    }

    private static void sql(String url, String... statements) throws SQLException {
        try (Connection connection = connect(url)) {
            for (String statement : statements) {
                execute(connection, statement);
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int count(String url, String condition) throws SQLException {
        try (Connection connection = connect(url);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select count(*) from instance where " + condition)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private static void run(String... command) throws Exception {
        Process program = new ProcessBuilder(command).inheritIO().start();
        assertThat(program.waitFor()).isZero();
    }
}
