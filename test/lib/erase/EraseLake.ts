import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { encodeLines } from '../../../lib/landing/store/encodeLines.ts';
import { writeRelayCopy } from '../../../lib/relay/RelayCopy.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';
import { damagedKey, directRecordKey } from '../../../lib/tables/objectKeys.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { duckDb } from '../../harness/duckDb.ts';

/** A person, or a company, whose rows are erased, or not. */
export interface Someone {
  /** Where rows have the ID: a column, or a member of `custom_ids`. */
  readonly column: 'user_id' | 'stable_id' | 'company_id' | 'custom_ids.teamID';
  /** The ID: `erase-user-000001`. */
  readonly value: string;
}

/** A row by its columns. */
type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Every ID in the lake ends with digits, so that no ID is a part of another. */
const IDS = /(?:erase|stay)-[a-z]+-\d{6}(?!\d)/g;

const COLUMNS = ['user_id', 'stable_id', 'company_id', 'custom_ids.teamID'] as const;

/** What units of a column are called in their IDs. */
const WORDS: Readonly<Record<Someone['column'], string>> = {
  user_id: 'user',
  stable_id: 'stable',
  company_id: 'company',
  'custom_ids.teamID': 'team',
};
/** Statsig's types of units. */
const TYPES: Readonly<Record<Someone['column'], string>> = {
  user_id: 'userID',
  stable_id: 'stableID',
  company_id: 'companyID',
  'custom_ids.teamID': 'teamID',
};

/** IDs in a text. */
export function idsIn(text: string): Set<string> {
  return new Set(text.match(IDS) ?? []);
}

/** What a lake is made of. */
interface LakeParts {
  /** Puts objects. */
  readonly s3: S3Client;
  /** Leaves delete markers. Default: `s3`. */
  readonly deleter?: S3Client;
  readonly config: Config;
  /** An existing folder for files before they are put. */
  readonly directory: string;
  /** How many units are to be erased. */
  readonly victims: number;
  /** Numbers from 0 to less than 1. */
  readonly random: () => number;
}

/** A bucket with rows of some people in every place of an erasure. */
export class EraseLake {
  readonly #s3: S3Client;
  readonly #deleter: S3Client;
  readonly #config: Config;
  readonly #directory: string;
  readonly #random: () => number;
  /** The units that are to be erased, of one column after the other. */
  readonly victims: readonly Someone[];
  /** How many rows and keys were numbered. */
  #serial = 0;

