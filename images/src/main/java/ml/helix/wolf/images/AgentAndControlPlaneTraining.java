package ml.helix.wolf.images;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.FreePort;

/** A training run of agent and control plane: requests through a tunnel to a fake Wolf in this process. */
final class AgentAndControlPlaneTraining {
    private static final String RUNNER_TOKEN = "runner-in-training";
    private static final String ADMIN_TOKEN = "admin-in-training";
    private static final List<String> WOLF_PATHS = List.of(
            "/api/v1/apps", "/api/v1/sessions", "/api/v1/no-such-path", "/testkit/screenshot?bytes=200000&seed=1");

    private final Path logs;
    private final int rounds;

    /**
     * @param logs the folder for the logs of the programs
     * @param rounds how often each request is sent
     */
    AgentAndControlPlaneTraining(Path logs, int rounds) {
        this.logs = logs;
        this.rounds = rounds;
    }

    void run(TrainedProgram agent, TrainedProgram controlPlane) throws IOException, InterruptedException {
        int controlPort = FreePort.choose();
        int agentPort = FreePort.choose();
        try (FakeWolf wolf = FakeWolf.onLoopback().asHelixFork().start();
                HttpClient http = HttpClient.newHttpClient();
                var server = TrainingRun.start(
                        controlPlane,
                        Map.of(
                                "CONTROL_PLANE_LISTEN",
                                "127.0.0.1:" + controlPort,
                                "CONTROL_PLANE_STORE",
                                "jdbc:h2:mem:training",
                                "RUNNER_TOKEN",
                                RUNNER_TOKEN,
                                "ADMIN_TOKEN",
                                ADMIN_TOKEN),
                        logs.resolve("control-plane.log"))) {
            String base = "http://127.0.0.1:" + controlPort;
            HttpRequests.awaitReady(http, base, server);
            try (var client = TrainingRun.start(
                    agent,
                    Map.of(
                            "HELIX_API_URL",
                            base,
                            "WOLF_ID",
                            "training",
                            "RUNNER_TOKEN",
                            RUNNER_TOKEN,
                            "WOLF_LOCAL_ADDR",
                            wolf.local(),
                            "AGENT_LISTEN",
                            "127.0.0.1:" + agentPort),
                    logs.resolve("tunnel-agent.log"))) {
                String health = "http://127.0.0.1:" + agentPort;
                HttpRequests.awaitReady(http, health, client);
                for (int round = 0; round < rounds; round++) {
                    for (String path : WOLF_PATHS) {
                        get(http, base + "/api/v1/wolf-instances/wolf-training/proxy" + path);
                    }
                    get(http, base + "/api/v1/revdial/stats");
                    get(http, base + "/metrics");
                    get(http, health + "/readyz");
                    get(http, health + "/status");
                    get(http, health + "/metrics");
                }
                int answer = get(http, base + "/api/v1/wolf-instances/wolf-training/proxy/api/v1/apps");
                if (answer != 200) {
                    throw client.failure("carried no request: the control plane answered " + answer);
                }
                client.finish();
            }
            server.finish();
        }
    }

    private static int get(HttpClient http, String url) throws IOException, InterruptedException {
        return HttpRequests.get(http, url, "Authorization", "Bearer " + ADMIN_TOKEN);
    }
}
