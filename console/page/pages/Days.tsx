import type { ComponentChildren } from 'preact';
import { counted } from '../../../lib/base/text.ts';
import { addDays } from '../../../lib/base/time.ts';
import type { CuratedTableStatus } from '../../../observe/facts/days/curatedCalendar.ts';
import { legendOf } from '../../../observe/facts/days/dayMarks.ts';
import type { DatasetDays } from '../../../observe/facts/days/dropDays.ts';
import type { ExportDays } from '../../../observe/facts/days/exportDays.ts';
import type { DaysAnswer } from '../../api/days.ts';
import { useApi } from '../parts/api.ts';
import { axisTop } from '../parts/axis.ts';
import { useConsole, useEvery } from '../parts/context.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { Choice, Filters, TextFilter } from '../parts/filters.tsx';
import { Answered, Badge, Card, Empty, Page, Prose } from '../parts/parts.tsx';
import { setParams } from '../parts/router.ts';
import { formatDay } from '../texts/format.ts';
import { CuratedDay } from './CuratedDay.tsx';
import { type Cell, CURATED, cellsOf, type LineNote, NONE, notesOf } from './cells.ts';
import { DropDay } from './DropDay.tsx';

/** How many days are shown until somebody chooses. */
const USUAL_DAYS = '14';

/** A line of the calendar. */
interface Line {
  /** The name of the dataset, `source/dataset`, of the export or of the curated table. */
  readonly name: string;
  /** What it has days of, in words. With the name it tells the line from all others. */
  readonly kind: string;
  /** What is to be said of the line as a whole. */
  readonly notes: readonly LineNote[];
  /** Its days that were read, oldest first. */
  readonly days: readonly string[];
  /** The look of each of these days of which something is known. */
  readonly cells: ReadonlyMap<string, Cell>;
  /** What a day shows when it is opened. */
  readonly open: (day: string) => ComponentChildren;
}

/** The page Days: customers' drops, exports and curated tables by day, each day with what happened and what to do. */
export function Days() {
  const { days = USUAL_DAYS, until, source = '', after } = useConsole().route.params;
  const calendar = useApi<DaysAnswer>('/api/days', { days, until, source, after }, useEvery('calendar'));
  const sources = (calendar.answer?.sources ?? []).map((name) => [name, name] as const);
  return (
    <Page title="Days">
      <Filters>
        <Choice
          label="Days"
          name="days"
          value={days}
          choices={['14', '28', '56', '92'].map((choice) => [choice, choice])}
        />
        <TextFilter label="Until" name="until" type="date" value={until} />
        <Choice label="Source" name="source" value={source} choices={[['', 'all'], ...sources]} />
      </Filters>
      <Answered state={calendar}>
        {(answer) => <Calendar answer={answer} onDone={calendar.reload} />}
      </Answered>
    </Page>
  );
}

/** All lines of the calendar, with the way to other pages of them. */
function Calendar({ answer, onDone }: { readonly answer: DaysAnswer; readonly onDone: () => void }) {
  const { datasets, exports, curated, unknown } = answer;
  const { after = '', days = USUAL_DAYS } = useConsole().route.params;
  const last = answer.days.at(-1) ?? '';
  // Without a last day exports end a day earlier than datasets: then all lines have a place for one day more.
  const columns = answer.days.filter((day) => day >= addDays(last, -Number(days)));
  const curatedDays = answer.days.slice(-Number(days));
  const lines = [
    ...datasets.map((dataset) => datasetLine(dataset, onDone)),
    ...exports.map((dayExport) => exportLine(dayExport, onDone)),
    ...(curated?.tables ?? []).map((table) => curatedLine(table, curatedDays, onDone)),
  ];
  if (lines.length === 0 && after === '')
    return (
      <Empty title="The configuration has no sources, no exports and no curated tables.">
        <p>
          Add <code>sources</code>, <code>exports</code> or <code>curate: true</code> to sluice.config.ts, and
          start again.
        </p>
      </Empty>
    );
  return (
    <>
      {(answer.next !== null || after !== '') && <Pages answer={answer} />}
      {unknown.map(({ part, why }) => (
        <p key={part} class="note warning">
          Not known: {part}. {why}
        </p>
      ))}
      {lines.map((line) => (
        <LineOfDays key={`${line.kind} ${line.name}`} line={line} columns={columns} />
      ))}
      <p class="faint">
        {legendOf()}. A bar shows the rows of the day, and the mark on it how many its weekday usually has.
      </p>
    </>
  );
}

/** Which page of the calendar this is, and the way to others. */
function Pages({ answer }: { readonly answer: DaysAnswer }) {
  const { datasets, exports, total, needing, next } = answer;
  const { after = '', until } = useConsole().route.params;
  return (
    <p>
      {counted(total, 'dataset or export', 'datasets and exports')}, first the {needing} that need somebody
      {until === undefined ? '' : ' for these days'}. {datasets.length + exports.length} are on this page.{' '}
      {after !== '' && (
        <button type="button" onClick={() => setParams({ after: '' })}>
          First page
        </button>
      )}{' '}
      {next !== null && (
        <button type="button" onClick={() => setParams({ after: next })}>
          Next page
        </button>
      )}
    </p>
  );
}

