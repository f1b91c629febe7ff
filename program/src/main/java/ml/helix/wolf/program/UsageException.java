package ml.helix.wolf.program;

import java.util.List;

/** Every problem of a command line and an environment with which a program can't run. Exit status 2. */
public final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    public UsageException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = problems.stream().map(Printable::of).toList();
    }

    /** One sentence each, without any secret. */
    public List<String> problems() {
        return problems;
    }

    /** What the program prints before it exits with 2. */
    public String report(Program program) {
        var text = new StringBuilder();
        problems.forEach(problem ->
                text.append(program.name()).append(": ").append(problem).append("\n"));
        return text.append("Run '")
                .append(program.name())
                .append(" -help' for the flags.\n")
                .toString();
    }
}
