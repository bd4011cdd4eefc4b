import { CreateTableCommand } from '@aws-sdk/client-glue';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assignmentSource, metricSource } from '../../cli/connect/statsigSources.ts';
import { readerWorkgroup } from '../../lib/access/readerStatements.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { answer, run } from '../harness/answer.ts';
import { askMetabase, syncByAthena, syncByGlue } from './metabaseSequence.ts';
import { OWOX_BUCKET, openReaders, type ReaderClients, type Readers } from './openReaders.ts';
import { OwoxStorage } from './owoxSequence.ts';
import { StatsigExperiment } from './statsigWay.ts';

const BUCKET = 'acme-finance';
const DATABASE = 'finance-data';
const alsoReads = [
  { database: 'Finance-Data', tables: ['orders', 'order_totals'], locations: [`s3://${BUCKET}/orders`] },
];

/** Every place is of the user's own choice: docs/readers.md, "Data of others" and "Places of your own". */
const chosen: Partial<ConfigInput> = {
  database: 'Sluice-Prod',
  athena: { stagingDatabase: 'Statsig-Staging' },
  readers: [
    {
      ...{ kind: 'statsig', name: 'statsig', principal: '111122223333', externalId: 'made-by-statsig' },
      ...{ workgroup: 'primary', resultLocation: 's3://sluice-experiments/statsig-results/' },
      alsoReads,
    },
    { kind: 'owox', name: 'owox', resultsBucket: OWOX_BUCKET, existingResultsBucket: true, alsoReads },
    { kind: 'metabase', name: 'metabase', alsoReads },
    { kind: 'metabase', name: 'models', as: 'role', principal: 'ecs-tasks', ownDatabase: 'models' },
  ],
};
const GRANTED = ['statsig', 'owox', 'metabase'] as const;
type Granted = (typeof GRANTED)[number];

/** How AWS's services refuse a call, and Athena a query. */
const REFUSED = /not authorized to perform: |Permission denied on S3 path: |Access ?Denied/;
const TOTALS = `SELECT "country", "total" FROM "${DATABASE}"."order_totals" ORDER BY 1`;
const ROWS = [
  ['DE', '12.5'],
  ['FR', '30.0'],
];
/** Joins Sluice's rows with rows of the other database in one statement, as a team's metric source does. */
const joined = (sql: string) =>
  sql.replace('{statsig_start_date} AND {statsig_end_date}', "DATE '2026-11-18' AND DATE '2026-11-20'");

let readers: Readers;
const clients = new Map<Granted | 'models', ReaderClients>();
beforeAll(async () => {
  readers = await openReaders(chosen);
  await addFinance(await readers.clientsOf('root'));
  for (const reader of [...GRANTED, 'models'] as const) clients.set(reader, await readers.clientsOf(reader));
}, 120_000);
afterAll(() => readers.close());

const clientsOf = (reader: Granted | 'models'): ReaderClients => {
  const found = clients.get(reader);
  if (found === undefined) throw new Error(reader);
  return found;
};

/** Fields of a reader's form, as in `sluice connect`. */
const formOf = (name: string) => {
  const reader = readers.config.readers.find((one) => one.name === name);
  if (reader === undefined) throw new Error(name);
  const { workgroup, resultsFolder } = readerWorkgroup(readers.config.athena, reader);
  return { workgroup, stagingDirectory: `s3://${readers.config.bucket}/${resultsFolder}` };
};

/** A statement as the product of a reader sends it: OWOX in a folder of its bucket, Metabase and Statsig as their forms say. */
async function ask(reader: Granted, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const { athena } = clientsOf(reader);
  if (reader === 'owox') {
    const storage = new OwoxStorage(clientsOf('owox'), OWOX_BUCKET);
    await storage.dryRun(sql);
    return (await storage.report(sql)).batches.flat();
  }
  const form = formOf(reader);
  if (reader === 'metabase') return (await askMetabase(athena, form, { sql })).rows;
  const { workgroup: WorkGroup, stagingDirectory: OutputLocation } = form;
  return (await answer(athena, { QueryString: sql, WorkGroup, ResultConfiguration: { OutputLocation } }))
    .rows;
}

const refusalOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'allowed',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe.each(GRANTED)('%s, with alsoReads', (reader) => {
  it('reads the other database through a view, and joins it with ours', async () => {
    expect(await ask(reader, TOTALS)).toEqual(ROWS);
    const rows = await ask(
      reader,
      `SELECT o."country", count(DISTINCT e."user_id") AS buyers FROM "${DATABASE}"."orders" AS o
       JOIN "sluice-prod"."product_events" AS e ON e."user_id" = o."user_id" GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([['FR', '1']]);
  });

  it.each([
    ['rows of a table that is not named', () => ask(reader, `SELECT * FROM "${DATABASE}"."payroll"`)],
    [
      'a file beside the locations',
      () => clientsOf(reader).s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'payroll/a.parquet' })),
    ],
    ['a list of the bucket', () => clientsOf(reader).s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))],
    [
      'a file that it would write',
      () => clientsOf(reader).s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'orders/x', Body: 'x' })),
    ],
    [
      'a table that it would make',
      () =>
        clientsOf(reader).glue.send(
          new CreateTableCommand({ DatabaseName: DATABASE, TableInput: { Name: 'mine' } }),
        ),
    ],
  ])('is refused %s', async (_, attempt) => {
    expect(await refusalOf(attempt())).toMatch(REFUSED);
  });
});

describe('what each product sends besides', () => {
  it('Metabase finds the tables of the other database in its sync', async () => {
    for (const sync of [syncByAthena, syncByGlue]) {
      const found = await sync(clientsOf('metabase'));
      expect(found.filter(({ schema }) => schema === DATABASE).map(({ name }) => name)).toEqual([
        'order_totals',
        'orders',
        'payroll',
      ]);
    }
  });

  it('OWOX reads columns, and when the tables were last changed', async () => {
    const storage = new OwoxStorage(clientsOf('owox'), OWOX_BUCKET);
    await storage.checkAccess();
    const fields = await storage.schema(`${DATABASE}.orders`);
    expect(fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'user_id varchar',
      'country varchar',
      'amount double',
      'ds date',
    ]);
    const sources = await storage.sources(`SELECT * FROM "${DATABASE}"."order_totals"`);
    expect([...sources.keys()]).toEqual([`${DATABASE}.orders`]);
  });

  it('Statsig loads its sources, and runs an experiment in a staging database with a hyphen', async () => {
    for (const { sql } of [assignmentSource(readers.config), metricSource(readers.config)])
      expect((await ask('statsig', joined(sql))).length).toBeGreaterThan(0);
    const { workgroup, stagingDirectory } = formOf('statsig');
    expect([workgroup, stagingDirectory]).toEqual(['primary', 's3://sluice-experiments/statsig-results/']);
    const experiment = new StatsigExperiment(clientsOf('statsig'), readers.config, {
      ...{ workgroup, id: 'checkout_button' },
      outputLocation: stagingDirectory,
    });
    await experiment.prepare();
    await experiment.load('2026-11-18');
    expect(await experiment.results()).toEqual([
      ['control', '1', '19.5'],
      ['treatment', '1', null],
    ]);
    await experiment.cleanUp();
  });
});

describe('a reader without alsoReads', () => {
  it('reads nothing of the other database', async () => {
    const { athena, s3 } = clientsOf('models');
    expect(await refusalOf(askMetabase(athena, formOf('models'), { sql: TOTALS }))).toMatch(REFUSED);
    const get = s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'orders/a.parquet' }));
    expect(await refusalOf(get)).toMatch(REFUSED);
  });
});

/** A second database and bucket, which a team of the account has. */
async function addFinance({ athena, glue, s3 }: ReaderClients): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const root = (QueryString: string) =>
    run(athena, {
      QueryString,
      WorkGroup: 'primary',
      ResultConfiguration: { OutputLocation: `s3://${OWOX_BUCKET}/setup/` },
    });
  await root(`CREATE SCHEMA IF NOT EXISTS \`${DATABASE}\``);
  const unload = (folder: string, rows: string) =>
    root(
      `UNLOAD (SELECT * FROM (VALUES ${rows}) AS t (user_id, country, amount)) TO 's3://${BUCKET}/${folder}/' WITH (format = 'PARQUET')`,
    );
  await unload('orders/2026-11-18', "('u1', 'FR', 30e0), ('elsewhere', 'DE', 12.5e0)");
  await unload('payroll/2026-11-18', "('u1', 'FR', 5e3)");
  for (const Name of ['orders', 'payroll'])
    await glue.send(
      new CreateTableCommand({
        DatabaseName: DATABASE,
        TableInput: {
          ...{ Name, TableType: 'EXTERNAL_TABLE', PartitionKeys: [{ Name: 'ds', Type: 'date' }] },
          StorageDescriptor: {
            Columns: [
              { Name: 'user_id', Type: 'string' },
              { Name: 'country', Type: 'string' },
              { Name: 'amount', Type: 'double' },
            ],
            Location: `s3://${BUCKET}/${Name}/`,
            InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
            OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
            SerdeInfo: {
              SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
            },
          },
        },
      }),
    );
  for (const table of ['orders', 'payroll'])
    await root(`ALTER TABLE \`${DATABASE}\`.\`${table}\` ADD PARTITION (ds = '2026-11-18')
      LOCATION 's3://${BUCKET}/${table}/2026-11-18/'`);
  await root(
    `CREATE OR REPLACE VIEW "${DATABASE}"."order_totals" AS SELECT "country", sum("amount") AS "total" FROM "${DATABASE}"."orders" GROUP BY 1`,
  );
}
