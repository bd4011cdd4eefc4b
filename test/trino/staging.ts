import { assignmentSource, metricSource } from '../../cli/connect/statsigSources.ts';
import { readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type Row, TrinoWitness } from '../../packages/local-aws/test/witness/trino/iceberg/TrinoWitness.ts';
import { openReaders, PRINCIPALS, type ReaderClients, type Readers } from '../clients/openReaders.ts';
import { StatsigExperiment } from '../clients/statsigWay.ts';
import { answer } from '../harness/answer.ts';

const ID = 'checkout_button';
/** How Glue and S3 refuse a call under the reader's policy. */
const REFUSED = /not authorized to perform: |Access ?Denied|Forbidden/i;

/**
 * Statsig's staging by Trino's own Iceberg connector, on the local Glue and S3 under enforced policies, with the credentials
 * of the deployed reader: tables, loads by MERGE, DELETE and INSERT, results, and the clean-up.
 * https://docs.statsig.com/statsig-warehouse-native/connecting-your-warehouse/athena, "Staging Architecture Details"
 *
 * @param tell Receives each check.
 * @returns What the machine lacks; undefined if it was tried.
 */
export async function tryStaging(
  tell: (what: string, passed: boolean, detail: unknown) => void,
): Promise<string | undefined> {
  const found = TrinoWitness.fetch();
  if ('missing' in found) return found.missing;
  const readers = await openReaders();
  const clients = await readers.clientsOf('statsig');
  const credentials = await readers.credentialsOf(PRINCIPALS.statsig);
  const trino = new TrinoWitness(found.libraries, {
    edge: readers.edge,
    region: localAccount.region,
    credentials,
  });
  const attempt = (what: string, check: () => Promise<unknown>, expected: unknown) =>
    check().then(
      (seen) => tell(what, JSON.stringify(seen) === JSON.stringify(expected), seen),
      (error: unknown) => tell(what, false, String(error)),
    );
  try {
    const staging = new Staging(trino, readers, clients);
    await attempt('Statsig makes its staging tables in Iceberg', () => staging.prepare(), undefined);
    for (const day of ['2026-11-18', '2026-11-19', '2026-11-19'])
      await attempt(`Statsig loads ${day} by MERGE, DELETE and INSERT`, () => staging.load(day), undefined);
    await attempt('Statsig reads its results', () => staging.results(), [
      ['control', '1', '19.5'],
      ['treatment', '2', '40.0'],
    ]);
    for (const [what, sql] of staging.forbidden())
      await trino.rows(sql).then(
        () => tell(`Statsig is refused ${what}`, false, 'it was allowed'),
        (error: unknown) => tell(`Statsig is refused ${what}`, REFUSED.test(String(error)), String(error)),
      );
    await attempt('Statsig leaves no table and no file', () => staging.cleanUp(), { tables: 0, keys: [] });
  } finally {
    trino.close();
    await readers.close();
  }
  return undefined;
}

/** An experiment's tables. Its sources are read by the local Athena, as the connector reads Iceberg tables only. */
class Staging {
  readonly #trino: TrinoWitness;
  readonly #readers: Readers;
  readonly #clients: ReaderClients;
  readonly #experiment: StatsigExperiment;
  readonly #workgroup: string;

  constructor(trino: TrinoWitness, readers: Readers, clients: ReaderClients) {
    const { workgroup } = readerWorkgroup(readers.config.athena, { name: 'statsig', ownDatabase: null });
    this.#trino = trino;
    this.#readers = readers;
    this.#clients = clients;
    this.#workgroup = workgroup;
    this.#experiment = new StatsigExperiment(clients, readers.config, { workgroup, id: ID });
  }

