package ml.helix.wolf.operator;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;

/** What each package must not know. */
@AnalyzeClasses(packages = "ml.helix.wolf.operator", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String OPERATOR = "ml.helix.wolf.operator";
    private static final String[] PURE = {OPERATOR + ".desired", OPERATOR + ".observed", OPERATOR + ".status"};

    /** Encoding text is no I/O. */
    private static final DescribedPredicate<JavaClass> IO = resideInAnyPackage("java.io..", "java.nio..", "java.net..")
            .and(DescribedPredicate.not(resideInAPackage("java.nio.charset..")))
            .as("do I/O");

    @ArchTest
    static final ArchRule pureCoreKnowsNoClient = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8.kubernetes.client..", "io.javaoperatorsdk..");

    @ArchTest
    static final ArchRule pureCoreReadsNoClock = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .callMethodWhere(target(owner(resideInAPackage("java.time.."))).and(target(nameMatching("now|system.*"))))
            .orShould()
            .callMethodWhere(target(owner(resideInAPackage("java.lang")))
                    .and(target(nameMatching("nanoTime|currentTimeMillis|sleep"))))
            .orShould()
            .dependOnClassesThat()
            .haveNameMatching("java\\.time\\.(Clock|InstantSource)");

    @ArchTest
    static final ArchRule pureCoreDoesNoIo = noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .dependOnClassesThat(IO)
            .orShould()
            .dependOnClassesThat()
            .resideInAPackage("org.slf4j..");

    @ArchTest
    static final ArchRule agentsKnowNoKubernetes = noClasses()
            .that()
            .resideInAPackage(OPERATOR + ".agents")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8..", "io.javaoperatorsdk..");

    @ArchTest
    static final ArchRule onlyAgentsAndHttpOpenSockets = noClasses()
            .that()
            .resideOutsideOfPackages(OPERATOR + ".agents", OPERATOR + ".http")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.nio.channels..", "java.net.http..")
            .orShould()
            .dependOnClassesThat()
            .haveNameMatching("java\\.net\\.(Socket|ServerSocket)");

    @ArchTest
    static final ArchRule onlyLeadershipTouchesLeases = noClasses()
            .that()
            .resideOutsideOfPackage(OPERATOR + ".leadership")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.fabric8.kubernetes.api.model.coordination..")
            .orShould()
            .callMethodWhere(target(nameMatching("leases")));

    @ArchTest
    static final ArchRule desiredHasItsUsers = onlyUsedBy("desired", "observed", "status", "reconcile");

    @ArchTest
    static final ArchRule observedHasItsUsers = onlyUsedBy("observed", "status", "agents", "reconcile");

    @ArchTest
    static final ArchRule statusHasItsUsers = onlyUsedBy("status", "reconcile");

    @ArchTest
    static final ArchRule agentsHaveTheirUsers = onlyUsedBy("agents", "reconcile");

    @ArchTest
    static final ArchRule leadershipHasItsUsers = onlyUsedBy("leadership", "reconcile", "");

    @ArchTest
    static final ArchRule reconcileHasItsUsers = onlyUsedBy("reconcile", "");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.(**)").should().beFreeOfCycles();

    /** @param users other packages of the operator; "" for its root package */
    private static ArchRule onlyUsedBy(String name, String... users) {
        var allowed = Stream.concat(Stream.of(name), Stream.of(users))
                .map(user -> user.isEmpty() ? OPERATOR : OPERATOR + "." + user)
                .toArray(String[]::new);
        return classes()
                .that()
                .resideInAPackage(OPERATOR + "." + name)
                .should()
                .onlyHaveDependentClassesThat()
                .resideInAnyPackage(allowed);
    }
}
