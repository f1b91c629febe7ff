package ml.helix.wolf.playground.demo;

import java.nio.file.Path;

/** What the demo prints when it stays up: how to reach each part. */
final class Guide {
    private final World world;
    private final Screen screen;
    private final Path folder;

    Guide(World world, Screen screen, Path folder) {
        this.world = world;
        this.screen = screen;
        this.folder = folder;
    }

    void print() {
        NodeWolf first = world.nodes().getFirst();
        screen.part("Everything stays up until Ctrl-C. To look around:");
        screen.line("the cluster");
        screen.command("kubectl --kubeconfig " + world.kubeconfig() + " -n " + Example.NAMESPACE + " get wt,ds,po");
        if (world.embedded()) {
            screen.line("  (the embedded API server takes get, describe, wait, delete and apply --server-side");
            screen.line("  --validate=false; --watch, logs and exec take a real one: --kubeconfig)");
        }
        screen.line("a Wolf, through its tunnel");
        screen.command("curl -H \"Authorization: Bearer $(cat " + folder.resolve("admin-token") + ")\" "
                + world.caller().url() + Caller.path(first.runnerId()));
        screen.line("an agent");
        screen.command("curl " + first.agentStatus());
        screen.line("logs and tokens");
        screen.command("ls -R " + folder);
    }
}
