package ml.helix.wolf.kubectl.command;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code completion}. */
@Command(
        name = "completion",
        sortOptions = false,
        description =
                "Prints a shell's completion for the command kubectl-wolf: source <(kubectl-wolf completion bash). For kubectl"
                        + " wolf, kubectl_complete-wolf on the PATH is enough.")
final class CompletionCommand implements Callable<Integer> {
    private final Session session;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "SHELL", description = "bash or zsh")
    private Shell shell = Shell.bash;

    /** The constants' names are what the user writes. */
    enum Shell {
        bash,
        zsh
    }

    CompletionCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        String script = AutoComplete.bash("kubectl-wolf", spec.root().commandLine());
        if (shell == Shell.zsh) {
            session.screen().out().println("autoload -U +X compinit && compinit");
        }
        session.screen().out().print(script);
        return 0;
    }
}
