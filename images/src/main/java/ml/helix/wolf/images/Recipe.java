package ml.helix.wolf.images;

import java.util.List;
import java.util.Set;

/**
 * What one image holds and how its program starts.
 *
 * @param image the image's name without registry and tag
 * @param program the name of the entry point
 * @param module the folder of the Maven module whose jar and libraries go in
 * @param mainClass the class with the program's main method
 * @param hidden JDK modules that the program finds by look-up or reflection, so that no jar refers to them
 * @param unused JDK modules that only unused parts of the libraries refer to
 * @param port the default TCP port
 */
record Recipe(
        String image,
        String program,
        String module,
        String mainClass,
        Set<String> hidden,
        Set<String> unused,
        int port) {

    /** For TLS host names, and for the signals that stop a program. */
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

    /** The kubectl plugin, which has no image: for its AOT cache alone. */
    static final Recipe PLUGIN =
            new Recipe("", "kubectl-wolf", "kubectl-wolf", "ml.helix.wolf.kubectl.Main", HIDDEN, DESKTOP, 0);

    /** Stand-ins for the outside world in the end-to-end tests. */
    static final Recipe E2E =
            new Recipe("wolf-e2e", "stand-in", "e2e", "ml.helix.wolf.e2e.standins.StandIn", Set.of(), DESKTOP, 8080);

    static final List<Recipe> ALL = List.of(AGENT, CONTROL_PLANE, OPERATOR);
}
