package ml.helix.wolf.e2e;

/** Manifests of the stand-ins for the world around the project's programs; all use the image {@code wolf-e2e}. */
final class StandInManifests {
    /** The image with the tag of this build. */
    static final String IMAGE = "wolf-e2e:" + System.getProperty("e2e.tag");

    /** The port of the Wolfs of {@link #wolfOnEveryNode}, at the IP of the node. */
    static final int NODE_PORT = 18080;

    /** The folder on the node that holds the socket of {@link #wolfAtSocket}. */
    static final String SOCKET_FOLDER = "/var/run/wolf-e2e";

    private StandInManifests() {}

    /**
     * A Wolf beside the agent in its pod, as {@code wolf.container}. The pod is ready only when Wolf listens, so that no
     * request comes too early.
     */
    static String sidecarWolf() {
        return "{image: \"%s\", readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}}".formatted(IMAGE);
    }

    /** A Wolf on the network of each node, at the IP of the node. */
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
                """.formatted(TestCluster.NAMESPACE, IMAGE, NODE_PORT);
    }

    /** A Wolf on this node that runs as root and listens on a UNIX socket with this mode in {@link #SOCKET_FOLDER}. */
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
                """.formatted(TestCluster.NAMESPACE, node, IMAGE, SOCKET_FOLDER, mode);
    }

    /** A pod that removes {@link #SOCKET_FOLDER} from this node and ends. */
    static String removeSocketFolder(String node) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: remove-folder, namespace: %s}
                spec:
                  nodeName: %s
                  restartPolicy: Never
                  securityContext: {runAsUser: 0, runAsGroup: 0}
                  containers:
                  - name: remove-folder
                    image: %s
                    env:
                    - {name: E2E_STAND_IN, value: remove-folder}
                    - {name: FOLDER, value: /on-node%s}
                    volumeMounts:
                    - {name: run, mountPath: /on-node/var/run}
                  volumes:
                  - name: run
                    hostPath: {path: /var/run, type: Directory}
                """.formatted(TestCluster.NAMESPACE, node, IMAGE, SOCKET_FOLDER);
    }

    /** The Service of {@link #tlsProxy}. Apply it first: the proxy's certificate is for its IP. */
    static String tlsProxyService() {
        return """
                apiVersion: v1
                kind: Service
                metadata: {name: tls-proxy, namespace: %s}
                spec:
                  selector: {stand-in: tls-proxy}
                  ports: [{port: 8443}]
                """.formatted(TestCluster.NAMESPACE);
    }

    /** A TLS proxy before a server without TLS; its keys are in the Secret {@code tls-proxy}. */
    static String tlsProxy(String target) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: tls-proxy, namespace: %s, labels: {stand-in: tls-proxy}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: tls-proxy
                    image: %s
                    env:
                    - {name: E2E_STAND_IN, value: tls-proxy}
                    - {name: LISTEN, value: "0.0.0.0:8443"}
                    - {name: KEY_STORE, value: /keys/proxy.p12}
                    - {name: TARGET, value: "%s"}
                    readinessProbe: {tcpSocket: {port: 8443}, periodSeconds: 1}
                    volumeMounts:
                    - {name: keys, mountPath: /keys}
                  volumes:
                  - name: keys
                    secret: {secretName: tls-proxy}
                """.formatted(TestCluster.NAMESPACE, IMAGE, target);
    }
}
