package ml.helix.wolf.kubectl;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import ml.helix.wolf.kubectl.command.KubectlWolf;
import ml.helix.wolf.kubectl.command.Session;
import ml.helix.wolf.kubectl.output.Screen;

/** The program {@code kubectl-wolf}. Exit status: 0 if all went well, 1 if something is wrong, 2 for bad usage. */
public final class Main {
    private Main() {}

    /** See {@code kubectl-wolf --help}. */
    public static void main(String[] arguments) {
        Map<String, String> environment = System.getenv();
        var out = stream(FileDescriptor.out);
        var session = new Session(
                Screen.of(out, stream(FileDescriptor.err), environment), System.in, environment, Clock.systemUTC());
        int status = KubectlWolf.run(session, arguments);
        out.flush();
        System.exit(status);
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }
}
