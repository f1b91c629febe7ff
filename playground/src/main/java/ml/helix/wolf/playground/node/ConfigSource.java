package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Where a pod's Secrets and ConfigMaps come from. The values are the decoded bytes by key. */
interface ConfigSource {

    Optional<Map<String, byte[]>> secret(String name);

    Optional<Map<String, byte[]>> configMap(String name);

    /** Those of one namespace, read anew at each call. */
    static ConfigSource of(KubernetesClient client, String namespace) {
        return new ConfigSource() {
            @Override
            public Optional<Map<String, byte[]>> secret(String name) {
                Secret secret =
                        client.secrets().inNamespace(namespace).withName(name).get();
                return Optional.ofNullable(secret).map(found -> {
                    Map<String, byte[]> values = new HashMap<>();
                    Objects.requireNonNullElse(found.getData(), Map.<String, String>of())
                            .forEach((key, value) ->
                                    values.put(key, Base64.getDecoder().decode(value)));
                    return values;
                });
            }

            @Override
            public Optional<Map<String, byte[]>> configMap(String name) {
                ConfigMap map = client.configMaps()
                        .inNamespace(namespace)
                        .withName(name)
                        .get();
                return Optional.ofNullable(map).map(found -> {
                    Map<String, byte[]> values = new HashMap<>();
                    Objects.requireNonNullElse(found.getData(), Map.<String, String>of())
                            .forEach((key, value) -> values.put(key, value.getBytes(StandardCharsets.UTF_8)));
                    return values;
                });
            }
        };
    }
}
