import type { ComponentChildren } from 'preact';
import type { CuratedDayState, CuratedTableStatus } from '../../../observe/facts/days/curatedDays.ts';
import type { DatasetDays, DropDay, ExportDays } from '../../../observe/facts/days/ledgerDays.ts';
import type { DaysAnswer } from '../../api/days.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { Choice, Filters, TextFilter } from '../parts/filters.tsx';
import { formatCount, formatDay, formatNoun, formatTime } from '../parts/format.ts';
import { Answered, Card, Empty, Page } from '../parts/parts.tsx';
import { setParams } from '../parts/router.ts';
import { CuratedDay } from './CuratedDay.tsx';
import { type Cell, ExportDay, DropDay as OneDay, STATES } from './DropDay.tsx';

/** A line of the calendar. */
interface Line {
  readonly name: string;
  readonly kind: string;
  /** What is wrong with the line as a whole; empty if nothing is. */
  readonly note: string;
  readonly cells: ReadonlyMap<string, Cell>;
  /** What a day shows when it is opened. */
  readonly open: (day: string) => ComponentChildren;
}

const NONE: Cell = { mark: '·', tone: 'plain', words: 'nothing' };

/** The page Days: customers' drops, exports and curated tables by day, each day with what happened and what to do. */
export function Days() {
  const { route, deployment } = useConsole();
  const { days = '14', until } = route.params;
  const calendar = useApi<DaysAnswer>(
    '/api/days',
    { days, until },
    { every: deployment.isLocal ? 3_000 : 60_000 },
  );
  return (
    <Page
      title="Days"
      intro="Days of files that customers drop, of tables that are exported to them, and of curated tables."
    >
      <Filters>
        <Choice
          label="Days"
          name="days"
          value={days}
          choices={['14', '28', '56', '92'].map((one) => [one, one])}
        />
        <TextFilter label="Until" name="until" type="date" value={until} />
      </Filters>
      <Answered of={calendar}>{(answer) => <Calendar answer={answer} onDone={calendar.reload} />}</Answered>
    </Page>
  );
}

function Calendar({ answer, onDone }: { readonly answer: DaysAnswer; readonly onDone: () => void }) {
  const { datasets, exports, curated } = answer;
  const lines = [
    ...datasets.map((one) => datasetLine(one, onDone)),
    ...exports.map((one) => exportLine(one, onDone)),
    ...(curated?.tables ?? []).map((one) => curatedLine(one, onDone)),
  ];
  if (lines.length === 0)
    return (
      <Empty title="The configuration has no sources, no exports and no curated tables.">
        <p>
          Name the bucket that a customer drops files into as <code>sources</code> in sluice.config.ts, a
          table to export as <code>exports</code>, or set <code>curate: true</code>, and start again.
        </p>
      </Empty>
    );
  return (
    <>
      {lines.map((line) => (
        <LineOfDays key={`${line.kind} ${line.name}`} line={line} days={answer.days} />
      ))}
      <p class="faint">
        ✓ done, – no data, ? inputs missing, ✗ failed, » in progress, … waiting, ! late, outdated or without
        its files, · nothing. The line in a bar marks the usual number of rows. A day opens below its line.
        Schedules load, export and curate what is due; <code>sluice ingest</code>, <code>export</code> and{' '}
        <code>curate run</code> do it now.
      </p>
    </>
  );
}

function LineOfDays({ line, days }: { readonly line: Line; readonly days: readonly string[] }) {
  const { params } = useConsole().route;
  const key = `${line.kind} ${line.name}`;
  const chosen = params['line'] === key ? params['day'] : undefined;
  return (
    <Card
      title={
        <>
          {line.name} <small>{line.kind}</small>
        </>
      }
    >
      {line.note !== '' && <p class="note bad">{line.note}</p>}
      <ol class="days">
        {days.map((day, i) => {
          const { mark, tone, words, rows } = line.cells.get(day) ?? NONE;
          const isNamed = i === 0 || day.endsWith('-01');
          const isChosen = chosen === day;
          return (
            <li key={day}>
              <button
                type="button"
                class={tone}
                title={`${day}: ${words}`}
                aria-expanded={isChosen}
                onClick={() => setParams(isChosen ? { line: '', day: '' } : { line: key, day })}
              >
                <small>
                  {isNamed && formatDay(day).slice(0, 3)} {day.slice(8)}
                </small>
                {mark}
                {rows !== undefined && <Rows of={rows} />}
                <span class="hidden">{words}</span>
              </button>
            </li>
          );
        })}
      </ol>
      {chosen !== undefined && <div key={chosen}>{line.open(chosen)}</div>}
    </Card>
  );
}