  /** Empty tables by queries: Trino's runner has no CREATE TABLE by columns. */
  async prepare(): Promise<void> {
    await this.#trino.rows(`CREATE TABLE ${this.#table('first_exposures')}
      WITH (partitioning = ARRAY['day(first_exposure)'], location = '${this.#location('first_exposures')}')
      AS SELECT * FROM (VALUES ('nobody', 'none', TIMESTAMP '2026-01-01 00:00:00.000000'))
        AS t (unit_id, group_id, first_exposure) WHERE false`);
    await this.#trino.rows(`CREATE TABLE ${this.#table('unit_days')}
      WITH (partitioning = ARRAY['ds'], location = '${this.#location('unit_days')}')
      AS SELECT * FROM (VALUES ('nobody', 0e0, DATE '2026-01-01')) AS t (unit_id, total, ds) WHERE false`);
  }

  async load(day: string): Promise<void> {
    const exposed = await this.#ask(`SELECT "user_id", min_by("group_id", "timestamp"), min("timestamp")
      FROM (${ofDay(assignmentSource(this.#readers.config).sql, day)}) WHERE "experiment_id" = '${ID}' GROUP BY 1`);
    const units = values(
      exposed,
      ([unit, group, at]) => `(${text(unit)}, ${text(group)}, TIMESTAMP ${text(at)})`,
    );
    await this.#trino.rows(`MERGE INTO ${this.#table('first_exposures')} AS known USING (VALUES ${units}) AS day (unit_id, group_id, first_exposure) ON known.unit_id = day.unit_id
      WHEN MATCHED AND day.first_exposure < known.first_exposure
        THEN UPDATE SET group_id = day.group_id, first_exposure = day.first_exposure
      WHEN NOT MATCHED THEN INSERT (unit_id, group_id, first_exposure)
        VALUES (day.unit_id, day.group_id, day.first_exposure)`);
    const measured = await this.#ask(`SELECT "user_id", sum("value_number"), CAST("timestamp" AS date)
      FROM (${ofDay(metricSource(this.#readers.config).sql, day)}) WHERE "value_number" IS NOT NULL GROUP BY 1, 3`);
    await this.#trino.rows(`DELETE FROM ${this.#table('unit_days')} WHERE ds = DATE '${day}'`);
    const rows = values(
      measured,
      ([unit, total, ds]) => `(${text(unit)}, DOUBLE ${text(total)}, DATE ${text(ds)})`,
    );
    await this.#trino.rows(`INSERT INTO ${this.#table('unit_days')} VALUES ${rows}`);
  }

  /** Writes the table of results and reads it. */
  async results(): Promise<readonly Row[]> {
    await this.#trino.rows(`CREATE TABLE ${this.#table('results')} WITH (location = '${this.#location('results')}')
      AS SELECT e.group_id, count(DISTINCT e.unit_id) AS units, sum(d.total) AS total
        FROM ${this.#table('first_exposures')} AS e
        LEFT JOIN ${this.#table('unit_days')} AS d ON d.unit_id = e.unit_id GROUP BY 1`);
    return this.#trino.rows(`SELECT group_id, units, total FROM ${this.#table('results')} ORDER BY 1`);
  }

  /** Statements that write outside of the staging database and the experiments' folders. */
  forbidden(): readonly (readonly [what: string, sql: string])[] {
    const { bucket, database, statsigFolder } = this.#readers.config;
    const elsewhere = (name: string, location: string) =>
      `CREATE TABLE ${name} WITH (location = 's3://${bucket}/${location}') AS SELECT 1 AS one`;
    return [
      [
        'a table in our database',
        elsewhere(`"${database}".stray`, `${statsigFolder}/experiment-${ID}/stray`),
      ],
      [
        'files among the forwarded events',
        elsewhere(this.#table('stray'), `${statsigFolder}/statsig_forwarded_events/stray`),
      ],
      ['files outside of its folder', elsewhere(this.#table('stray'), 'stray')],
    ];
  }

  async cleanUp(): Promise<object> {
    const names = ['first_exposures', 'unit_days', 'results'];
    for (const name of names) await this.#trino.rows(`DROP TABLE ${this.#table(name)}`);
    const schema = this.#readers.config.athena.stagingDatabase;
    const tables = (await this.#trino.rows(`SHOW TABLES FROM "${schema}"`)).length;
    // The files of what was refused, which are in its own folder.
    await this.#experiment.cleanUp();
    return { tables, keys: await this.#experiment.keys() };
  }

  #table(name: string): string {
    return `"${this.#readers.config.athena.stagingDatabase}".experiment_${ID}_${name}`;
  }

  #location(name: string): string {
    return `s3://${this.#readers.config.bucket}/${this.#experiment.folder}${name}`;
  }

  async #ask(sql: string): Promise<readonly Row[]> {
    return (await answer(this.#clients.athena, { QueryString: sql, WorkGroup: this.#workgroup })).rows;
  }
}

/** A source for one day: Statsig fills in its date macros. */
function ofDay(sql: string, day: string): string {
  return sql.replaceAll(/\{statsig_(?:start|end)_date\}/g, `DATE '${day}'`);
}

const values = (rows: readonly Row[], toSql: (row: Row) => string) => rows.map(toSql).join(', ');

const text = (value: string | null | undefined) =>
  value === null || value === undefined ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
