import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Finding, FindingPart } from '../../../observe/findings.ts';
import type { RelayState } from '../../../observe/relay/relayCopies.ts';
import type { RateMinute, Rates } from '../../../observe/status/rates.ts';
import type { Status } from '../../../observe/status/status.ts';
import type { DatasetDays, LedgerDayStatus } from '../../../observe/status/statusFacts.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import { firstEventCommand } from '../deployment.ts';
import { useApi } from '../parts/api.ts';
import { formatBytes, formatCount, formatSpan } from '../parts/format.ts';
import { Spark } from '../parts/Plot.tsx';
import {
  Badge,
  Card,
  type Column,
  Copyable,
  DataTable,
  Empty,
  Loading,
  Page,
  Problem,
  Time,
  type Tone,
} from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { Problems } from './status/Problems.tsx';

/** How often the local cloud and a deployment are asked, milliseconds. A deployment's answers cost a little. */
const EVERY_MS = { local: { rates: 3_000, status: 15_000 }, deployed: { rates: 60_000, status: 60_000 } };

/** Requests of an hour from which nobody looks for a single one. */
const BUSY_REQUESTS = 500;

/** The page Now: the pipeline from left to right, and what is wrong with each part. */
export function Now({ deployment }: { readonly deployment: DeploymentAnswer }) {
  const every = deployment.isLocal ? EVERY_MS.local : EVERY_MS.deployed;
  const rates = useApi<Rates>('/api/rates', {}, { every: every.rates });
  const status = useApi<Status>('/api/status', {}, { every: every.status });
  const total = rates.answer?.total;
  const isBusy = (total?.requests ?? 0) > BUSY_REQUESTS;
  const counted =
    total &&
    `${isBusy ? '' : total.requests} ${total.deliveries} ${total.overflowed} ${deployment.now.slice(0, 13)}`;
  const before = useRef(counted);
  // The local cloud shows at once what a request or a delivery has changed; a question that is under way ends first.
  useEffect(() => {
    if (counted === undefined || status.isLoading) return;
    if (deployment.isLocal && before.current !== undefined && before.current !== counted) status.reload();
    before.current = counted;
  }, [counted, status.isLoading, deployment.isLocal]);
  const error = status.error ?? rates.error;
  return (
    <Page
      title="Now"
      intro="The way of an event, from the SDK to your query."
      tools={status.answer !== undefined && <Verdict status={status.answer} />}
    >
      {error !== undefined && <Problem error={error} />}
      {status.answer === undefined && rates.answer === undefined ? (
        error === undefined && <Loading />
      ) : (
        <Pipeline status={status.answer} rates={rates.answer} deployment={deployment} />
      )}
    </Page>
  );
}

function Verdict({ status: { problems, at } }: { readonly status: Status }) {
  const [bad, warnings] = [severityCount(problems, 'problem'), severityCount(problems, 'warning')];
  return (
    <>
      {bad > 0 && (
        <a class="quiet" href={link('/health')}>
          <Badge tone="bad">{bad === 1 ? '1 problem' : `${bad} problems`}</Badge>
        </a>
      )}
      {warnings > 0 && (
        <a class="quiet" href={link('/health')}>
          <Badge tone="warning">{warnings === 1 ? '1 warning' : `${warnings} warnings`}</Badge>
        </a>
      )}
      {bad + warnings === 0 && <Badge tone="good">All is well</Badge>}
      <span class="faint">
        as of <Time at={at} />
      </span>
    </>
  );
}

function severityCount(problems: readonly Finding[], severity: Finding['severity']): number {
  return problems.filter((one) => one.severity === severity).length;
}