/** Rows of a day, and a bar: a full one is twice what is usual. */
function Rows({ of: { is, usual } }: { readonly of: NonNullable<Cell['rows']> }) {
  return (
    <>
      <small>{is.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 })}</small>
      {usual !== null && usual > 0 && (
        <svg viewBox="0 0 2 1" preserveAspectRatio="none" aria-hidden="true">
          <rect width={Math.min(2, is / usual)} height="1" fill="currentColor" />
          <rect x="0.97" width="0.06" height="1" class="usual" />
        </svg>
      )}
    </>
  );
}

/** A done day with refused rows, left out objects or unusual rows is a warning. */
function cellOf(of: DropDay): Cell {
  const { state, lateSince, lackingSince, rows, usual, unusual, leftOut, failure, files, waiting } = of;
  if (lackingSince !== null) return LACKING;
  if (lateSince !== null) return { mark: '!', tone: 'bad', words: `late, ${waiting ?? 'no file has come'}` };
  if (waiting !== null) return { mark: '…', tone: 'warning', words: `it ${waiting}` };
  if (state === null) return NONE;
  const isPartial = state === 'succeeded' && (rows.refused + leftOut.count > 0 || unusual !== null);
  const words = [
    STATES[state].words,
    ...(failure === null ? [] : [failure]),
    rows.in > 0 ? formatNoun(rows.out, 'row') : formatNoun(files, 'file'),
    ...(rows.refused > 0 ? [`${formatCount(rows.refused)} refused`] : []),
    ...(unusual !== null ? [unusual] : usual === null ? [] : [`usually ${formatCount(usual)}`]),
    ...(leftOut.count > 0 ? [`${formatNoun(leftOut.count, 'object')} left out`] : []),
  ];
  return {
    ...STATES[state],
    ...(isPartial ? { tone: 'warning' as const } : {}),
    words: words.join(', '),
    ...(rows.out > 0 ? { rows: { is: rows.out, usual } } : {}),
  };
}

function cellsOf(days: readonly DropDay[]): ReadonlyMap<string, Cell> {
  return new Map(days.map((one) => [one.day, cellOf(one)]));
}

function datasetLine(of: DatasetDays, onDone: () => void): Line {
  const { source, dataset, kind, lastLook, unlooked, days } = of;
  const failure = lastLook?.failure;
  return {
    name: `${source}/${dataset}`,
    kind: `drops of ${kind}`,
    cells: cellsOf(days),
    note:
      failure !== undefined
        ? `It could not be listed at ${formatTime(lastLook?.at ?? 0)}: ${failure.message} (${failure.code})`
        : lastLook?.stopped === true
          ? 'There are no files for any day of its lookback.'
          : unlooked.length > 0
            ? `There are files of ${formatNoun(unlooked.length, 'day')} outside of its lookback.`
            : '',
    open: (day) => <OneDay of={of} day={day} onDone={onDone} />,
  };
}

function exportLine({ export: name, table, days }: ExportDays, onDone: () => void): Line {
  const cells = cellsOf(days);
  return {
    name,
    kind: `export of ${table}`,
    cells,
    note: '',
    open: (day) => <ExportDay name={name} day={day} of={cells.get(day) ?? NONE} onDone={onDone} />,
  };
}

const LACKING: Cell = { mark: '!', tone: 'bad', words: 'files of its version are gone' };

const CURATED: Readonly<Record<CuratedDayState, Cell>> = {
  curated: { mark: '✓', tone: 'good', words: 'views read it curated' },
  too_young: { mark: '·', tone: 'plain', words: 'raw: too young' },
  waiting: { mark: '…', tone: 'accent', words: 'raw: waiting' },
  curating: { mark: '»', tone: 'accent', words: 'raw: being curated' },
  failed: { mark: '✗', tone: 'bad', words: 'raw: failed' },
  outdated: { mark: '!', tone: 'warning', words: 'raw: outdated' },
  left_out: { mark: '✓', tone: 'warning', words: 'curated: no room in some views' },
  lacking: LACKING,
  off: { mark: '·', tone: 'plain', words: 'raw: not to be curated' },
};

function curatedLine(table: CuratedTableStatus, onDone: () => void): Line {
  return {
    name: table.table,
    kind: `curated from ${table.rawTable}`,
    note: '',
    cells: new Map(table.days.map(({ day, state }) => [day, CURATED[state]])),
    open: (day) => (
      <CuratedDay
        kind={table.kind}
        day={day}
        of={table.days.find((one) => one.day === day)}
        words={(state) => CURATED[state].words}
        onDone={onDone}
      />
    ),
  };
}
