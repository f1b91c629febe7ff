package ml.helix.wolf.kubectl.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import ml.helix.wolf.kubectl.cluster.Answer;
import ml.helix.wolf.kubectl.cluster.Cluster;
import ml.helix.wolf.kubectl.cluster.PathSegment;
import ml.helix.wolf.kubectl.cluster.Pods;
import ml.helix.wolf.kubectl.cluster.ResourcePath;
import ml.helix.wolf.kubectl.cluster.WolfTunnels;
import ml.helix.wolf.kubectl.doctor.AgentDoctor;
import ml.helix.wolf.kubectl.doctor.Checks;
import ml.helix.wolf.kubectl.doctor.Facts;
import ml.helix.wolf.kubectl.doctor.Finding;
import ml.helix.wolf.kubectl.doctor.Report;
import ml.helix.wolf.kubectl.doctor.Seen;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.output.Format;
import ml.helix.wolf.kubectl.output.Progress;
import ml.helix.wolf.kubectl.status.Advice;
import ml.helix.wolf.kubectl.status.NearNames;
import ml.helix.wolf.kubectl.status.Tunnel;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code doctor}. */
@Command(
        name = "doctor",
        sortOptions = false,
        description =
                "Checks what a WolfTunnel needs, and runs the agent's own doctor in its pods: which check fails, and what to"
                        + " do. Exit status 0 if none fails.")
final class DoctorCommand implements Callable<Integer> {
    private static final String CONTAINER = "agent";
    private static final String PROGRAM = "/opt/tunnel-agent/bin/tunnel-agent";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int AGENTS_UNASKED = 3;

    private final Session session;
    private final ClusterFlags clusterFlags;
    private final ObjectMapper json = new ObjectMapper();

    @Parameters(paramLabel = "NAME", description = "A WolfTunnel")
    private String name = "";

    @Option(
            names = "--node",
            paramLabel = "NODE",
            description = "Runs the agent's doctor on this node. Default: on three nodes, those with problems first")
    private String node = "";