function Pipeline(props: {
  /** Undefined until it is known: it takes longer than the rates. */
  readonly status: Status | undefined;
  readonly rates: Rates | undefined;
  readonly deployment: DeploymentAnswer;
}) {
  const { status, rates, deployment } = props;
  const isEmpty =
    rates?.lastRequestAt === null &&
    status !== undefined &&
    (status.waiting.buffered.count ?? 0) === 0 &&
    status.lastEventAt === null;
  const problems = status?.problems ?? [];
  return (
    <>
      {isEmpty === true && <FirstEvent deployment={deployment} />}
      <Strip status={status ?? { ...NOT_KNOWN_YET, at: deployment.now }} rates={rates} />
      {problems.length > 0 && (
        <Card title="Needs attention">
          <Problems problems={problems} />
        </Card>
      )}
      {isEmpty !== true && rates !== undefined && <LastHour rates={rates} />}
      {rates !== undefined && <Refused rates={rates} refusals={status?.refusals ?? null} />}
      {status !== undefined && <Lanes status={status} />}
      {status?.relay != null && <Relay relay={status.relay} at={status.at} />}
      {status !== undefined && isEmpty !== true && (
        <Card title="Tables">
          <DataTable
            caption="Tables: newest row and time until a query finds a row"
            columns={tableColumns(status)}
            rows={status.tables}
            keyOf={({ table }) => table}
          />
        </Card>
      )}
      {status !== undefined && !deployment.isLocal && (
        <p class="faint">
          Asked once a minute while this page is visible; Athena read {formatBytes(status.scannedBytes)} for
          it.
        </p>
      )}
    </>
  );
}

/** The parts of a status that the strip shows. */
type StripFacts = Pick<Status, 'tables' | 'waiting' | 'partitions' | 'streams' | 'held' | 'problems' | 'at'>;

const NOT_KNOWN_YET: Omit<StripFacts, 'at'> = {
  ...{ tables: [], partitions: null, streams: null, held: null, problems: [] },
  waiting: {
    buffered: { count: null, oldest: null },
    landing: null,
    parked: null,
  },
};

function FirstEvent({ deployment }: { readonly deployment: DeploymentAnswer }) {
  return (
    <Empty title="No event has come in yet.">
      <p>
        {deployment.collector === null
          ? 'Send one as an SDK does. The address is the output CollectorUrl of the stack: npx serverless info --stage ' +
            `${deployment.stage} --region ${deployment.region}.`
          : 'Send one as an SDK does; it appears here within seconds:'}
      </p>
      <Copyable text={firstEventCommand(deployment)} />
    </Empty>
  );
}

/** One part of the pipeline. */
interface PartProps {
  /** Whether its problems are known yet. */
  readonly isKnown: boolean;
  readonly name: string;
  readonly href: string;
  /** The figure that tells how it is. */
  readonly figure: ComponentChildren;
  readonly unit: string;
  /** The last hour. */
  readonly spark?: { readonly label: string; readonly values: readonly (number | null)[] };
  readonly facts: readonly (readonly [name: string, value: ComponentChildren, tone?: Tone | undefined])[];
  readonly problems: readonly Finding[];
}

