package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.TcpSockets;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** docs/protocol.md, "TCP keep-alive": on every socket, with the first probe after 15 s. */
@EnabledOnOs(OS.LINUX)
class TcpKeepAliveIT extends AgentSpec {

    @Test
    void theControlConnectionAndADataConnectionAreKeptAlive() throws Exception {
        Connection control = connected();
        control.connReady(newPath());
        Connection data = server.data();

        assertKept(control.socket().getPort(), server.address().getPort());
        assertKept(data.socket().getPort(), server.address().getPort());
    }

    @Test
    void theConnectionToWolfIsKeptAlive() throws Exception {
        try (var wolf = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0))) {
            var accepted = new CompletableFuture<SocketChannel>();
            Thread.ofVirtual().start(() -> {
                try {
                    wolf.accept().close(); // the agent's first look at Wolf
                    accepted.complete(wolf.accept());
                } catch (IOException e) {
                    accepted.completeExceptionally(e);
                }
            });
            int port = wolf.socket().getLocalPort();
            start("-local", "127.0.0.1:" + port);
            accepted().connReady(newPath());

            try (SocketChannel stream = accepted.get(20, TimeUnit.SECONDS)) {
                assertKept(((InetSocketAddress) stream.getRemoteAddress()).getPort(), port);
            }
        }
    }

    private static void assertKept(int local, int remote) throws Exception {
        assertThat(TcpSockets.hasKeepAlive(local, remote, 15))
                .as("the agent's socket at port " + local)
                .isTrue();
    }
}
