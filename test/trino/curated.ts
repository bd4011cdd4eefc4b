import { qualifiedName, quoteName } from '../../lib/base/sql.ts';
import { addDays } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { type CuratedDays, dayRanges } from '../../lib/views/curatedDays.ts';
import { viewKinds } from '../../lib/views/curatedViews.ts';
import type { ViewName } from '../../lib/views/View.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views } from '../../lib/views/views.ts';
import type { Answer } from '../../packages/local-aws/test/witness/trino/askTrino.ts';
import { curateRows } from '../lib/views/curateRows.ts';
import { generateDays } from '../lib/views/generateDays.ts';
import { drawing } from '../lib/views/generateRows.ts';
import { viewDifferences } from '../lib/views/viewDifferences.ts';
import { loadRows } from './loadRows.ts';

/** Tables that differ from the tables of the other questions, in the same schema. */
const config = defineConfig({
  bucket: 'acme-experiments',
  database: 'default',
  existing: { database: true },
  tables: { exposures: 'random_exposures', events: 'random_events' },
  unitIds: { companyID: 'company_id' },
  experiments: ['checkout'],
  holdouts: ['spring_holdout'],
});
/** The column of each view of exposures that is the table's `experiment_id`. */
const EXPERIMENT: Readonly<Partial<Record<ViewName, string>>> = {
  experiment_exposures: 'experiment_id',
  first_exposures: 'experiment_id',
  secondary_exposures: 'primary_id',
  daily_exposures: 'experiment_id',
};
const FIRST = '2026-01-01';
const DAYS = 60;
const LISTS = 3;

const draw = drawing(61_000);
const rows = generateDays(61_001, FIRST, DAYS);
const bare = views(config);

/** A list of days for each view, so that views that read each other have different ones. */
type Lists = Readonly<Record<ViewName, CuratedDays>>;

/** Lists of each view, made anew. */
function listsOf(make: () => CuratedDays): Lists {
  return {
    experiment_exposures: make(),
    first_exposures: make(),
    product_events: make(),
    secondary_exposures: make(),
    daily_exposures: make(),
  };
}

/** About half of the days of exposures, and other ones of events. */
function someDays(): CuratedDays {
  const days = () =>
    dayRanges(Array.from({ length: DAYS }, (_, n) => addDays(FIRST, n)).filter(() => draw.chance(0.5)));
  return { exposures: days(), events: days() };
}

const mixed = Array.from({ length: LISTS }, () => listsOf(someDays));
const CURATED = addDays(FIRST, 3);
const RAW = addDays(FIRST, 20);
/** With a gap, so that there are two ranges. */
const planned = listsOf(() => {
  const ranges = dayRanges([0, 1, 2, 3, 5, 6].map((n) => addDays(FIRST, n)));
  return { exposures: ranges, events: ranges };
});

/** A view's query, with those it reads put in their places. */
function textOf(name: ViewName, lists?: Lists): string {
  const made = (view: ViewName) => (lists === undefined ? bare : views(config, lists[view]))[view].sql;
  const read: readonly ViewName[] = ['experiment_exposures', 'first_exposures'];
  const text = read.reduce(
    (sql, view) => sql.replaceAll(qualifiedName(config, view), () => `(${made(view)})`),
    made(name),
  );
  return `(${text})`;
}

const plan = (name: ViewName, where: string) =>
  `EXPLAIN (TYPE LOGICAL) SELECT * FROM ${textOf(name, planned)} AS "shown" WHERE ${where}`;

/** Trino's questions about views with curated days. Every table of `loading` is a new one, in this order. */
export const curatedQuestions = {
  loading: [forwardedTables(config), curatedTables(config)].flatMap((tables, isCurated) =>
    forwardedKinds.flatMap((kind) => {
      const { name, columns, partitionKey } = tables[kind];
      const landed = isCurated === 1 ? curateRows(kind, rows[kind]) : rows[kind];
      return loadRows(qualifiedName(config, name), [...columns, partitionKey], landed);
    }),
  ),
  asked: viewNames.flatMap((name) => [
    ...mixed.map((lists) => viewDifferences(bare[name], textOf(name), textOf(name, lists))),
    ...(name !== 'first_exposures'
      ? [CURATED, RAW].map((day) => plan(name, `${quoteName('ds')} = DATE '${day}'`))
      : [plan(name, 'TRUE')]),
    ...(EXPERIMENT[name] === undefined ? [] : [plan(name, `${quoteName(EXPERIMENT[name])} = 'hero'`)]),
  ]),
};

/**
 * Judges the answers to `asked`.
 *
 * @param tables How many tables were made before the tables of `loading`: plans name tables by number.
 */
export function judgeCurated(
  answers: readonly Answer[],
  tables: number,
  tell: (what: string, passed: boolean, detail: unknown) => void,
): void {
  const left = [...answers];
  for (const name of viewNames) {
    for (const answer of left.splice(0, LISTS)) {
      const [count, different] = 'rows' in answer ? (answer.rows[0] ?? []) : [];
      const isSame = Number(count) > 20 && different === '0';
      tell(`${name} shows the same ${count} rows with a list of curated days`, isSame, answer);
    }
    const kinds = name === 'daily_exposures' ? viewKinds.experiment_exposures : viewKinds[name];
    const numbers = (first: number) =>
      kinds.map((kind) => `memory:${tables + first + forwardedKinds.indexOf(kind)}`);
    const raw = numbers(0);
    const curated = numbers(forwardedKinds.length);
    if (name !== 'first_exposures') {
      const [ofCurated, ofRaw] = left.splice(0, 2);
      tell(
        `${name} of a curated day reads the curated table alone`,
        isRead(ofCurated, curated, CURATED),
        ofCurated,
      );
      tell(`${name} of another day reads the forwarded table alone`, isRead(ofRaw, raw, RAW), ofRaw);
    } else {
      const [all] = left.splice(0, 1);
      tell(`${name} excludes days from every scan`, isRead(all, [...raw, ...curated]), all);
    }
    if (EXPERIMENT[name] === undefined) continue;
    const [filtered] = left.splice(0, 1);
    const scans = scansOf(filtered);
    // Rows that landed hashed are found by their layer.
    const applied =
      /"experiment_id(?:_\d+)?" = (?:VARCHAR )?'hero'|"exposure_type(?:_\d+)?" = (?:VARCHAR )?'layer'/i;
    tell(
      `a filter on an experiment of ${name} is applied by every scan`,
      scans.length >= raw.length + curated.length && scans.every((line) => applied.test(line)),
      filtered,
    );
  }
}

/** Whether a plan scans these tables, and besides only the groups' table, and filters every scan by the day. */
function isRead(answer: Answer | undefined, wanted: readonly string[], day?: string): boolean {
  const scans = scansOf(answer);
  const filter = day === undefined ? '"ds' : `DATE '${day}'`;
  const read = scans.map((line) => /memory:\d+/.exec(line)?.[0] ?? line);
  return (
    scans.every((line) => line.includes(filter)) &&
    JSON.stringify([...new Set(read)].sort()) === JSON.stringify([...wanted].sort())
  );
}

/** The scans in a plan, without scans of the groups' table, which is the third that is made. */
function scansOf(answer: Answer | undefined): readonly string[] {
  const lines = answer !== undefined && 'rows' in answer ? answer.rows.map(([line]) => line ?? '') : [];
  return lines
    .join('\n')
    .split('\n')
    .filter((line) => /Scan\w*\[/.test(line) && !/memory:2\b/.test(line));
}
