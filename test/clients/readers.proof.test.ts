import { GetBucketLifecycleConfigurationCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { type Answer, answer } from '../harness/answer.ts';
import { askMetabase, makeModel, metabaseBesides, syncByAthena, syncByGlue } from './metabaseSequence.ts';
import { FOREIGN, OWOX_BUCKET, openReaders, type ReaderClients } from './openReaders.ts';
import { OwoxStorage } from './owoxSequence.ts';
import { lookAround, stop } from './statsigSequence.ts';
import { statsigQueries } from './statsigStatements.ts';
import { StatsigExperiment } from './statsigWay.ts';
import { readTried, type Tried } from './Tried.ts';

// Metabase examines a database by a connection test, a sample of each table and the values of columns that filters offer.
// Then it asks what its query processor makes of questions that were put together by clicks. Its weeks begin on Sundays.
// https://github.com/metabase/metabase: src/metabase/sync/analyze/fingerprint.clj, src/metabase/driver/sql/query_processor.clj,
// src/metabase/driver/common/table_rows_sample.clj, modules/drivers/athena/src/metabase/driver/athena.clj
// OWOX Data Marts makes SQL of a data mart and the controls of a report, values as execution parameters.
// https://github.com/OWOX/owox-data-marts: apps/backend/src/data-marts/data-storage-types/athena/services,
// athena-query.builder.ts, athena-clause-renderer.ts, athena-blended-query-builder.ts
const readers = await openReaders();
afterAll(() => readers.close());

/** Fields of a reader's form, as in `sluice connect`. */
const formOf = (name: string, ownDatabase: string | null = null) => {
  const { workgroup, resultsFolder } = readerWorkgroup(readers.config.athena, { name, ownDatabase });
  return { workgroup, stagingDirectory: `s3://${readers.config.bucket}/${resultsFolder}` };
};

/** Holds an answer against what is expected of the statement. */
function judge({ rows, types, anyOrder }: Tried, found: Pick<Answer, 'rows' | 'types'>): void {
  const texts = found.rows.map((row) => JSON.stringify(row));
  expect({ rows: anyOrder === true ? texts.sort() : texts, types: found.types }).toEqual({
    rows: rows.map((row) => JSON.stringify(row)),
    types: types ?? expect.anything(),
  });
}

describe('Metabase', () => {
  let clients: ReaderClients;
  beforeAll(async () => {
    clients = await readers.clientsOf('metabase');
  });
  const connection = () => formOf('metabase');

  it('finds every table of the account, by Athena and by Glue', async () => {
    const found = await syncByAthena(clients);
    expect(found.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
      `${FOREIGN.database}.${FOREIGN.table}`,
      'sluice.curated_events',
      'sluice.curated_exposures',
      'sluice.daily_exposures',
      'sluice.experiment_exposures',
      'sluice.experiment_groups',
      'sluice.first_exposures',
      'sluice.product_events',
      'sluice.quarantine',
      'sluice.received_hours',
      'sluice.secondary_exposures',
      'sluice.statsig_forwarded_events',
      'sluice.statsig_forwarded_exposures',
    ]);
    expect(found.find(({ name }) => name === 'first_exposures')?.columns).toEqual([
      'experiment_id string',
      'is_gate boolean',
      'unit_type string',
      'unit_id string',
      'group_id string',
      'group_name string',
      'ts timestamp',
      'first_day date',
      'groups_seen bigint',
      'held_out boolean',
    ]);
    expect(await syncByGlue(clients)).toEqual(found);
  });

  it('describes a table whose columns the driver does not return', async () => {
    const { athena } = clients;
    const { rows } = await askMetabase(athena, connection(), { sql: 'DESCRIBE `sluice`.`product_events` ' });
    const columns = rows.map(([line = '']) => (line ?? '').split('\t').map((cell) => cell.trim()));
    expect(columns.map(([name, type]) => `${name} ${type}`)).toEqual(
      (await syncByAthena(clients)).find(({ name }) => name === 'product_events')?.columns,
    );
  });

  it.each(readTried('metabase').map((tried) => [tried.about, tried] as const))('%s', async (_, tried) => {
    judge(tried, await askMetabase(clients.athena, connection(), tried));
  });

  it('reads a result from S3, prepares statements and stops a query', async () => {
    expect(await metabaseBesides(clients, connection())).toBe('"one"\n"1"\n');
  });
});

