import type { UtcDay } from '../../../../lib/base/time.ts';
import type { ForwardedKind } from '../../../../lib/schema/kinds.ts';
import { daysWords } from '../../../commands.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { Place } from '../place.ts';

/** Commands about the days of a dataset. */
export interface DatasetCommands {
  /** Lists its folder and loads what is due. */
  readonly run: () => string;
  /** Shows the calendar, from a day on. */
  readonly status: (day: UtcDay | undefined) => string;
  /** Shows why a day is as it is. */
  readonly explain: (day: UtcDay) => string;
  /** Loads days again. @param to Default: the first day. */
  readonly backfill: (from: UtcDay, to?: UtcDay) => string;
  /** Accepts that days have no files: their rows stay, or go. @param to Default: the first day. */
  readonly accept: (what: 'keep' | 'empty', from: UtcDay, to?: UtcDay) => string;
}

/** Makes commands about the days of a dataset. */
export function datasetCommands(
  { source, dataset }: Pick<DatasetDays, 'source' | 'dataset'>,
  { commands: { sluice }, now }: Pick<Place, 'commands' | 'now'>,
): DatasetCommands {
  const words = ['--source', source, '--dataset', dataset];
  const ingest = (action: string, ...more: readonly string[]) => sluice('ingest', action, ...words, ...more);
  return {
    run: () => ingest('run'),
    status: (day) => ingest('status', ...daysWords(day, now)),
    explain: (day) => ingest('explain', '--day', day),
    backfill: (from, to = from) => ingest('backfill', '--from', from, '--to', to),
    accept(what, from, to = from) {
      const until = from === to ? [] : ['--to', to];
      return sluice('ingest', 'accept', what, ...words, '--from', from, ...until);
    },
  };
}

/** Commands about the days of a curated table. */
export interface CuratedCommands {
  /** Has days curated that are due. */
  readonly run: string;
  /** Shows the days, from one on. */
  readonly status: (from: UtcDay | undefined) => string;
  /** Makes days again. */
  readonly rebuild: (from: UtcDay, to: UtcDay) => string;
}

/** Makes commands about the days of a curated table. */
export function curatedCommands(
  kind: ForwardedKind,
  { commands: { sluice }, now }: Pick<Place, 'commands' | 'now'>,
): CuratedCommands {
  const words = ['--table', kind];
  return {
    run: sluice('curate', 'run', ...words),
    status: (from) => sluice('curate', 'status', ...words, ...daysWords(from, now)),
    rebuild: (from, to) => sluice('curate', 'rebuild', ...words, '--from', from, '--to', to),
  };
}
