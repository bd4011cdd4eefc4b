import { fileURLToPath } from 'node:url';
import { AthenaClient } from '@aws-sdk/client-athena';
import { GetTableVersionsCommand, GlueClient } from '@aws-sdk/client-glue';
import { run } from '../../../../../test/harness/answer.ts';
import { DbtProject, type Expected, type Tell } from '../../../../../test/harness/DbtProject.ts';
import { preparePython } from '../../../../../test/harness/python.ts';
import { MovableClock, startTestAws, temporaryDirectory } from '../../../src/testing/index.ts';

const BUCKET = 'shop-lake';
const RESULTS = `s3://${BUCKET}/dbt/`;
const DATABASE = 'shop';
const SCHEMA = 'dbt_models';
/** By the cloud's clock: snapshots are of now. */
const NOW = Date.UTC(2026, 10, 20, 12);

const template = {
  Resources: {
    Lake: { Type: 'AWS::S3::Bucket', Properties: { BucketName: BUCKET } },
    Database: {
      Type: 'AWS::Glue::Database',
      Properties: { CatalogId: { Ref: 'AWS::AccountId' }, DatabaseInput: { Name: DATABASE } },
    },
  },
};

/** The tables that the project reads, with three purchases of 64.75 in all; u4 was in two groups. */
const TABLES: readonly string[] = [
  `CREATE EXTERNAL TABLE product_events (event_id string, event_name string, value_number double, user_id string, \`timestamp\` timestamp)
   PARTITIONED BY (ds date) STORED AS PARQUET LOCATION 's3://${BUCKET}/events/'`,
  `INSERT INTO product_events VALUES
   ('e1', 'page_view', NULL, 'u1', TIMESTAMP '2026-11-18 09:05:00', DATE '2026-11-18'),
   ('e2', 'purchase', 19.5, 'u1', TIMESTAMP '2026-11-18 09:10:00', DATE '2026-11-18'),
   ('e3', 'page_view', NULL, 'u3', TIMESTAMP '2026-11-19 10:20:00', DATE '2026-11-19'),
   ('e4', 'purchase', 40.0, 'u2', TIMESTAMP '2026-11-19 22:00:00', DATE '2026-11-19'),
   ('e5', 'purchase', 5.25, 'u3', TIMESTAMP '2026-11-20 07:00:00', DATE '2026-11-20'),
   ('e6', 'add_to_cart', NULL, 'u4', TIMESTAMP '2026-11-20 11:05:00', DATE '2026-11-20')`,
  `CREATE EXTERNAL TABLE experiment_exposures (user_id string, experiment_id string, group_id string, \`timestamp\` timestamp)
   STORED AS PARQUET LOCATION 's3://${BUCKET}/exposures/'`,
  `INSERT INTO experiment_exposures VALUES
   ('u1', 'checkout_button', 'control', TIMESTAMP '2026-11-18 09:00:00'),
   ('u2', 'checkout_button', 'treatment', TIMESTAMP '2026-11-18 21:30:00'),
   ('u3', 'checkout_button', 'treatment', TIMESTAMP '2026-11-19 10:15:30.250'),
   ('u4', 'checkout_button', 'control', TIMESTAMP '2026-11-20 08:00:00'),
   ('u4', 'checkout_button', 'treatment', TIMESTAMP '2026-11-20 11:00:00')`,
  `CREATE VIEW first_exposures AS SELECT experiment_id, 'user_id' AS unit_type, user_id AS unit_id,
   min_by(group_id, "timestamp") AS group_id, min("timestamp") AS ts, count(DISTINCT group_id) AS groups_seen
   FROM experiment_exposures GROUP BY experiment_id, user_id`,
];

/** Days and time that the second build sees: the rest of the seed. */
const LATER = { until: '2026-11-20', seen_until: '2026-11-20 12:00:00' };

