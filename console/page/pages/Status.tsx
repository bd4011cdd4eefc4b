import { Fragment } from 'preact';
import { counted } from '../../../lib/base/text.ts';
import { type HourState, hourStates } from '../../../lib/reconcile/judgeHour.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import type { Period } from '../../../observe/facts/flow/overTime.ts';
import { hourStrips, judgedDays, STRIP_LEGEND } from '../../../observe/facts/hourStrips.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';
import type { Status as StatusOf } from '../../../observe/findings/status.ts';
import { useApi } from '../parts/api.ts';
import { firstEventCommand, useConsole } from '../parts/context.ts';
import { formatBytes, formatDay, formatSpan } from '../parts/format.ts';
import {
  Answered,
  Badge,
  Card,
  Copyable,
  Empty,
  type Figure,
  Figures,
  Page,
  Time,
  type Tone,
} from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { Alarms, Doctor, Findings } from './Health.tsx';
import { OverTime, sumOf, WINDOWS } from './OverTime.tsx';
import { Quarantine } from './Quarantine.tsx';

/** The page Status: what `sluice status` says, and the way of an event with its figures. */
export function Status() {
  const { deployment, route } = useConsole();
  const { days = '1' } = route.params;
  const asked = { every: deployment.isLocal ? 10_000 : 300_000 };
  const status = useApi<StatusOf>('/api/findings', {}, asked);
  const periods = useApi<readonly Period[]>('/api/over-time', { days }, asked);
  return (
    <Page
      title="Status"
      intro="Whether all is well, and if not, what to do. The same answer as sluice status."
      tools={status.answer !== undefined && <Verdict status={status.answer} />}
    >
      <Answered state={status}>{(answer) => <Known status={answer} />}</Answered>
      {(status.answer === undefined || !isEmpty(status.answer)) && (
        <OverTime state={periods} days={days} usual={status.answer?.lastDay?.usualHours ?? []}>
          <Hours hours={status.answer?.receivedHours ?? []} />
        </OverTime>
      )}
      <Way status={status.answer} periods={periods.answer ?? []} days={days} />
      <Quarantine />
      <Card title="More">
        <Doctor />
        {status.answer?.alarms && <Alarms alarms={status.answer.alarms} />}
      </Card>
    </Page>
  );
}

function Verdict({ status }: { readonly status: StatusOf }) {
  const { problems, at } = status;
  const count = (severity: Finding['severity']) =>
    problems.filter((problem) => problem.severity === severity).length;
  const bad = count('problem');
  const warnings = count('warning');
  return (
    <>
      {bad > 0 && <Badge tone="bad">{counted(bad, 'problem')}</Badge>}
      {warnings > 0 && <Badge tone="warning">{counted(warnings, 'warning')}</Badge>}
      {bad + warnings === 0 &&
        (isEmpty(status) ? <Badge tone="plain">no event yet</Badge> : <Badge tone="good">All is well</Badge>)}
      <span class="faint">
        as of <Time at={at} />
      </span>
    </>
  );
}

/** Whether nothing has ever come. */
function isEmpty({ lastRequestAt, lastEventAt, waiting: { buffered } }: StatusOf): boolean {
  return lastRequestAt === null && lastEventAt === null && !((buffered.count ?? 0) > 0);
}

function Known({ status }: { readonly status: StatusOf }) {
  const { deployment } = useConsole();
  return (
    <>
      {isEmpty(status) && (
        <Empty title="No event has come in yet.">
          <p>
            {deployment.collector === null
              ? `Send one as an SDK does. The address is the output CollectorUrl of the stack: npx serverless info --stage ${deployment.stage} --region ${deployment.region}.`
              : 'Send one as an SDK does. It appears here within seconds:'}
          </p>
          <Copyable text={firstEventCommand(deployment)} />
        </Empty>
      )}
      <Findings findings={status.problems} />
      {Object.entries(status.more).map(([code, count]) => (
        <p key={code}>
          {count} more {code}: the page <a href={link('/days')}>Days</a> has what they are about.
        </p>
      ))}
      {!deployment.isLocal && (
        <p class="faint">
          Asked every five minutes while this page is visible. Athena read {formatBytes(status.scannedBytes)}{' '}
          for it.
        </p>
      )}
    </>
  );
}

