package ml.helix.wolf.controlplane;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What each package must not know. */
@AnalyzeClasses(packages = "ml.helix.wolf.controlplane", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String ROOT = "ml.helix.wolf.controlplane";

    @ArchTest
    static final ArchRule packagesAreLayers = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("program")
            .definedBy(ROOT)
            .layer("routing")
            .definedBy(ROOT + ".routing..")
            .layer("page")
            .definedBy(ROOT + ".page..")
            .layer("registry")
            .definedBy(ROOT + ".registry..")
            .layer("replica")
            .definedBy(ROOT + ".replica..")
            .layer("proxy")
            .definedBy(ROOT + ".proxy..")
            .layer("forward")
            .definedBy(ROOT + ".forward..")
            .layer("revdial")
            .definedBy(ROOT + ".revdial..")
            .layer("store")
            .definedBy(ROOT + ".store..")
            .layer("tracing")
            .definedBy(ROOT + ".tracing..")
            .layer("audit")
            .definedBy(ROOT + ".audit..")
            .layer("auth")
            .definedBy(ROOT + ".auth..")
            .layer("http")
            .definedBy(ROOT + ".http..")
            .layer("dialing")
            .definedBy(ROOT + ".dialing..")
            .whereLayer("program")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("page")
            .mayOnlyBeAccessedByLayers("program")
            .whereLayer("routing")
            .mayOnlyBeAccessedByLayers("program")
            .whereLayer("registry")
            .mayOnlyBeAccessedByLayers("program", "page", "routing", "replica")
            .whereLayer("replica")
            .mayOnlyBeAccessedByLayers("program")
            .whereLayer("proxy")
            .mayOnlyBeAccessedByLayers("program", "routing")
            .whereLayer("forward")
            .mayOnlyBeAccessedByLayers("program")
            .whereLayer("revdial")
            .mayOnlyBeAccessedByLayers("program", "replica")
            .whereLayer("store")
            .mayOnlyBeAccessedByLayers("program", "routing", "registry", "replica")
            .whereLayer("tracing")
            .mayOnlyBeAccessedByLayers("program", "proxy")
            .whereLayer("audit")
            .mayOnlyBeAccessedByLayers("program")
            .whereLayer("auth")
            .mayOnlyBeAccessedByLayers("program", "page", "routing", "registry", "proxy", "revdial")
            .whereLayer("http")
            .mayOnlyBeAccessedByLayers(
                    "program", "page", "routing", "registry", "replica", "proxy", "revdial", "auth", "audit")
            .whereLayer("dialing")
            .mayOnlyBeAccessedByLayers("program", "routing", "proxy", "forward", "tracing");

    @ArchTest
    static final ArchRule dialingAndForwardsKnowNoHttp = noClasses()
            .that()
            .resideInAnyPackage(ROOT + ".dialing..", ROOT + ".forward..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.eclipse.jetty..", "com.fasterxml.jackson..");

    @ArchTest
    static final ArchRule dialingOpensNoSockets = noClasses()
            .that()
            .resideInAPackage(ROOT + ".dialing..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net..", "java.nio.channels..");

    @ArchTest
    static final ArchRule onlyHttpProxyAndRevdialKnowJettysConnections = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT + ".http..", ROOT + ".proxy..", ROOT + ".revdial..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.eclipse.jetty.io..",
                    "org.eclipse.jetty.util..",
                    "org.eclipse.jetty.server.handler..",
                    "org.eclipse.jetty.server.internal..",
                    "org.eclipse.jetty.websocket..");

    @ArchTest
    static final ArchRule onlyRevdialKnowsWebSockets = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".revdial..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.eclipse.jetty.websocket..");

    @ArchTest
    static final ArchRule onlyHttpKnowsJackson = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".http..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.fasterxml.jackson..");

    @ArchTest
    static final ArchRule onlyTheStoreKnowsWhichDatabaseItIs = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".store..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.zaxxer..", "org.flywaydb..", "org.postgresql..", "org.h2..");

    @ArchTest
    static final ArchRule onlyAuthKnowsJwts = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".auth..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.nimbusds..");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.(**)").should().beFreeOfCycles();
}
