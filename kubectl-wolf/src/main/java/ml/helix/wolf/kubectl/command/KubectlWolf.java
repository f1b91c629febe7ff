package ml.helix.wolf.kubectl.command;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.program.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The program without a command: prints its help. */
@Command(
        name = "kubectl-wolf",
        description = "Looks at WolfTunnels and their control plane, and reaches a Wolf through it.",
        mixinStandardHelpOptions = true,
        versionProvider = KubectlWolf.ThisBuild.class,
        synopsisSubcommandLabel = "COMMAND",
        sortOptions = false,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done",
            "1:it failed, or something is wrong; a sentence on standard error says what",
            "2:bad usage"
        })
public final class KubectlWolf implements Runnable {
    private static final int NARROWEST = 80;
    private static final int WIDEST = 120;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private final ClusterFlags clusterFlags = new ClusterFlags();

    private KubectlWolf() {}

    /** Runs the command of these arguments; returns the exit status. */
    public static int run(Session session, String... arguments) {
        CommandLine line = commandLine(session);
        if (arguments.length > 0 && arguments[0].equals(Completion.COMMAND)) {
            return Completion.run(session, line, List.of(arguments).subList(1, arguments.length));
        }
        return line.execute(arguments);
    }

    private static CommandLine commandLine(Session session) {
        var root = new KubectlWolf();
        var line = new CommandLine(root);
        ClusterFlags cluster = root.clusterFlags;
        line.addSubcommand(new StatusCommand(session, cluster));
        line.addSubcommand(new TunnelsCommand(session, cluster));
        line.addSubcommand(new DoctorCommand(session, cluster));
        line.addSubcommand(new WaitCommand(session, cluster));
        line.addSubcommand(new CurlCommand(session, cluster));
        line.addSubcommand(new PortForwardCommand(session, cluster));
        line.addSubcommand(new DrainCommand.Drain(session, cluster));
        line.addSubcommand(new DrainCommand.Undrain(session, cluster));
        line.addSubcommand(new CompletionCommand(session));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpWidth(Math.clamp(session.screen().columns(), NARROWEST, WIDEST));
        line.setOut(writer(session.screen().out()));
        line.setErr(writer(session.screen().err()));
        line.setParameterExceptionHandler((exception, arguments) -> {
            PrintWriter err = exception.getCommandLine().getErr();
            err.println("kubectl-wolf: " + exception.getMessage());
            CommandLine.UnmatchedArgumentException.printSuggestions(exception, err);
            err.println("See " + exception.getCommandLine().getCommandSpec().qualifiedName() + " --help.");
            return CommandLine.ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((exception, command, parsed) -> {
            if (exception instanceof Failure failure) {
                session.screen().err().println("kubectl-wolf: " + failure.text());
                return CommandLine.ExitCode.SOFTWARE;
            }
            throw exception;
        });
        return line;
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, StandardCharsets.UTF_8);
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    static final class ThisBuild implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {Version.text()};
        }
    }
}
