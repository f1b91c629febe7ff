import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Starts a control plane with a forward, an agent and a local service, all real processes and sockets but for the
 * service, which is in here, and sends streams through. Fails, with status 1, where a byte differs or something is left.
 */
public final class TunnelBench {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final int BUFFER = 64 * 1024;
    private static final String HTTP_RESPONSE = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** What a caller's first byte asks the local service for. */
    private static final int SEND = 'S';
    private static final int TAKE = 'T';
    private static final int ECHO = 'E';
    private static final int HTTP = 'G';

    private final Path root;
    private final List<Process> processes = new ArrayList<>();
    private final int httpPort = freePort();
    private final int forwardPort = freePort();
    private final int agentPort = freePort();
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private Process controlPlane;
    private Process agent;

    private TunnelBench(Path root) throws IOException {
        this.root = root;
    }

    public static void main(String[] args) throws Exception {
        long mebibytes = args.length > 1 ? Long.parseLong(args[1]) : 1024;
        var bench = new TunnelBench(Path.of(args[0]));
        try {
            bench.start();
            bench.warmUp();
            bench.bulk(mebibytes << 20);
            bench.atOnce(200, 1 << 20);
            bench.inARow(1000);
            bench.requests(1000);
        } finally {
            bench.stop();
        }
    }

