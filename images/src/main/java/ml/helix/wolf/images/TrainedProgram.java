package ml.helix.wolf.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** A program that gets an AOT cache from a training run: in an image, or started by {@code bin/}. */
interface TrainedProgram {
    String name();

    /** From the module's {@code jvm.options}. */
    List<String> jvmOptions();

    /** Starts the program without a training run, in a process of its own. */
    Path launcher();

    /** The command of a training run: {@code more} are JVM options beside the program's own. */
    List<String> command(List<String> more) throws IOException;

    /** Where the JVM of a training run writes the cache. */
    Path trained();

    /** Puts the cache of a finished training run to use. */
    void useCache() throws IOException;

    static boolean exists(Path cache) {
        return Files.isRegularFile(cache, LinkOption.NOFOLLOW_LINKS);
    }
}