describe('a Metabase that may create tables', () => {
  it('creates a view and a table in its own database, whose files do not expire', async () => {
    const clients = await readers.clientsOf('models');
    const connection = formOf('models', 'models');
    expect(await makeModel(clients, connection, readers.config)).toEqual([['3', '64.75']]);
    await syncByAthena(clients);
    expect(await metabaseBesides(clients, connection)).toBe('"one"\n"1"\n');
    // Athena puts the files of its tables below the folder of its results, which are deleted for others.
    const { s3 } = await readers.clientsOf('root');
    const Bucket = readers.config.bucket;
    const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    const doesExpire = ({ stagingDirectory }: { readonly stagingDirectory: string }) =>
      Rules.some(
        ({ Expiration, Filter }) =>
          Expiration?.Days !== undefined && stagingDirectory.startsWith(`s3://${Bucket}/${Filter?.Prefix}`),
      );
    expect([doesExpire(formOf('metabase')), doesExpire(connection)]).toEqual([true, false]);
  });
});

describe('OWOX Data Marts', () => {
  let clients: ReaderClients;
  let storage: OwoxStorage;
  beforeAll(async () => {
    clients = await readers.clientsOf('owox');
    storage = new OwoxStorage(clients, OWOX_BUCKET);
  });

  it('checks its access and plans queries, each with its own result folder', async () => {
    await storage.look();
    await storage.checkAccess();
    await storage.dryRun('SELECT * FROM sluice.product_events');
    await expect(storage.dryRun('SELECT nothing FROM sluice.product_events')).rejects.toThrow(
      /^Query execution failed: COLUMN_NOT_FOUND: line 1:16: Column 'nothing' cannot be resolved/,
    );
    expect((await storage.keys('athena-check-access/')).length).toBeGreaterThan(0);
    expect((await storage.keys('athena-dry-run/')).length).toBeGreaterThan(0);
  });

  it('reads the columns of a view with their comments, and leaves no files', async () => {
    const fields = await storage.schema('sluice.daily_exposures');
    expect(fields.map(({ name, type }) => `${name} ${type}`)).toContain('units bigint');
    expect(fields.filter(({ description }) => description === undefined)).toEqual([]);
    expect(await storage.keys('athena-schema-fetch/')).toEqual([]);
  });

  it.each(readTried('owox').map((tried) => [tried.about, tried] as const))('%s', async (_, tried) => {
    const { batches, types } = await storage.report(tried.sql, 1_000, tried.parameters);
    judge(tried, { rows: batches.flat(), types });
  });

  it('finds when the tables below a data mart were last changed', async () => {
    const sources = await storage.sources('SELECT count(*) FROM sluice.first_exposures');
    expect([...sources.keys()]).toEqual(['sluice.experiment_groups', 'sluice.statsig_forwarded_exposures']);
    expect([...sources.values()].every((time) => time instanceof Date)).toBe(true);
    expect(await storage.keys('athena-data-last-updated/')).toEqual([]);
  });

  it('reads a report in batches and deletes what it read', async () => {
    const sql = 'SELECT event_name, user_id FROM sluice.product_events ORDER BY "timestamp"';
    const { headers, batches } = await storage.report(sql, 3);
    expect(headers).toEqual(['event_name', 'user_id']);
    // The names are a row of the first batch.
    expect(batches.map(({ length }) => length)).toEqual([2, 3, 1]);
    expect(batches.flat().at(-1)).toEqual(['add_to_cart', 'u4']);
    expect(await storage.keys('owox-data-marts/1795')).toEqual([]);
  });

  it('publishes a data mart as a view in its own database', async () => {
    await storage.prepareConnector('owox');
    const sql = 'SELECT ds AS day, sum(value_number) AS total FROM sluice.product_events GROUP BY 1';
    for (let time = 0; time < 2; time += 1) await storage.createView('owox.daily_value', sql);
    const { batches } = await storage.report('SELECT * FROM "owox"."daily_value" ORDER BY "day"');
    expect(batches.flat()).toEqual([
      ['2026-11-18', '19.5'],
      ['2026-11-19', '40.0'],
      ['2026-11-20', '5.25'],
    ]);
  });
});

