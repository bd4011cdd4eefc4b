import { describe, expect, it } from '@jest/globals';
import { addDays, DAY_MS, HOUR_MS } from '../../../../lib/base/time.ts';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import { MAX_FOLDER_CALLS } from '../../../../lib/drops/limits.ts';
import { findNewerFiles, type NewerFiles, newerDays } from '../../../../lib/drops/plan/newerFiles.ts';
import type { FileFate, LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { type DatasetInput, definedDataset } from '../../../harness/configInput.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';

/** Half a second after a whole one, which is all that S3 says. */
const START = Date.UTC(2026, 8, 1, 9, 0, 0, 500);
/** The first day of the lookback. */
const FIRST = '2026-11-20';

/** A customer's folder and what the ledger has of it. Each page of a listing has a few keys. */
class Folder {
  readonly objects = new Map<string, DropObject>();
  readonly entries = new Map<string, { entry: LedgerEntry; eTag: string; modifiedAt: number }>();
  readonly calls = { list: 0, read: 0 };
  note: NewerFiles | undefined;
  now = START;
  readonly #dataset: ReturnType<typeof definedDataset>;
  readonly #pageSize: number;
  #written = 0;

  constructor(input: Partial<DatasetInput> = {}, pageSize = 1_000) {
    this.#dataset = definedDataset(input);
    this.#pageSize = pageSize;
  }

  put(name: string, eTag?: string): void {
    this.#written += 1;
    const key = `events/${name}`;
    // S3 says whole seconds.
    const lastModified = new Date(Math.floor(this.now / 1_000) * 1_000);
    this.objects.set(key, { key, size: 9, eTag: eTag ?? `"${this.#written}"`, lastModified });
  }

  remove(name: string): void {
    this.objects.delete(`events/${name}`);
  }

  /** Puts a file into the folder of one of {@link days}, by its place. */
  putInto(place: number, name: string): void {
    this.put(`${days[place]}/${name}.parquet`);
  }

  /** Removes what {@link putInto} has put. */
  removeOf(place: number, name: string): void {
    this.remove(`${days[place]}/${name}.parquet`);
  }

  /** The ledger notes that a day was loaded with what is there, or that this has left since. */
  load(
    day: string,
    isOfDay: (key: string) => boolean = (key) => key.includes(day),
    fate: FileFate['fate'] = 'loaded',
  ): void {
    this.#written += 1;
    const files = [...this.objects.values()]
      .filter(({ key }) => isOfDay(key))
      .map(({ key, size, eTag }) => ({ key, size, eTag, fate }));
    const eTag = `"e${this.#written}"`;
    this.entries.set(day, { entry: ledgerEntry({ day, files }), eTag, modifiedAt: this.now });
  }

  /** Another than a load writes the entry of a day. */
  rewrite(day: string, eTag: string): void {
    const known = this.entries.get(day);
    if (known === undefined) throw new Error(`${day} was never loaded`);
    this.entries.set(day, { ...known, eTag, modifiedAt: known.modifiedAt + DAY_MS });
  }

  /** One run's look, a day after the last one. @returns The days that are named. */
  async look(hours = 24): Promise<readonly string[]> {
    this.now += hours * HOUR_MS;
    this.calls.list = 0;
    this.calls.read = 0;
    const { source, dataset } = this.#dataset;
    this.note = await findNewerFiles(
      {
        bucket: {
          list: async ({ prefix, next, after }) => {
            this.calls.list += 1;
            const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
            const left = keys.filter((key) => key > (next ?? after ?? ''));
            const page = left.slice(0, this.#pageSize);
            return {
              objects: page.flatMap((key) => this.objects.get(key) ?? []),
              next: left.length > page.length ? page.at(-1) : undefined,
            };
          },
        },
        ledger: {
          read: async ({ day }) => {
            this.calls.read += 1;
            return this.entries.get(day)?.entry ?? null;
          },
        },
        entries: this.entries,
        now: this.now,
      },
      { source, dataset },
      (day) => day < FIRST,
      this.note,
    );
    return this.named();
  }

  /** Expects that the next run names days, by their places in {@link days}. */
  async names(...places: readonly number[]): Promise<void> {
    expect(await this.look()).toEqual(places.map((place) => days[place]));
  }

  named(): readonly string[] {
    return newerDays(this.note, (day) => this.entries.get(day)?.eTag, this.now);
  }
}

const days = Array.from({ length: 12 }, (_, i) => addDays('2026-10-01', i));

/** A folder with loaded days. */
function loaded(folder = new Folder()): Folder {
  for (const day of days) {
    folder.put(`${day}/a.parquet`);
    folder.put(`${day}/b.parquet`);
  }
  folder.now += HOUR_MS;
  for (const day of days) folder.load(day);
  return folder;
}

/** Such a folder after a first look. */
async function looked(): Promise<Folder> {
  const folder = loaded();
  await folder.look();
  return folder;
}

describe('files outside of the lookback that are newer than those that were loaded', () => {
  it('are found of all days at once, and named until the days are loaded again', async () => {
    const folder = loaded();
    await folder.names();
    for (const day of days) folder.put(`${day}/a.parquet`);
    expect(await folder.look()).toEqual(days);
    expect(await folder.look()).toEqual(days);
    for (const day of days.slice(0, 5)) folder.load(day);
    // Without another look.
    expect(folder.named()).toEqual(days.slice(5));
    expect(await folder.look()).toEqual(days.slice(5));
  });

  it('are found by the first look, too, and after its note is lost', async () => {
    const folder = loaded();
    folder.now += HOUR_MS;
    folder.putInto(3, 'a');
    await folder.names(3);
    folder.note = undefined;
    await folder.names(3);
  });

  /** Something that happens to a day's folder. */
  interface Change {
    readonly what: string;
    readonly change: (to: Folder, day: string) => void;
  }
  async function afterChange(change: Change['change']): Promise<readonly string[]> {
    const folder = loaded(new Folder({ waitFor: 'READY' }));
    await folder.look();
    change(folder, days[4] ?? '');
    return folder.look();
  }

  it.each<Change>([
    { what: 'a file that was replaced, of an equal count', change: (to, day) => to.put(`${day}/a.parquet`) },
    { what: 'a file that was added', change: (to, day) => to.put(`${day}/c.parquet`) },
    { what: 'a file in a folder of the day', change: (to, day) => to.put(`${day}/country=DE/c.parquet`) },
    { what: 'a file whose name says nothing', change: (to, day) => to.put(`${day}/000000_0`) },
    {
      what: 'a file whose rows have left with it, and that is back as it was',
      change: (to, day) => {
        to.load(day, undefined, 'gone');
        to.put(`${day}/a.parquet`, etagOf(to, day));
      },
    },
  ])('are found by $what', async ({ change }) => {
    expect(await afterChange(change)).toEqual([days[4]]);
  });

  it.each<Change>([
    { what: 'a file that has gone', change: (to, day) => to.remove(`${day}/a.parquet`) },
    {
      what: 'a file that was written again as it was',
      change: (to, day) => to.put(`${day}/a.parquet`, etagOf(to, day)),
    },
    { what: 'a marker', change: (to, day) => to.put(`${day}/_SUCCESS`) },
    { what: 'the marker of its dataset', change: (to, day) => to.put(`${day}/READY`) },
    { what: 'a temporary file', change: (to, day) => to.put(`${day}/_temporary/c.parquet`) },
    { what: 'a file of a day of the lookback', change: (to) => to.put(`${FIRST}/a.parquet`) },
    { what: 'a file of a day that was never loaded', change: (to) => to.put('2026-09-01/a.parquet') },
  ])('are not found by $what', async ({ change }) => {
    expect(await afterChange(change)).toEqual([]);
  });

  it('are none any more once they are gone, or the day has them', async () => {
    const folder = await looked();
    folder.putInto(1, 'c');
    folder.putInto(2, 'c');
    await folder.names(1, 2);
    folder.removeOf(1, 'c');
    await folder.names(2);
  });

  it.each([
    { first: 'c', last: 'd' },
    { first: 'd', last: 'c' },
  ])('are named while any of them is left: $first goes first, then $last', async ({ first, last }) => {
    const folder = await looked();
    folder.putInto(1, 'c');
    folder.now += HOUR_MS;
    folder.putInto(1, 'd');
    await folder.names(1);
    folder.removeOf(1, first);
    await folder.names(1);
    await folder.names(1);
    folder.removeOf(1, last);
    await folder.names();
  });

  it('are named although another than a load has written the entry, as an erasure does', async () => {
    const folder = await looked();
    folder.putInto(1, 'c');
    for (const eTag of ['"erased"', '"again"']) {
      folder.rewrite(days[1] ?? '', eTag);
      await folder.names(1);
    }
  });

  it('end to be named after a month', async () => {
    const folder = await looked();
    folder.putInto(1, 'c');
    await folder.names(1);
    expect(await folder.look(29 * 24)).toEqual([days[1]]);
    folder.now += DAY_MS;
    expect(folder.named()).toEqual([]);
    expect(await folder.look(0)).toEqual([]);
    expect(folder.note?.days).toEqual([]);
    await folder.names();
  });

  it('end to be named after a month, also if an erasure has written the entry within it', async () => {
    const folder = await looked();
    folder.putInto(1, 'c');
    await folder.names(1);
    folder.rewrite(days[1] ?? '', '"erased"');
    expect(await folder.look(29 * 24)).toEqual([days[1]]);
    folder.now += DAY_MS;
    expect(folder.named()).toEqual([]);
  });

  it('are named for a month of their own after those before were loaded', async () => {
    const folder = await looked();
    folder.putInto(1, 'c');
    await folder.look();
    folder.now += 28 * DAY_MS;
    folder.load(days[1] ?? '');
    folder.putInto(1, 'd');
    await folder.names(1);
    expect(await folder.look(48)).toEqual([days[1]]);
  });

  it.each<{
    readonly what: string;
    readonly input: Partial<DatasetInput>;
    /** The name of a file of a day. */
    readonly nameOf: (day: string) => string;
  }>([
    {
      what: 'files with their day',
      input: { layout: 'x_YYYYMMDD*.parquet' },
      nameOf: (day) => `x_${day.replaceAll('-', '')}-1.parquet`,
    },
    {
      what: 'days below any folder',
      input: { layout: '**/dt=YYYY-MM-DD/*.parquet' },
      nameOf: (day) => `c=DE/dt=${day}/a.parquet`,
    },
    {
      what: 'hours',
      input: { dayFormat: 'YYYY/MM/DD/HH' },
      nameOf: (day) => `${day.replaceAll('-', '/')}/07/a.parquet`,
    },
  ])('are found in a folder of $what', async ({ input, nameOf }) => {
    const folder = new Folder(input);
    for (const day of days) {
      folder.put(nameOf(day));
      folder.load(day, (key) => key === `events/${nameOf(day)}`);
    }
    await folder.names();
    folder.put(nameOf(days[7] ?? ''));
    await folder.names(7);
  });

  it('are compared of a hundred days in a look, and then of those of one page', async () => {
    const folder = new Folder({}, 8);
    const many = Array.from({ length: 150 }, (_, i) => addDays('2026-05-01', i));
    for (const day of many) {
      folder.put(`${day}/a.parquet`);
      folder.load(day);
    }
    folder.now += HOUR_MS;
    for (const day of many) folder.put(`${day}/a.parquet`);
    expect(await folder.look()).toEqual(many.slice(0, 104));
    expect(folder.calls).toEqual({ list: 13, read: 104 });
    expect(await folder.look()).toEqual(many);
  });

  it('cost an entry for each day that is new, and a call for each page', async () => {
    const folder = await looked();
    expect(folder.calls).toEqual({ list: 1, read: 0 });
    for (const day of days.slice(0, 3)) folder.put(`${day}/a.parquet`);
    await folder.look();
    expect(folder.calls).toEqual({ list: 1, read: 3 });
    await folder.look();
    expect(folder.calls).toEqual({ list: 1, read: 0 });
  });

  it('are looked for in turns in a folder of many files', async () => {
    const folder = loaded(new Folder({}, 1));
    for (let i = 0; i < 3 * MAX_FOLDER_CALLS; i += 1) {
      const day = addDays('2026-01-01', i);
      folder.put(`${day}/a.parquet`);
      folder.load(day);
    }
    const first = '2026-01-02';
    const last = days[11] ?? '';
    await folder.look();
    for (const day of [first, last]) folder.put(`${day}/a.parquet`);
    const named: (readonly string[])[] = [];
    for (let run = 0; run < 8; run += 1) {
      named.push(await folder.look());
      expect(folder.calls.list).toBeLessThanOrEqual(MAX_FOLDER_CALLS);
    }
    // The first round has passed the first day already: the second finds it, and what was found stays.
    expect(named[0]).toEqual([]);
    expect(named[2]).toEqual([last]);
    expect(named.at(-1)).toEqual([first, last]);
    folder.remove(`${first}/a.parquet`);
    for (let run = 0; run < 8; run += 1) await folder.look();
    expect(folder.named()).toEqual([last]);
    folder.load(last);
    for (let run = 0; run < 8; run += 1) await folder.names();
  });

  it('are named although a later run of the round lists the rest of the day, and its entry was written between', async () => {
    const folder = new Folder({ layout: '**/dt=YYYY-MM-DD/*.parquet' }, 1);
    const day = days[0] ?? '';
    for (const part of ['A', 'C']) folder.put(`c=${part}/dt=${day}/a.parquet`);
    for (let i = 0; i < MAX_FOLDER_CALLS; i += 1) folder.put(`c=B/dt=${addDays('2026-01-01', i)}/a.parquet`);
    folder.load(day);
    for (let run = 0; run < 2; run += 1) await folder.names();
    folder.put(`c=A/dt=${day}/b.parquet`);
    expect(await folder.look()).toEqual([day]);
    folder.rewrite(day, '"erased"');
    await folder.look();
    expect(await folder.look()).toEqual([day]);
  });
});

it('newer files are looked for from the beginning again after pages without a key', async () => {
  const list = async () => ({ objects: [], next: 'more' });
  const place = definedDataset({});
  const ports = { bucket: { list }, ledger: { read: async () => null }, entries: new Map(), now: 0 };
  expect(await findNewerFiles(ports, place, () => true)).toEqual({ days: [] });
  const note = { days: [], round: { beganAt: 0, after: 'events/a' } };
  expect(await findNewerFiles(ports, place, () => true, note)).toEqual(note);
});

function etagOf(folder: Folder, day: string): string {
  return folder.objects.get(`events/${day}/a.parquet`)?.eTag ?? '';
}
