package ml.helix.wolf.agent;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.conditions.ArchConditions.callMethod;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.time.Instant;
import java.util.concurrent.Executor;
import ml.helix.wolf.agent.reconnect.Backoff;
import ml.helix.wolf.agent.report.Identity;
import ml.helix.wolf.agent.report.State;
import ml.helix.wolf.agent.report.Status;
import ml.helix.wolf.agent.report.StatusJson;
import ml.helix.wolf.agent.report.WolfView;
import ml.helix.wolf.revdial.socket.LingeringStream;

/** What the agent's packages must not know. */
@AnalyzeClasses(packages = "ml.helix.wolf.agent", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String AGENT = "ml.helix.wolf.agent.";

    @ArchTest
    static final ArchRule onlyControlKnowsJavaWebSocket = noClasses()
            .that(resideOutsideOfPackage(AGENT + "control"))
            .should(dependOnClassesThat(resideInAPackage("org.java_websocket..")));

    @ArchTest
    static final ArchRule onlyLocalKnowsWolfsSocket = noClasses()
            .that(resideOutsideOfPackage(AGENT + "local"))
            .should(dependOnClassesThat(resideInAPackage("java.nio.channels..")
                    .or(assignableTo(LingeringStream.class))
                    .or(assignableTo(UnixDomainSocketAddress.class))));

    @ArchTest
    static final ArchRule onlyTheRimKnowsSockets = noClasses()
            .that(resideOutsideOfPackages(AGENT + "transport", AGENT + "local", AGENT + "control"))
            .should(dependOnClassesThat(assignableTo(Socket.class).or(assignableTo(ServerSocket.class))));

    @ArchTest
    static final ArchRule purePartsKnowNoConnectionNoThreadAndNoClock = noClasses()
            .that(resideInAnyPackage(AGENT + "failure", AGENT + "http", AGENT + "allow")
                    .or(belongToAnyOf(
                            Backoff.class, Identity.class, State.class, Status.class, StatusJson.class, WolfView.class))
                    .or(simpleName("WebSocketEnd")))
            .should(dependOnClassesThat(
                    resideInAnyPackage(AGENT + "transport", AGENT + "websocket", AGENT + "local", AGENT + "data")
                            .or(resideInAnyPackage("java.nio.file..", "java.nio.channels..", "javax.net.."))
                            .or(belongToAnyOf(Thread.class, Socket.class))
                            .or(assignableTo(Executor.class))))
            .orShould(callMethod(Instant.class, "now"))
            .orShould(callMethod(System.class, "nanoTime"))
            .orShould(callMethod(System.class, "currentTimeMillis"));

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.(**)").should().beFreeOfCycles();
}
