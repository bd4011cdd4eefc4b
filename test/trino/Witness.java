import io.trino.plugin.memory.MemoryConnectorFactory;
import io.trino.spi.type.TimeZoneKey;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;

/**
 * Runs the statements of a file, one a line in base64, in Trino, and prints each answer's rows: `row` and for
 * each field ` =<base64>` or ` null`; then `end`, or `failed <base64 of why>`.
 */
public class Witness {
  public static void main(String[] arguments) throws Exception {
    LocalQueryRunner trino =
        LocalQueryRunner.create(
            TestingSession.testSessionBuilder()
                .setCatalog("memory")
                .setSchema("default")
                .setTimeZoneKey(TimeZoneKey.UTC_KEY)
                .build());
    trino.createCatalog("memory", new MemoryConnectorFactory(), Map.of());
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String statement = new String(Base64.getDecoder().decode(line), "UTF-8");
      try {
        for (MaterializedRow row : trino.execute(statement).getMaterializedRows()) {
          StringBuilder fields = new StringBuilder("row");
          for (Object field : row.getFields()) {
            fields.append(' ').append(field == null ? "null" : "=" + encode(String.valueOf(field)));
          }
          System.out.println(fields);
        }
        System.out.println("end");
      } catch (RuntimeException e) {
        System.out.println("failed " + encode(String.valueOf(e.getMessage())));
      }
    }
    System.exit(0);
  }

  private static String encode(String text) throws Exception {
    return Base64.getEncoder().encodeToString(text.getBytes("UTF-8"));
  }
}
