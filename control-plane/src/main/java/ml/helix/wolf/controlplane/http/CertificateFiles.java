package ml.helix.wolf.controlplane.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a listener's certificate and its key are.
 *
 * @param certificate a file in PEM: the certificate, then those between it and the CA
 * @param key a file in PEM with the private key
 */
public record CertificateFiles(Path certificate, Path key) {

    /**
     * The pair as it is now.
     *
     * @throws IOException if a file can't be read; the message begins with its name
     * @throws IllegalArgumentException if the files are no pair; the message begins with a file's name
     */
    CertificateAndKey read() throws IOException {
        String certificates = text(certificate);
        String privateKey = text(key);
        try {
            return CertificateAndKey.of(certificates, privateKey);
        } catch (CertificateAndKey.BadKeyException e) {
            throw new IllegalArgumentException(key + " " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(certificate + " " + e.getMessage(), e);
        }
    }

    /** Reads them once, to find out whether they can be used. Throws as {@link #read}, but nothing checked. */
    public void check() {
        try {
            read();
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new IOException(file + " can't be read: " + e.getClass().getSimpleName(), e);
        }
    }

    /** Differs as soon as a file was written or replaced, also by way of a link. */
    List<Stamp> stamps() throws IOException {
        return List.of(Stamp.of(certificate), Stamp.of(key));
    }

    /** @param inode null if the file system has none */
    record Stamp(FileTime modified, long size, @Nullable Object inode) {
        private static Stamp of(Path file) throws IOException {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        }
    }
}
