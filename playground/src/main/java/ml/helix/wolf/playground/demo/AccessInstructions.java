package ml.helix.wolf.playground.demo;

/** Prints how to reach each part of the demo while it stays up. */
final class AccessInstructions {
    private AccessInstructions() {}

    static void print(DemoParts parts, Screen screen) {
        WolfNode first = parts.nodes().getFirst();
        screen.heading("Everything stays up until Ctrl-C. To look around:");
        screen.line("the cluster");
        screen.command(
                "kubectl --kubeconfig " + parts.kubeconfig() + " -n " + ExampleManifest.NAMESPACE + " get wt,ds,po");
        if (parts.embedded()) {
            screen.line("  (the embedded API server takes get, describe, wait, delete and apply --server-side");
            screen.line("  --validate=false; --watch, logs and exec need a real one: --kubeconfig. The simulated");
            screen.line("  nodes run agents alone: no volumes, no containers of Wolf)");
        }
        screen.line("a Wolf, through its tunnel");
        screen.command("curl -H \"Authorization: Bearer $(cat " + parts.folder().resolve("admin-token") + ")\" "
                + parts.caller().url() + Caller.path(first.runnerId()));
        screen.line("the page of all instances, for a browser; it asks for the admin token");
        screen.command(parts.caller().url() + "/");
        screen.line("an agent");
        screen.command("curl " + first.agentStatus());
        screen.line("logs and tokens");
        screen.command("ls -R " + parts.folder());
    }
}
