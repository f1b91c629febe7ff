package ml.helix.wolf.operator.apiserver;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.LinkedHashMap;
import java.util.Map;

/** Manifests of WolfTunnels as an admin would write them. */
final class TunnelYaml {
    private TunnelYaml() {}

    /**
     * @param spec in YAML flow style; what it says at the top level of the spec replaces the valid default
     */
    static String of(String namespace, String name, String spec) {
        var yaml = new KubernetesSerialization();
        Map<?, ?> given = yaml.unmarshal("---\n" + spec, Map.class);
        var complete = new LinkedHashMap<Object, Object>();
        complete.put("controlPlane", Map.of("url", "https://helix.example.com"));
        complete.put("runnerToken", Map.of("secretRef", Map.of("name", "wolf-token")));
        complete.putAll(given);
        return yaml.asYaml(Map.of(
                "apiVersion",
                "wolf.helix.ml/v1alpha1",
                "kind",
                "WolfTunnel",
                "metadata",
                Map.of("namespace", namespace, "name", name),
                "spec",
                complete));
    }
}