/** The hours of three days as the nights have judged them, in the scale of hours. */
function Hours({ hours }: { readonly hours: NonNullable<StatusOf['receivedHours']> }) {
  const days = judgedDays(hours);
  const states = days.flatMap((judged) => judged.hours.map(({ state }) => state));
  return (
    <figure class="chart">
      <figcaption>
        <strong>Received hours</strong>{' '}
        <span class="faint">
          {days.length === 0 ? 'No night has judged an hour yet.' : 'as the nights have judged them, UTC'}
        </span>
        <Figures
          figures={[
            ...hourStates.map((state): Figure => {
              const count = states.filter((found) => found === state).length;
              return [state, count, count > 0 ? HOUR_TONES[state] : 'plain'];
            }),
            found('events missing', sum(hours.map(({ missing }) => missing)), 'bad'),
          ]}
        />
      </figcaption>
      <div class="hours" role="img" aria-label={hourStrips(hours).join('; ')}>
        {days.map((judged) => (
          <Fragment key={judged.day}>
            <span>{formatDay(judged.day)}</span>
            {judged.hours.map(({ state, letter }, hour) => (
              <b key={hour} class={HOUR_TONES[state]} title={`${judged.day} ${hour}:00 ${state}`}>
                {letter}
              </b>
            ))}
          </Fragment>
        ))}
        <span>UTC</span>
        {['00', '03', '06', '09', '12', '15', '18', '21'].map((hour) => (
          <small key={hour}>{hour}</small>
        ))}
      </div>
      <p class="faint">{STRIP_LEGEND}</p>
    </figure>
  );
}

const HOUR_TONES: Readonly<Record<HourState, Tone>> = {
  whole: 'good',
  open: 'plain',
  unknown: 'warning',
  short: 'bad',
};

/** A figure with a tone if there is any. */
function found(name: string, count: number | null | undefined, tone: Tone): Figure {
  return [name, count, (count ?? 0) > 0 ? tone : 'plain'];
}

/** The way of an event from the SDK to a query: each card says its window. Before the first answer its figures are dashes. */
function Way(props: {
  readonly status: StatusOf | undefined;
  readonly periods: readonly Period[];
  readonly days: string;
}) {
  const { status, periods, days } = props;
  const { lastHour, lastRequestAt, waiting, partitions, tables, relay, at = '' } = status ?? {};
  const { buffered, landing } = waiting ?? {};
  const cards: readonly (readonly [path: string, name: string, span: string, figures: readonly Figure[]])[] =
    [
      [
        '/live',
        'Requests',
        `last ${WINDOWS.find(([choice]) => choice === days)?.[1]}`,
        [
          ['202', sumOf(periods, 'accepted')],
          found('refused, 4xx', sumOf(periods, 'refused'), 'warning'),
          found('503', sumOf(periods, 'failed'), 'bad'),
          found('5xx without the collector', sumOf(periods, 'unreached'), 'bad'),
        ],
      ],
      [
        '/sql',
        'Events',
        'last hour',
        [
          ['accepted', lastHour?.landed],
          found('quarantined', lastHour?.quarantined, 'warning'),
          ...(tables ?? NO_ROWS).map(({ table, rowsLastHour }): Figure => [`rows of ${table}`, rowsLastHour]),
        ],
      ],
      [
        '/tables',
        'Waiting',
        'now',
        [
          ['in the buffer', buffered?.count],
          ['oldest of it', ago(buffered?.oldest, at)],
          ['objects in landing/', landing?.count],
          found('days without partition', partitions?.gaps.length, 'bad'),
          ...(relay == null
            ? []
            : [
                found('relay waits', relay.waiting.count, 'plain'),
                found('relay refused', sum(relay.refused.map(({ count }) => count)), 'bad'),
              ]),
        ],
      ],
      [
        '/tables',
        'Newest',
        'now',
        [
          ['request', ago(lastRequestAt, at)],
          ...(tables ?? NO_ROWS).map(({ table, newestRowAt }): Figure => [table, ago(newestRowAt, at)]),
        ],
      ],
    ];
  return (
    <div class="way">
      {cards.map(([path, name, span, figures]) => (
        <Card
          key={name}
          title={
            <>
              <a href={link(path)}>{name}</a> <small>{span}</small>
            </>
          }
        >
          <Figures figures={figures} />
        </Card>
      ))}
    </div>
  );
}

/** What is shown of tables before the first answer. */
const NO_ROWS = tableKinds.map((table) => ({ table, newestRowAt: null, rowsLastHour: null }));

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** `3 min`, by the time of the deployment. */
function ago(at: string | null | undefined, now: string): string {
  if (at === null || at === undefined) return '–';
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 1_000 ? 'now' : formatSpan(ms);
}
