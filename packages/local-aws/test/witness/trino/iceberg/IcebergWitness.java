import io.trino.metadata.QualifiedObjectName;
import io.trino.plugin.hive.s3.TrinoS3AclType;
import io.trino.plugin.iceberg.IcebergConnectorFactory;
import io.trino.spi.connector.CatalogSchemaTableName;
import io.trino.spi.type.TimeZoneKey;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
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
    // Athena sends no ACL, and needs no permission for one. The connector has no setting for that.
    Field acl = TrinoS3AclType.class.getDeclaredField("cannedACL");
    acl.setAccessible(true);
    acl.set(TrinoS3AclType.PRIVATE, null);
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
              Map.entry("hive.s3.upload-acl-type", "PRIVATE"),
              Map.entry("hive.s3.aws-access-key", arguments[2]),
              Map.entry("hive.s3.aws-secret-key", arguments[3])));
      BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String statement = new String(Base64.getDecoder().decode(line), "UTF-8");
        StringBuilder answer = new StringBuilder();
        try {
          if (statement.startsWith("DROP TABLE ")) {
            dropTable(trino, statement.substring("DROP TABLE ".length()));
          } else {
            for (MaterializedRow row : trino.execute(statement).getMaterializedRows()) {
              answer.append("row");
              for (Object field : row.getFields()) {
                answer.append(' ').append(field == null ? "null" : "=" + encode(String.valueOf(field)));
              }
              answer.append('\n');
            }
          }
          answer.append("end\n");
        } catch (RuntimeException e) {
          e.printStackTrace();
          answer.append("failed ").append(encode(reasons(e))).append('\n');
        }
        answers.print(answer);
        answers.flush();
      }
    }
    System.exit(0);
  }

  /** The messages of an error and of its causes: Glue and S3 refuse calls in the last ones. */
  private static String reasons(Throwable error) {
    StringBuilder reasons = new StringBuilder();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      reasons.append(reasons.length() == 0 ? "" : ": ").append(cause.getMessage());
    }
    return reasons.toString();
  }

  /** Drops a table, `"schema".table`: the runner has no such statement, the engine's metadata has. */
  private static void dropTable(LocalQueryRunner trino, String name) {
    String[] parts = name.replace("\"", "").split("\\.");
    trino.inTransaction(
        session -> {
          trino
              .getMetadata()
              .getTableHandle(session, new QualifiedObjectName("iceberg", parts[0], parts[1]))
              .ifPresent(
                  handle ->
                      trino
                          .getMetadata()
                          .dropTable(session, handle, new CatalogSchemaTableName("iceberg", parts[0], parts[1])));
          return null;
        });
  }

  private static String encode(String text) throws Exception {
    return Base64.getEncoder().encodeToString(text.getBytes("UTF-8"));
  }
}
