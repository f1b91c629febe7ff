package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEParameterSpec;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/** A private key that only this process knows, for TLS. */
public final class KeyInMemory {
    private static final char[] NO_PASSWORD = new char[0];

    private KeyInMemory() {}

    /**
     * Offers the key with its certificates.
     *
     * <p>The JDK takes a key only from a key store, and its key store encrypts each key with a password, which it hashes 10,000
     * times: most of a second at the start of a process. The store never leaves the memory and has no password, so it is hashed
     * once.
     *
     * @param chain the key's own certificate first
     * @throws GeneralSecurityException if the key and its certificate don't belong to each other
     */
    public static KeyManager[] managers(PrivateKey key, Certificate... chain) throws GeneralSecurityException {
        var once = new PBEParameterSpec(new byte[20], 1, new IvParameterSpec(new byte[16]));
        var protection = new KeyStore.PasswordProtection(NO_PASSWORD, "PBEWithHmacSHA256AndAES_256", once);
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            store.setEntry("key", new KeyStore.PrivateKeyEntry(key, chain), protection);
            var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, NO_PASSWORD);
            return factory.getKeyManagers();
        } catch (IOException | IllegalArgumentException e) {
            throw new GeneralSecurityException(e.getMessage(), e);
        }
    }
}
