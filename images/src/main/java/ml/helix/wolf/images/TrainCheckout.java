package ml.helix.wolf.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import ml.helix.wolf.program.LogFormat;
import ml.helix.wolf.program.LogLevel;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Logs;

/**
 * Makes the AOT caches with which {@code bin/} starts the programs of a checkout, unless they are up to date. {@code bin}'s pom
 * runs it. Without the caches the programs start as well, more slowly; so a failure is a warning and no more.
 */
final class TrainCheckout {
    /** The programs are used for seconds while they are built and tested; the images' caches see more. */
    private static final int ROUNDS = 10;

    private TrainCheckout() {}

    /** @param arguments the checkout */
    public static void main(String[] arguments) throws InterruptedException {
        Logs.configure(new LogSettings(LogLevel.ERROR, LogFormat.TEXT));
        Path checkout = Path.of(arguments[0]).toAbsolutePath().normalize();
        try {
            train(checkout);
        } catch (IOException e) {
            System.out.println("[WARNING] no AOT cache for bin/, its programs start more slowly: " + e.getMessage());
        }
        System.exit(0);
    }

    private static void train(Path checkout) throws IOException, InterruptedException {
        var agent = CheckoutProgram.of(Recipe.AGENT, checkout);
        var controlPlane = CheckoutProgram.of(Recipe.CONTROL_PLANE, checkout);
        var operator = CheckoutProgram.of(Recipe.OPERATOR, checkout);
        var plugin = CheckoutProgram.of(Recipe.PLUGIN, checkout);
        Path logs = Files.createDirectories(checkout.resolve("bin/target/training"));
        if (!agent.isUpToDate() || !controlPlane.isUpToDate()) {
            new AgentAndControlPlaneTraining(logs, ROUNDS).run(agent, controlPlane);
        }
        if (!operator.isUpToDate()) {
            new OperatorTraining(logs).run(operator, agent);
        }
        if (!plugin.isUpToDate()) {
            new PluginTraining(logs).run(plugin);
        }
    }
}
