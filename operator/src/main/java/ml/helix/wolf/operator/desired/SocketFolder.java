package ml.helix.wolf.operator.desired;

import ml.helix.wolf.crds.v1alpha1.Wolf;
import org.jspecify.annotations.Nullable;

/**
 * The folder of Wolf's UNIX socket. The folder is mounted, not the socket: Wolf creates a new socket at each start.
 *
 * @param path the socket's, absolute
 * @param folder the path without its last part
 * @param shared whether Wolf runs in the same pod; if not, the folder is the node's
 */
record SocketFolder(String path, String folder, boolean shared) {
    private static final String SCHEME = "unix://";

    /** Null if Wolf's address is not a socket. */
    static @Nullable SocketFolder of(Wolf wolf) {
        if (!wolf.address().startsWith(SCHEME)) {
            return null;
        }
        var path = wolf.address().substring(SCHEME.length());
        return new SocketFolder(path, path.substring(0, path.lastIndexOf('/')), wolf.container() != null);
    }
}
