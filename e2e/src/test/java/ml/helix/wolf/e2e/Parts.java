package ml.helix.wolf.e2e;

/** Manifests of what plays a part beside the project's own programs, all from the one image {@code wolf-e2e}. */
final class Parts {
    /** The image's name with the tag of this build. */
    static final String IMAGE = "wolf-e2e:" + System.getProperty("e2e.tag");

    /** Where the Wolfs of {@link #wolfOnEveryNode} listen, on the node's own address. */
    static final int NODE_PORT = 18080;

    /** The folder, on a node, of the socket of {@link #wolfAtSocket}. */
    static final String SOCKET_FOLDER = "/var/run/wolf-e2e";

    private Parts() {}

    /**
     * A Wolf beside the agent in its pod, as {@code wolf.container}; its pod is ready once it answers, so that a request
     * can't come before it.
     */
    static String sidecarWolf() {
        return "{image: \"%s\", readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}}".formatted(IMAGE);
    }

    /** A Wolf on each node's network, at the node's IP. */
    static String wolfOnEveryNode() {
        return """
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: wolf, namespace: %s}
                spec:
                  selector: {matchLabels: {wolf: node}}
                  template:
                    metadata: {labels: {wolf: node}}
                    spec:
                      hostNetwork: true
                      terminationGracePeriodSeconds: 0
                      containers:
                      - name: wolf
                        image: %s
                        env:
                        - {name: HOST_IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
                        - {name: LISTEN, value: "$(HOST_IP):%d"}
                        readinessProbe: {tcpSocket: {port: %3$d}, periodSeconds: 1}
                """.formatted(Stage.NAMESPACE, IMAGE, NODE_PORT);
    }

    /** A Wolf that root runs on this node, reached by a UNIX socket of this mode in {@link #SOCKET_FOLDER}. */
    static String wolfAtSocket(String node, String mode) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: wolf-at-socket, namespace: %s, labels: {wolf: socket}}
                spec:
                  nodeName: %s
                  terminationGracePeriodSeconds: 0
                  securityContext: {runAsUser: 0, runAsGroup: 0}
                  containers:
                  - name: wolf
                    image: %s
                    env:
                    - {name: WOLF_SOCKET_PATH, value: %s/wolf.sock}
                    - {name: SOCKET_MODE, value: "%s"}
                    - {name: READY_PORT, value: "8099"}
                    readinessProbe: {tcpSocket: {port: 8099}, periodSeconds: 1}
                    volumeMounts:
                    - {name: socket, mountPath: %4$s}
                  volumes:
                  - name: socket
                    hostPath: {path: %4$s, type: DirectoryOrCreate}
                """.formatted(Stage.NAMESPACE, node, IMAGE, SOCKET_FOLDER, mode);
    }

    /** Removes {@link #SOCKET_FOLDER} from this node, and is done. */
    static String sweep(String node) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: sweep, namespace: %s}
                spec:
                  nodeName: %s
                  restartPolicy: Never
                  securityContext: {runAsUser: 0, runAsGroup: 0}
                  containers:
                  - name: sweep
                    image: %s
                    env:
                    - {name: E2E_PART, value: sweep}
                    - {name: FOLDER, value: /on-node%s}
                    volumeMounts:
                    - {name: run, mountPath: /on-node/var/run}
                  volumes:
                  - name: run
                    hostPath: {path: /var/run, type: Directory}
                """.formatted(Stage.NAMESPACE, node, IMAGE, SOCKET_FOLDER);
    }

    /** The Service of {@link #tlsFront}, first, so that its certificate can be for its address. */
    static String tlsService() {
        return """
                apiVersion: v1
                kind: Service
                metadata: {name: tls-front, namespace: %s}
                spec:
                  selector: {part: tls-front}
                  ports: [{port: 8443}]
                """.formatted(Stage.NAMESPACE);
    }

    /** TLS in front of a plain server; its keys are the Secret {@code tls-front}. */
    static String tlsFront(String target) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: tls-front, namespace: %s, labels: {part: tls-front}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: front
                    image: %s
                    env:
                    - {name: E2E_PART, value: tls-front}
                    - {name: LISTEN, value: "0.0.0.0:8443"}
                    - {name: KEY_STORE, value: /keys/front.p12}
                    - {name: TARGET, value: "%s"}
                    readinessProbe: {tcpSocket: {port: 8443}, periodSeconds: 1}
                    volumeMounts:
                    - {name: keys, mountPath: /keys}
                  volumes:
                  - name: keys
                    secret: {secretName: tls-front}
                """.formatted(Stage.NAMESPACE, IMAGE, target);
    }
}
