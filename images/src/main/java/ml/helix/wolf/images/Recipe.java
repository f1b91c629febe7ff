package ml.helix.wolf.images;

import java.util.List;
import java.util.Set;

/**
 * What one image holds and how its program starts.
 *
 * @param image the image's name without registry and tag
 * @param program the entry point's name
 * @param module the folder of the Maven module whose jar and libraries go in
 * @param mainClass where the program starts
 * @param hidden JDK modules that only a look-up or reflection leads to, so that nothing in the jars refers to them
 * @param unused JDK modules that libraries refer to in parts that this program doesn't reach
 * @param port the TCP port that it listens on unless told otherwise
 */
record Recipe(
        String image,
        String program,
        String module,
        String mainClass,
        Set<String> hidden,
        Set<String> unused,
        int port) {

    /** TLS host names, and the signals that stop a program. */
    private static final Set<String> HIDDEN = Set.of("java.naming", "jdk.unsupported");

    private static final Set<String> DESKTOP = Set.of("java.desktop");

    static final Recipe AGENT = new Recipe(
            "wolf-tunnel-agent", "tunnel-agent", "tunnel-agent", "ml.helix.wolf.agent.Main", HIDDEN, DESKTOP, 9797);
    static final Recipe CONTROL_PLANE = new Recipe(
            "wolf-control-plane",
            "control-plane",
            "control-plane",
            "ml.helix.wolf.controlplane.Main",
            HIDDEN,
            DESKTOP,
            8080);
    static final Recipe OPERATOR = new Recipe(
            "wolf-tunnel-operator", "operator", "operator", "ml.helix.wolf.operator.Main", HIDDEN, DESKTOP, 8080);

    /** Plays the outside world in end-to-end tests. */
    static final Recipe E2E =
            new Recipe("wolf-e2e", "part", "e2e", "ml.helix.wolf.e2e.parts.Part", Set.of(), DESKTOP, 8080);

    static final List<Recipe> ALL = List.of(AGENT, CONTROL_PLANE, OPERATOR);
}
