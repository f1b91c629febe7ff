package ml.helix.wolf.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ml.helix.wolf.program.Flag;
import ml.helix.wolf.program.Program;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import ml.helix.wolf.program.Version;

/** The program {@code images/build}: turns the built modules into one archive for each image. */
final class BuildImages {
    private static final Flag PROJECT = Flag.value("project", "", ".", "The checkout.");
    private static final Flag OUT = Flag.value("out", "", "images/target/images", "The folder for the archives.");
    private static final Flag TAG = Flag.value("tag", "", Version.text(), "The images' tag.");
    private static final Flag BASE = Flag.value(
            "base",
            "",
            "host",
            "The base image: host (made from this machine's glibc), the path of an archive (*.tar), or a name in a registry.");
    private static final Flag NO_AOT =
            Flag.toggle("no-aot", "", "Leaves out the AOT caches: the images are smaller, the programs start slower.");
    private static final Flag E2E = Flag.toggle("e2e", "", "Builds wolf-e2e too; e2e/run needs it.");
    static final Program PROGRAM = new Program(
            "images/build",
            "Builds the images of agent, control plane and operator, without a container engine.",
            List.of(PROJECT, OUT, TAG, BASE, NO_AOT, E2E),
            Map.of("", "all images"));

    /** How often each request is sent. */
    private static final int TRAINING_ROUNDS = 50;

    private BuildImages() {}

    /** Exit status: 0, 2 for bad usage, 1 for any other failure. */
    public static void main(String[] args) throws InterruptedException {
        System.exit(PROGRAM.run(args, System.getenv(), System.out, System.err, BuildImages::build));
    }

    private static int build(Settings settings) throws UsageException, InterruptedException {
        Path project =
                Path.of(settings.text(PROJECT).orElseThrow()).toAbsolutePath().normalize();
        Path out = project.resolve(settings.text(OUT).orElseThrow());
        String tag = settings.text(TAG).orElseThrow();
        String base = settings.text(BASE).orElseThrow();
        boolean aot = !settings.toggle(NO_AOT);
        List<Recipe> recipes = new ArrayList<>(Recipe.ALL);
        if (settings.toggle(E2E)) {
            recipes.add(Recipe.E2E);
        }
        settings.done();
        try {
            build(recipes, project, out, tag, base, aot);
            return 0;
        } catch (IOException e) {
            System.err.println("images/build: " + e.getMessage());
            return 1;
        }
    }

    private static void build(List<Recipe> recipes, Path project, Path out, String tag, String base, boolean aot)
            throws IOException, InterruptedException {
        Path work = out.resolveSibling("stage");
        Path layers = out.resolveSibling("layers");
        clear(work);
        clear(layers);
        Files.createDirectories(work);
        Files.createDirectories(out);
        List<StagedProgram> programs = new ArrayList<>();
        for (Recipe recipe : recipes) {
            say("staging " + recipe.program());
            programs.add(StagedProgram.stage(recipe, project, work));
        }
        if (aot) {
            say("running the programs, to make their AOT caches");
            new AgentAndControlPlaneTraining(work, TRAINING_ROUNDS).run(programs.get(0), programs.get(1));
            new OperatorTraining(work).run(programs.get(2), programs.get(0));
        }
        var archive = new ImageArchive(layers);
        String from = base;
        if (base.equals("host")) {
            say("making a base from this machine's glibc");
            Path root = Files.createDirectories(work.resolve("base"));
            HostBase.fill(root, programs.getFirst().home());
            Path host = out.resolve("wolf-base.tar");
            archive.base(root, host);
            from = host.toString();
        }
        for (StagedProgram staged : programs) {
            Path file = out.resolve(staged.recipe().image() + ".tar");
            String name = staged.recipe().image() + ":" + tag;
            archive.image(staged, from, file, name);
            say("%s is %s, %.1f MB".formatted(name, project.relativize(file), Files.size(file) / 1e6));
        }
    }

    private static void say(String message) {
        System.out.println("images/build: " + message);
    }

    private static void clear(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> all = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(all::add);
        }
        for (Path file : all) {
            Files.delete(file);
        }
    }
}
