package ml.helix.wolf.operator;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What each package must not know. */
@AnalyzeClasses(packages = "ml.helix.wolf.operator", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String[] PURE = {
        "ml.helix.wolf.operator.desired..", "ml.helix.wolf.operator.observed..", "ml.helix.wolf.operator.status.."
    };

    /** Encoding text is no I/O, nor is taking a URL apart. */
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
            .resideInAPackage("ml.helix.wolf.operator.agents..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8..", "io.javaoperatorsdk..");

    @ArchTest
    static final ArchRule onlyAgentsOpenSockets = noClasses()
            .that()
            .resideOutsideOfPackage("ml.helix.wolf.operator.agents..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.nio.channels..", "java.net.http..")
            .orShould()
            .dependOnClassesThat()
            .haveNameMatching("java\\.net\\.(Socket|ServerSocket)");

    @ArchTest
    static final ArchRule onlyLeadershipTouchesLeases = noClasses()
            .that()
            .resideOutsideOfPackage("ml.helix.wolf.operator.leadership..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.fabric8.kubernetes.api.model.coordination..")
            .orShould()
            .callMethodWhere(target(nameMatching("leases")));

    @ArchTest
    static final ArchRule packagesAreLayers = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("program")
            .definedBy("ml.helix.wolf.operator")
            .layer("reconcile")
            .definedBy("ml.helix.wolf.operator.reconcile..")
            .layer("leadership")
            .definedBy("ml.helix.wolf.operator.leadership..")
            .layer("agents")
            .definedBy("ml.helix.wolf.operator.agents..")
            .layer("status")
            .definedBy("ml.helix.wolf.operator.status..")
            .layer("observed")
            .definedBy("ml.helix.wolf.operator.observed..")
            .layer("desired")
            .definedBy("ml.helix.wolf.operator.desired..")
            .whereLayer("program")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("reconcile")
            .mayOnlyBeAccessedByLayers("program")
            .whereLayer("leadership")
            .mayOnlyBeAccessedByLayers("program", "reconcile")
            .whereLayer("agents")
            .mayOnlyBeAccessedByLayers("reconcile")
            .whereLayer("status")
            .mayOnlyBeAccessedByLayers("reconcile")
            .whereLayer("observed")
            .mayOnlyBeAccessedByLayers("reconcile", "agents", "status")
            .whereLayer("desired")
            .mayOnlyBeAccessedByLayers("reconcile", "status", "observed");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.(**)").should().beFreeOfCycles();
}
