import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The JDK's WebSocket client against a hub: {@code java Hello.java URL PIN}.
 *
 * <p>Trusts the one TLS key that the pin names, upgrades to {@code bowline.v1}, and prints the first
 * message, which is Hello, in hexadecimal.
 */
public final class Hello {
    private static final int PATIENCE_SECONDS = 20;

    public static void main(String[] arguments) throws Exception {
        SSLContext tls = SSLContext.getInstance("TLSv1.3");
        tls.init(null, new TrustManager[] {new OnePin(arguments[1])}, null);
        FirstMessage first = new FirstMessage();
        WebSocket socket = HttpClient.newBuilder()
                .sslContext(tls)
                .build()
                .newWebSocketBuilder()
                .subprotocols("bowline.v1")
                .buildAsync(URI.create(arguments[0]), first)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        byte[] hello = first.whole.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        System.out.println("subprotocol " + socket.getSubprotocol());
        System.out.println("hello " + HexFormat.of().formatHex(hello));
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        System.out.println("closed " + first.closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        System.exit(0);
    }

    /** Puts the first message together, and hears the hub's Close. */
    private static final class FirstMessage implements WebSocket.Listener {
        final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] part = new byte[data.remaining()];
            data.get(part);
            parts.writeBytes(part);
            if (last) {
                whole.complete(parts.toByteArray());
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            whole.completeExceptionally(error);
            closed.completeExceptionally(error);
        }
    }

    /** Takes a server whose TLS key has this pin, whatever its certificate's issuer and names. */
    private static final class OnePin extends X509ExtendedTrustManager {
        private final String pin;

        OnePin(String pin) {
            this.pin = pin;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            String served;
            try {
                byte[] key = chain[0].getPublicKey().getEncoded();
                byte[] hash = MessageDigest.getInstance("SHA-256").digest(key);
                served = "sha256/" + Base64.getEncoder().encodeToString(hash);
            } catch (NoSuchAlgorithmException error) {
                throw new CertificateException(error);
            }
            if (!served.equals(pin)) {
                throw new CertificateException("pin-mismatch: served " + served);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("this is a client");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("this is a client");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type)
                throws CertificateException {
            throw new CertificateException("this is a client");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
