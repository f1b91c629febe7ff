package ml.helix.wolf.playground.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.program.Flag;
import ml.helix.wolf.program.Program;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/**
 * What the demo was asked for.
 *
 * @param once whether it ends when everything was seen
 * @param kubeconfig of a real cluster's API, instead of the embedded one
 */
record DemoSettings(boolean once, Optional<Path> kubeconfig) {
    private static final Flag ONCE =
            Flag.toggle("once", "", "Ends with 0 when all of it was seen, with 1 when something was missing.");
    private static final Flag KUBECONFIG = Flag.value(
            "kubeconfig",
            "",
            "",
            "Uses the API of a real cluster instead of the embedded one; its nodes are not used.");

    private static final String PURPOSE = """
            Shows the main job on this machine, no cluster and no root needed: applies a WolfTunnel, waits
            until it is connected, reaches each Wolf through its tunnel, breaks one and sees it recover.
            Builds what is needed first. Without flags it then stays up until Ctrl-C.""";

    static final Program PROGRAM = new Program("demo", PURPOSE, List.of(ONCE, KUBECONFIG), Map.of());

    /** @throws UsageException with every problem at once */
    static DemoSettings of(Settings settings) throws UsageException {
        boolean once = settings.toggle(ONCE);
        Optional<Path> kubeconfig = settings.parsed(KUBECONFIG, text -> {
            Path file = Path.of(text).toAbsolutePath();
            if (!Files.isReadable(file) || Files.isDirectory(file)) {
                throw new IllegalArgumentException("names no readable file: " + file);
            }
            return file;
        });
        settings.done();
        return new DemoSettings(once, kubeconfig);
    }
}
