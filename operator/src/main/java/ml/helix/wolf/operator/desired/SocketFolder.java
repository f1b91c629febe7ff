package ml.helix.wolf.operator.desired;

import ml.helix.wolf.crds.v1alpha1.Wolf;
import org.jspecify.annotations.Nullable;

/**
 * The folder of Wolf's UNIX socket. The folder is mounted, never the socket: Wolf makes a new one at each start.
 *
 * @param path of the socket, absolute
 * @param folder the path without its last part
 * @param shared true where Wolf runs in the same pod; else the folder is the node's
 */
record SocketFolder(String path, String folder, boolean shared) {
    private static final String SCHEME = "unix://";

    /** Nothing where Wolf's address is a TCP one. */
    static @Nullable SocketFolder of(Wolf wolf) {
        if (!wolf.address().startsWith(SCHEME)) {
            return null;
        }
        var path = wolf.address().substring(SCHEME.length());
        return new SocketFolder(path, path.substring(0, path.lastIndexOf('/')), wolf.container() != null);
    }
}
