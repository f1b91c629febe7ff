package ml.helix.wolf.controlplane;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Chromium without a window, driven by chromedriver over W3C WebDriver. The few calls that are needed take no library. */
final class Browser implements AutoCloseable {
    static final String TAB = "\uE004";
    static final String ENTER = "\uE007";
    static final String ARROW_RIGHT = "\uE014";

    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final Pattern STARTED = Pattern.compile("started successfully on port (\\d+)");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client = HttpClient.newHttpClient();
    private final Process driver;
    private String base;

    private Browser(Process driver, int port) {
        this.driver = driver;
        this.base = "http://127.0.0.1:" + port + "/session";
    }

    static boolean isInstalled() {
        return Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER);
    }

    static Browser start() throws Exception {
        Process driver = new ProcessBuilder(DRIVER.toString(), "--port=0")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        var browser = new Browser(driver, port(driver.inputReader()));
        List<String> arguments = new ArrayList<>(List.of("--headless=new", "--disable-gpu", "--disable-dev-shm-usage"));
        if ("root".equals(System.getProperty("user.name"))) {
            arguments.add("--no-sandbox");
        }
        try {
            JsonNode session = browser.call(
                    "",
                    Map.of(
                            "capabilities",
                            Map.of(
                                    "alwaysMatch",
                                    Map.of(
                                            "goog:chromeOptions",
                                            Map.of("binary", CHROMIUM.toString(), "args", arguments),
                                            "goog:loggingPrefs",
                                            Map.of("browser", "ALL")))));
            browser.base += "/" + session.path("sessionId").asText();
            return browser;
        } catch (IOException e) {
            browser.close();
            throw e;
        }
    }

    private static int port(BufferedReader output) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher started = STARTED.matcher(line);
            if (started.find()) {
                return Integer.parseInt(started.group(1));
            }
        }
        throw new IOException("chromedriver did not start");
    }

    void open(String url) throws Exception {
        call("/url", Map.of("url", url));
    }

    /** Runs the body of a function; waits for a promise. */
    JsonNode run(String script) throws Exception {
        return call("/execute/sync", Map.of("script", script, "args", List.of()));
    }

    /** Presses and releases each key, wherever the focus is. */
    void type(String keys) throws Exception {
        List<Map<String, String>> actions = new ArrayList<>();
        for (int i = 0; i < keys.length(); i++) {
            actions.add(Map.of("type", "keyDown", "value", keys.substring(i, i + 1)));
            actions.add(Map.of("type", "keyUp", "value", keys.substring(i, i + 1)));
        }
        call("/actions", Map.of("actions", List.of(Map.of("type", "key", "id", "keyboard", "actions", actions))));
    }

    /** @param scheme {@code light} or {@code dark} */
    void look(int width, int height, String scheme) throws Exception {
        devTools(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
        devTools(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Calls the DevTools protocol. */
    JsonNode devTools(String command, Map<String, ?> parameters) throws Exception {
        return call("/goog/cdp/execute", Map.of("cmd", command, "params", parameters));
    }

    /** What the console has got since the last call. */
    List<String> console() throws Exception {
        List<String> lines = new ArrayList<>();
        call("/se/log", Map.of("type", "browser"))
                .forEach(entry -> lines.add(entry.path("message").asText()));
        return lines;
    }

    private JsonNode call(String path, Map<String, ?> body) throws IOException, InterruptedException {
        var response = client.send(
                HttpRequest.newBuilder(URI.create(base + path))
                        .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
                        .build(),
                BodyHandlers.ofByteArray());
        JsonNode value = JSON.readTree(response.body()).path("value");
        if (response.statusCode() != 200) {
            throw new IOException(value.path("message").asText());
        }
        return value;
    }

    /** Ends the browser with its driver. */
    @Override
    public void close() {
        driver.descendants().forEach(ProcessHandle::destroyForcibly);
        driver.destroyForcibly();
        client.close();
    }
}
