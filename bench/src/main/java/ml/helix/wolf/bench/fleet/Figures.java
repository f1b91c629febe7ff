package ml.helix.wolf.bench.fleet;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The results of one scenario by name: each is printed at once, and all scenarios together as a Markdown table. */
final class Figures {
    private final String scenario;
    private final Map<String, String> values = new LinkedHashMap<>();

    Figures(String scenario) {
        this.scenario = scenario;
    }

    void put(String name, String value) {
        values.put(name, value);
        System.out.printf("%-10s %-55s %s%n", scenario, name, value);
    }

    static String table(List<Figures> all) {
        var table = new StringBuilder("| tunnels × nodes |");
        all.forEach(one -> table.append(' ').append(one.scenario).append(" |"));
        table.append("\n|---|").repeat("---:|", all.size()).append('\n');
        for (var name : all.getFirst().values.keySet()) {
            table.append("| ").append(name).append(" |");
            all.forEach(one ->
                    table.append(' ').append(one.values.getOrDefault(name, "")).append(" |"));
            table.append('\n');
        }
        return table.toString();
    }
}
