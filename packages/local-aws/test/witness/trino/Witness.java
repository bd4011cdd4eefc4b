import io.trino.plugin.memory.MemoryConnectorFactory;
import io.trino.spi.type.TimeZoneKey;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Runs the statements of a file, one a line in base64, in Trino, and prints each answer's rows: `row` and for
 * each field ` =<base64>` or ` null`; then `end`, or `failed <base64 of why>`. Empty lines divide the file into
 * sessions, each with tables of its own, of which as many run at once as there are processors.
 */
public class Witness {
  public static void main(String[] arguments) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    List<Future<String>> sessions = new ArrayList<>();
    for (String session : Files.readString(Path.of(arguments[0])).split("\n\n")) {
      sessions.add(pool.submit(() -> answers(session.split("\n"))));
    }
    for (Future<String> session : sessions) {
      System.out.print(session.get());
    }
    System.out.flush();
    System.exit(0);
  }

  private static String answers(String[] statements) throws Exception {
    StringBuilder answers = new StringBuilder();
    try (LocalQueryRunner trino =
        LocalQueryRunner.create(
            TestingSession.testSessionBuilder()
                .setCatalog("memory")
                .setSchema("default")
                .setTimeZoneKey(TimeZoneKey.UTC_KEY)
                .build())) {
      trino.createCatalog("memory", new MemoryConnectorFactory(), Map.of());
      for (String line : statements) {
        String statement = new String(Base64.getDecoder().decode(line), "UTF-8");
        try {
          for (MaterializedRow row : trino.execute(statement).getMaterializedRows()) {
            answers.append("row");
            for (Object field : row.getFields()) {
              answers.append(' ').append(field == null ? "null" : "=" + encode(String.valueOf(field)));
            }
            answers.append('\n');
          }
          answers.append("end\n");
        } catch (RuntimeException e) {
          answers.append("failed ").append(encode(String.valueOf(e.getMessage()))).append('\n');
        }
      }
    }
    return answers.toString();
  }

  private static String encode(String text) throws Exception {
    return Base64.getEncoder().encodeToString(text.getBytes("UTF-8"));
  }
}
