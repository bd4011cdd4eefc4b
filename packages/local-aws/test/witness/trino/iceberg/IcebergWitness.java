import io.trino.plugin.iceberg.IcebergConnectorFactory;
import io.trino.spi.type.TimeZoneKey;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.Base64;
import java.util.Map;

/**
 * Runs statements, one a line in base64, in Trino with the Iceberg connector on a Glue catalog, and prints each answer's rows
 * as Witness.java does. Arguments: the endpoint of Glue and S3, the region, the access key and its secret.
 */
public class IcebergWitness {
  public static void main(String[] arguments) throws Exception {
    PrintStream answers = System.out;
    // Output of libraries is not an answer.
    System.setOut(System.err);
    try (LocalQueryRunner trino =
        LocalQueryRunner.create(
            TestingSession.testSessionBuilder()
                .setCatalog("iceberg")
                .setSchema("db")
                .setTimeZoneKey(TimeZoneKey.UTC_KEY)
                .build())) {
      trino.createCatalog(
          "iceberg",
          new IcebergConnectorFactory(),
          Map.ofEntries(
              Map.entry("iceberg.catalog.type", "glue"),
              Map.entry("hive.metastore.glue.endpoint-url", arguments[0]),
              Map.entry("hive.metastore.glue.region", arguments[1]),
              Map.entry("hive.metastore.glue.aws-access-key", arguments[2]),
              Map.entry("hive.metastore.glue.aws-secret-key", arguments[3]),
              Map.entry("hive.s3.endpoint", arguments[0]),
              Map.entry("hive.s3.path-style-access", "true"),
              Map.entry("hive.s3.ssl.enabled", "false"),
              // A bucket without ACLs takes no other.
              Map.entry("hive.s3.upload-acl-type", "BUCKET_OWNER_FULL_CONTROL"),
              Map.entry("hive.s3.aws-access-key", arguments[2]),
              Map.entry("hive.s3.aws-secret-key", arguments[3])));
      BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String statement = new String(Base64.getDecoder().decode(line), "UTF-8");
        StringBuilder answer = new StringBuilder();
        try {
          for (MaterializedRow row : trino.execute(statement).getMaterializedRows()) {
            answer.append("row");
            for (Object field : row.getFields()) {
              answer.append(' ').append(field == null ? "null" : "=" + encode(String.valueOf(field)));
            }
            answer.append('\n');
          }
          answer.append("end\n");
        } catch (RuntimeException e) {
          e.printStackTrace();
          answer.append("failed ").append(encode(String.valueOf(e.getMessage()))).append('\n');
        }
        answers.print(answer);
        answers.flush();
      }
    }
    System.exit(0);
  }

  private static String encode(String text) throws Exception {
    return Base64.getEncoder().encodeToString(text.getBytes("UTF-8"));
  }
}
