package ml.helix.wolf.kubectl.command;

import ml.helix.wolf.kubectl.cluster.Access;
import ml.helix.wolf.kubectl.cluster.Cluster;
import ml.helix.wolf.kubectl.failure.Failure;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** kubectl's own flags, which may stand before and after the command. */
final class ClusterFlags {
    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            scope = ScopeType.INHERIT,
            description = "The kubeconfig. Default: KUBECONFIG, or ~/.kube/config")
    private String kubeconfig = "";

    @Option(
            names = "--context",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            description = "The context of the kubeconfig. Default: its current one")
    private String context = "";

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            description = "The namespace. Default: the context's")
    private String namespace = "";

    Cluster connect(Session session) throws Failure {
        return Cluster.of(new Access(kubeconfig, context, namespace), session.environment());
    }
}
