import type { ComponentChildren } from 'preact';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import type { UsualHour } from '../../../observe/facts/flow/changes.ts';
import type { Period } from '../../../observe/facts/flow/overTime.ts';
import type { ApiState } from '../parts/api.ts';
import { Chart } from '../parts/Chart.tsx';
import { Choice } from '../parts/filters.tsx';
import { Card, Folded, Problem } from '../parts/parts.tsx';
import { sumOf } from '../parts/sumOf.ts';
import { type Column, DataTable } from '../parts/tables.tsx';
import { usualRequests } from '../parts/usualRequests.ts';
import { formatSpan, formatTime } from '../texts/format.ts';
import { WINDOWS } from './statusCards.ts';

/** Before the first answer there are no periods, but the charts have their place. */
const NONE: readonly Period[] = [];
/** Pixels of a dash and of the space after it. */
const DASHES = [7, 3];

/** The part of Status that shows what changes over time. */
export function OverTime(props: {
  /** The periods, or how far their call is. */
  readonly state: ApiState<readonly Period[]>;
  /** How many days are shown, as the address has it. */
  readonly days: string;
  /** What is usual in each hour; empty without days before. */
  readonly usual: readonly UsualHour[];
  /** What stands beside the first chart. */
  readonly children: ComponentChildren;
}) {
  const { state, days, usual, children } = props;
  return (
    <Card title="Over time" tools={<Choice label="Last" name="days" value={days} choices={WINDOWS} />}>
      {state.error !== undefined && <Problem error={state.error} />}
      <Charts periods={state.answer ?? NONE} usual={usual}>
        {children}
      </Charts>
    </Card>
  );
}

/** What the charts and the table show. */
interface Drawn {
  /** Periods of five minutes, the oldest first. */
  readonly periods: readonly Period[];
  /** Requests by the hour of the day. */
  readonly usual: readonly UsualHour[];
  /** What stands beside the first chart. */
  readonly children?: ComponentChildren;
}

/** Seconds of a bar, which needs some pixels: of one day a quarter of an hour, of several days two hours. */
const BAR_SECONDS = { ofDay: 900, ofDays: 7_200 };

/** Charts of the periods, with a table of the same numbers below them. */
function Charts({ periods, usual, children }: Drawn) {
  const values = (name: keyof Period) => periods.map((period) => period[name]);
  const times = periods.map(({ atSeconds }) => atSeconds);
  if (periods.length > 0 && periods.every(isQuiet))
    return (
      <>
        <p class="faint">No request came in this time, and nothing waited.</p>
        {children}
      </>
    );
  const seconds = isDay(periods) ? BAR_SECONDS.ofDay : BAR_SECONDS.ofDays;
  const bars = Map.groupBy(periods, ({ atSeconds }) => atSeconds - (atSeconds % seconds));
  const usualOfBars = (statistic: keyof UsualHour) =>
    [...bars.keys()].map((at) => usualRequests(usual, statistic, { epochSeconds: at, seconds }));
  const sums = (name: keyof Period) => [...bars.values()].map((ofBar) => sumOf(ofBar, name));
  return (
    <>
      <div class="charts">
        <Chart
          title={`Requests by answer, in ${formatSpan(seconds * 1_000)}`}
          times={[...bars.keys()]}
          band={[usualOfBars('most'), usualOfBars('least')]}
          lines={[
            {
              name: 'usual at this hour: band of seven days, median',
              tone: 'plain',
              values: usualOfBars('median'),
            },
            { name: '202', tone: 'good', values: sums('accepted') },
            { name: 'refused, 4xx', tone: 'warning', values: sums('refused') },
            { name: '503', tone: 'bad', values: sums('failed') },
            { name: '5xx without the collector', tone: 'lost', values: sums('unreached') },
          ]}
        />
        {children}
        <Chart
          title="Events, in five minutes"
          times={times}
          lines={[
            { name: 'received', tone: 'accent', values: values('events') },
            { name: 'to landing/direct/', tone: 'warning', dash: DASHES, values: values('overflowed') },
          ]}
        />
        <Chart
          title="Oldest message of the writer, minutes"
          times={times}
          lines={[
            { name: 'age', tone: 'warning', values: periods.map(({ ageSeconds }) => minutes(ageSeconds)) },
          ]}
        />
      </div>
      <Folded title="The same as a table">{() => <Numbers periods={periods} usual={usual} />}</Folded>
    </>
  );
}

/** Seconds of a tenth of a minute. */
const TENTH_SECONDS = 6;

/** Seconds as minutes with one decimal. */
function minutes(seconds: number): number {
  return Math.round(seconds / TENTH_SECONDS) / 10;
}

/** Whether nothing came or waited in a period, as far as it is known. */
function isQuiet({ atSeconds: _, ...counts }: Period): boolean {
  return Object.values(counts).every((count) => count === 0 || count === null);
}

/** Periods of five minutes in a day. */
const PERIODS_A_DAY = 288;

/** Whether the periods are of one day at most. */
function isDay(periods: readonly Period[]): boolean {
  return periods.length <= PERIODS_A_DAY;
}

/** The periods as a table: a row for each hour of one day, or for each day of several. */
function Numbers({ periods, usual }: Drawn) {
  const isHour = isDay(periods);
  const rows = Map.groupBy(periods, ({ atSeconds }) =>
    formatTime(atSeconds * 1_000).slice(0, isHour ? 13 : 10),
  );
  type Row = readonly [time: string, ofRow: readonly Period[]];
  const sumColumn = (title: string, name: keyof Period): Column<Row> => [
    title,
    ([, ofRow]) => sumOf(ofRow, name),
    'number',
  ];
  const most = (ofRow: readonly Period[], name: 'messages' | 'ageSeconds') =>
    Math.max(...ofRow.map((period) => period[name]));
  return (
    <DataTable<Row>
      caption="What the charts show, the newest first"
      rows={[...rows].reverse()}
      keyOf={([time]) => time}
      columns={[
        [isHour ? 'Hour' : 'Day', ([time]) => (isHour ? `${time}:00` : time), 'day'],
        [
          'Usual requests',
          ([, [first]]) =>
            usualRequests(usual, 'median', {
              epochSeconds: first?.atSeconds ?? 0,
              seconds: (isHour ? HOUR_MS : DAY_MS) / 1_000,
            }),
          'number',
        ],
        sumColumn('202', 'accepted'),
        sumColumn('Refused', 'refused'),
        sumColumn('503', 'failed'),
        sumColumn('5xx without the collector', 'unreached'),
        sumColumn('Events', 'events'),
        sumColumn('To landing/direct/', 'overflowed'),
        ['Most messages', ([, ofRow]) => most(ofRow, 'messages'), 'number'],
        ['Oldest, min', ([, ofRow]) => minutes(most(ofRow, 'ageSeconds')), 'number'],
      ]}
    />
  );
}