describe('a reader like Statsig', () => {
  let clients: ReaderClients;
  beforeAll(async () => {
    clients = await readers.clientsOf('statsig');
  });

  const inWorkgroup = (sql: string) => ({ QueryString: sql, WorkGroup: formOf('statsig').workgroup });

  it('sees the forwarded tables and their days', async () => {
    expect(await lookAround(clients, readers.config)).toEqual(
      ['exposures', 'events'].flatMap((kind) =>
        ['18', '19', '20'].map((day) => `statsig_forwarded_${kind} 2026-11-${day}`),
      ),
    );
  });

  it('loads its sources', async () => {
    for (const tried of statsigQueries(readers.config))
      judge(tried, await answer(clients.athena, inWorkgroup(tried.sql)));
    await stop(clients, formOf('statsig').workgroup);
  });

  it('finds the database that every account has', async () => {
    const { rows } = await answer(clients.athena, inWorkgroup("SHOW DATABASES LIKE 'def*'"));
    expect(rows).toEqual([['default']]);
  });

  it('runs an experiment in its staging database, day by day, and leaves nothing', async () => {
    const { workgroup } = formOf('statsig');
    const experiment = new StatsigExperiment(clients, readers.config, { workgroup, id: 'checkout_button' });
    await answer(clients.athena, inWorkgroup('SELECT 1'));
    await experiment.prepare();
    for (const day of ['2026-11-18', '2026-11-19', '2026-11-19']) await experiment.load(day);
    expect(await experiment.results()).toEqual([
      ['control', '1', '19.5'],
      ['treatment', '2', '40.0'],
    ]);
    const folders = (await experiment.keys()).map((key) =>
      key
        .replace(/[^/]+$/, '')
        .replace(experiment.folder, '')
        .slice(0, -1),
    );
    expect([...new Set(folders)]).toEqual([
      'first_exposures',
      'results',
      'unit_days/ds=2026-11-18',
      'unit_days/ds=2026-11-19',
    ]);
    await experiment.cleanUp();
    expect(await experiment.keys()).toEqual([]);
  });
});

describe("Metabase's user", () => {
  const FORWARDED = 'statsig/statsig_forwarded_events/statsig_forwarded_events';
  const who =
    /User: arn:aws:iam::000000000000:user\/sluice-local-ReaderMetabaseUser-\w+ is not authorized to perform/;

  it('reads every view that its form shows', async () => {
    const { athena } = await readers.clientsOf('metabase');
    for (const view of ['first_exposures', 'daily_exposures', 'experiment_exposures', 'product_events']) {
      const { rows } = await askMetabase(athena, formOf('metabase'), { sql: `SELECT * FROM sluice.${view}` });
      expect({ view, length: rows.length }).toEqual({ view, length: expect.any(Number) });
      expect(rows.length).toBeGreaterThan(0);
    }
  });

  it.each([
    ['DROP TABLE sluice.statsig_forwarded_events', /FAILED: Execution Error, .*glue:DeleteTable on resource/],
    [
      'DROP VIEW sluice.first_exposures',
      /perform: glue:DeleteTable on resource: .*Error Code: AccessDeniedException/,
    ],
    [
      'CREATE OR REPLACE VIEW sluice.product_events AS SELECT 1 AS one',
      /perform: glue:UpdateTable on resource/,
    ],
    [
      "ALTER TABLE sluice.statsig_forwarded_events DROP PARTITION (ds = '2026-11-20')",
      /perform: glue:BatchDeletePartition on resource/,
    ],
    [
      "INSERT INTO sluice.statsig_forwarded_events (event_name, ds) VALUES ('made up', DATE '2026-11-20')",
      new RegExp(`Permission denied on S3 path: s3://sluice-experiments/${FORWARDED}/2026-11-20/`),
    ],
    [
      `CREATE TABLE sluice.one WITH (external_location = 's3://sluice-experiments/${FORWARDED}/2030-01-01/') AS SELECT 1 AS one`,
      /Permission denied on S3 path: s3:\/\/sluice-experiments\/statsig/,
    ],
  ])('is refused %s', async (sql, reason) => {
    const { athena } = await readers.clientsOf('metabase');
    const failure = await askMetabase(athena, formOf('metabase'), { sql }).then(
      () => 'allowed',
      (error: Error) => error.message,
    );
    expect(failure).toMatch(reason);
  });

  it('is refused to write a file, in the words of S3', async () => {
    const { s3 } = await readers.clientsOf('metabase');
    const put = s3.send(
      new PutObjectCommand({ Bucket: readers.config.bucket, Key: `${FORWARDED}/2026-11-20/x`, Body: 'x' }),
    );
    await expect(put).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(who),
      $metadata: expect.objectContaining({ httpStatusCode: 403 }),
    });
  });
});
