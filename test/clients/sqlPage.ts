import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../lib/schema/config.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { metabaseQueries, metabaseSync } from './metabaseStatements.ts';
import { owoxQueries } from './owoxStatements.ts';
import { statsigQueries } from './statsigStatements.ts';
import type { Tried } from './Tried.ts';

const HEAD = `# Statements tried by client

Which statements of which client the local Athena answers as Athena does: \`npm test\` sends each through \`@aws-sdk/client-athena\`, signed as the deployed reader, and compares types and rows with what was worked out by hand from Trino's documentation; nothing was compared with AWS itself. It writes this page, too (\`SLUICE_WRITE_DOCS=1 npm test -- test/clients/docs\`). The sequences around them follow the clients' sources, which each file of \`test/clients/\` names.

What every reader called is then held against its policies of the packaged template, Glue, S3 and KMS that Athena uses on its behalf included: all of it is allowed, and without any one statement of a policy some of it is not.

Column names stand here without their tables.
`;

const OWOX_STEPS = `
| step | calls | results in |
|---|---|---|
| access check | \`SELECT 1\` | \`athena-check-access/\` |
| dry run | \`EXPLAIN <data mart>\`; a column that is not there comes back as \`COLUMN_NOT_FOUND\` with line and column | \`athena-dry-run/\` |
| last change of the sources | \`EXPLAIN (TYPE IO, FORMAT JSON) <data mart>\` (refused here by name), GetTableMetadata | \`athena-data-last-updated/\` |
| schema | \`SELECT * … LIMIT 0\`, types from one row of GetQueryResults; comments from \`information_schema.columns\` | \`athena-schema-fetch/\` |
| report | any of the statements below, with execution parameters; pages of up to 1,000 rows | \`owox-data-marts/\` |
| view | \`CREATE OR REPLACE VIEW "owox"."…" AS …\`, in its own database | \`owox-data-marts/ddl/\` |
| clean-up | ListObjectsV2 and DeleteObjects of the step's folder | |
`;

const LIMITS = `
## Otherwise than Athena

| client | what | here |
|---|---|---|
| OWOX | when a source was last updated: \`EXPLAIN (TYPE IO, FORMAT JSON) …\` | refused by name; its document gives it no \`athena:GetTableMetadata\` for it either |
| Statsig | Iceberg tables in the staging database | refused by name; the calls of S3 and Glue that they take are proved to be allowed |
| all | times of another zone (\`AT TIME ZONE\`) | \`timestamp\` of that zone's clock, without its name behind it |
| awswrangler | results of SHOW | it reads none, on AWS neither: \`GetQueryResults\` does |
| PyAthena | \`ArrowCursor\` | goes to AWS's S3 whatever endpoint is set up: give \`pyarrow.fs.S3FileSystem\` an \`endpoint_override\` |
`;

/** docs/sql.md, in whole. */
export function sqlPage(config: Config): string {
  return [
    HEAD,
    '## Metabase',
    '',
    "The driver lists schemas, tables and columns by Athena's API (`ListDatabases`, `ListTableMetadata`, `GetTableMetadata`) or Glue's, a foreign database among them; `DESCRIBE` where a table's columns come back empty; results by `GetQueryResults` or from S3.",
    '',
    table([...metabaseSync, ...metabaseQueries]),
    '',
    '## OWOX Data Marts',
    OWOX_STEPS,
    table(owoxQueries),
    '',
    '## Statsig',
    '',
    'The sources that `sluice connect statsig` prints, their date macros filled in.',
    '',
    table(statsigQueries(config)),
    '',
    '## awswrangler and PyAthena',
    '',
    `\`npm run test:clients\` runs ${pins()}, where Python and pip are; \`.ci/run\` does it, too. Both find the local cloud by \`AWS_ENDPOINT_URL\`.`,
    '',
    '| client | tried |',
    '|---|---|',
    ...(['awswrangler', 'pyathena'] as const).map((client) => `| ${client} | ${checks(client).join(', ')} |`),
    LIMITS,
  ].join('\n');
}

function table(tried: readonly Tried[]): string {
  const rows = tried.map(({ about, sql, differs }) => {
    const note = differs === undefined ? '' : `<br>${differs.replaceAll('|', '\\|')}`;
    return `| ${about}${note} | \`${short(sql)}\` |`;
  });
  return ['| what | statement |', '|---|---|', ...rows].join('\n');
}

/** A statement in one line that a table takes. */
function short(sql: string): string {
  return sql
    .replaceAll(/"sluice"\."\w+"\.(?=")/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('`', "'")
    .replaceAll('|', '\\|');
}

function read(name: string): string {
  return readFileSync(join(repositoryRoot, 'test', 'clients', name), 'utf8');
}

/** What is installed, with its version. */
function pins(): string {
  const wanted = /^(awswrangler|PyAthena)==(.*)$/gm;
  return [...read('requirements.txt').matchAll(wanted)]
    .map(([, name, version]) => `${name} ${version}`)
    .join(' and ');
}

/** The checks of clients.py. */
function checks(client: string): readonly string[] {
  const found = read('clients.py').matchAll(new RegExp(`^def ${client}_(\\w+)\\(`, 'gm'));
  return [...found].map(([, name = '']) => name.replaceAll('_', ' '));
}
