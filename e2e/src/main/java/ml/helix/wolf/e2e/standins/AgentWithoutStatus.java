package ml.helix.wolf.e2e.standins;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** An agent that is alive and ready, and closes the connection of any other request, {@code /status} included. */
final class AgentWithoutStatus {
    private AgentWithoutStatus() {}

    static void start(InetSocketAddress address) throws IOException {
        HttpServer server = HttpServer.create(address, 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/livez", AgentWithoutStatus::ok);
        server.createContext("/readyz", AgentWithoutStatus::ok);
        server.createContext("/", HttpExchange::close);
        server.start();
    }

    private static void ok(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, -1);
        exchange.close();
    }
}
