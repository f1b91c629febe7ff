package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import ml.helix.wolf.operator.desired.Digests;
import ml.helix.wolf.program.certificates.CaBundle;

/**
 * What one key of a Secret or a ConfigMap holds, judged by the code with which the agent will judge it. Never has the content
 * itself.
 */
sealed interface KeyContent {
    /** Not read yet. */
    record Unknown() implements KeyContent {}

    /** The object or its key does not exist, or the key is empty. */
    record Missing(String why) implements KeyContent {}

    /** The agent could not use it. */
    record Invalid(String why) implements KeyContent {}

    /** @param generation changes with the content */
    record Usable(String generation) implements KeyContent {}

    /** @param name of the Secret, for messages */
    static KeyContent ofToken(Secret secret, String name, String key) {
        String uid = Objects.requireNonNull(secret.getMetadata().getUid(), "a Secret without a uid");
        return judged(
                value(secret.getData(), key).map(Base64.getDecoder()::decode),
                name,
                key,
                ml.helix.wolf.program.Secret::of,
                token -> Digests.ofToken(uid, token));
    }

    /**
     * The bundle may be in {@code data} or in {@code binaryData}.
     *
     * @param name of the ConfigMap, for messages
     */
    static KeyContent ofBundle(ConfigMap map, String name, String key) {
        return judged(
                value(map.getData(), key)
                        .map(text -> text.getBytes(StandardCharsets.UTF_8))
                        .or(() -> value(map.getBinaryData(), key).map(Base64.getDecoder()::decode)),
                name,
                key,
                CaBundle::parse,
                Digests::of);
    }

    private static Optional<String> value(Map<String, String> data, String key) {
        return Optional.ofNullable(data).map(values -> values.get(key));
    }

    private static KeyContent judged(
            Optional<byte[]> content,
            String name,
            String key,
            Consumer<byte[]> judge,
            Function<byte[], String> generation) {
        if (content.filter(KeyContent::isBlank).isPresent()) {
            return new Missing(name + ", key " + key + " is empty");
        }
        if (content.isEmpty()) {
            return new Missing(name + " has no key " + key);
        }
        try {
            judge.accept(content.get());
        } catch (IllegalArgumentException e) {
            return new Invalid(name + ", key " + key + " " + e.getMessage());
        }
        return new Usable(generation.apply(content.get()));
    }

    private static boolean isBlank(byte[] content) {
        return new String(content, StandardCharsets.ISO_8859_1).isBlank();
    }
}
