package ml.helix.wolf.kubectl.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import ml.helix.wolf.kubectl.controlplane.ControlPlane;
import ml.helix.wolf.kubectl.controlplane.Instances;
import ml.helix.wolf.kubectl.controlplane.Response;
import ml.helix.wolf.kubectl.failure.Failure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code curl}. */
@Command(
        name = "curl",
        sortOptions = false,
        description = "Sends a request to one Wolf through the control plane, and prints the answer as it comes.")
final class CurlCommand implements Callable<Integer> {
    private static final int LONGEST_ERROR = 64 * 1024;

    private final Session session;
    private final ClusterFlags clusterFlags;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "ID", description = "A runner id, for example wolf-gpu-1")
    private String id = "";

    @Parameters(index = "1", paramLabel = "PATH", description = "For example /api/v1/apps")
    private String path = "";

    @Option(
            names = {"-X", "--request"},
            paramLabel = "METHOD",
            description = "Default: GET, or POST with -d")
    private String method = "";

    @Option(
            names = {"-d", "--data"},
            paramLabel = "DATA",
            description = "The request's body; @FILE reads it from a file, @- from standard input")
    private Optional<String> data = Optional.empty();

    @Option(
            names = {"-H", "--header"},
            paramLabel = "NAME: VALUE",
            description = "A header field; may be given several times")
    private List<String> fields = new ArrayList<>();

    @Option(
            names = {"-i", "--include"},
            description = "Prints the status and the header too")
    private boolean include;

    @Option(
            names = {"-f", "--fail"},
            description = "Exit status 1 also if Wolf answers with a status of 400 or more")
    private boolean fail;

    @Mixin
    private final ControlPlaneFlags controlPlaneFlags = new ControlPlaneFlags();

    CurlCommand(Session session, ClusterFlags clusterFlags) {
        this.session = session;
        this.clusterFlags = clusterFlags;
    }

    @Override
    public Integer call() throws Failure, IOException {
        check();
        byte[] body = data.isPresent() ? body(data.get()) : new byte[0];
        String verb = method.isEmpty() ? data.isPresent() ? "POST" : "GET" : method.toUpperCase(Locale.ROOT);
        var all = new ArrayList<>(fields);
        if (data.isPresent() && fields.stream().noneMatch(field -> isNamed(field, "content-type"))) {
            all.add("Content-Type: application/json");
        }
        if (fields.stream().noneMatch(field -> isNamed(field, "accept"))) {
            all.add("Accept: */*");
        }
        try (var opened = controlPlaneFlags.open(session, clusterFlags)) {
            ControlPlane controlPlane = opened.controlPlane();
            try (Response response = controlPlane.send(verb, Instances.proxied(id, target()), all, body)) {
                return print(response, new Instances(controlPlane));
            }
        }
    }

    private void check() {
        if (!target().matches("[!-~]+")) {
            throw new ParameterException(
                    spec.commandLine(), "the path has a space or a character beyond ASCII: percent-encode it");
        } else if (fields.stream().anyMatch(field -> !field.matches("[-!#$%&'*+.^_`|~A-Za-z0-9]+:[ -~]*"))) {
            throw new ParameterException(spec.commandLine(), "a header field must be NAME: VALUE, in ASCII");
        } else if (!method.isEmpty() && !method.matches("[A-Za-z]+")) {
            throw new ParameterException(spec.commandLine(), "the method must be a word, for example POST");
        }
    }

    private String target() {
        return path.startsWith("/") ? path : "/" + path;
    }

    private static boolean isNamed(String field, String name) {
        return field.toLowerCase(Locale.ROOT).startsWith(name + ":");
    }

    private byte[] body(String text) throws Failure {
        try {
            if (text.equals("@-")) {
                return session.in().readAllBytes();
            }
            return text.startsWith("@")
                    ? Files.readAllBytes(Path.of(text.substring(1)))
                    : text.getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new Failure("can't read " + text.substring(1) + ": " + e.getMessage(), e);
        }
    }

    private int print(Response response, Instances instances) throws Failure {
        OutputStream out = session.screen().out();
        try {
            InputStream body = response.body();
            if (include) {
                out.write((response.statusLine() + "\n" + String.join("\n", response.fields()) + "\n\n")
                        .getBytes(StandardCharsets.ISO_8859_1));
            }
            if (response.status() >= 400) {
                byte[] begin = body.readNBytes(LONGEST_ERROR);
                Optional<Failure> failure = instances.failure(id, response.status(), begin);
                if (failure.isPresent()) {
                    throw failure.get();
                }
                out.write(begin);
            }
            byte[] buffer = new byte[16 * 1024];
            for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
                out.write(buffer, 0, count);
                out.flush();
            }
            out.flush();
        } catch (IOException e) {
            throw new Failure("the answer of " + id + " broke off: " + e.getMessage(), e);
        }
        if (fail && response.status() >= 400) {
            throw new Failure("Wolf answered " + response.statusLine());
        }
        return 0;
    }
}
