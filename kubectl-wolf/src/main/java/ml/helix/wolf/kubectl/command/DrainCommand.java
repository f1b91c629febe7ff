package ml.helix.wolf.kubectl.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
import ml.helix.wolf.kubectl.controlplane.Instances;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.output.Format;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code drain} and {@code undrain}. */
abstract class DrainCommand implements Callable<Integer> {
    private final Session session;
    private final ClusterFlags clusterFlags;
    private final boolean draining;

    @Parameters(paramLabel = "ID", description = "A runner id, for example wolf-gpu-1")
    private String id = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "text, json or yaml: the instance as the control plane has it")
    private Format format = Format.text;

    @Mixin
    private final ControlPlaneFlags controlPlaneFlags = new ControlPlaneFlags();

    private DrainCommand(Session session, ClusterFlags clusterFlags, boolean draining) {
        this.session = session;
        this.clusterFlags = clusterFlags;
        this.draining = draining;
    }

    @Command(name = "drain", sortOptions = false, description = "Sends nothing new to a Wolf; what runs there goes on.")
    static final class Drain extends DrainCommand {
        Drain(Session session, ClusterFlags clusterFlags) {
            super(session, clusterFlags, true);
        }
    }

    @Command(name = "undrain", sortOptions = false, description = "Ends a drain.")
    static final class Undrain extends DrainCommand {
        Undrain(Session session, ClusterFlags clusterFlags) {
            super(session, clusterFlags, false);
        }
    }

    @Override
    public Integer call() throws Failure {
        try (var opened = controlPlaneFlags.open(session, clusterFlags)) {
            JsonNode instance = new Instances(opened.controlPlane()).drain(id, draining);
            session.screen().out().print(format == Format.text ? sentence(instance) : format.write(instance));
        }
        return 0;
    }

    private String sentence(JsonNode instance) {
        if (!draining) {
            return id
                    + (instance.path("draining").asBoolean()
                            ? " still drains: its node is cordoned, or its agent stops\n"
                            : " takes new sessions again\n");
        }
        int sessions = instance.path("activeSessions").asInt();
        int streams = instance.path("streams").asInt();
        return id + " drains: " + sessions + (sessions == 1 ? " session" : " sessions") + " and " + streams
                + (streams == 1 ? " stream" : " streams") + " still run\n";
    }
}
