package ml.helix.wolf.program;

import java.util.List;

/** A command line or an environment that a program can't run with: every problem of it, for exit status 2. */
public final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    public UsageException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = problems.stream().map(Printable::of).toList();
    }

    /** One sentence each, without a secret's text in it. */
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
