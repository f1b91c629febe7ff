package ml.helix.wolf.operator.status;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * The words under {@code reason} in a WolfTunnel's status. They are part of the API: docs/status.md says for each what
 * to do, and none is ever renamed. Their order has no meaning; that of their kinds has.
 */
public enum Reason {
    RunnerTokenMissing(Kind.ACTION),
    RunnerTokenInvalid(Kind.ACTION),
    CaBundleMissing(Kind.ACTION),
    CaBundleInvalid(Kind.ACTION),
    NameTaken(Kind.ACTION),
    ApplyRefused(Kind.ACTION),
    Contested(Kind.ACTION),
    PodsForbidden(Kind.ACTION),
    PodsAwaitDeletion(Kind.ACTION),
    ProgressDeadlineExceeded(Kind.ACTION),
    Unauthorized(Kind.ACTION),
    Forbidden(Kind.ACTION),
    DuplicateRunnerId(Kind.ACTION),
    Displaced(Kind.ACTION),
    TokenRefused(Kind.ACTION),
    NodesForbidden(Kind.ACTION),
    ImagePullBackOff(Kind.ACTION, Subject.POD),
    ContainerConfigError(Kind.ACTION, Subject.POD),
    VolumeNotMounted(Kind.ACTION, Subject.POD),
    CrashLoopBackOff(Kind.ACTION, Subject.POD),
    Unschedulable(Kind.ACTION, Subject.POD),
    TlsFailure(Kind.ACTION),
    NotFound(Kind.ACTION),

    NodeNotReady(Kind.RETRYING, Subject.POD),
    DnsFailure(Kind.RETRYING),
    ProxyFailure(Kind.RETRYING),
    ConnectFailure(Kind.RETRYING),
    HandshakeTimeout(Kind.RETRYING),
    ServerError(Kind.RETRYING),
    ProtocolError(Kind.RETRYING),
    KeepAliveTimeout(Kind.RETRYING),
    ConnectionLost(Kind.RETRYING),
    PodFailed(Kind.RETRYING, Subject.POD),
    StatusUnreachable(Kind.RETRYING),
    WolfUnreachable(Kind.RETRYING),
    WolfUnhealthy(Kind.RETRYING),

    Paused(Kind.PROGRESS),
    Terminating(Kind.PROGRESS),
    RollingOut(Kind.PROGRESS),
    PodMissing(Kind.PROGRESS),
    PodStarting(Kind.PROGRESS, Subject.POD),
    ContainerNotReady(Kind.PROGRESS, Subject.POD),
    Connecting(Kind.PROGRESS),
    Draining(Kind.PROGRESS),

    Connected(Kind.FINE),
    NoMatchingNodes(Kind.FINE),
    AllAvailable(Kind.FINE),
    Reachable(Kind.FINE),
    TokenAccepted(Kind.FINE),
    NodesWatched(Kind.FINE),
    UpToDate(Kind.FINE),
    NotStalled(Kind.FINE),
    NotKnown(Kind.FINE),
    Stalled(Kind.FINE);

    private final Kind kind;
    private final Subject subject;

    Reason(Kind kind) {
        this(kind, Subject.CONNECTION);
    }

    Reason(Kind kind, Subject subject) {
        this.kind = kind;
        this.subject = subject;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether it names the pod or its node, so that it says nothing of the agent's connection. */
    boolean isOfThePod() {
        return subject == Subject.POD;
    }

    /** Empty for the word of an agent that is newer than this operator. */
    static Optional<Reason> of(String word) {
        return Stream.of(values()).filter(reason -> reason.name().equals(word)).findFirst();
    }

    private enum Subject {
        POD,
        CONNECTION
    }

    /** Who has to act, the most urgent first. */
    public enum Kind {
        /** Somebody has to do what docs/status.md says; until then nothing changes. */
        ACTION,
        /** Nobody: the agents keep trying and recover by themselves. */
        RETRYING,
        /** Nobody: it is in progress. */
        PROGRESS,
        /** Nothing is wrong. */
        FINE
    }
}
