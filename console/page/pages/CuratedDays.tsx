import type {
  CuratedCalendar,
  CuratedDayState,
  CuratedDayStatus,
} from '../../../observe/curate/curatedDays.ts';
import type { CurateRequested } from '../../../operate/curate/requests.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { formatBytes, formatCount, formatNoun } from '../parts/format.ts';
import { Badge, Bytes, type Column, Count, type Tone } from '../parts/parts.tsx';

const STATES: Readonly<Record<CuratedDayState, { readonly word: string; readonly tone: Tone }>> = {
  curated: { word: 'curated', tone: 'good' },
  too_young: { word: 'raw: too young', tone: 'plain' },
  waiting: { word: 'raw: waiting', tone: 'plain' },
  curating: { word: 'raw: being curated', tone: 'accent' },
  failed: { word: 'raw: failed', tone: 'bad' },
  outdated: { word: 'raw: outdated', tone: 'warning' },
  left_out: { word: 'curated: no room in some views', tone: 'warning' },
};

/**
 * Columns of a calendar that say what views read of each day.
 *
 * @param calendar Of the table; undefined while it is asked for.
 */
export function curatedColumns(
  calendar: CuratedCalendar | undefined,
): readonly Column<{ readonly day: string }>[] {
  if (calendar?.isOn !== true) return [];
  const days = new Map(calendar.tables.flatMap((table) => table.days.map((one) => [one.day, one] as const)));
  return [
    { name: 'Views read', show: ({ day }) => <Served of={days.get(day)} /> },
    { name: 'Curated files', isNumber: true, show: ({ day }) => <Count n={days.get(day)?.files || null} /> },
    { name: 'Curated size', isNumber: true, show: ({ day }) => <Bytes n={days.get(day)?.bytes || null} /> },
    { name: 'Resends', isNumber: true, show: ({ day }) => <Count n={days.get(day)?.account?.resends} /> },
  ];
}

function Served({ of }: { readonly of: CuratedDayStatus | undefined }) {
  if (of === undefined) return null;
  const { word, tone } = STATES[of.state];
  return (
    <>
      <Badge tone={tone}>{word}</Badge> <span class="faint">{of.why}</span>
    </>
  );
}

/** Shows the data of a table that views read, and actions: curate what is due, and curate the shown days again. */
export function Curation(props: { readonly calendar: CuratedCalendar; readonly onDone: () => void }) {
  const { isOn, curateAfter, firstYoung, tables } = props.calendar;
  const [table] = tables;
  if (table === undefined) return null;
  if (!isOn)
    return (
      <p class="faint">
        Views read the raw rows of every day: the configuration has <code>curate: false</code>{' '}
        (docs/curated.md).
      </p>
    );
  const old = table.days.filter(({ day }) => day < firstYoung);
  const [to, from] = [old[0]?.day, old.at(-1)?.day];
  return (
    <>
      <p class="faint">
        Views read {formatNoun(table.listed, 'day')} from {table.table} and all others from {table.rawTable}.
        A day is curated {formatNoun(curateAfter, 'day')} after its end.
      </p>
      <div class="tools">
        <DryRun<CurateRequested>
          label="Curate now …"
          path="/api/curate/run"
          body={{ kind: table.kind }}
          wouldDo={({ asked }) => (
            <>
              <p>
                A run curates the days that never were, have changed since, or failed, the newest first. Days
                beyond the limit of a run wait for the next night.
              </p>
              <Asked asked={asked} />
            </>
          )}
          confirm={({ asked }) => {
            const days = asked.reduce((sum, one) => sum + one.days, 0);
            return days === 0 ? null : `Curate ${formatNoun(days, 'day')}`;
          }}
          did={() => <p>Requested. This page shows the result.</p>}
          onDone={props.onDone}
        />
        {from !== undefined && to !== undefined && (
          <DryRun<CurateRequested>
            label={from === to ? `Rebuild ${from} …` : `Rebuild ${from} to ${to} …`}
            path="/api/curate/rebuild"
            body={{ kind: table.kind, from, to }}
            wouldDo={({ asked }) => (
              <>
                <p>
                  These days are curated again, changed or not. Views read the version that exists until the
                  new one is complete.
                </p>
                <Asked asked={asked} />
              </>
            )}
            confirm={({ asked }) => {
              const days = asked.reduce((sum, one) => sum + one.days, 0);
              return days === 0 ? null : `Rebuild ${formatNoun(days, 'day')}`;
            }}
            did={() => <p>Requested. This page shows the result.</p>}
            onDone={props.onDone}
          />
        )}
      </div>
    </>
  );
}

function Asked({ asked }: Pick<CurateRequested, 'asked'>) {
  return (
    <ul>
      {asked.map(({ table, from, to, days, raw }) => (
        <li key={table}>
          <strong>{table}</strong>:{' '}
          {from === null
            ? 'no day is due'
            : from === to
              ? from
              : `${from} to ${to}, ${formatNoun(days, 'day')}`}
          {raw !== null &&
            from !== null &&
            ` (${formatCount(raw.files)} raw files, ${formatBytes(raw.bytes)})`}
        </li>
      ))}
    </ul>
  );
}
