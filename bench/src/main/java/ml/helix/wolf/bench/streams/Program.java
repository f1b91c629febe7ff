package ml.helix.wolf.bench.streams;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A program to measure, as the command line names it: {@code ours} or {@code ours@CHECKOUT} for this project's, else the path of another
 * one; flags may follow, separated by spaces, and a name may precede it: {@code old=ours@/tmp/old -pool 0}.
 *
 * @param name for people
 * @param executable of another program
 * @param checkout of this project's program
 * @param flags for the program, beside those that it always gets
 */
public record Program(String name, Optional<Path> executable, Path checkout, List<String> flags) {

    /**
     * @param root the checkout that {@code ours} means
     * @throws IllegalArgumentException if there is no such program
     */
    public static Program parse(Path root, String text) {
        List<String> words = List.of(text.strip().split(" +"));
        String first = words.getFirst();
        int sign = first.indexOf('=');
        String what = first.substring(sign + 1);
        List<String> flags = words.subList(1, words.size());
        boolean ours = what.equals("ours") || what.startsWith("ours@");
        Path path = Path.of(ours ? what.substring(Math.min(what.length(), "ours@".length())) : what)
                .toAbsolutePath();
        String name = sign >= 0
                ? first.substring(0, sign)
                : String.join(
                        " ",
                        Stream.concat(Stream.of(ours ? what : String.valueOf(path.getFileName())), flags.stream())
                                .toList());
        if (ours) {
            Path checkout = what.equals("ours") ? root : path;
            return new Program(name, Optional.empty(), checkout, flags);
        }
        if (!path.toFile().canExecute()) {
            throw new IllegalArgumentException(
                    "no program " + path + ": name this project's as ours, or an executable file");
        }
        return new Program(name, Optional.of(path), root, flags);
    }

    boolean isOurs() {
        return executable.isEmpty();
    }
}
