import { basename } from 'node:path';
import { expect } from '@jest/globals';
import { exportDay, type exportFaultPoints } from '../../../lib/export/exportDay.ts';
import type { TableFiles } from '../../../lib/export/LandedTable.ts';
import { noteErasure } from '../../../lib/ledger/erasureNotes.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { DAY, type ExporterOptions, type ExportWorld, startExport } from './startExport.ts';

const task = { day: DAY, fingerprint: 'as planned' };

/** A file that was replaced as an erasure does, with its tags before and after. */
interface Replacement {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** A day of a table with the files `a.parquet` and `b.parquet`, which is exported. */
export class ExportedDay {
  readonly world: ExportWorld;

  private constructor(world: ExportWorld) {
    this.world = world;
  }

  static async start(): Promise<ExportedDay> {
    const world = await startExport();
    await world.register(DAY);
    await world.put('a.parquet', 'first');
    await world.put('b.parquet', 'second');
    return new ExportedDay(world);
  }

  /** Exports the day. */
  readonly run = (more: ExporterOptions = {}) =>
    exportDay(this.world.exporter(more), more.exported ?? this.world.configured(), task);

  /** Exports the day, and takes away the copies of files that are gone. */
  drop() {
    return exportDay(this.world.exporter(), this.world.configured(), { ...task, drop: true });
  }

  entry() {
    return this.world.ledger.read(exportSubject(this.world.configured(), DAY));
  }

  /** Contents of the day's Parquet files in the customer's bucket, sorted, and those that the manifest names. */
  async contents() {
    const files = await this.world.exported();
    const named = this.world.manifest(files).files.map(({ name }) => files.get(name));
    const there = [...files].filter(([name]) => /^sluice-/.test(name)).map(([, body]) => body);
    return { there: there.sort(), named: named.sort() };
  }

  /** Expects that the bucket has these contents, and the manifest names all of them. */
  async has(...bodies: readonly string[]): Promise<void> {
    expect(await this.contents()).toEqual({ there: bodies, named: bodies });
  }

  /** Exports the day, and expects some of its outcome. */
  async ends(expected: object, options?: ExporterOptions): Promise<void> {
    expect(await this.run(options)).toMatchObject(expected);
  }

  /** Expects that an export fails by a code. @param more What else its entry has. */
  async fails(code: string, options?: ExporterOptions, more: Partial<LedgerEntry> = {}): Promise<void> {
    await this.ends({ outcome: 'settled', entry: { ...more, state: 'failed', failure: { code } } }, options);
  }

  /** Replaces a file as an erasure does. The ledger does not know it yet: {@link noteReplacement}. */
  async replaceFile(name: string, body: string): Promise<Replacement> {
    const eTag = async () => {
      const files = await this.world.table.files(`events/${DAY}/`);
      return files.find(({ key }) => basename(key) === name)?.eTag ?? '';
    };
    const from = await eTag();
    await this.world.put(name, body);
    return { name, from, to: await eTag() };
  }

  /** Notes in the ledger that an erasure has replaced a file. @param ended When the erasure ended, if it did. */
  noteReplacement(replaced: Replacement, ended?: { readonly endedAt: number }) {
    const note = { id: 'e1', at: this.world.clock.now(), ...ended };
    return this.world.ledger.change(exportSubject(this.world.configured(), DAY), (known) => ({
      entry: noteErasure(known, note, [replaced]),
    }));
  }

  /** Replaces a file as an erasure does, which notes it. */
  async erase(name: string, body: string, ended?: { readonly endedAt: number }): Promise<void> {
    await this.noteReplacement(await this.replaceFile(name, body), ended);
  }

  /** Files of the table in the ledger, as `a loaded`. */
  async fates(): Promise<readonly string[] | undefined> {
    const files = (await this.entry())?.files;
    return files?.map(({ key, fate }) => `${basename(key, '.parquet')} ${fate}`).sort();
  }
}

/** Tables by how their files come and go. */
export const TABLES: readonly { readonly what: string; readonly files: TableFiles }[] = [
  { what: 'of versions', files: { kind: 'versions' } },
  { what: 'of raw files that do not expire', files: { kind: 'raw', expireAfterDays: null } },
  { what: 'of raw files that expire after the day', files: { kind: 'raw', expireAfterDays: 400 } },
];

/** A fault point that acts at one step. */
export const actAt =
  (point: (typeof exportFaultPoints)[number], act: () => Promise<unknown>) => async (step: string) => {
    if (step === point) await act();
  };
