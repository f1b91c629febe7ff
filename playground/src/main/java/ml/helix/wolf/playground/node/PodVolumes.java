package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A pod's volumes as folders. A process sees no mounts, so a container's paths are translated instead: wherever its
 * environment or arguments begin with a mount path, that is replaced by the volume's folder. A hostPath lies below the
 * node's own folder.
 */
final class PodVolumes {
    private final Pod pod;
    private final Path podFolder;
    private final Path nodeFolder;
    private final ConfigSource source;

    PodVolumes(Pod pod, Path podFolder, Path nodeFolder, ConfigSource source) {
        this.pod = pod;
        this.podFolder = podFolder;
        this.nodeFolder = nodeFolder;
        this.source = source;
    }

    /**
     * Makes the folders, and the files of Secrets and ConfigMaps anew where they changed.
     *
     * @throws NotStartable for an absent Secret or ConfigMap that isn't optional
     */
    void prepare() throws NotStartable, IOException {
        for (Volume volume : pod.getSpec().getVolumes()) {
            Path folder = folder(volume);
            Files.createDirectories(folder);
            if (volume.getSecret() != null) {
                var secret = volume.getSecret();
                write(
                        folder,
                        found(
                                source.secret(secret.getSecretName()),
                                "secret",
                                secret.getSecretName(),
                                secret.getOptional()),
                        secret.getItems());
            } else if (volume.getConfigMap() != null) {
                var map = volume.getConfigMap();
                write(
                        folder,
                        found(source.configMap(map.getName()), "configmap", map.getName(), map.getOptional()),
                        map.getItems());
            }
        }
    }

    /** The text with a mount path at its start replaced by the folder that is mounted there. */
    String translate(String text, Container container) {
        for (VolumeMount mount : container.getVolumeMounts()) {
            String scheme = text.startsWith("unix://") ? "unix://" : "";
            String path = text.substring(scheme.length());
            if (path.equals(mount.getMountPath()) || path.startsWith(mount.getMountPath() + "/")) {
                String rest = path.substring(mount.getMountPath().length());
                return scheme + volume(mount.getName()).map(this::folder).orElse(podFolder) + rest;
            }
        }
        return text;
    }

    private Optional<Volume> volume(String name) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getName().equals(name))
                .findFirst();
    }

    private Path folder(Volume volume) {
        return volume.getHostPath() == null
                ? podFolder.resolve("volumes").resolve(volume.getName())
                : nodeFolder.resolve(volume.getHostPath().getPath().substring(1));
    }

    private static Map<String, byte[]> found(
            Optional<Map<String, byte[]>> values, String kind, String name, Boolean optional) throws NotStartable {
        if (values.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw new NotStartable(
                    "ContainerCreating", "MountVolume.SetUp failed: " + kind + " \"" + name + "\" not found");
        }
        return values.orElse(Map.of());
    }

    private static void write(Path folder, Map<String, byte[]> values, List<KeyToPath> items) throws IOException {
        Map<String, byte[]> files = new HashMap<>(values);
        if (!Objects.requireNonNullElse(items, List.<KeyToPath>of()).isEmpty()) {
            files.clear();
            for (KeyToPath item : items) {
                if (values.containsKey(item.getKey())) {
                    files.put(item.getPath(), values.get(item.getKey()));
                }
            }
        }
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path target = folder.resolve(file.getKey());
            Path fresh = Files.createTempFile(
                    folder,
                    ".fresh",
                    "",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(fresh, file.getValue());
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }
}
