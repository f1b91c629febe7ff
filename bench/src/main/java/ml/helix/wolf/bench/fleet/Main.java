package ml.helix.wolf.bench.fleet;

import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code bench/scale}; see bench/README.md. */
public final class Main {
    private static final String USAGE = """
            usage: bench/scale [-sizes TUNNELSxNODES,...] [-tries N] [-quiet SECONDS]
              -sizes   default 1x1,1x100,10x10; docs/scale.md was measured with 1x1,1x100,1x1000,1x5000,200x10
              -tries   how often each event is tried, default 5
              -quiet   how long the operator is left alone, default 30; a round of polls takes 50 s with 5,000 nodes
            KUBECONFIG names an API server without a DaemonSet controller.
            """;

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        var root = Path.of(arguments[0]);
        var sizes = "1x1,1x100,10x10";
        int tries = 5;
        int quiet = 30;
        for (int i = 1; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                System.err.print(USAGE);
                System.exit(2);
            }
            switch (arguments[i]) {
                case "-sizes" -> sizes = arguments[i + 1];
                case "-tries" -> tries = Integer.parseInt(arguments[i + 1]);
                case "-quiet" -> quiet = Integer.parseInt(arguments[i + 1]);
                default -> {
                    System.err.print(USAGE);
                    System.exit(2);
                }
            }
        }
        List<Figures> all = new ArrayList<>();
        for (var size : sizes.split(",")) {
            var numbers = size.split("x");
            try (var client = new KubernetesClientBuilder().build();
                    var cluster = new Cluster(client, root);
                    var statuses = new Statuses(client, cluster.namespace);
                    var agents = new FakeAgents()) {
                all.add(new Scenario(
                                root,
                                cluster,
                                statuses,
                                agents,
                                Integer.parseInt(numbers[0]),
                                Integer.parseInt(numbers[1]),
                                tries,
                                quiet)
                        .run());
            }
        }
        System.out.println("\n" + Figures.table(all));
        System.exit(0);
    }
}