    private void start() throws Exception {
        var service = new ServerSocket(0, 1024, LOOPBACK);
        Thread.ofPlatform().daemon().name("service").start(() -> serve(service));
        controlPlane = run("control-plane", "-listen", "127.0.0.1:" + httpPort, "-forward",
                "127.0.0.1:" + forwardPort + "=wolf-bench");
        agent = run("tunnel-agent", "-api-url", "http://127.0.0.1:" + httpPort, "-wolf-id", "bench", "-local",
                "127.0.0.1:" + service.getLocalPort(), "-listen", "127.0.0.1:" + agentPort, "-reconnect", "1");
        until("the agent is connected", Duration.ofSeconds(30), () -> {
            var ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + agentPort + "/readyz")).build();
            try {
                return http.send(ready, BodyHandlers.discarding()).statusCode() == 200;
            } catch (IOException e) {
                return false;
            }
        });
    }

    private Process run(String program, String... flags) throws IOException {
        List<String> command = new ArrayList<>(List.of(root.resolve("bin/" + program).toString()));
        command.addAll(Arrays.asList(flags));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).inheritIO();
        builder.environment().put("RUNNER_TOKEN", "runner-of-the-bench");
        builder.environment().put("ADMIN_TOKEN", "admin-of-the-bench");
        builder.environment().put("LOG_LEVEL", "warn");
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private void stop() throws InterruptedException {
        for (Process process : processes.reversed()) {
            process.destroy();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            } else if (process.exitValue() != 0) {
                throw new IllegalStateException(process.info() + " ended with " + process.exitValue());
            }
        }
    }

    private void warmUp() throws Exception {
        down(64 << 20);
        up(64 << 20);
        for (int i = 0; i < 300; i++) {
            echoOnce(i, 100);
            requestOnce();
        }
        concurrently(200, i -> {
            echoOnce(i, 1 << 16);
            return null;
        });
    }

    private void bulk(long bytes) throws Exception {
        long start = System.nanoTime();
        String fromWolf = down(bytes);
        report("from Wolf", bytes, start, fromWolf);
        start = System.nanoTime();
        String toWolf = up(bytes);
        report("to Wolf", bytes, start, toWolf);
        start = System.nanoTime();
        both(bytes);
        report("both at once, each way", bytes, start, "equal");
    }

    private static void report(String what, long bytes, long start, String sha256) {
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%-24s %5d MiB in %6.2f s = %5.0f MiB/s, sha256 %s%n", what, bytes >> 20, seconds,
                (bytes >> 20) / seconds, sha256.substring(0, Math.min(16, sha256.length())));
    }

    /** Wolf sends, and the caller checks; returns the digest. */
    private String down(long bytes) throws Exception {
        try (Socket socket = new Socket(LOOPBACK, forwardPort)) {
            var out = new DataOutputStream(socket.getOutputStream());
            out.writeByte(SEND);
            out.writeLong(bytes);
            out.flush();
            return equal(digest(socket.getInputStream(), bytes, true), expected(bytes));
        }
    }

    /** The caller sends, and Wolf says what it got; returns the digest. */
    private String up(long bytes) throws Exception {
        try (Socket socket = new Socket(LOOPBACK, forwardPort)) {
            var out = new DataOutputStream(socket.getOutputStream());
            out.writeByte(TAKE);
            out.writeLong(bytes);
            String sent = generate(out, bytes);
            byte[] answer = socket.getInputStream().readNBytes(64);
            return equal(new String(answer), sent);
        }
    }

    private void both(long bytes) throws Exception {
        try (Socket socket = new Socket(LOOPBACK, forwardPort)) {
            var out = new DataOutputStream(socket.getOutputStream());
            out.writeByte(ECHO);
            out.writeLong(bytes);
            CompletableFuture<String> sent = CompletableFuture.supplyAsync(() -> {
                try {
                    return generate(out, bytes);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            equal(digest(socket.getInputStream(), bytes, false), sent.get());
        }
    }

    private void atOnce(int streams, int bytes) throws Exception {
        var allOpen = new CyclicBarrier(streams);
        long start = System.nanoTime();
        concurrently(streams, i -> {
            try (Socket socket = new Socket(LOOPBACK, forwardPort)) {
                DataOutputStream out = echo(socket, bytes + 1L);
                out.writeByte(i);
                if (socket.getInputStream().read() != (i & 255)) {
                    throw new IllegalStateException("stream " + i + " is mixed up");
                }
                allOpen.await(60, TimeUnit.SECONDS);
                exchange(socket, out, i, bytes);
            }
            return null;
        });
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%d streams at once, 1 MiB each way on each: all bytes equal, %.2f s, %.0f MiB/s each way%n",
                streams, seconds, streams * (bytes / (double) (1 << 20)) / seconds);
    }

    private void inARow(int streams) throws Exception {
        Usage controlPlaneBefore = settled(controlPlane, null);
        Usage agentBefore = settled(agent, null);
        long start = System.nanoTime();
        for (int i = 0; i < streams; i++) {
            echoOnce(i, 100);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%d streams in a row: %.0f per second%n", streams, streams / seconds);
        concurrently(50, i -> {
            for (int j = 0; j < streams / 50; j++) {
                echoOnce(i * j, 100);
            }
            return null;
        });
        double parallel = (System.nanoTime() - start) / 1e9 - seconds;
        System.out.printf("%d streams, 50 at a time: %.0f per second%n", streams, streams / parallel);
        leftOver("control plane", controlPlaneBefore, settled(controlPlane, controlPlaneBefore));
        leftOver("agent", agentBefore, settled(agent, agentBefore));
    }

    private void requests(int count) throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            requestOnce();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%d requests through .../proxy/ in a row: %.0f per second%n", count, count / seconds);
    }

    private void requestOnce() throws Exception {
        var request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + httpPort + "/api/v1/wolf-instances/wolf-bench/proxy/x"))
                .header("Authorization", "Bearer admin-of-the-bench").build();
        var response = http.send(request, BodyHandlers.ofString());
        if (response.statusCode() != 200 || !response.body().equals("ok")) {
            throw new IllegalStateException(response.statusCode() + " " + response.body());
        }
    }

    private static void leftOver(String who, Usage before, Usage after) {
        System.out.printf("%-14s before: %s%n%-14s after:  %s%n", who, before, "", after);
        if (after.exceeds(before)) {
            throw new IllegalStateException(who + ": something is left");
        }
    }

    /** What a process holds. The JVM's own threads come and go, by a few; tunnels run on virtual ones. */
    private record Usage(long descriptors, long sockets, long threads, long virtualThreads, long rssKiB) {
        boolean exceeds(Usage before) {
            return descriptors > before.descriptors
                    || sockets > before.sockets
                    || threads > before.threads + 4
                    || virtualThreads > before.virtualThreads;
        }

        @Override
        public String toString() {
            return "%d descriptors (%d sockets), %d threads, %d virtual threads, RSS %d MiB"
                    .formatted(descriptors, sockets, threads, virtualThreads, rssKiB / 1024);
        }
    }

    /** Waits for the last streams to be closed, 40 s at most: a closed data connection may linger for 30 s. */
    private static Usage settled(Process process, Usage before) throws Exception {
        Usage usage = usage(process);
        long deadline = System.nanoTime() + Duration.ofSeconds(40).toNanos();
        while (System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(500);
            Usage next = usage(process);
            boolean still = next.descriptors == usage.descriptors && next.virtualThreads == usage.virtualThreads;
            usage = next;
            if (before == null ? still : !usage.exceeds(before)) {
                break;
            }
        }
        return usage;
    }

    private static Usage usage(Process process) throws Exception {
        Path proc = Path.of("/proc", String.valueOf(process.pid()));
        long descriptors;
        long sockets;
        try (Stream<Path> all = Files.list(proc.resolve("fd"))) {
            List<String> targets = all.map(TunnelBench::target).toList();
            descriptors = targets.size();
            sockets = targets.stream().filter(target -> target.startsWith("socket:")).count();
        }
        String status = Files.readString(proc.resolve("status"));
        return new Usage(descriptors, sockets, number(status, "Threads"), virtualThreads(process), number(status, "VmRSS"));
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "gone";
        }
    }

    private static long number(String status, String name) {
        Matcher matcher = Pattern.compile(name + ":\\s+(\\d+)").matcher(status);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
    }

    private static long virtualThreads(Process process) throws Exception {
        Path dump = Files.createTempFile("threads", ".txt");
        try {
            Process jcmd = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin/jcmd").toString(),
                            String.valueOf(process.pid()), "Thread.dump_to_file", "-overwrite", dump.toString())
                    .redirectErrorStream(true).start();
            jcmd.getInputStream().readAllBytes();
            jcmd.waitFor();
            try (Stream<String> lines = Files.lines(dump)) {
                return lines.filter(line -> line.startsWith("#") && line.contains(" virtual")).count();
            }
        } finally {
            Files.delete(dump);
        }
    }

    private void echoOnce(int seed, int bytes) throws Exception {
        try (Socket socket = new Socket(LOOPBACK, forwardPort)) {
            exchange(socket, echo(socket, bytes), seed, bytes);
        }
    }

    private static DataOutputStream echo(Socket socket, long bytes) throws IOException {
        socket.setTcpNoDelay(true);
        var out = new DataOutputStream(socket.getOutputStream());
        out.writeByte(ECHO);
        out.writeLong(bytes);
        return out;
    }

    private static void exchange(Socket socket, OutputStream out, int seed, int bytes) throws Exception {
        byte[] sent = new byte[bytes];
        new SplittableRandom(seed).nextBytes(sent);
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                out.write(sent);
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        byte[] received = socket.getInputStream().readNBytes(bytes);
        sender.join();
        if (!Arrays.equals(sent, received)) {
            throw new IllegalStateException("stream " + seed + ": " + received.length + " bytes, and not the same");
        }
        if (socket.getInputStream().read() >= 0) {
            throw new IllegalStateException("stream " + seed + " does not end");
        }
    }

    private interface Work {
        Void run(int number) throws Exception;
    }

    private static void concurrently(int count, Work work) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Void>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                all.add(threads.submit(() -> work.run(number)));
            }
            for (Future<Void> one : all) {
                one.get(120, TimeUnit.SECONDS);
            }
        }
    }

    /** The local service: what stands in Wolf's place. */
    private static void serve(ServerSocket service) {
        while (true) {
            try {
                Socket socket = service.accept();
                socket.setTcpNoDelay(true);
                Thread.ofVirtual().start(() -> answer(socket));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void answer(Socket socket) {
        try (socket) {
            var in = new DataInputStream(socket.getInputStream());
            int wanted = in.read();
            if (wanted == HTTP) {
                in.read(new byte[4096]);
                socket.getOutputStream().write(HTTP_RESPONSE.getBytes());
                return;
            }
            long bytes = wanted < 0 ? 0 : in.readLong();
            switch (wanted) {
                case SEND -> generate(socket.getOutputStream(), bytes);
                case TAKE -> socket.getOutputStream().write(digest(in, bytes, false).getBytes());
                case ECHO -> copy(in, socket.getOutputStream(), bytes);
                default -> {}
            }
        } catch (EOFException e) {
            // The caller went away; it will say so itself.
        } catch (Exception e) {
            System.err.println("service: " + e);
        }
    }

    private static void copy(InputStream in, OutputStream out, long bytes) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (long left = bytes; left > 0; ) {
            int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (read < 0) {
                throw new EOFException();
            }
            out.write(buffer, 0, read);
            left -= read;
        }
    }

    /** Sends the bytes that every digest here is of; returns theirs. */
    private static String generate(OutputStream out, long bytes) throws IOException {
        MessageDigest digest = sha256();
        byte[] block = block();
        long number = 0;
        for (long left = bytes; left > 0; number++) {
            stamp(block, number);
            int length = (int) Math.min(left, block.length);
            digest.update(block, 0, length);
            out.write(block, 0, length);
            left -= length;
        }
        out.flush();
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String expected(long bytes) throws IOException {
        return generate(OutputStream.nullOutputStream(), bytes);
    }

    private static byte[] block() {
        byte[] block = new byte[BUFFER];
        new SplittableRandom(1).nextBytes(block);
        return block;
    }

    /** No two blocks are the same, so that a lost, doubled or swapped one is seen. */
    private static void stamp(byte[] block, long number) {
        for (int i = 0; i < Long.BYTES; i++) {
            block[i] = (byte) (number >>> (8 * i));
        }
    }

    /** @param toEnd whether the stream must end with these bytes */
    private static String digest(InputStream in, long bytes, boolean toEnd) throws IOException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[BUFFER];
        for (long left = bytes; left > 0; ) {
            int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (read < 0) {
                throw new EOFException(left + " bytes are missing");
            }
            digest.update(buffer, 0, read);
            left -= read;
        }
        if (toEnd && in.read() >= 0) {
            throw new IOException("more bytes than were sent");
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String equal(String actual, String wanted) {
        if (!actual.equals(wanted)) {
            throw new IllegalStateException("sha256 " + actual + " instead of " + wanted);
        }
        return actual;
    }

    private static void until(String what, Duration atMost, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not within " + atMost.toSeconds() + " s: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, LOOPBACK)) {
            return socket.getLocalPort();
        }
    }
}
