import { useEffect, useRef, useState } from 'preact/hooks';
import type {
  CalendarDay,
  DatasetCalendar,
  DropsCalendar,
  ExportCalendar,
} from '../../../observe/ingest/calendar.ts';
import type { ExportDaysRequest, IngestRequest } from '../../../operate/ingest/requests.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import { useApi } from '../parts/api.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { DATASET_MARKS, dayTone, dayWords, NO_FILES } from '../parts/dropDays.ts';
import { formatCount, formatNoun, formatTime } from '../parts/format.ts';
import { Badge, Card, Empty, Loading, Page, Problem, type Tone } from '../parts/parts.tsx';
import { link, type Route, setParams } from '../parts/router.ts';
import { AskedDays, DropDay, ExportDay } from './DropDay.tsx';

const MINUTE = 60_000;
const SPANS = [14, 28, 56, 92];

/** The page Drops and exports: the calendar, and the day that the address names. */
export function Drops({
  route,
  deployment,
}: {
  readonly route: Route;
  readonly deployment: DeploymentAnswer;
}) {
  const { days = '14', until, source, dataset, export: exported, day } = route.params;
  const [turn, setTurn] = useState(0);
  const calendar = useApi<DropsCalendar>(
    '/api/drops',
    { days, until },
    { every: deployment.isLocal ? 3_000 : MINUTE },
  );
  const { answer, error, reload } = calendar;
  const changed = () => {
    reload();
    setTurn(turn + 1);
  };
  const isEmpty = answer !== undefined && answer.datasets.length + answer.exports.length === 0;
  return (
    <Page
      title="Drops and exports"
      intro="Days of files that customers drop, and days of tables that are exported to them, as the ledger has them."
      tools={
        answer !== undefined &&
        !isEmpty && (
          <>
            <Span answer={answer} days={days} until={until} />
            {answer.datasets.length > 0 && <RunAll onDone={changed} />}
            {answer.exports.length > 0 && <ExportAll onDone={changed} />}
          </>
        )
      }
    >
      {error && <Problem error={error} />}
      {answer === undefined && !error && <Loading />}
      {isEmpty && (
        <Empty title="The configuration has no sources and no exports.">
          <p>
            Name the bucket that a customer drops files into as <code>sources</code> in sluice.config.ts
            (docs/ingest.md), or a table to export as <code>exports</code> (docs/export.md), and start again.
          </p>
        </Empty>
      )}
      {answer !== undefined && !isEmpty && (
        <Card>
          <Calendar answer={answer} params={route.params} />
          <Problems answer={answer} params={route.params} />
        </Card>
      )}
      {answer !== undefined && day !== undefined && source !== undefined && dataset !== undefined && (
        <DropDay
          key={`${source}/${dataset} ${day}`}
          of={answer.datasets.find((one) => one.source === source && one.dataset === dataset)}
          {...{ source, dataset, day, turn }}
          every={deployment.isLocal ? 3_000 : MINUTE}
          onDone={changed}
        />
      )}
      {answer !== undefined && day !== undefined && exported !== undefined && (
        <ExportDay
          key={`${exported} ${day}`}
          name={exported}
          day={day}
          every={deployment.isLocal ? 3_000 : MINUTE}
          onDone={changed}
        />
      )}
    </Page>
  );
}

