import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { assignmentSource, metricSource } from '../../cli/connect/statsigSources.ts';
import type { Config } from '../../lib/schema/config.ts';
import { answer, run } from '../harness/answer.ts';
import type { ReaderClients } from './openReaders.ts';

/** An experiment's results by group: its name, its units, and the sum of a metric. */
type GroupResult = readonly (string | null)[];

/**
 * An experiment as Statsig's document describes it: a folder `experiment-<ID>` in the Statsig folder, with a folder for
 * each staging table in the staging database, loaded day by day; and tables of results.
 * https://docs.statsig.com/statsig-warehouse-native/connecting-your-warehouse/athena, "Staging Architecture Details".
 * Its statements are not public: these are those that Athena has for such loads. Its tables are Iceberg's, which the local
 * Athena has not: here they are Parquet's, and `test/trino/staging.ts` has the same staging by Trino's Iceberg connector.
 */
export class StatsigExperiment {
  readonly #clients: ReaderClients;
  readonly #config: Config;
  readonly #workgroup: string;
  readonly #id: string;
  readonly #outputLocation: string | undefined;

  /** @param options.outputLocation Where results go, if the workgroup does not say it. */
  constructor(
    clients: ReaderClients,
    config: Config,
    options: { workgroup: string; id: string; outputLocation?: string },
  ) {
    this.#clients = clients;
    this.#config = config;
    this.#workgroup = options.workgroup;
    this.#id = options.id;
    this.#outputLocation = options.outputLocation;
  }

  /** The experiment's folder, with a slash at its end. */
  get folder(): string {
    return `${this.#config.statsigFolder}/experiment-${this.#id}/`;
  }

  /** Makes the staging tables, empty. */
  async prepare(): Promise<void> {
    await this.#create('first_exposures', this.#firstExposures('2026-01-01'));
    await this.#create('unit_days', this.#unitDays('2026-01-01'), ['ds']);
  }

  /** Loads a day: units that are new, the day's values instead of those loaded before. It may be repeated. */
  async load(day: string): Promise<void> {
    await this.#run(`INSERT INTO ${this.#table('first_exposures')} SELECT day.* FROM (
        ${this.#firstExposures(day)}
      ) AS day LEFT JOIN ${this.#table('first_exposures')} AS known ON known.unit_id = day.unit_id
      WHERE known.unit_id IS NULL`);
    await this.#run(`ALTER TABLE ${this.#inDdl('unit_days')} DROP IF EXISTS PARTITION (ds = '${day}')`);
    await this.#delete(`${this.folder}unit_days/ds=${day}/`);
    await this.#run(`INSERT INTO ${this.#table('unit_days')} ${this.#unitDays(day)}`);
  }

  /** Writes the table of results and reads it. */
  async results(): Promise<readonly GroupResult[]> {
    await this.#create(
      'results',
      `SELECT e.group_id, count(DISTINCT e.unit_id) AS units, sum(d.total) AS total
        FROM ${this.#table('first_exposures')} AS e
        LEFT JOIN ${this.#table('unit_days')} AS d ON d.unit_id = e.unit_id GROUP BY 1`,
    );
    const sql = `SELECT group_id, units, total FROM ${this.#table('results')} ORDER BY 1`;
    return (await answer(this.#clients.athena, this.#input(sql))).rows;
  }

  /** Drops the tables and deletes what is left in the experiment's folder. */
  async cleanUp(): Promise<void> {
    for (const table of ['first_exposures', 'unit_days', 'results'])
      await this.#run(`DROP TABLE IF EXISTS ${this.#inDdl(table)}`);
    await this.#delete(this.folder);
  }

  /** The keys in the experiment's folder. */
  async keys(folder = this.folder): Promise<readonly string[]> {
    const { Contents = [] } = await this.#clients.s3.send(
      new ListObjectsV2Command({ Bucket: this.#config.bucket, Prefix: folder }),
    );
    return Contents.map(({ Key = '' }) => Key);
  }

  async #delete(folder: string): Promise<void> {
    const Objects = (await this.keys(folder)).map((Key) => ({ Key }));
    if (Objects.length === 0) return;
    await this.#clients.s3.send(
      new DeleteObjectsCommand({ Bucket: this.#config.bucket, Delete: { Objects } }),
    );
  }

  async #create(name: string, query: string, keys: readonly string[] = []): Promise<void> {
    const names = keys.map((key) => `'${key}'`);
    const partitioned = keys.length === 0 ? '' : `partitioned_by = ARRAY[${names}],`;
    await this.#run(`CREATE TABLE ${this.#table(name)} WITH (
        format = 'PARQUET', ${partitioned} external_location = '${this.#location(name)}'
      ) AS ${query}`);
  }

  #firstExposures(day: string): string {
    return `SELECT "user_id" AS unit_id, min_by("group_id", "timestamp") AS group_id, min("timestamp") AS first_exposure
      FROM (${sourceOf(assignmentSource(this.#config).sql, day)}) WHERE "experiment_id" = '${this.#id}' GROUP BY 1`;
  }

  #unitDays(day: string): string {
    return `SELECT m."user_id" AS unit_id, sum(m."value_number") AS total, count(*) AS events, CAST(m."timestamp" AS date) AS ds
      FROM (${sourceOf(metricSource(this.#config).sql, day)}) AS m
      JOIN ${this.#table('first_exposures')} AS e ON e.unit_id = m."user_id" AND m."timestamp" >= e.first_exposure
      GROUP BY 1, 4`;
  }

  #table(name: string): string {
    return `"${this.#config.athena.stagingDatabase}".experiment_${this.#id}_${name}`;
  }

  /** Names of more than letters stand in other quotes in DDL: https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html */
  #inDdl(name: string): string {
    return this.#table(name).replaceAll('"', '`');
  }

  #location(name: string): string {
    return `s3://${this.#config.bucket}/${this.folder}${name}/`;
  }

  async #run(sql: string): Promise<void> {
    await run(this.#clients.athena, this.#input(sql));
  }

  #input(QueryString: string) {
    const OutputLocation = this.#outputLocation;
    const place = OutputLocation === undefined ? {} : { ResultConfiguration: { OutputLocation } };
    return { QueryString, WorkGroup: this.#workgroup, ...place };
  }
}

/** A source for one day: Statsig fills in its date macros. */
function sourceOf(sql: string, day: string): string {
  return sql
    .replaceAll('{statsig_start_date}', `DATE '${day}'`)
    .replaceAll('{statsig_end_date}', `DATE '${day}'`);
}
