import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ObjectForm } from '../../../lib/erase/erasePlaces.ts';
import type { PlaceCounts } from '../../../lib/erase/Manifest.ts';
import type { ObjectEraserPorts } from '../../../lib/erase/ObjectEraser.ts';
import { ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { countsOf, eraseObject, matcher } from './eraseObject.ts';

const directory = temporaryDirectory();
const limits = { memoryMegabytes: 64, temporaryDirectory: directory.path };
const eraser = await ParquetEraser.open(limits, directory.path, matcher);
afterAll(() => {
  eraser.close();
  directory.remove();
});

const row = (user: string, note = '') => `SELECT '${user}' AS user_id, '${note}' AS note`;
const refused = (raw: string) => `SELECT '${raw}' AS raw, 'text' AS raw_encoding`;
const fileOf = (...rows: readonly string[]) => parquetOf(rows.join(' UNION ALL '));
const files = {
  stays: await fileOf(row('stays')),
  mentions: await fileOf(row('stays', 'for gone'), row('stays', 'gone')),
  mixed: await fileOf(row('gone'), row('stays'), row('stays', 'for gone'), row('gone')),
  gone: await fileOf(row('gone')),
  /** Refused bodies: one that nobody can read, and one of others. */
  unreadable: await fileOf(refused('note=m%C3%BCller'), refused('{}')),
  broken: Buffer.from('PAR1 without a footer'),
};

const table: ObjectForm = { form: 'parquet' };
const result: ObjectForm = { form: 'result' };
const load: ObjectForm = { form: 'load' };

/** A file, and what is taken out of it. */
interface Case {
  readonly what: string;
  readonly form: ObjectForm;
  /** The oldest first. */
  readonly versions: readonly (keyof typeof files)[];
  /** Default false. */
  readonly dryRun?: boolean;
  /** Whether its load is under way. Default false. */
  readonly isLoading?: boolean;
  /** Other counts are 0. */
  readonly counts: Partial<PlaceCounts>;
  /** Default: whether rows go or wait. */
  readonly hasFound?: boolean;
  /** Calls that are no fetches. */
  readonly asked: readonly string[];
  /** How often a file was rewritten. Default 0. */
  readonly rewrites?: number;
}

describe('erasing from the versions of a Parquet file', () => {
  it.each<Case>([
    { what: 'of others', form: table, versions: ['stays', 'stays'], counts: { versions: 2 }, asked: [] },
    {
      what: 'of others, with mentions',
      form: table,
      versions: ['mentions', 'mentions'],
      counts: { versions: 2, mentions: 2 },
      asked: [],
    },
    {
      what: 'with rows of the unit',
      form: table,
      versions: ['mixed', 'mixed'],
      counts: { versions: 2, rewritten: 1, deleted: 2, rows: 2, mentions: 1 },
      asked: ['remove v1', 'replace v2', 'remove v2'],
      rewrites: 1,
    },
    {
      what: 'with rows of the unit, in a dry run',
      form: table,
      versions: ['mixed', 'mixed'],
      dryRun: true,
      counts: { versions: 2, rewritten: 1, deleted: 2, rows: 2, mentions: 1 },
      asked: [],
    },
    {
      what: 'with rows of the unit alone, which stays without rows',
      form: table,
      versions: ['gone'],
      counts: { versions: 1, rewritten: 1, deleted: 1, rows: 1 },
      asked: ['replace v1', 'remove v1'],
      rewrites: 1,
    },
    {
      what: 'with a body that nobody can read',
      form: table,
      versions: ['unreadable'],
      counts: { versions: 1, rewritten: 1, deleted: 1, rows: 1, others: 1 },
      hasFound: false,
      asked: ['replace v1', 'remove v1'],
      rewrites: 1,
    },
    { what: 'of a result of others', form: result, versions: ['stays'], counts: { versions: 1 }, asked: [] },
    {
      what: 'of a result, in any column',
      form: result,
      versions: ['mixed'],
      counts: { versions: 1, deleted: 1, rows: 3 },
      asked: ['remove v1 if read'],
    },
    {
      what: 'of a result that only mentions it',
      form: result,
      versions: ['mentions'],
      counts: { versions: 1, deleted: 1, rows: 2 },
      asked: ['remove v1 if read'],
    },
    {
      what: 'of a load that has ended',
      form: load,
      versions: ['mixed'],
      counts: { versions: 1, deleted: 1, rows: 3 },
      asked: ['remove v1 if read'],
    },
    {
      what: 'of a load under way',
      form: load,
      versions: ['mentions'],
      isLoading: true,
      counts: { versions: 1, waiting: 1 },
      asked: [],
    },
    {
      what: 'of others of a load under way',
      form: load,
      versions: ['stays'],
      isLoading: true,
      counts: { versions: 1 },
      asked: [],
    },
  ])('takes what is the unit’s: $what', async (each) => {
    const { form, versions, counts, asked, dryRun = false, isLoading = false, rewrites = 0 } = each;
    let rewritten = 0;
    const parquet: ObjectEraserPorts['parquet'] = {
      examine: (...given) => eraser.examine(...given),
      rewrite: async (...given) => {
        rewritten += 1;
        await eraser.rewrite(...given);
      },
    };
    const done = await eraseObject({
      form,
      directory: directory.path,
      bodies: versions.map((name) => files[name]),
      ports: { dryRun, parquet, isLoading: async () => isLoading },
    });
    expect(done).toMatchObject({ counts: countsOf(counts), left: [], expiring: [] });
    expect(done.hasFound).toBe(each.hasFound ?? (counts.rows ?? counts.waiting) !== undefined);
    expect(done.asked.filter((call) => !call.startsWith('fetch'))).toEqual(asked);
    expect(rewritten).toBe(rewrites);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it.each([
    { what: 'a table', form: table },
    { what: 'a result', form: result },
    { what: 'a load', form: load },
  ])('leaves $what that is damaged, or too large', async ({ form }) => {
    const why = async (body: Uint8Array, size?: number) => {
      const done = await eraseObject({
        form,
        directory: directory.path,
        bodies: [body],
        ...(size && { size }),
        ports: { parquet: eraser },
      });
      return done.left.map((left) => left.why);
    };
    expect(await why(files.broken)).toEqual(['unreadable']);
    expect(await why(files.stays, 2 * 1024 ** 3)).toEqual([]);
    expect(await why(files.stays, 2 * 1024 ** 3 + 1)).toEqual(['too_large']);
  });
});
