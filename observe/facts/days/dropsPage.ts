import { type UtcDay, utcDay } from '../../../lib/base/time.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import type { Deployment } from '../../deployment.ts';
import { whyUnread } from '../../explainAwsError.ts';
import { type DatasetStatus, readDatasets } from './datasets.ts';
import { type DatasetDays, dropDays } from './dropDays.ts';
import { exportNeed, isShownAlways, type Need, needOf } from './dropNeeds.ts';
import { type ExportDays, type ExportStatus, readExports } from './exportDays.ts';
import { type ConfiguredDataset, daysUntil, judgedDays, judgedExportDays } from './ledgerDays.ts';
import { byNeed, cursorOf, fitting, type Shown, startAfter } from './pagesByNeed.ts';
import { type CatalogReaders, type DifferingDays, unreadDrops } from './unreadDays.ts';

/** The most bytes of a page's JSON: with all else an answer stays below 300 kB. */
const PAGE_BYTES = 240_000;
/** Bytes of a dataset, and of a day of it, as most have them. */
const USUAL_BYTES = { dataset: 1_000, day: 410 } as const;

/** What could not be read, so that a page may lack some of it. */
interface NotRead {
  /** What it is. */
  readonly part: string;
  /** Why not. */
  readonly why: string;
}

/** Datasets and exports of a page, and their days. */
export interface DropsCalendar extends Shown {
  /** Days of any line, oldest first: those that were asked for, and older ones that need somebody. Each line has its own. */
  readonly days: readonly UtcDay[];
  /** What could not be read of any dataset. */
  readonly unknown: readonly NotRead[];
  /** The datasets of this page. */
  readonly datasets: readonly DatasetDays[];
  /** The exports of this page. */
  readonly exports: readonly ExportDays[];
}

/** A page with the entries of the ledger. */
interface DropsPage {
  /** The page as it is answered. */
  readonly calendar: DropsCalendar;
  /** Its datasets with the entries of their days. */
  readonly datasets: readonly DatasetStatus[];
  /** Its exports with the entries of their days. */
  readonly exports: readonly ExportStatus[];
  /** Whether a dataset or an export, of this page or not, has a problem. */
  readonly hasProblem: boolean;
}

/** A dataset or an export, before its days are read. */
type Line =
  | { readonly name: string; readonly dataset: ConfiguredDataset }
  | { readonly name: string; readonly exported: Export };

/** Which days of lines are read, and shown. */
interface Span {
  /** How many days are asked for. */
  readonly days: number;
  /** The last day. Default today in a dataset's time zone; of exports yesterday. */
  readonly until?: UtcDay | undefined;
}

/**
 * Reads a page of datasets and exports. Who needs somebody is judged by the days by which `sluice status` judges and, if all fits one
 * page, by those that are asked for; with `until` by the latter alone. Of a longer list the days that are asked for are read of the
 * page alone. An older day that needs somebody is shown, too.
 *
 * @param about The datasets and exports, in the order of the configuration.
 * @param wanted The days; and `after`, which is `next` of the page before. Default: the first page.
 * @throws LedgerError; ObserveError `SLUICE_OBSERVE_CURSOR_UNKNOWN`; what AWS clients throw when AWS cannot be reached.
 */
