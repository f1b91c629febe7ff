package ml.helix.wolf.kubectl.command;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import ml.helix.wolf.kubectl.output.Screen;

/** A run of the plugin in this process, without a terminal. */
record Ran(int status, String out, String err) {

    static Ran plugin(Map<String, String> environment, String... arguments) {
        return withInput(environment, "", arguments);
    }

    static Ran withInput(Map<String, String> environment, String in, String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var screen = Screen.of(stream(out), stream(err), environment);
        int status = KubectlWolf.run(
                new Session(
                        screen,
                        new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                        environment,
                        Clock.systemUTC()),
                arguments);
        return new Ran(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
