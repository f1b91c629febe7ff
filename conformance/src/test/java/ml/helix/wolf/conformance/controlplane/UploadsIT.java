package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;

/** Contract, section 4: chunked request bodies, which the control plane buffers until it knows their length. */
class UploadsIT extends ControlPlaneSpec {

    @Test
    void anUnfinishedBodyForAnUnknownIdIsRefusedAtOnce() throws Exception {
        start();
        Socket caller = upload("wolf-nobody");
        caller.getOutputStream().write(chunk(100_000));
        assertThat(statusLine(caller)).startsWith("HTTP/1.1 503");
    }

    @Test
    void bufferedBodiesAreBoundedForTheWholeProcess() throws Exception {
        start();
        Connection control = connect(ID);
        byte[] most = chunk(8 * 1024 * 1024 - 1);
        long fits = Runtime.getRuntime().maxMemory() / 4 / (8 * 1024 * 1024);
        List<Socket> callers = new ArrayList<>();
        for (int i = 0; i <= fits; i++) {
            Socket caller = upload(ID);
            pickUp(awaitConnReady(control));
            Thread.ofVirtual().start(() -> send(caller, most));
            callers.add(caller);
        }
        awaitRefusal(callers);
        for (Socket caller : callers) {
            caller.close();
        }
        assertServes(control, ID);
    }

    /** Waits for the first response to any of them; the others are still waiting for the rest of their bodies. */
    private static void awaitRefusal(List<Socket> callers) throws IOException {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            for (Socket caller : callers) {
                if (caller.getInputStream().available() > 0) {
                    assertThat(statusLine(caller)).startsWith("HTTP/1.1 503");
                    return;
                }
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("all bodies are buffered, none was refused");
    }

    private Socket upload(String id) throws IOException {
        Socket caller = connectCaller();
        caller.getOutputStream()
                .write(("POST /api/v1/wolf-instances/" + id + "/proxy/x HTTP/1.1\r\nHost: localhost\r\nX-Admin-Token: "
                                + ADMIN_TOKEN + "\r\nTransfer-Encoding: chunked\r\n\r\n")
                        .getBytes(US_ASCII));
        return caller;
    }

    private static void send(Socket caller, byte[] bytes) {
        try {
            caller.getOutputStream().write(bytes);
        } catch (IOException e) {
            // refused before the end of the body
        }
    }

    private static byte[] chunk(int length) {
        byte[] size = (Integer.toHexString(length) + "\r\n").getBytes(US_ASCII);
        byte[] chunk = new byte[size.length + length];
        System.arraycopy(size, 0, chunk, 0, size.length);
        return chunk;
    }
}
