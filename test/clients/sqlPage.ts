import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../lib/schema/config.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { asReference } from '../../scripts/docs/asReference.ts';
import { metabaseQueries, metabaseSync } from './metabaseStatements.ts';
import { owoxQueries } from './owoxStatements.ts';
import { statsigQueries } from './statsigStatements.ts';
import type { Tried } from './Tried.ts';

const HEAD = `# Statements tried by client

What each client sends, and the local Athena answers as Athena does. \`npm run test:proof\` sends every statement (\`test/clients/\` has their texts) through \`@aws-sdk/client-athena\`, signed as the deployed reader, and compares types and rows with values that were derived by hand from Trino's documentation. Nothing was compared with AWS itself. It also compares every reader's calls with its policies: without any one statement of a policy some calls are denied.
`;

const OWOX_STEPS = `
| step | calls | results in |
|---|---|---|
| access check | \`SELECT 1\` | \`athena-check-access/\` |
| dry run | \`EXPLAIN <data mart>\`; a missing column is reported as \`COLUMN_NOT_FOUND\` with line and column | \`athena-dry-run/\` |
| last change of the sources | \`EXPLAIN (TYPE IO, FORMAT JSON) <data mart>\`, which names the tables, also those below views; GetTableMetadata of each | \`athena-data-last-updated/\` |
| schema | \`SELECT * … LIMIT 0\`, types from one row of GetQueryResults; comments from \`information_schema.columns\` | \`athena-schema-fetch/\` |
| report | any of the statements below, with execution parameters; pages of up to 1,000 rows | \`owox-data-marts/\` |
| view | \`CREATE OR REPLACE VIEW "owox"."…" AS …\`, in OWOX's own database | \`owox-data-marts/ddl/\` |
| clean-up | ListObjectsV2 and DeleteObjects of the step's folder | |
`;

const LIMITS = `
## Differences from Athena

| client | what | local Athena |
|---|---|---|
| all | times of another zone (\`AT TIME ZONE\`) | \`timestamp\` in that zone's local time, without the zone's name after it |
| awswrangler | results of SHOW | awswrangler reads none, not even on AWS; \`GetQueryResults\` returns them |
| PyAthena | \`ArrowCursor\` | always uses AWS's S3, whatever endpoint is configured: pass an \`endpoint_override\` to \`pyarrow.fs.S3FileSystem\` |
`;

/** The whole of docs/reference/sql.md. */
export function sqlPage(config: Config): string {
  return asReference(
    [
      HEAD,
      '## Metabase',
      '',
      "The driver lists schemas, tables and columns by Athena's API (`ListDatabases`, `ListTableMetadata`, `GetTableMetadata`) or Glue's, including a foreign database. It sends `DESCRIBE` if a table's columns are empty, and reads results with `GetQueryResults` or from S3.",
      '',
      table([...metabaseSync, ...metabaseQueries]),
      '',
      '## OWOX Data Marts',
      OWOX_STEPS,
      table(owoxQueries),
      '',
      '## Statsig',
      '',
      'The sources that `sluice connect statsig` prints, with values for their date macros.',
      '',
      table(statsigQueries(config)),
      '',
      '## awswrangler and PyAthena',
      '',
      `\`npm run test:clients\` runs ${pins('requirements.txt')} and needs Python and pip. Both clients find the local cloud through \`AWS_ENDPOINT_URL\`.`,
      '',
      '| client | tried |',
      '|---|---|',
      ...(['awswrangler', 'pyathena'] as const).map(
        (client) => `| ${client} | ${checks(client).join(', ')} |`,
      ),
      '',
      '## dbt',
      '',
      `\`npm run test:clients\` builds the scorecard of [examples/dbt](../examples/dbt/README.md) with ${pins('../../examples/dbt/requirements.txt')}, as of two days and with other seeds, and compares every figure with one that is calculated without SQL. It has views, tables with and without high availability (\`ha\`), incremental models by \`insert_overwrite\` and \`append\`, seeds by INSERT, a snapshot, tests and documents. Iceberg, buckets (\`bucketed_by\`) and Python models are refused by name.`,
      LIMITS,
    ].join('\n'),
  );
}

/** What the statements do. */
function table(tried: readonly Tried[]): string {
  return tried
    .map(({ about, differs }) => `- ${about}${differs === undefined ? '' : `: ${differs}`}`)
    .join('\n');
}

function read(name: string): string {
  return readFileSync(join(repositoryRoot, 'test', 'clients', name), 'utf8');
}

/** Names and versions of the installed packages. */
function pins(requirements: string): string {
  const wanted = /^(awswrangler|PyAthena|dbt-athena|dbt-core)==(.*)$/gm;
  return [...read(requirements).matchAll(wanted)]
    .map(([, name, version]) => `${name} ${version}`)
    .join(' and ');
}

/** The checks of clients.py. */
function checks(client: string): readonly string[] {
  const found = read('clients.py').matchAll(new RegExp(`^def ${client}_(\\w+)\\(`, 'gm'));
  return [...found].map(([, name = '']) => name.replaceAll('_', ' '));
}