  /** Rows of places that have fewer than the raw tables. */
  get #many(): number {
    return Math.max(30, Math.ceil(this.victims.length / 5));
  }

  constructor({ s3, deleter = s3, config, directory, victims, random }: LakeParts) {
    this.#s3 = s3;
    this.#deleter = deleter;
    this.#config = config;
    this.#directory = directory;
    this.#random = random;
    this.victims = Array.from({ length: victims }, (_, i) => {
      const column = COLUMNS[i % COLUMNS.length] ?? 'user_id';
      return { column, value: id('erase', column, i) };
    });
  }

  /** Raw days with resends, and with a file that was overwritten and one that was deleted. */
  async landRaw(kind: 'exposures' | 'events', day: string): Promise<void> {
    const folder = dayFolder(this.#config, kind, day);
    const rows = this.#crowd(kind, day, Math.max(60, this.victims.length));
    const resends = rows.filter((_, i) => i % 7 === 0);
    await this.#putTable(kind, `${folder}a-1-2026.parquet`, rows);
    await this.#putTable(kind, `${folder}b.parquet`, [...resends, ...this.#crowd(kind, day, 20)]);
    await this.#putTable(kind, `${folder}nobody.parquet`, this.#stayers(kind, day, 30));
    await this.#putTable(
      kind,
      `${folder}alone.parquet`,
      this.victims.slice(0, 3).map((victim) => this.#row(kind, day, victim)),
    );
    await this.#putTable(kind, `${folder}overwritten.parquet`, rows.slice(0, 10));
    await this.#putTable(kind, `${folder}overwritten.parquet`, this.#stayers(kind, day, 5));
    await this.#putTable(kind, `${folder}deleted.parquet`, rows.slice(0, 10));
    await this.#delete(`${folder}deleted.parquet`);
  }

  /** Days of ingested tables, each with a version that was replaced. */
  async landIngested(day: string): Promise<void> {
    const events = () =>
      this.#someones(this.#many).map((who) => {
        const ids = this.#idsOf(who);
        return {
          timestamp: `${day} 10:00:00`,
          event_name: 'purchase',
          user_id: ids.user_id,
          company_id: ids.company_id,
          unit_ids: JSON.stringify({
            userID: ids.user_id,
            companyID: ids.company_id,
            teamID: ids.team,
            stableID: ids.stable_id,
          }),
          row_number: this.#next(),
        };
      });
    const metrics = () =>
      this.#someones(this.#many).map((who) => ({
        unit_id: who.value,
        id_type: TYPES[who.column],
        metric_name: 'orders',
        metric_value: this.#next(),
      }));
    for (const version of ['20261101-old', '20261102-new']) {
      await this.#putRows(
        `${versionPrefix(this.#config, 'acme_events', day, version)}rows-0.parquet`,
        events(),
        'zstd',
      );
      await this.#putRows(
        `${versionPrefix(this.#config, 'acme_metrics', day, version)}rows-0.parquet`,
        metrics(),
        'zstd',
      );
    }
  }

  /**
   * Lands refused data: events, a whole body, a compressed one, and one that is an object of its own. Also what waits in the
   * landing, of which the writer must not hear.
   *
   * @param at When relay kept its copies, epoch milliseconds.
   */
  async landRefused(day: string, at: number): Promise<void> {
    const bucket = this.#config.bucket;
    const event = (who: Someone) => JSON.stringify({ eventName: '', user: this.#user(who) });
    const body = (some: readonly Someone[]) =>
      JSON.stringify({ events: some.map((who) => ({ user: this.#user(who), eventName: 7 })) });
    const refused = (
      raw: string | null,
      raw_encoding: string | null,
      raw_location: string | null = null,
    ) => ({
      quarantine_id: `q${this.#next()}`,
      received_at: `${day} 10:00:00`,
      reason: 'SLUICE_EVENT_NAME_INVALID',
      raw,
      raw_encoding,
      raw_location,
    });
    const rows: Row[] = this.#someones(this.#many).map((who) => refused(event(who), 'text'));
    for (let i = 0; i < 6; i += 1)
      rows.push(refused(gzipSync(body(this.#someones(2))).toString('base64'), 'base64'));
    rows.push(refused('{"events":[{"user":{"userID":"erase-user-000000"', 'text'));
    for (let i = 0; i < 6; i += 1) {
      const key = `quarantine-large/${day}/large${i}`;
      await this.put(key, Buffer.from(body(this.#someones(2))), 'application/json');
      rows.push(refused(null, null, `s3://${bucket}/${key}`));
    }
    await this.#putTable('quarantine', `${dayFolder(this.#config, 'quarantine', day)}a.parquet`, rows);
    await this.#landRecords(day);
    const digest = () => sha256(String(this.#next()));
    for (let i = 0; i < 6; i += 1) {
      const keptId = relayId(at + i, digest().slice(0, 24));
      const text = writeRelayCopy({
        id: keptId,
        keptAt: at + i,
        path: '/v1/rgstr',
        query: 'k=client-x',
        headers: {},
        body: gzipSync(body(this.#someones(2))),
      });
      const key = i % 2 === 0 ? relayRefusedKey({ reason: '401', at, id: keptId }) : relayWaitingKey(keptId);
      await this.put(key, Buffer.from(text), 'application/json');
    }
    // A copy of nobody who is erased.
    const others = relayId(at + 50, digest().slice(0, 24));
    const othersCopy = writeRelayCopy({
      id: others,
      keptAt: at + 50,
      path: '/v1/rgstr',
      query: '',
      headers: {},
      body: Buffer.from(body([{ column: 'user_id', value: id('stay', 'user_id', 999_999) }])),
    });
    await this.put(relayRefusedKey({ reason: '401', at, id: others }), Buffer.from(othersCopy));
    for (let i = 0; i < 4; i += 1) {
      const cells = this.#someones(3).map(({ value }) => `"${value}","1"\n`);
      await this.put(
        `query-results/people/00000000-0000-0000-0000-00000000000${i}.csv`,
        Buffer.from(`"user_id","n"\n${cells.join('')}`),
        'text/csv',
      );
    }
    // A reader that left the configuration has left its results.
    await this.put(
      'reader-tables/left/00000000-0000-0000-0000-000000000001.csv',
      Buffer.from(`"user_id"\n"${this.victims[0]?.value}"\n"${this.victims.at(-1)?.value}"\n`),
      'text/csv',
    );
    // Objects whose newest version is a victim's alone, over one of others: the older one does not come back.
    for (const victim of this.victims.slice(0, 2)) await this.#landHidden(day, at, victim);
    // Not Sluice's: Statsig's own folder.
    await this.put(`${this.#config.statsigFolder}/experiment-7/a.txt`, Buffer.from('erase-user-000000'));
  }

  /** Events as an SDK sends them, some of which are refused: the collector and Firehose land them. */
  async send(collector: string): Promise<void> {
    const events = this.#someones(20).map((who, i) => ({
      eventName: i % 5 === 0 ? 7 : 'sent',
      value: i,
      user: this.#user(who),
    }));
    const answer = await fetch(`${collector}/v1/rgstr`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-erase' },
      body: JSON.stringify({ events, statsigMetadata: { sdkType: 'javascript-client' } }),
    });
    if (answer.status !== 202) throw new Error(await answer.text());
  }

  /**
   * Records of requests that are no files yet: many in one object, one in its own, versions that were overwritten or deleted, and
   * objects that are damaged behind a victim's rows.
   */
  async #landRecords(day: string): Promise<void> {
    const put = (key: string, ...records: readonly Uint8Array[]) => this.put(key, Buffer.concat(records));
    const record = () => {
      const refused = this.#someones(2).map((who, i) => {
        const event = JSON.stringify({ eventName: '', user: this.#user(who) });
        // One is readable, and one compressed.
        const text = { raw: event, raw_encoding: 'text' };
        const bytes = { raw: gzipSync(event).toString('base64'), raw_encoding: 'base64' };
        return {
          quarantine_id: `q${this.#next()}`,
          reason: 'SLUICE_EVENT_NAME_INVALID',
          ...(i === 0 ? text : bytes),
        };
      });
      return this.#record(day, this.#someones(4), refused);
    };
    const nobodys = () => this.#record(day, [this.#stayer(), this.#stayer()]);
    const alone = () => this.#record(day, this.victims.slice(1, 2));
    const batch = () => `landing/2026/11/20/10/batch-${this.#next()}.ndjson.gz`;
    const direct = () => directRecordKey(day, sha256(String(this.#next())));
    const many = Array.from({ length: 8 }, record);
    await put(batch(), nobodys(), ...many, alone(), nobodys());
    await put(batch(), nobodys(), nobodys());
    await put(direct(), record());
    await put(direct(), alone());
    await put(direct(), nobodys());
    const overwritten = direct();
    const deleted = direct();
    const damaged = batch();
    await put(overwritten, alone());
    await put(overwritten, nobodys());
    await put(deleted, record());
    await this.#delete(deleted);
    // The writer has put it aside. Nobody searches what is cut: it expires.
    const cut = [nobodys(), alone(), nobodys().subarray(0, -9)];
    await put(damaged, ...cut);
    await this.#delete(damaged);
    await put(damagedKey(damaged), ...cut);
  }

  /** The record of a request with an event and an exposure of each. */
  #record(day: string, some: readonly Someone[], refused: readonly object[] = []): Uint8Array {
    const landed = (row: object) => ({ day, json: JSON.stringify(row) });
    const rowsOf = (kind: 'exposures' | 'events') => some.map((who) => landed(this.#row(kind, day, who)));
    const rows = {
      events: rowsOf('events'),
      exposures: rowsOf('exposures'),
      quarantine: refused.map(landed),
    };
    return encodeLines(rows) ?? Buffer.of();
  }

  async #landHidden(day: string, at: number, victim: Someone): Promise<void> {
    const stayer = this.#stayer();
    const n = this.#next();
    const digest = sha256(`hidden ${n}`);
    const keptId = relayId(at + 100 + n, sha256(`${n}`).slice(0, 24));
    const copy = (who: Someone) =>
      writeRelayCopy({
        id: keptId,
        keptAt: at,
        path: '/v1/rgstr',
        query: '',
        headers: {},
        body: Buffer.from(JSON.stringify({ events: [{ eventName: 'e', user: this.#user(who) }] })),
      });
    for (const who of [stayer, victim]) {
      await this.put(directRecordKey(day, digest), this.#record(day, [who]));
      await this.put(relayRefusedKey({ reason: '403', at, id: keptId }), Buffer.from(copy(who)));
      await this.put(
        `quarantine-large/${day}/hidden-${n}`,
        Buffer.from(JSON.stringify({ user: this.#user(who) })),
      );
      for (const folder of ['query-results/people', 'reader-tables/left']) {
        const result = `${folder}/00000000-0000-0000-0000-0000000010${(n % 90) + 10}.csv`;
        await this.put(result, Buffer.from(`"user_id"\n"${who.value}"\n`));
      }
    }
  }

  /** Puts an object. */
  async put(Key: string, Body: Uint8Array, ContentType?: string): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: this.#config.bucket, Key, Body, ContentType }));
  }

  /** The user of an SDK's event. */
  #user(who: Someone): object {
    const { user_id, stable_id, company_id, team } = this.#idsOf(who);
    return { userID: user_id, customIDs: { stableID: stable_id, companyID: company_id, teamID: team } };
  }

  #idsOf({ column, value }: Someone) {
    const other = (ownColumn: Someone['column']) =>
      ownColumn === column ? value : id('stay', ownColumn, Math.floor(this.#random() * 1e5));
    return {
      user_id: other('user_id'),
      stable_id: other('stable_id'),
      company_id: other('company_id'),
      team: other('custom_ids.teamID'),
    };
  }

  #row(kind: 'exposures' | 'events', day: string, who: Someone): Row {
    const ids = this.#idsOf(who);
    const n = this.#next();
    const time = `${day} ${String(n % 24).padStart(2, '0')}:00:00`;
    const custom = { stableID: ids.stable_id, companyID: ids.company_id, teamID: ids.team };
    const user = JSON.stringify({ userID: ids.user_id, customIDs: custom });
    return {
      event_id: `${kind}-${n}`,
      user_id: ids.user_id,
      stable_id: ids.stable_id,
      company_id: ids.company_id,
      custom_ids: JSON.stringify(custom),
      timestamp: time,
      received_at: time,
      environment: 'production',
      ...(kind === 'events'
        ? { event_name: `event_${n % 5}`, event_value: String(n), user_object: user }
        : {
            experiment_id: `experiment_${n % 3}`,
            exposure_type: 'config',
            group_id: 'g',
            is_assignment: true,
            user_dimensions: user,
          }),
    };
  }

  #crowd(kind: 'exposures' | 'events', day: string, count: number): Row[] {
    return this.#someones(count).map((who) => this.#row(kind, day, who));
  }

  #stayers(kind: 'exposures' | 'events', day: string, count: number): Row[] {
    return Array.from({ length: count }, () => this.#row(kind, day, this.#stayer()));
  }

  #stayer(): Someone {
    const column = COLUMNS[Math.floor(this.#random() * COLUMNS.length)] ?? 'user_id';
    return { column, value: id('stay', column, Math.floor(this.#random() * 1e5)) };
  }

  /** Half of them victims. */
  #someones(count: number): Someone[] {
    return Array.from({ length: count }, () => {
      const victim = this.victims[Math.floor(this.#random() * this.victims.length * 2)];
      return victim ?? this.#stayer();
    });
  }

  #next(): number {
    this.#serial += 1;
    return this.#serial;
  }

  async #putTable(kind: TableKind, key: string, rows: readonly Row[]): Promise<void> {
    const types = {
      string: 'VARCHAR',
      boolean: 'BOOLEAN',
      timestamp: 'TIMESTAMP',
      date: 'DATE',
      double: 'DOUBLE',
      bigint: 'BIGINT',
    } as const;
    const columns = deliveredTables(this.#config)[kind].columns.map(
      ({ name, type }) => `${name}: '${types[type]}'`,
    );
    await this.#putRows(key, rows, 'snappy', `, columns = {${columns.join(', ')}}`);
  }

  async #putRows(key: string, rows: readonly Row[], codec: string, columns = ''): Promise<void> {
    const from = join(this.#directory, 'rows.json');
    const to = join(this.#directory, 'rows.parquet');
    writeFileSync(from, rows.map((row) => JSON.stringify(row)).join('\n'));
    await duckDb(
      `COPY (SELECT * FROM read_json('${from}', format = 'newline_delimited'${columns})) TO '${to}' (FORMAT parquet, COMPRESSION ${codec})`,
    );
    await this.put(key, readFileSync(to), 'application/vnd.apache.parquet');
  }

  async #delete(Key: string): Promise<void> {
    await this.#deleter.send(new DeleteObjectCommand({ Bucket: this.#config.bucket, Key }));
  }
}

/** The ID of somebody with a number. */
function id(what: 'erase' | 'stay', column: Someone['column'], n: number): string {
  return `${what}-${WORDS[column]}-${String(n).padStart(6, '0')}`;
}

/** Lower-case hex SHA-256 of a text. */
function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
