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
 * The flags of the demo.
 *
 * @param once whether the demo ends after its last step
 * @param kubeconfig of a real cluster, to be used instead of the embedded API
 */
record DemoSettings(boolean once, Optional<Path> kubeconfig) {
    private static final Flag ONCE =
            Flag.toggle("once", "", "Ends after the last step: with 0 if every step succeeded, else with 1.");
    private static final Flag KUBECONFIG = Flag.value(
            "kubeconfig",
            "",
            "",
            "Uses the API of a real cluster instead of the embedded one; the agents still run here.");

    private static final String PURPOSE = """
            Shows the main job on this machine, without a cluster and without root: applies a WolfTunnel,
            waits until its tunnels are connected, reaches each Wolf through its tunnel, cuts one off and
            waits until it recovers. Builds what it needs first. Without flags it stays up until Ctrl-C.""";

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