export async function readDropsPage(
  given: Pick<Deployment, 's3' | 'glue' | 'config' | 'now' | 'signal'>,
  about: { readonly datasets: readonly ConfiguredDataset[]; readonly exports: readonly Export[] },
  wanted: Span & { readonly after?: string | undefined },
): Promise<DropsPage> {
  const { after, ...span } = wanted;
  const { now } = given;
  const damaged = new Map<string, NotRead>();
  const onDamaged = (part: string) => void damaged.set(part, { part, why: 'It has no valid entry.' });
  const open = { ...given, onDamaged };
  const { days: count, until } = span;
  const lines: readonly Line[] = [
    ...about.datasets.map((dataset) => ({ name: `${dataset.source.name}/${dataset.dataset.name}`, dataset })),
    ...about.exports.map((exported) => ({ name: exported.name, exported })),
  ];
  const most = Math.max(1, Math.floor(PAGE_BYTES / (USUAL_BYTES.dataset + count * USUAL_BYTES.day)));
  const isAll = lines.length <= most || until !== undefined;
  const [known, unread] = await Promise.all([
    readLines(open, lines, isAll ? span : { days: 0 }),
    readUnread(open, about.datasets),
  ]);
  const withUnread = (status: DatasetStatus | ExportStatus) => {
    const ofLine = 'dataset' in status ? unread.days.get(`${status.source}/${status.dataset}`) : undefined;
    return ofLine === undefined ? status : { ...status, ...ofLine };
  };
  const needs = new Map([...known].map(([name, status]) => [name, statusNeed(withUnread(status))]));
  const sorted = byNeed(lines, ({ name }) => needs.get(name) ?? null);
  const start = after === undefined ? 0 : startAfter(after, lines, sorted, needs);
  const page = sorted.slice(start, start + most);
  const read = isAll ? known : await readLines(open, page, span);
  const statuses = page
    .flatMap(({ name }) => read.get(name) ?? [])
    .map((status) => shownDays(withUnread(status), span));
  const shown = fitting(statuses.map(daysOf), PAGE_BYTES);
  const statusesOf = statuses.slice(0, shown.length);
  const last = page[shown.length - 1]?.name;
  const covered = new Set(daysUntil(until ?? utcDay(now), count));
  for (const { days } of shown) for (const { day } of days) covered.add(day);
  return {
    calendar: {
      total: lines.length,
      needing: [...needs.values()].filter((need) => need !== null).length,
      next:
        last !== undefined && start + shown.length < sorted.length
          ? cursorOf(needs.get(last) ?? null, last)
          : null,
      days: [...covered].sort(),
      unknown: [...unread.unknown, ...damaged.values()],
      datasets: shown.filter((ofPage) => 'dataset' in ofPage),
      exports: shown.filter((ofPage) => 'export' in ofPage),
    },
    datasets: statusesOf.filter((status) => 'dataset' in status),
    exports: statusesOf.filter((status) => 'export' in status),
    hasProblem:
      damaged.size > 0 ||
      [...needs.values()].includes('problem') ||
      statusesOf.some((status) => statusNeed(status) === 'problem'),
  };
}

/** Reads the days of lines that are asked for, and without `until` those by which they are judged; by the names of the lines. */
async function readLines(
  open: Pick<Deployment, 's3' | 'config' | 'now' | 'onDamaged'>,
  lines: readonly Line[],
  { days, until }: Span,
): Promise<ReadonlyMap<string, DatasetStatus | ExportStatus>> {
  const countOf = (judged: number) => (until === undefined ? Math.max(days, judged) : days);
  const end = until === undefined ? {} : { until };
  const [datasets, exports] = await Promise.all([
    readDatasets(
      open,
      lines.flatMap((line) => ('dataset' in line ? [line.dataset] : [])),
      { count: (dataset) => countOf(judgedDays(dataset)), ...end },
    ),
    readExports(
      open,
      lines.flatMap((line) => ('exported' in line ? [line.exported] : [])),
      { count: (exported) => countOf(judgedExportDays(exported)), ...end },
    ),
  ]);
  return new Map<string, DatasetStatus | ExportStatus>([
    ...datasets.map((status) => [`${status.source}/${status.dataset}`, status] as const),
    ...exports.map((status) => [status.export, status] as const),
  ]);
}

/** Reads the days without a partition, by the names of datasets, or says why they could not be read. */
async function readUnread(
  open: CatalogReaders,
  datasets: readonly ConfiguredDataset[],
): Promise<{
  readonly days: ReadonlyMap<string, DifferingDays>;
  readonly unknown: readonly NotRead[];
}> {
  try {
    const days = await unreadDrops(open, datasets);
    const named = datasets.flatMap(({ source, dataset }, i) => {
      const ofDataset = days[i];
      return ofDataset === undefined ? [] : [[`${source.name}/${dataset.name}`, ofDataset] as const];
    });
    return { days: new Map(named), unknown: [] };
  } catch (error) {
    return { days: new Map(), unknown: [{ part: 'days without a partition', why: whyUnread(error) }] };
  }
}

/** A status with the days that are shown: as many of the last as are asked for, and older ones that need somebody. */
function shownDays<Status extends DatasetStatus | ExportStatus>(
  status: Status,
  { days, until }: Span,
): Status {
  if (until !== undefined) return status;
  const always = new Set(
    daysOf(status)
      .days.filter(isShownAlways)
      .map(({ day }) => day),
  );
  const first = status.days.length - days;
  return { ...status, days: status.days.filter(({ day }, i) => i >= first || always.has(day)) };
}

/** A dataset or an export with what is shown of its days. */
function daysOf(status: DatasetStatus | ExportStatus): DatasetDays | ExportDays {
  return 'dataset' in status ? dropDays(status) : dropDays(status);
}

/** What a dataset or an export needs; null if it needs nobody. */
function statusNeed(status: DatasetStatus | ExportStatus): Need | null {
  const days = daysOf(status);
  return 'dataset' in days ? needOf(days) : exportNeed(days);
}
