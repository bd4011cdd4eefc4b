import { s3Ledger } from '../../lib/aws/s3Ledger.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { DAY_MS, type UtcDay } from '../../lib/base/time.ts';
import { firstYoungDay } from '../../lib/curate/planDays.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { curatedPlace } from '../../lib/tables/ledgerKeys.ts';
import { type CuratedPlace, rawDaysOf, readListedDays } from './curatedDays.ts';

/** A curated table, by the ledger and the list that views read alone: no raw file is listed. */
export interface CurationState {
  readonly kind: ForwardedKind;
  readonly table: string;
  /** Days that views read from it. */
  readonly listed: number;
  /** Days that are old enough, and that views read raw; the failed and late ones among them. */
  readonly raw: number;
  /** Newest first. */
  readonly failed: readonly { readonly day: UtcDay; readonly code: string }[];
  /** Days that were queued more than a day ago, newest first. */
  readonly late: readonly UtcDay[];
}

/** Days of a table whose ledger entry is read, the newest ones. */
const MOST_DAYS = 400;
const PARALLEL = 16;

/** The state of both curated tables; none without `curate: true`. @throws as `readCuratedCalendar`. */
export async function readCurationState(place: CuratedPlace): Promise<readonly CurationState[]> {
  if (!place.config.curate) return [];
  const states: CurationState[] = [];
  for (const kind of forwardedKinds) states.push(await readTableState(place, kind));
  return states;
}

async function readTableState(place: CuratedPlace, kind: ForwardedKind): Promise<CurationState> {
  const { s3, config, now } = place;
  const ledger = s3Ledger(s3, config.bucket);
  const list = await readListedDays(place, kind);
  const firstYoung = firstYoungDay(config, now);
  const raw = (await rawDaysOf(place).days(kind)).filter(
    (day) => day < firstYoung && list[day] === undefined,
  );
  const days = raw.toReversed().slice(0, MOST_DAYS);
  const entries = await mapLimit(days, PARALLEL, async (day) => ({
    day,
    entry: (await ledger.read(curatedPlace(config, kind, day)))?.entry,
  }));
  return {
    kind,
    table: config.curatedTables[kind],
    listed: Object.keys(list).length,
    raw: raw.length,
    failed: entries.flatMap(({ day, entry }) =>
      entry?.state === 'failed' ? [{ day, code: entry.failure?.code ?? '' }] : [],
    ),
    late: entries.flatMap(({ day, entry }) =>
      entry !== undefined && entry.state !== 'failed' && now - (entry.queued?.at ?? now) > DAY_MS
        ? [day]
        : [],
    ),
  };
}
