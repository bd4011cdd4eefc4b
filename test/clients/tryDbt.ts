import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { temporaryDirectory } from '../../packages/local-aws/test/harness/startServices.ts';
import { preparePython } from '../harness/python.ts';
import { answer } from './answer.ts';
import { OWOX_BUCKET, openReaders } from './openReaders.ts';
import { runClient } from './runClient.ts';

/** A build takes half a minute. */
const BUILD_MS = 180_000;
const RESULTS = `s3://${OWOX_BUCKET}/dbt/`;

/** What dbt writes about a run. https://docs.getdbt.com/reference/artifacts/run-results-json */
const runSchema = z.object({
  results: z
    .array(z.object({ unique_id: z.string(), status: z.string(), message: z.string().nullish() }))
    .min(1),
});
/** https://docs.getdbt.com/reference/artifacts/catalog-json */
const catalogSchema = z.object({
  nodes: z.record(z.string(), z.object({ columns: z.record(z.string(), z.unknown()) })),
  sources: z.record(z.string(), z.unknown()),
});

/** Days and time that the second build sees: the rest of the seed. */
const LATER = { until: '2026-11-20', seen_until: '2026-11-20 12:00:00' };

interface Expected {
  readonly what: string;
  readonly sql: string;
  readonly rows: readonly (readonly (string | null)[])[];
}

const GROUPS: Expected = {
  what: 'the table has what units bought after their first exposure',
  sql: 'SELECT group_id, purchases, total FROM purchases_by_group ORDER BY 1',
  rows: [
    ['control', '1', '19.5'],
    ['treatment', '2', '45.25'],
  ],
};
const FIRST: readonly Expected[] = [
  GROUPS,
  {
    what: 'the incremental models have two days',
    sql: 'SELECT (SELECT sum(events) FROM daily_events), (SELECT count(*) FROM purchase_log)',
    rows: [['4', '2']],
  },
  {
    what: 'the snapshot has a row for each unit',
    sql: 'SELECT unit_id, group_id, dbt_valid_to IS NULL FROM unit_groups ORDER BY 1',
    rows: [
      ['u1', 'control', 'true'],
      ['u2', 'treatment', 'true'],
      ['u3', 'treatment', 'true'],
      ['u4', 'control', 'true'],
    ],
  },
];
const SECOND: readonly Expected[] = [
  GROUPS,
  {
    what: 'insert_overwrite replaces the partition of the last day, and adds one',
    sql: 'SELECT ds, sum(events) FROM daily_events GROUP BY ds ORDER BY ds',
    rows: [
      ['2026-11-18', '2'],
      ['2026-11-19', '2'],
      ['2026-11-20', '2'],
    ],
  },
  {
    what: 'append adds the new purchase',
    sql: 'SELECT user_id, value_number FROM purchase_log ORDER BY bought_at',
    rows: [
      ['u1', '19.5'],
      ['u2', '40.0'],
      ['u3', '5.25'],
    ],
  },
  {
    what: 'the snapshot keeps the group that a unit was in before',
    sql: "SELECT group_id, dbt_valid_to IS NULL FROM unit_groups WHERE unit_id = 'u4' ORDER BY dbt_valid_from",
    rows: [
      ['control', 'false'],
      ['treatment', 'true'],
    ],
  },
];

/**
 * Builds the dbt project of `dbt/` twice over the seed of seed.ts, as more of it is seen, and generates its documents:
 * every model, snapshot and test succeeds, and the tables have what they should.
 *
 * @param tell Receives each check and what failed; empty if nothing did.
 * @returns Why nothing was tried; undefined if it was.
 */
export async function tryDbt(tell: (what: string, failure: string) => void): Promise<string | undefined> {
  const python = preparePython('test/clients/dbt', 'dbt-core and dbt-athena');
  if ('missing' in python) return python.missing;
  const directory = temporaryDirectory();
  const readers = await openReaders();
  try {
    const { athena } = await readers.clientsOf('root');
    const target = join(directory.path, 'target');
    const dbt = (command: readonly string[], vars: object) => {
      const project = join(repositoryRoot, 'test', 'clients', 'dbt');
      const args = ['--project-dir', project, '--profiles-dir', project, '--vars', JSON.stringify(vars)];
      return runClient(join(python.bin, 'dbt'), [...command, ...args], {
        edge: readers.edge,
        results: RESULTS,
        timeoutMs: BUILD_MS,
        more: {
          DBT_TARGET_PATH: target,
          DBT_LOG_PATH: directory.path,
          DBT_USE_COLORS: 'false',
          DBT_VERSION_CHECK: 'false',
          DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
        },
      });
    };
    const build = async (round: string, vars: object, expected: readonly Expected[]) => {
      const told = join(target, 'run_results.json');
      rmSync(told, { force: true });
      const { status, stdout, stderr } = await dbt(['build'], vars);
      const run = artifact(told, runSchema);
      if (run === undefined) return tell(`dbt ${round} comes to its end`, `${status}: ${stdout}${stderr}`);
      for (const { unique_id, status: ended, message } of run.results)
        tell(`dbt ${round} ${unique_id}`, /^(?:success|pass)$/.test(ended) ? '' : `${ended}: ${message}`);
      for (const { what, sql, rows } of expected) {
        const found = await answer(athena, {
          QueryString: sql,
          QueryExecutionContext: { Database: 'dbt_views' },
          ResultConfiguration: { OutputLocation: `${RESULTS}checks/` },
        }).then(
          (one) => one.rows,
          (error: unknown) => String(error),
        );
        tell(`dbt ${round} ${what}`, isDeepStrictEqual(found, rows) ? '' : JSON.stringify(found));
      }
    };
    await build('first', {}, FIRST);
    await build('second', LATER, SECOND);
    const { stdout, stderr } = await dbt(['docs', 'generate'], LATER);
    const catalog = artifact(join(target, 'catalog.json'), catalogSchema);
    const told = Object.entries(catalog?.nodes ?? {}).map(
      ([name, { columns }]) => `${name.split('.').at(-1)} ${Object.keys(columns).length}`,
    );
    const described = ['daily_events 4', 'first_groups 3', 'purchase_log 3', 'purchases_by_group 3'];
    const isWhole = [...described, 'unit_groups 6'].every((one) => told.includes(one));
    tell('dbt docs describe every model', isWhole ? '' : `${told.join(', ')}\n${stdout}${stderr}`);
    tell(
      'dbt docs describe the views',
      Object.keys(catalog?.sources ?? {}).length === 3 ? '' : Object.keys(catalog?.sources ?? {}).join(', '),
    );
  } finally {
    await readers.close();
    directory.remove();
  }
  return undefined;
}

/** A file that dbt has written; undefined when it has not, or wrote something else. */
function artifact<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
