package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.Browser.ARROW_RIGHT;
import static ml.helix.wolf.controlplane.Browser.ENTER;
import static ml.helix.wolf.controlplane.Browser.TAB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in Debian's Chromium, at a real control plane. */
class PageInBrowserIT {
    private static final String READER = "reader-" + TestControlPlane.ADMIN_TOKEN;
    private static final List<AutoCloseable> OPEN = new ArrayList<>();

    private static TestControlPlane controlPlane;
    private static Browser browser;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        assumeTrue(
                Browser.isInstalled(),
                "no browser: apt-get install chromium chromium-driver, or the page is not tested in one");
        Path tokens = Files.writeString(
                folder.resolve("admin-token"), "alice " + TestControlPlane.ADMIN_TOKEN + "\nbob " + READER + " read\n");
        controlPlane = TestControlPlane.start(tokens);
        OPEN.add(controlPlane);
        OPEN.add(TestAgent.connect(controlPlane, "wolf-2", TestAgent.silent()));
        OPEN.add(TestAgent.connect(controlPlane, "wolf-10", TestAgent.silent()));
        OPEN.add(TestAgent.connect(controlPlane, "wolf-degraded", TestAgent.silent()));
        post("", "{\"id\":\"wolf-offline\",\"zone\":\"eu-1\",\"labels\":{\"rack\":\"r7\"},\"maxSessions\":8}");
        post(
                "/wolf-2/heartbeat",
                "{\"zone\":\"eu-2\",\"gpuName\":\"RTX 4090\",\"activeSessions\":3,\"maxSessions\":8}");
        post("/wolf-degraded/heartbeat", "{\"wolfReachable\":false}");
        browser = Browser.start();
        OPEN.add(browser);
    }

    @AfterAll
    static void close() throws Exception {
        for (AutoCloseable each : OPEN.reversed()) {
            each.close();
        }
    }

    @BeforeEach
    void openThePage() throws Exception {
        browser.look(1280, 800, "light");
        browser.open("http://127.0.0.1:" + controlPlane.port() + "/");
        // The tab is that of the last test; signing out also ends a stream that would store the token again.
        browser.run("document.getElementById('sign-out').click()");
        browser.console();
    }

    @AfterEach
    void nothingWasRefusedByTheContentSecurityPolicy() throws Exception {
        assertThat(browser.console())
                .noneMatch(line -> line.contains("Content Security Policy") || line.contains("TypeError"));
    }

    @Test
    void theTokenIsAskedAndAWrongOneIsRefused() throws Exception {
        assertThat(text("body")).contains("Admin token").doesNotContain("wolf-");
        assertThat(run("return document.querySelectorAll('#rows tr').length").asInt())
                .isZero();

        browser.type("a-wrong-token-of-the-tests" + ENTER);
        await("return document.getElementById('login-problem').textContent.includes(\"doesn't know this token\")");
        assertThat(run("return sessionStorage.length").asInt()).isZero();
        assertThat(run("return document.cookie + location.href").asText())
                .isEqualTo("http://127.0.0.1:" + controlPlane.port() + "/");

        signIn(TestControlPlane.ADMIN_TOKEN);
        browser.open("http://127.0.0.1:" + controlPlane.port() + "/");
        await("return document.getElementById('live').textContent === 'Live'");
        run("document.getElementById('sign-out').click()");
        assertThat(text("body")).contains("Admin token").doesNotContain("wolf-");
        assertThat(run("return document.getElementById('rows').children.length + sessionStorage.length")
                        .asInt())
                .isZero();
    }

    @Test
    void theTroubleComesFirstAndFiltersAndSearchNarrow() throws Exception {
        signIn(TestControlPlane.ADMIN_TOKEN);

        awaitIds("wolf-degraded", "wolf-offline", "wolf-2", "wolf-10");
        assertThat(text("#rows")).contains("its Wolf doesn't answer", "RTX 4090", "3 of 8", "rack=r7");
        assertThat(run("""
                const {compare} = await import('/page/instances.js');
                return [{id: 'a', status: 'online'}, {id: 'b', status: 'online', draining: true}, {id: 'c', status: 'offline'},
                  {id: 'd', status: 'degraded'}, {id: 'e', status: 'online', displaced: true}].sort(compare).map(i => i.id).join('')""").asText()).isEqualTo("edcba");

        run("document.querySelector('[value=offline]').click()");
        assertThat(ids()).containsExactly("wolf-offline");
        run("document.querySelector('[value=all]').click()");
        run("document.getElementById('search').focus()");
        browser.type("4090 eu-2");
        assertThat(ids()).containsExactly("wolf-2");
        browser.type(" nothing");
        assertThat(ids()).isEmpty();
        assertThat(text("#none")).contains("No instance matches.");
    }

    @Test
    void aDrainByKeyboardAloneShowsAtOnce() throws Exception {
        browser.type(TestControlPlane.ADMIN_TOKEN + ENTER);
        await("return document.getElementById('live').textContent === 'Live'");

        browser.type(TAB + TAB + ARROW_RIGHT); // past Sign out, to the second of the states
        assertThat(run("return document.activeElement.value").asText()).isEqualTo("displaced");
        assertThat(ids()).isEmpty();
        browser.type("\uE012"); // back to all
        browser.type(TAB + TAB + "wolf-10" + TAB); // past the zones
        assertThat(run("return document.activeElement.getAttribute('aria-label')")
                        .asText())
                .isEqualTo("Drain wolf-10");
        browser.type(ENTER);
        await("return document.getElementById('confirm').open");
        assertThat(accessibilityProblems()).isEmpty();
        assertThat(text("#confirm")).contains("Drain wolf-10?", "no new session");
        browser.type(TAB + ENTER);

        await("return document.querySelector('#rows tr').innerText.includes('draining')");
        await("return document.getElementById('said').textContent.includes('wolf-10 is drained')");
        assertThat(run("return document.activeElement.getAttribute('aria-label')")
                        .asText())
                .isEqualTo("Undrain wolf-10");
        browser.type(ENTER + TAB + ENTER);
        await("return !document.querySelector('#rows tr').innerText.includes('draining')");
    }

    @Test
    void aReadOnlyTokenSeesNoButtons() throws Exception {
        signIn(READER);

        assertThat(text("header")).contains("Token bob (read-only)");
        await("return document.getElementById('rows').children.length === 4");
        assertThat(run("return [...document.querySelectorAll('#rows button')].some(button => button.checkVisibility())")
                        .asBoolean())
                .isFalse();
    }

    @Test
    void namesRolesContrastAndWidthAreRightInEachLook() throws Exception {
        assertThat(accessibilityProblems()).isEmpty();
        signIn(TestControlPlane.ADMIN_TOKEN);
        for (int width : new int[] {1280, 900, 360}) {
            for (String scheme : List.of("light", "dark")) {
                browser.look(width, 800, scheme);
                assertThat(accessibilityProblems()).as(width + " " + scheme).isEmpty();
            }
        }
    }

    /** What a screen reader is told: the same whether the rows are rows or, on a phone, cards. */
    @Test
    void aScreenReaderIsToldOfTheTableAndOfWhatChanges() throws Exception {
        signIn(TestControlPlane.ADMIN_TOKEN);
        awaitIds("wolf-degraded", "wolf-offline", "wolf-2", "wolf-10");
        for (int width : new int[] {1280, 360}) {
            browser.look(width, 800, "light");
            List<String> tree = accessibilityTree();

            assertThat(tree)
                    .as("at " + width)
                    .contains(
                            "heading Wolf instances",
                            "status  polite",
                            "alert  assertive",
                            "log Changes of state polite",
                            "search Filter the instances",
                            "group State",
                            "radio Degraded 1",
                            "combobox Zone",
                            "searchbox Search",
                            "table 4 instances",
                            "rowheader wolf-offline rack=r7",
                            "button Drain wolf-2");
            assertThat(tree.stream().filter(node -> node.startsWith("columnheader ")))
                    .contains("columnheader State", "columnheader Instance", "columnheader Action")
                    .hasSize(run("return [...document.querySelectorAll('thead th')]"
                                    + ".filter(head => getComputedStyle(head).display !== 'none').length")
                            .asInt());
            assertThat(tree.stream().filter(node -> node.equals("row "))).hasSize(5);
            assertThat(tree).anyMatch(node -> node.matches("cell (Sessions )?3 of 8"));
        }
    }

    @Test
    void tabReachesEachControlInItsOrderAndTheFocusShows() throws Exception {
        signIn(TestControlPlane.ADMIN_TOKEN);
        awaitIds("wolf-degraded", "wolf-offline", "wolf-2", "wolf-10");
        List<String> reached = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            browser.type(TAB);
            reached.add(run("""
                    const focused = document.activeElement;
                    const shown = focused.type === 'radio' ? focused.nextElementSibling : focused;
                    return (focused.ariaLabel ?? focused.id ?? '') + (focused.value ?? '')
                      + (getComputedStyle(shown).outlineStyle === 'solid' ? '' : ' without a focus ring')""").asText());
        }
        assertThat(reached)
                .containsExactly(
                        "sign-out",
                        "all",
                        "zone",
                        "search",
                        "Drain wolf-degraded",
                        "Drain wolf-offline",
                        "Drain wolf-2",
                        "Drain wolf-10");
    }

    @Test
    void aThousandInstancesAreShownAndLive() throws Exception {
        try {
            forEachOfAThousand(id -> post("", "{\"id\":\"" + id + "\"}"));
            signIn(TestControlPlane.ADMIN_TOKEN);
            await("return document.getElementById('count').textContent === '1004 instances'");
            assertThat(text("#more")).contains("1000 are shown. Show 4 more");
            measureFramesWhileEachChanges();

            post("/wolf-many-500/drain", "");
            run("document.querySelector('[value=draining]').click()");
            await("return document.getElementById('rows').children.length === 1");
            assertThat(ids()).containsExactly("wolf-many-500");
        } finally {
            forEachOfAThousand(id -> controlPlane.send(
                    controlPlane.admin("/api/v1/wolf-instances/" + id).DELETE().build()));
        }
        await("return document.getElementById('rows').children.length === 0");
    }

    /** Prints how long frames and tasks take. */
    private static void measureFramesWhileEachChanges() throws Exception {
        run("""
                window.frames = [];
                window.long = [];
                new PerformanceObserver(list => list.getEntries().forEach(task => long.push(Math.round(task.duration))))
                  .observe({type: 'longtask'});
                let last = performance.now();
                requestAnimationFrame(function frame(now) {
                  frames.push(now - last);
                  last = now;
                  requestAnimationFrame(frame);
                })""");
        forEachOfAThousand(id -> post("/" + id + "/heartbeat", "{\"activeSessions\":1}"));
        await("return document.querySelectorAll('#rows [data-of=sessions]').length === 1000"
                + " && [...document.querySelectorAll('#rows [data-of=sessions]')]"
                + ".filter(cell => cell.textContent === '1').length >= 996");
        System.out.println(run("""
                frames.sort((a, b) => a - b);
                return `page with 1004 instances that all change: ${frames.length} frames, p50 `
                  + `${frames[Math.floor(frames.length / 2)].toFixed(0)} ms, p99 ${frames[Math.floor(frames.length * 0.99)].toFixed(0)} ms, `
                  + `longest ${frames.at(-1).toFixed(0)} ms; tasks longer than 50 ms: ${long.length ? long.join(', ') + ' ms' : 'none'}`""").asText());
    }

    /** Several at once, to be quicker. */
    private static void forEachOfAThousand(ThrowingConsumer<String> action) throws Exception {
        try (var pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                String id = "wolf-many-" + i;
                all.add(pool.submit(() -> action.accept(id)));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
    }

    /** The page's first snapshot may be a second old: from before the last test had cleaned up. */
    private static void awaitIds(String... wanted) throws Exception {
        TestControlPlane.eventually(List.of(wanted).toString(), () -> ids().equals(List.of(wanted)));
    }

    private static void post(String path, String body) throws Exception {
        var response = controlPlane.send(controlPlane
                .admin("/api/v1/wolf-instances" + path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build());
        assertThat(response.statusCode()).as(response.body()).isBetween(200, 204);
    }

    private static void signIn(String token) throws Exception {
        run("document.getElementById('token').value = '" + token + "';"
                + " document.getElementById('login-form').requestSubmit()");
        await("return document.getElementById('live').textContent === 'Live'");
    }

    private static JsonNode run(String script) throws Exception {
        return browser.run(script);
    }

    private static void await(String condition) throws Exception {
        TestControlPlane.eventually(condition, () -> run(condition).asBoolean());
    }

    private static String text(String selector) throws Exception {
        return run("return document.querySelector('" + selector + "').innerText")
                .asText();
    }

    private static List<String> ids() throws Exception {
        List<String> ids = new ArrayList<>();
        run("return [...document.querySelectorAll('#rows [data-of=id]')].map(id => id.textContent)")
                .forEach(id -> ids.add(id.asText()));
        return ids;
    }

    /** Role, name and liveness of each node, as the browser tells assistive programs. */
    private static List<String> accessibilityTree() throws Exception {
        List<String> tree = new ArrayList<>();
        for (JsonNode node :
                browser.devTools("Accessibility.getFullAXTree", Map.of()).path("nodes")) {
            if (!node.path("ignored").asBoolean()) {
                String text = node.at("/role/value").asText() + " "
                        + node.at("/name/value").asText();
                for (JsonNode property : node.path("properties")) {
                    text += property.path("name").asText().equals("live")
                            ? " " + property.at("/value/value").asText()
                            : "";
                }
                tree.add(text);
            }
        }
        return tree;
    }

    private static List<String> accessibilityProblems() throws Exception {
        List<String> problems = new ArrayList<>();
        try (var script = PageInBrowserIT.class.getResourceAsStream("accessibility.js")) {
            run(new String(script.readAllBytes(), StandardCharsets.UTF_8))
                    .forEach(problem -> problems.add(problem.asText()));
        }
        return problems;
    }
}