const GROUPS: Expected = {
  what: 'the table has what units bought after their first exposure',
  sql: 'SELECT group_id, purchases, total FROM purchases_by_group ORDER BY 1',
  rows: [
    ['control', '1', '19.5'],
    ['treatment', '2', '45.25'],
  ],
};
const NAMED: Expected = {
  what: 'a table of Iceberg has what the seed says of groups',
  sql: 'SELECT group_id, group_name, share, since, made_at, total FROM named_purchases ORDER BY 1',
  rows: [
    ['control', 'Control', '0.5', '2026-11-01', '2026-11-01 10:00:00.000000', '19.5'],
    ['treatment', 'Treatment', '0.5', '2026-11-02', '2026-11-02 11:30:00.000000', '45.25'],
  ],
};
const SEEDS: readonly Expected[] = [
  {
    what: 'the seed that was uploaded has its types',
    sql: 'SELECT group_id, is_control, note, typeof(share), typeof(since), typeof(made_at) FROM group_names ORDER BY 1',
    rows: [
      ['control', 'true', 'as it was, "old"', 'double', 'date', 'timestamp(3)'],
      ['treatment', 'false', null, 'double', 'date', 'timestamp(3)'],
    ],
  },
  {
    what: 'the seed that was inserted has its rows',
    sql: 'SELECT sku, price FROM prices ORDER BY 1',
    rows: [
      ['hat-7', '19.5'],
      ['shoe-12', '40.0'],
    ],
  },
];
const FIRST: readonly Expected[] = [
  GROUPS,
  NAMED,
  ...SEEDS,
  {
    what: 'the models in Iceberg have two days',
    sql: 'SELECT user_id, first_day, last_day, events, total FROM user_totals ORDER BY 1',
    rows: [
      ['u1', '2026-11-18', '2026-11-18', '2', '19.5'],
      ['u2', '2026-11-19', '2026-11-19', '1', '40.0'],
      ['u3', '2026-11-19', '2026-11-19', '1', '0.0'],
    ],
  },
  {
    what: 'the model that deletes has who bought nothing yet',
    sql: 'SELECT user_id, events FROM open_carts ORDER BY 1',
    rows: [['u3', '1']],
  },
  { what: 'the log in Iceberg has two days', sql: 'SELECT count(*) FROM event_log', rows: [['4']] },
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
  NAMED,
  ...SEEDS,
  {
    what: 'merge adds sums to the rows that are there, and new rows',
    sql: 'SELECT user_id, first_day, last_day, events, total FROM user_totals ORDER BY 1',
    rows: [
      ['u1', '2026-11-18', '2026-11-18', '2', '19.5'],
      ['u2', '2026-11-19', '2026-11-19', '1', '40.0'],
      ['u3', '2026-11-19', '2026-11-20', '2', '5.25'],
      ['u4', '2026-11-20', '2026-11-20', '1', '0.0'],
    ],
  },
  {
    what: 'merge deletes who has bought since, and inserts who has not',
    sql: 'SELECT user_id, events FROM open_carts ORDER BY 1',
    rows: [['u4', '1']],
  },
  {
    what: 'append adds the new events in Iceberg, by day and bucket',
    sql: 'SELECT (SELECT count(*) FROM event_log), (SELECT count(DISTINCT partition.happened_at_day) FROM "event_log$partitions")',
    rows: [['6', '3']],
  },
  {
    what: 'the snapshot in Iceberg keeps the group that a unit was in before',
    sql: "SELECT group_id, dbt_valid_to IS NULL FROM unit_groups_iceberg WHERE unit_id = 'u4' ORDER BY dbt_valid_from",
    rows: [
      ['control', 'false'],
      ['treatment', 'true'],
    ],
  },
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

const DESCRIBED: readonly string[] = [
  'daily_events 4',
  'event_log 4',
  'first_groups 3',
  'group_names 7',
  'named_purchases 6',
  'open_carts 3',
  'prices 2',
  'purchase_log 3',
  'purchases_by_group 3',
  'unit_groups 6',
  'unit_groups_iceberg 6',
  'user_totals 5',
];
/** Tables, and how many versions dbt leaves of each: it keeps one, and what it does afterwards adds some. */
const VERSIONS: readonly (readonly [string, number, number])[] = [
  ['purchases_by_group', 1, 2],
  ['user_totals', 1, 1],
  ['daily_events', 1, 1],
];

/**
 * Builds the dbt project of `project/` twice, as more of its tables is seen, and generates its documents: every model, snapshot
 * and test succeeds, and the tables have what they should.
 *
 * @param tell Receives each check and what failed; empty if nothing did.
 * @returns Why nothing was tried; undefined if it was.
 */
export async function tryDbt(tell: Tell): Promise<string | undefined> {
  const python = preparePython('packages/local-aws/test/witness/dbt', 'dbt-core and dbt-athena');
  if ('missing' in python) return python.missing;
  const directory = temporaryDirectory();
  const clock = new MovableClock();
  await clock.set(NOW);
  const cloud = await startTestAws({ stack: { template }, clock });
  const [athena, glue] = [new AthenaClient(cloud.options), new GlueClient(cloud.options)];
  try {
    for (const QueryString of TABLES)
      await run(athena, {
        QueryString,
        QueryExecutionContext: { Database: DATABASE },
        ResultConfiguration: { OutputLocation: `${RESULTS}checks/` },
      });
    const project = new DbtProject({
      project: fileURLToPath(new URL('project', import.meta.url)),
      bin: python.bin,
      edge: cloud.aws.endpoint,
      directory: directory.path,
      results: RESULTS,
      schema: SCHEMA,
      athena,
      tell,
      name: 'dbt',
    });
    await project.build('first', {}, FIRST);
    await project.build('second', LATER, SECOND);
    for (const [table, least, most] of VERSIONS) {
      const { TableVersions = [] } = await glue.send(
        new GetTableVersionsCommand({ DatabaseName: SCHEMA, TableName: table }),
      );
      const kept = TableVersions.length;
      tell(`dbt expires old versions of ${table}`, kept >= least && kept <= most ? '' : `${kept} are left`);
    }
    await project.docs(LATER, DESCRIBED, 3);
  } finally {
    athena.destroy();
    glue.destroy();
    await cloud.close();
    directory.remove();
  }
  return undefined;
}
