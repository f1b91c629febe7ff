package ml.helix.wolf.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL server on one address, with its data in a temporary folder. Root starts it as the user {@code postgres}. It
 * does not sync its files, so a crash of the machine may lose data; a killed server loses none. Thread-safe.
 */
public final class PostgresServer implements AutoCloseable {
    public static final String USER = "wolf";
    public static final String PASSWORD = "password-of-the-tests-database";

    private static final Path VERSIONS = Path.of("/usr/lib/postgresql");
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static @Nullable PostgresServer shared; // guarded by the class

    private final Path programs;
    private final Path folder;
    private final String address;
    private final int port;
    private @Nullable Process process; // guarded by this

    private PostgresServer(Path programs, Path folder, String address, int port) {
        this.programs = programs;
        this.folder = folder;
        this.address = address;
        this.port = port;
    }

    /** Why there is none on this machine; empty if there can be one. A test that needs one is skipped with these words. */
    public static Optional<String> missing() {
        return newest().isPresent()
                ? Optional.empty()
                : Optional.of("no PostgreSQL in " + VERSIONS + ": apt-get install postgresql");
    }

    private static Optional<Path> newest() {
        if (!Files.isDirectory(VERSIONS)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(VERSIONS)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin ->
                            Files.isExecutable(bin.resolve("initdb")) && Files.isExecutable(bin.resolve("postgres")))
                    .max(Comparator.comparing(Path::toString));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The one for all tests of this process; started at the first call, stopped with the process. */
    public static synchronized PostgresServer shared() throws IOException {
        if (shared == null) {
            var server = start();
            Runtime.getRuntime().addShutdownHook(new Thread(server::close));
            shared = server;
        }
        return shared;
    }

    /** Another one on loopback, which a test may stop. */
    public static PostgresServer start() throws IOException {
        return start("127.0.0.1");
    }

    /** Another one at this address of the machine. Whoever reaches it needs the password. */
    public static PostgresServer start(String address) throws IOException {
        Path programs = newest().orElseThrow(() -> new IOException(missing().orElse("")));
        Path folder = Files.createTempDirectory("postgres");
        var server = new PostgresServer(programs, folder, address, FreePort.choose());
        Path password = Files.writeString(folder.resolve("password"), PASSWORD);
        if (isRoot()) {
            UserPrincipal user =
                    folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres");
            Files.setOwner(folder, user);
            Files.setOwner(password, user);
        }
        server.finish(server.command(
                "initdb",
                "-D",
                server.data(),
                "-U",
                USER,
                "--pwfile=" + password,
                "--auth=scram-sha-256",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync"));
        // On loopback the password comes as it is: to hash it for SCRAM, for each connection, costs the tests seconds
        // of CPU.
        Files.writeString(
                folder.resolve("data").resolve("pg_hba.conf"),
                "host all all 127.0.0.0/8 password\nhost all all all scram-sha-256\n");
        server.resume();
        return server;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private ProcessBuilder command(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
        }
        command.add(programs.resolve(program).toString());
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        builder.environment().put("PGPASSWORD", PASSWORD);
        return builder;
    }

    private Path log() {
        return folder.resolve("log");
    }

    private void finish(ProcessBuilder command) throws IOException {
        Process program = command.start();
        try {
            if (!program.waitFor(60, TimeUnit.SECONDS) || program.exitValue() != 0) {
                program.destroyForcibly();
                throw new IOException(command.command() + " failed: " + Files.readString(log()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Starts it again after {@link #stop}, and waits until it accepts connections. Idempotent. */
    public synchronized void resume() throws IOException {
        if (process != null) {
            return;
        }
        Files.deleteIfExists(log());
        process = command(
                        "postgres",
                        "-D",
                        data(),
                        "-p",
                        String.valueOf(port),
                        "-c",
                        "listen_addresses=" + address,
                        "-c",
                        "unix_socket_directories=",
                        "-c",
                        "fsync=off",
                        "-c",
                        "max_connections=200")
                .start();
        while (!Files.readString(log()).contains("ready to accept connections")) {
            if (!process.isAlive()) {
                throw new IOException("PostgreSQL has ended: " + Files.readString(log()));
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** Kills it, as a crash does: connections break, and new ones are refused. */
    public synchronized void stop() throws IOException {
        if (process != null) {
            finish(new ProcessBuilder("kill", "-QUIT", String.valueOf(process.pid())).redirectErrorStream(true));
            process.onExit().join();
            process = null;
        }
    }

    /** Creates an empty database and returns its JDBC URL. */
    public String createDatabase() throws IOException {
        String name = "test" + DATABASES.incrementAndGet();
        finish(command("createdb", "-h", address, "-p", String.valueOf(port), "-U", USER, name));
        return "jdbc:postgresql://" + address + ":" + port + "/" + name;
    }

    public int port() {
        return port;
    }

    /** Stops it and deletes its data. */
    @Override
    public void close() {
        try {
            stop();
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