function Span(props: {
  readonly answer: DropsCalendar;
  readonly days: string;
  readonly until: string | undefined;
}) {
  const { answer, days, until } = props;
  const [first = '', last = ''] = [answer.days[0], answer.days.at(-1)];
  const move = (count: number) => shifted(until ?? last, count);
  return (
    <>
      <label class="inline">
        Days{' '}
        <select value={days} onChange={({ currentTarget }) => setParams({ days: currentTarget.value })}>
          {SPANS.map((span) => (
            <option key={span} value={span}>
              {span}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        aria-label={`Earlier days, before ${first}`}
        onClick={() => setParams({ until: move(-Number(days)) })}
      >
        Earlier
      </button>
      <button type="button" disabled={until === undefined} onClick={() => setParams({ until: undefined })}>
        Today
      </button>
    </>
  );
}

function shifted(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** A line of the calendar. */
interface Line {
  readonly name: string;
  readonly kind: string;
  readonly params: Readonly<Record<string, string>>;
  readonly days: readonly CalendarDay[];
}

function linesOf({ datasets, exports }: DropsCalendar): readonly Line[] {
  return [
    ...datasets.map(({ source, dataset, days, kind }: DatasetCalendar) => ({
      name: `${source}/${dataset}`,
      kind,
      params: { source, dataset },
      days,
    })),
    ...exports.map(({ export: name, days }: ExportCalendar) => ({
      name,
      kind: 'export',
      params: { export: name },
      days,
    })),
  ];
}

/** Datasets and exports by day. Arrow keys move between days, so that Tab passes the calendar in one step. */
function Calendar(props: {
  readonly answer: DropsCalendar;
  readonly params: Readonly<Record<string, string>>;
}) {
  const { answer, params } = props;
  const table = useRef<HTMLTableElement>(null);
  const last = answer.days.at(-1);
  useEffect(() => {
    // The newest days are at the right, which a narrow window does not show at first.
    const box = table.current?.parentElement;
    if (box == null) return undefined;
    const resized = new ResizeObserver(() => {
      box.scrollLeft = box.scrollWidth;
    });
    resized.observe(box);
    return () => resized.disconnect();
  }, [last]);
  const lines = linesOf(answer);
  const isChosen = (line: Line, day: string) =>
    params['day'] === day && Object.entries(line.params).every(([name, value]) => params[name] === value);
  const hasChosen = lines.some((line) => answer.days.some((day) => isChosen(line, day)));
  const span = { days: params['days'], until: params['until'] };
  const move = (event: KeyboardEvent) => {
    const [right, down] = STEPS[event.key] ?? [0, 0];
    const from = event.target instanceof HTMLElement ? event.target.closest('td') : null;
    if ((right === 0 && down === 0) || from === null || table.current === null) return;
    const row = from.parentElement;
    const rows = [...table.current.querySelectorAll('tbody tr')];
    const at = [...(row?.children ?? [])].indexOf(from) + right;
    const target = row === null ? undefined : rows[rows.indexOf(row) + down]?.children[at];
    const found = target?.querySelector('a');
    if (found == null) return;
    event.preventDefault();
    found.focus();
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Calendar of drops and exports">
        <table class="drop-days" ref={table} onKeyDown={move}>
          <caption class="hidden">
            Days of datasets and exports. Each day is a link to what happened. Arrow keys move between days.
          </caption>
          <thead>
            <tr>
              <th scope="col">Dataset or export</th>
              {answer.days.map((day, i) => (
                <th key={day} scope="col" class={i === 0 || day.endsWith('-01') ? 'drop-month' : undefined}>
                  <span class="drop-month-name">{i === 0 || day.endsWith('-01') ? monthOf(day) : ''}</span>
                  <abbr title={day}>{day.slice(8)}</abbr>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((line, l) => (
              <tr key={line.name + line.kind}>
                <th scope="row">
                  {line.name} <span class="faint">{line.kind}</span>
                </th>
                {answer.days.map((day, d) => {
                  const known = line.days.find((one) => one.day === day);
                  const chosen = isChosen(line, day);
                  const isFirst = !hasChosen && l === 0 && d === answer.days.length - 1;
                  return (
                    <td key={day}>
                      <a
                        class={`drop-day ${dayTone(known)}`}
                        href={link('/drops', { ...span, ...line.params, day })}
                        aria-label={`${line.name} ${day}: ${dayWords(known)}`}
                        aria-current={chosen ? 'date' : undefined}
                        title={`${day}: ${dayWords(known)}`}
                        tabIndex={chosen || isFirst ? 0 : -1}
                      >
                        {markOf(known)}
                      </a>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="drop-legend">
        <span>
          {answer.days[0]} to {last}
        </span>
        {Object.entries(DATASET_MARKS).map(([state, { mark, tone, word }]) => (
          <span key={state}>
            <span class={`drop-day ${tone}`}>{mark}</span> {word}
          </span>
        ))}
        <span>
          <span class="drop-day none">{NO_FILES}</span> no files
        </span>
      </p>
    </>
  );
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function monthOf(day: string): string {
  return `${MONTHS[Number(day.slice(5, 7)) - 1] ?? ''} ${day.slice(0, 4)}`;
}

function markOf(day: CalendarDay | undefined): string {
  if (day === undefined) return NO_FILES;
  if (day.lateSince !== null) return DATASET_MARKS.late.mark;
  return day.state === null ? NO_FILES : DATASET_MARKS[day.state].mark;
}

/** Something that needs somebody. */
interface Finding {
  readonly tone: Tone;
  readonly word: string;
  readonly text: string;
  readonly href?: string;
  /** Further days of it. */
  readonly days?: readonly { readonly day: string; readonly href: string }[];
}

/** The worst first. */
const TONES: readonly Tone[] = ['bad', 'warning', 'plain'];

/** Shows the problems that need attention, a sentence each. */
function Problems(props: {
  readonly answer: DropsCalendar;
  readonly params: Readonly<Record<string, string>>;
}) {
  const { answer, params } = props;
  const span = { days: params['days'], until: params['until'] };
  const items: readonly Finding[] = [
    ...answer.datasets.flatMap((one) => datasetFindings(one, span)),
    ...answer.exports.flatMap(({ export: name, days }) =>
      days.flatMap((one) => dayProblem(name, one, link('/drops', { ...span, export: name, day: one.day }))),
    ),
  ].sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
  if (items.length === 0) return <p class="faint">Nothing needs you: no day failed, none is late.</p>;
  return (
    <ul class="drop-findings" aria-label="Needs attention">
      {items.map(({ tone, word, text, href, days }, i) => (
        <li key={i}>
          <Badge tone={tone}>{word}</Badge> {href === undefined ? text : <a href={href}>{text}</a>}
          {days !== undefined && (
            <>
              {' '}
              Also late:{' '}
              {days.map((one, at) => (
                <span key={one.day}>
                  {at > 0 && ', '}
                  <a href={one.href}>{one.day}</a>
                </span>
              ))}
              .
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function datasetFindings(
  { source, dataset, lastLook, late, days }: DatasetCalendar,
  span: { readonly days: string | undefined; readonly until: string | undefined },
): readonly Finding[] {
  const name = `${source}/${dataset}`;
  const to = (day: string) => link('/drops', { ...span, source, dataset, day });
  const findings: Finding[] = [];
  if (lastLook === null)
    findings.push({ tone: 'plain', word: 'new', text: `${name} was never listed: no run has looked at it.` });
  if (lastLook?.failure !== undefined) {
    const { code, message } = lastLook.failure;
    const at = formatTime(lastLook.at);
    findings.push({
      tone: 'bad',
      word: 'unreadable',
      text: `${name} could not be listed: ${message} (${code}, ${at})`,
    });
  }
  if (lastLook?.stopped === true)
    findings.push({
      tone: 'warning',
      word: 'stopped',
      text: `${name} has no files for any day of its lookback.`,
    });
  const [first, ...others] = late;
  if (first !== undefined)
    findings.push({
      tone: 'bad',
      word: 'late',
      text: `${name} ${first.day} was expected by ${formatTime(first.due)} UTC and has not arrived.`,
      href: to(first.day),
      ...(others.length === 0 ? {} : { days: others.map(({ day }) => ({ day, href: to(day) })) }),
    });
  return [...findings, ...days.flatMap((one) => dayProblem(name, one, to(one.day)))];
}

function dayProblem(name: string, one: CalendarDay, href: string): readonly Finding[] {
  const served = one.version === null ? 'queries see no rows of it' : 'queries see the last good version';
  if (one.state === 'failed')
    return [
      {
        tone: 'bad',
        word: 'failed',
        text: `${name} ${one.day} failed: ${one.failure ?? ''}; ${served}.`,
        href,
      },
    ];
  if (one.rows.refused > 0 && one.state === 'succeeded')
    return [
      {
        tone: 'warning',
        word: 'refused',
        text: `${name} ${one.day}: ${formatCount(one.rows.refused)} of ${formatNoun(one.rows.in, 'row')} refused.`,
        href,
      },
    ];
  return one.leftOut > 0
    ? [
        {
          tone: 'warning',
          word: 'left out',
          text: `${name} ${one.day}: ${formatNoun(one.leftOut, 'object')} left out.`,
          href,
        },
      ]
    : [];
}

function RunAll({ onDone }: { readonly onDone: () => void }) {
  return (
    <DryRun<IngestRequest>
      label="Look for files now …"
      path="/api/drops/run"
      body={{}}
      wouldDo={({ asked }) => (
        <>
          <p>A run lists these days, and loads those whose files have changed and settled:</p>
          <AskedDays asked={asked.map((one) => ({ name: `${one.source}/${one.dataset}`, ...one }))} />
        </>
      )}
      confirm={({ asked }) => `Run for ${asked.length} dataset${asked.length === 1 ? '' : 's'}`}
      did={({ asked }) => (
        <p>
          Requested a run for {asked.map(({ source, dataset }) => `${source}/${dataset}`).join(', ')}. The
          calendar shows what becomes of it.
        </p>
      )}
      onDone={onDone}
    />
  );
}

function ExportAll({ onDone }: { readonly onDone: () => void }) {
  return (
    <DryRun<ExportDaysRequest>
      label="Export changes now …"
      path="/api/exports/run"
      body={{}}
      wouldDo={({ asked }) => (
        <>
          <p>A run looks at these days, and exports those that have changed:</p>
          <AskedDays asked={asked.map((one) => ({ name: one.export, ...one }))} />
        </>
      )}
      confirm={({ asked }) => `Run ${asked.length} export${asked.length === 1 ? '' : 's'}`}
      did={({ asked }) => (
        <p>Requested {asked.map((one) => one.export).join(', ')}. The calendar shows what becomes of it.</p>
      )}
      onDone={onDone}
    />
  );
}