/** A line: its notes, its days as buttons, and the day that is opened. */
function LineOfDays({ line, columns }: { readonly line: Line; readonly columns: readonly string[] }) {
  const { params } = useConsole().route;
  const key = `${line.kind} ${line.name}`;
  const chosen = params['line'] === key ? params['day'] : undefined;
  const shown = [...new Set([...columns, ...line.days])].sort();
  const longest = axisTop([[...line.cells.values()].flatMap(({ rows }) => [rows?.is, rows?.usual])]);
  return (
    <Card
      title={
        <>
          {line.name} <small>{line.kind}</small>
        </>
      }
    >
      {line.notes.map(([tone, text]) => (
        <p key={text} class={`note ${tone}`}>
          <Prose text={text} />
        </p>
      ))}
      <ol class="days">
        {shown.map((day, i) => {
          // The place of a day that was not read of this line.
          if (!line.days.includes(day)) return <li key={day} />;
          const { mark, tone, words, rows } = line.cells.get(day) ?? NONE;
          // The month stands where one begins, and where days lie between.
          const isNamed =
            day === line.days[0] || day.endsWith('-01') || addDays(shown[i - 1] ?? day, 1) !== day;
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
                {rows !== undefined && <Rows rows={rows} longest={longest} />}
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

/** Where a bar that is too long is broken and how wide, and how wide the mark of what is usual is: parts of the longest bar. */
const BREAK = { at: 0.8, width: 1 / 12 };
const USUAL_WIDTH = 1 / 25;

/** Rows of a day, and a bar for them beside those of the line's other days. */
function Rows({ rows, longest }: { readonly rows: NonNullable<Cell['rows']>; readonly longest: number }) {
  return (
    <>
      <small>{rows.is.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 })}</small>
      <svg viewBox={`0 0 ${longest} 1`} preserveAspectRatio="none" aria-hidden="true">
        <rect width={rows.is} y="0.25" height="0.5" fill="currentColor" />
        {rows.is > longest && (
          <rect x={longest * BREAK.at} width={longest * BREAK.width} height="1" class="break" />
        )}
        {rows.usual !== null && (
          <rect x={rows.usual} width={longest * USUAL_WIDTH} height="1" class="usual" />
        )}
      </svg>
    </>
  );
}

/** The line of a dataset. */
function datasetLine(drops: DatasetDays, onDone: () => void): Line {
  const { source, dataset, kind } = drops;
  return {
    name: `${source}/${dataset}`,
    kind: `drops of ${kind}`,
    notes: notesOf(drops),
    days: drops.days.map(({ day }) => day),
    cells: cellsOf(drops),
    open: (day) => <DropDay dataset={drops} day={day} onDone={onDone} />,
  };
}

/** The line of an export. */
function exportLine(exported: ExportDays, onDone: () => void): Line {
  const { export: name, table, days } = exported;
  const cells = cellsOf(exported);
  return {
    name,
    kind: `export of ${table}`,
    notes: [],
    days: days.map(({ day }) => day),
    cells,
    open: (day) => <ExportDay name={name} day={day} cell={cells.get(day) ?? NONE} onDone={onDone} />,
  };
}

/** A day of an export: how it is, and an action that exports it again. */
function ExportDay(props: {
  /** The name of the export. */
  readonly name: string;
  /** The day, `YYYY-MM-DD`. */
  readonly day: string;
  /** How the day is. */
  readonly cell: Cell;
  /** Called after the export was requested. */
  readonly onDone: () => void;
}) {
  const { name, day, cell, onDone } = props;
  return (
    <>
      <p>
        <Badge tone={cell.tone}>{cell.words}</Badge>
      </p>
      <DryRun<unknown>
        label="Export this day now …"
        path="/api/exports/run"
        body={{ export: name, from: day }}
        about="It is exported, changed or not."
        confirm={() => `Export ${day}`}
        onDone={onDone}
      />
    </>
  );
}

/** The line of a curated table, with the days that the calendar shows. */
function curatedLine(table: CuratedTableStatus, days: readonly string[], onDone: () => void): Line {
  return {
    name: table.table,
    kind: `curated from ${table.rawTable}`,
    notes: [],
    days,
    cells: new Map(table.days.map(({ day, state }) => [day, CURATED[state]])),
    open: (day) => (
      <CuratedDay
        kind={table.kind}
        day={day}
        curatedDay={table.days.find((curatedDay) => curatedDay.day === day)}
        words={(state) => CURATED[state].words}
        onDone={onDone}
      />
    ),
  };
}
