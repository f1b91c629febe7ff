package ml.helix.wolf.operator;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.LinkedHashMap;
import java.util.Map;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** Makes WolfTunnels from YAML, as an admin would write them. */
public final class WolfTunnelYaml {
    private WolfTunnelYaml() {}

    /** The WolfTunnel as an API server would have accepted it: with a uid and a generation. */
    public static WolfTunnel resource(String spec) {
        var resource = new KubernetesSerialization().unmarshal(of("wolf", "gpu-nodes", spec), WolfTunnel.class);
        resource.getMetadata().setUid("11111111-2222-3333-4444-555555555555");
        resource.getMetadata().setGeneration(1L);
        return resource;
    }

    /**
     * A complete manifest.
     *
     * @param spec in YAML flow style; its fields replace those of a valid default
     */
    public static String of(String namespace, String name, String spec) {
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