    @Option(names = "--all-nodes", description = "Runs the agent's doctor on every node, one after the other")
    private boolean allNodes;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "text, json or yaml")
    private Format format = Format.text;

    DoctorCommand(Session session, ClusterFlags clusterFlags) {
        this.session = session;
        this.clusterFlags = clusterFlags;
    }

    @Override
    public Integer call() throws Failure {
        var screen = session.screen();
        List<Finding> findings = new ArrayList<>();
        String title;
        try (Cluster cluster = clusterFlags.connect(session);
                var progress = new Progress(screen)) {
            WolfTunnel wolfTunnel = new WolfTunnels(cluster).get(name);
            title = wolfTunnel.namespace() + "/" + name;
            Facts facts = facts(cluster, wolfTunnel);
            findings.addAll(Checks.of(facts, Advice.ofThisBuild()));
            findings.addAll(askAgents(cluster, wolfTunnel, facts, progress));
        }
        var report = new Report(title, findings);
        screen.out()
                .print(
                        format == Format.text
                                ? report.text(screen.style(), screen.columns())
                                : format.write(report.json()));
        return report.isHealthy() ? 0 : 1;
    }

    private Facts facts(Cluster cluster, WolfTunnel wolfTunnel) throws Failure {
        String namespace = wolfTunnel.namespace();
        JsonNode spec = wolfTunnel.json().path("spec");
        JsonNode secretRef = spec.path("runnerToken").path("secretRef");
        JsonNode caRef = spec.path("controlPlane").path("caBundleRef");
        return new Facts(
                wolfTunnel,
                object(cluster, namespace, "secrets", secretRef),
                object(cluster, namespace, "configmaps", caRef),
                seen(cluster.get(
                        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/wolf-tunnel-policy")),
                seen(cluster.post(
                        ResourcePath.of(WolfTunnels.API, namespace, "wolftunnels")
                                + "?dryRun=All&fieldManager=kubectl-wolf",
                        trial(wolfTunnel))),
                seen(cluster.get(ResourcePath.of("/apis/apps/v1", namespace, "daemonsets", wolfTunnel.agents()))),
                seen(cluster.get(ResourcePath.of(ResourcePath.CORE, namespace, "pods")
                        + "?labelSelector=app.kubernetes.io%2Fname%3Dwolf-tunnel-agent%2C"
                        + "app.kubernetes.io%2Finstance%3D" + PathSegment.of(name))),
                seen(cluster.get(ResourcePath.of(ResourcePath.CORE, namespace, "events")
                        + "?fieldSelector=type%3DWarning&limit=500")),
                session.clock().instant());
    }

    private static Optional<Seen> object(Cluster cluster, String namespace, String plural, JsonNode reference)
            throws Failure {
        return reference.has("name")
                ? Optional.of(seen(cluster.get(ResourcePath.of(
                        ResourcePath.CORE,
                        namespace,
                        plural,
                        reference.path("name").asText()))))
                : Optional.empty();
    }

    private static Seen seen(Answer answer) {
        return new Seen(answer.status(), answer.body());
    }

    /** The same spec under another name. */
    private static ObjectNode trial(WolfTunnel wolfTunnel) {
        ObjectNode trial = JsonNodeFactory.instance.objectNode();
        trial.put("apiVersion", "wolf.helix.ml/v1alpha1");
        trial.put("kind", "WolfTunnel");
        trial.putObject("metadata").put("generateName", "doctor-");
        trial.set("spec", wolfTunnel.json().path("spec"));
        return trial;
    }

    private List<Finding> askAgents(Cluster cluster, WolfTunnel wolfTunnel, Facts facts, Progress progress)
            throws Failure {
        List<JsonNode> pods = pods(wolfTunnel, facts);
        if (!node.isEmpty()) {
            List<String> nodes = pods.stream().map(DoctorCommand::nodeOf).toList();
            pods = pods.stream().filter(pod -> nodeOf(pod).equals(node)).toList();
            if (pods.isEmpty()) {
                throw new Failure(
                        "no agent of " + name + " runs on node " + node + "." + NearNames.question(node, nodes));
            }
        }
        int count = node.isEmpty() && !allNodes ? Math.min(pods.size(), AGENTS_UNASKED) : pods.size();
        List<Finding> findings = new ArrayList<>();
        if (count == 0) {
            return findings;
        }
        long begin = System.nanoTime();
        try (var agents = new Pods(cluster)) {
            for (JsonNode pod : pods.subList(0, count)) {
                progress.show(
                        "asking the agent on " + nodeOf(pod),
                        Duration.ofNanos(System.nanoTime() - begin).toSeconds());
                findings.addAll(ask(agents, wolfTunnel.namespace(), pod));
            }
        }
        if (count < pods.size()) {
            session.screen()
                    .err()
                    .println((pods.size() - count)
                            + " more agents were not asked: --node NODE or --all-nodes asks them");
        }
        return findings;
    }

    /** Those whose agent runs, with problems first. */
    private static List<JsonNode> pods(WolfTunnel wolfTunnel, Facts facts) {
        Set<String> fine = wolfTunnel.tunnels().stream()
                .filter(tunnel -> tunnel.isConnected() && tunnel.reason().isEmpty())
                .map(Tunnel::pod)
                .collect(Collectors.toSet());
        List<JsonNode> running = new ArrayList<>();
        facts.pods().json().path("items").forEach(pod -> {
            for (JsonNode container : pod.path("status").path("containerStatuses")) {
                if (container.path("name").asText().equals(CONTAINER)
                        && container.path("state").has("running")) {
                    running.add(pod);
                }
            }
        });
        running.sort(Comparator.comparing(
                pod -> fine.contains(pod.path("metadata").path("name").asText())));
        return running;
    }

    private static String nodeOf(JsonNode pod) {
        return pod.path("spec").path("nodeName").asText();
    }

    private List<Finding> ask(Pods agents, String namespace, JsonNode pod) {
        try {
            var run = agents.run(
                    namespace,
                    pod.path("metadata").path("name").asText(),
                    CONTAINER,
                    LIMIT,
                    program(pod),
                    "doctor",
                    "-o",
                    "json");
            return AgentDoctor.findings(nodeOf(pod), run.exitStatus(), parse(run.output()), run.errors());
        } catch (Failure e) {
            return List.of(AgentDoctor.notRun(nodeOf(pod), e.text()));
        }
    }

    /** The container's command if it has one, as an image of somebody else may need; else where this project's image has it. */
    private static String program(JsonNode pod) {
        for (JsonNode container : pod.path("spec").path("containers")) {
            if (container.path("name").asText().equals(CONTAINER)
                    && container.path("command").has(0)) {
                return container.path("command").get(0).asText();
            }
        }
        return PROGRAM;
    }

    private JsonNode parse(String text) {
        try {
            return json.readTree(text);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }
}
