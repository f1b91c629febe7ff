package ml.helix.wolf.program;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The file descriptors of this process. */
public final class FileDescriptors {
    private FileDescriptors() {}

    /** How many may be open at once ({@code ulimit -n}); {@link Long#MAX_VALUE} if the system doesn't tell. */
    public static long limit() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
    }
}