function Part({ isKnown, name, href, figure, unit, spark, facts, problems }: PartProps) {
  const isBad = problems.some(({ severity }) => severity === 'problem');
  const tone = !isKnown ? 'plain' : isBad ? 'bad' : problems.length > 0 ? 'warning' : 'good';
  return (
    <li class={`part ${tone}`}>
      <h2>
        <a class="quiet" href={href}>
          {name}
        </a>
      </h2>
      <p class="part-figure">
        <strong>{figure}</strong>
        <span>{unit}</span>
      </p>
      {spark !== undefined && <Spark {...spark} />}
      <dl class="facts">
        {facts.map(([fact, value, factTone]) => (
          <div key={fact} class={factTone}>
            <dt>{fact}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {problems.length > 0 && (
        <p class="part-problem">
          {problems.map(({ code, label }) => (
            <a
              key={code}
              class="quiet"
              href={link(code === 'SLUICE_STATUS_QUARANTINED' ? '/quarantine' : '/health')}
            >
              {label}
            </a>
          ))}
        </p>
      )}
    </li>
  );
}

function Strip({ status, rates }: { readonly status: StripFacts; readonly rates: Rates | undefined }) {
  const { tables, waiting, partitions, at, problems } = status;
  const isKnown = tables.length > 0;
  const about = (part: FindingPart) => problems.filter((problem) => problem.part === part);
  const minutes = rates?.minutes ?? [];
  const series = (label: string, value: (minute: RateMinute) => number | null) => ({
    label: `${label}, last hour by minute`,
    values: minutes.map(value),
  });
  const total = rates?.total;
  const newest = tables
    .flatMap(({ newestRowAt }) => newestRowAt ?? [])
    .sort()
    .at(-1);
  const [busiest] = [...tables].sort((a, b) => b.rowsLastHour - a.rowsLastHour);
  const files = tables.reduce((sum, { filesLastHour }) => sum + filesLastHour, 0);
  const newestFile = tables
    .flatMap(({ newestFileAt }) => newestFileAt ?? [])
    .sort()
    .at(-1);
  const latency = minutes.findLast(({ latencyP99Ms }) => latencyP99Ms !== null);
  const quota = Math.max(-1, ...(status.streams ?? []).map(({ quotaShare }) => quotaShare ?? -1));
  return (
    <ol class="strip" aria-label="The pipeline">
      <Part
        isKnown={isKnown}
        name="SDKs"
        href={link('/live')}
        figure={count(total?.requests)}
        unit={total?.requests === 1 ? 'request' : 'requests'}
        spark={series('Requests', ({ requests }) => requests)}
        facts={[
          ['last request', ago(rates?.lastRequestAt, at)],
          [
            'refused',
            count(total?.refusedRequests),
            (total?.refusedRequests ?? 0) > 0 ? 'warning' : undefined,
          ],
        ]}
        problems={[]}
      />
      <Part
        isKnown={isKnown}
        name="Collector"
        href={link('/live')}
        figure={count(total?.received)}
        unit={total?.received === 1 ? 'event' : 'events'}
        spark={series('Events received', ({ received }) => received)}
        facts={[
          ['answer p50', latency === undefined ? '–' : formatSpan(latency.latencyP50Ms ?? 0)],
          ['answer p99', latency === undefined ? '–' : formatSpan(latency.latencyP99Ms ?? 0)],
        ]}
        problems={about('collector')}
      />
      <Part
        isKnown={isKnown}
        name="Streams"
        href={link('/health')}
        figure={
          waiting.buffered.count === null
            ? ago(waiting.buffered.oldest, at, isKnown ? 'nothing' : '–')
            : formatCount(waiting.buffered.count)
        }
        unit={waiting.buffered.count === null ? 'oldest in buffers' : 'requests in buffers'}
        spark={series('Events accepted by streams', ({ landed }) => landed)}
        facts={[
          ...(waiting.buffered.count === null ? [] : [['oldest', ago(waiting.buffered.oldest, at)] as const]),
          ...heldFacts(status),
          ...folderFacts(status),
          ...(quota < 0 ? [] : [['share of quota', `${Math.round(quota * 100)} %`] as const]),
        ]}
        problems={about('streams')}
      />
      <Part
        isKnown={isKnown}
        name="Files in S3"
        href={link('/tables')}
        figure={isKnown ? formatCount(files) : '–'}
        unit={files === 1 ? 'file' : 'files'}
        spark={series('Files', ({ deliveries }) => deliveries)}
        facts={[['newest', ago(newestFile, at)]]}
        problems={[]}
      />
      <Part
        isKnown={isKnown}
        name="Partitions"
        href={link('/tables')}
        figure={count(partitions && partitions.days - partitions.gaps.length)}
        unit="registered, 7 days"
        facts={[
          ['missing', count(partitions?.gaps.length), (partitions?.gaps.length ?? 0) > 0 ? 'bad' : undefined],
        ]}
        problems={about('partitions')}
      />
      <Part
        isKnown={isKnown}
        name="Your queries"
        href={link('/sql')}
        figure={ago(newest, at, isKnown ? 'no row' : '–')}
        unit={isKnown && newest === undefined ? 'within 24 hours' : 'since the newest row'}
        facts={[
          ['p50 to query', seconds(busiest?.p50Seconds)],
          ['p99 to query', seconds(busiest?.p99Seconds)],
        ]}
        problems={[]}
      />
    </ol>
  );
}

/** Streams that get no rows, with the time since when. */
function heldFacts({ held, at }: Pick<StripFacts, 'held' | 'at'>): (readonly [string, string, Tone])[] {
  return Object.entries(held ?? {}).flatMap(([stream, hold]) =>
    hold === undefined ? [] : [[`${stream} held`, ago(hold.since, at), 'bad'] as const],
  );
}

function folderFacts({
  waiting,
  tables,
  problems,
}: Pick<StripFacts, 'waiting' | 'tables' | 'problems'>): (readonly [string, ComponentChildren, Tone?])[] {
  const isLate = problems.some(({ code }) => code === 'SLUICE_STATUS_LANDING_LATE');
  return (['landing', 'parked'] as const).flatMap((folder) => {
    const found = waiting[folder];
    if (tables.length === 0 || found?.count === 0) return [];
    const text =
      found === null ? 'not known' : `${formatCount(found.count)}${found.hasMore ? ' or more' : ''}`;
    // Accepted rows wait for their file; no rows should be parked.
    const isBad = found === null || folder !== 'landing' || isLate;
    const name = `in ${folder}/`;
    return [isBad ? ([name, text, 'bad'] as const) : ([name, text] as const)];
  });
}

/** The figures of the last hour, each with its line. */
const LINES: readonly {
  readonly name: string;
  readonly href: string;
  readonly value: (minute: RateMinute) => number | null;
  /** Default: the sum. */
  readonly isMost?: boolean;
}[] = [
  { name: 'Requests', href: link('/live'), value: ({ requests }) => requests },
  {
    name: 'Refused requests',
    href: link('/live', { errors: true }),
    value: ({ refusedRequests }) => refusedRequests,
  },
  { name: 'Events received', href: link('/live'), value: ({ received }) => received },
  { name: 'Accepted', href: link('/tables'), value: ({ landed }) => landed },
  { name: 'Overflowed', href: link('/health'), value: ({ overflowed }) => overflowed },
  { name: 'Quarantined', href: link('/quarantine'), value: ({ quarantined }) => quarantined },
  { name: 'Files delivered', href: link('/tables'), value: ({ deliveries }) => deliveries },
  {
    name: 'Slowest answers, p99',
    href: link('/live'),
    value: ({ latencyP99Ms }) => latencyP99Ms,
    isMost: true,
  },
];

function LastHour({ rates: { minutes } }: { readonly rates: Rates }) {
  return (
    <Card title="Last hour">
      <ul class="sparks">
        {LINES.map(({ name, href, value, isMost = false }) => {
          const values = minutes.map(value);
          const known = values.flatMap((one) => one ?? []);
          const figure = isMost ? Math.max(0, ...known) : known.reduce((sum, one) => sum + one, 0);
          return (
            <li key={name}>
              <a class="quiet" href={href}>
                {name}
              </a>
              <strong>
                {isMost ? (known.length === 0 ? '–' : formatSpan(figure)) : formatCount(figure)}
              </strong>
              <Spark label={`${name}, by minute`} values={values} />
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

/** Requests that were answered 4xx: when, with which codes, and from whom. */
function Refused({
  rates: { minutes, total },
  refusals,
}: {
  readonly rates: Rates;
  readonly refusals: Status['refusals'];
}) {
  const codes = Object.entries(total.refusedBy).sort(([, a], [, b]) => b - a);
  if (codes.length === 0) return null;
  return (
    <Card title="Refused requests">
      <ul class="sparks">
        {codes.map(([code, requests]) => (
          <li key={code}>
            <a class="quiet mono" href={link('/live', { code })}>
              {code}
            </a>
            <strong>{formatCount(requests)}</strong>
            <Spark
              label={`${code}, by minute`}
              values={minutes.map(({ refusedBy }) => refusedBy[code] ?? 0)}
            />
          </li>
        ))}
      </ul>
      {refusals !== null && (
        <DataTable
          caption="Refused requests of the last hour by code, key and SDK"
          rows={refusals.groups}
          keyOf={({ code, key, sdk }) => `${code} ${key} ${sdk}`}
          columns={[
            { name: 'code', show: ({ code }) => <span class="mono">{code}</span> },
            { name: 'key', show: ({ key }) => key ?? 'none accepted' },
            { name: 'SDK', show: ({ sdk }) => sdk ?? 'not read' },
            { name: 'requests', isNumber: true, show: ({ requests }) => formatCount(requests) },
            { name: 'first', show: ({ first }) => <Time at={first} /> },
            { name: 'last', show: ({ last }) => <Time at={last} /> },
          ]}
        />
      )}
    </Card>
  );
}

function tableColumns({ at }: Status): readonly Column<Status['tables'][number]>[] {
  return [
    { name: 'table', show: ({ name }) => <a href={link('/tables', { table: name })}>{name}</a> },
    {
      name: 'newest row',
      show: ({ newestRowAt }) => (newestRowAt === null ? 'none within 24 hours' : <Time at={newestRowAt} />),
    },
    { name: 'age', isNumber: true, show: ({ newestRowAt }) => ago(newestRowAt, at) },
    { name: 'until found, p50', isNumber: true, show: ({ p50Seconds }) => seconds(p50Seconds) },
    { name: 'p99', isNumber: true, show: ({ p99Seconds }) => seconds(p99Seconds) },
    { name: 'rows, last hour', isNumber: true, show: ({ rowsLastHour }) => formatCount(rowsLastHour) },
    { name: 'files', isNumber: true, show: ({ filesLastHour }) => formatCount(filesLastHour) },
  ];
}

/** The lanes of customers' drops and of exports, below the pipeline of events. */
function Lanes({ status: { datasets, exports } }: { readonly status: Status }) {
  const lanes = [
    ...(datasets ?? []).map(({ source, dataset, table, days, late, listFailure }) => ({
      name: `${source}/${dataset}`,
      about: `drops into ${table}`,
      days,
      late,
      wrong: listFailure,
    })),
    ...(exports ?? []).map(({ export: name, table, days }) => ({
      ...{ name, about: `export of ${table}`, days },
      ...{ late: [], wrong: null },
    })),
  ];
  if (lanes.length === 0) return null;
  return (
    <Card title="Drops and exports">
      <ul class="lanes">
        {lanes.map(({ name, about, days, late, wrong }) => (
          <li key={`${about} ${name}`}>
            <span>
              <a href={link('/drops')}>{name}</a> <span class="faint">{about}</span>
            </span>
            <DayMarks days={days} late={late} />
            {late.length > 0 && (
              <Badge tone="bad">{late.length === 1 ? '1 day late' : `${late.length} days late`}</Badge>
            )}
            {wrong !== null && <Badge tone="bad">cannot be listed</Badge>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Shows copies that the target of relay has not accepted. Accepted copies are not listed. */
function Relay({ relay: { waiting, refused }, at }: { readonly relay: RelayState; readonly at: string }) {
  return (
    <Card title="Relay">
      <dl class="facts">
        <div>
          <dt>requests waiting</dt>
          <dd>
            {formatCount(waiting.count)}
            {waiting.hasMore ? ' or more' : ''}
          </dd>
        </div>
        {waiting.count > 0 && (
          <div>
            <dt>oldest</dt>
            <dd>{ago(waiting.oldest, at)}</dd>
          </div>
        )}
        {refused.map(({ reason, count: copies, oldest }) => (
          <div key={reason} class="bad">
            <dt>{reason === 'expired' ? 'not taken in time' : `refused with ${reason}`}</dt>
            <dd>
              {formatCount(copies)}, oldest {ago(oldest, at)}
            </dd>
          </div>
        ))}
        {refused.length === 0 && (
          <div>
            <dt>refused</dt>
            <dd>0</dd>
          </div>
        )}
      </dl>
    </Card>
  );
}

const MARKS: Readonly<Record<NonNullable<LedgerDayStatus['state']>, readonly [mark: string, tone: Tone]>> = {
  succeeded: ['✓', 'good'],
  succeeded_no_data: ['–', 'plain'],
  failed: ['✗', 'bad'],
  loading: ['»', 'accent'],
  waiting: ['…', 'accent'],
};

/** A mark for each day, with the day of the month. */
function DayMarks(props: {
  readonly days: readonly LedgerDayStatus[];
  /** Days whose drop is late. */
  readonly late: DatasetDays['late'];
}) {
  return (
    <span class="days">
      {props.days.map(({ day, state, code }) => {
        const isLate = props.late.some((one) => one.day === day);
        const [mark, tone] = isLate ? ['!', 'bad'] : state === null ? ['·', 'plain'] : MARKS[state];
        const what = isLate ? 'late' : (state?.replaceAll('_', ' ') ?? 'no files');
        const words = `${day}: ${what}${code === null ? '' : ` (${code})`}`;
        return (
          <span key={day} class={`badge ${tone}`} role="img" aria-label={words} title={words}>
            {day.slice(8)} {mark}
          </span>
        );
      })}
    </span>
  );
}

function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : formatCount(value);
}

/** `3 min`, by the time of the deployment. */
function ago(at: string | null | undefined, now: string, none = '–'): string {
  if (at === null || at === undefined) return none;
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 1_000 ? 'now' : formatSpan(ms);
}

function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value < 1 ? '< 1 s' : formatSpan(value * 1_000);
}
