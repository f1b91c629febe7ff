package ml.helix.wolf.agent.allow;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a {@link RequestCheck} let pass of some bytes.
 *
 * @param bytes a char is a byte
 * @param refused why not, empty if nothing was refused
 */
record Passed(String bytes, String refused) {

    /** @param piece how many bytes arrive at a time */
    static Passed of(AllowList rules, byte[] sent, int piece) {
        var check = new RequestCheck(rules);
        var passed = new ByteArrayOutputStream();
        byte[] few = new byte[5];
        try {
            for (int from = 0; from < sent.length; from += piece) {
                byte[] part = Arrays.copyOfRange(sent, from, Math.min(from + piece, sent.length));
                int count = check.add(part, 0, part.length);
                for (int taken = check.take(few, 0, few.length); taken > 0; taken = check.take(few, 0, few.length)) {
                    passed.write(few, 0, taken);
                }
                passed.write(part, 0, count);
            }
        } catch (NotAllowedException e) {
            return new Passed(passed.toString(StandardCharsets.ISO_8859_1), e.why());
        }
        return new Passed(passed.toString(StandardCharsets.ISO_8859_1), "");
    }
}
