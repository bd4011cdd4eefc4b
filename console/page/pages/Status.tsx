import type { ComponentChildren } from 'preact';
import type { Finding, FindingPart } from '../../../observe/findings/catalogue.ts';
import type { Status as StatusOf } from '../../../observe/findings/status.ts';
import { useApi } from '../parts/api.ts';
import { firstEventCommand, useConsole } from '../parts/context.ts';
import { formatBytes, formatCount, formatNoun, formatSpan } from '../parts/format.ts';
import { Answered, Badge, Card, Copyable, Empty, Page, Time, type Tone } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable } from '../parts/tables.tsx';
import { Alarms, Cost, Doctor, Findings } from './Health.tsx';
import { Quarantine } from './Quarantine.tsx';

/** The page Status: what `sluice status` says, and the way of an event with its figures. */
export function Status() {
  const { deployment } = useConsole();
  const status = useApi<StatusOf>('/api/findings', {}, { every: deployment.isLocal ? 3_000 : 60_000 });
  return (
    <Page
      title="Status"
      intro="Whether all is well, and if not, what to do. The same answer as sluice status."
      tools={status.answer !== undefined && <Verdict status={status.answer} />}
    >
      <Answered of={status}>{(answer) => <Known status={answer} />}</Answered>
      <Quarantine />
      <Card title="More">
        <Doctor />
        <Alarms of={status.answer?.alarms ?? []} />
        <Cost />
      </Card>
    </Page>
  );
}

function Verdict({ status: { problems, at } }: { readonly status: StatusOf }) {
  const count = (severity: Finding['severity']) => problems.filter((one) => one.severity === severity).length;
  const [bad, warnings] = [count('problem'), count('warning')];
  return (
    <>
      {bad > 0 && <Badge tone="bad">{formatNoun(bad, 'problem')}</Badge>}
      {warnings > 0 && <Badge tone="warning">{formatNoun(warnings, 'warning')}</Badge>}
      {bad + warnings === 0 && <Badge tone="good">All is well</Badge>}
      <span class="faint">
        as of <Time at={at} />
      </span>
    </>
  );
}

function Known({ status }: { readonly status: StatusOf }) {
  const { deployment } = useConsole();
  const isEmpty =
    status.lastRequestAt === null &&
    status.lastEventAt === null &&
    !((status.waiting.buffered.count ?? 0) > 0);
  return (
    <>
      {isEmpty && (
        <Empty title="No event has come in yet.">
          <p>
            {deployment.collector === null
              ? `Send one as an SDK does. The address is the output CollectorUrl of the stack: npx serverless info --stage ${deployment.stage} --region ${deployment.region}.`
              : 'Send one as an SDK does. It appears here within seconds:'}
          </p>
          <Copyable text={firstEventCommand(deployment)} />
        </Empty>
      )}
      <Findings of={status.problems} />
      <Way status={status} />
      <Accepted status={status} />
      {!deployment.isLocal && (
        <p class="faint">
          Asked once a minute while this page is visible. Athena read {formatBytes(status.scannedBytes)} for
          it.
        </p>
      )}
    </>
  );
}

type Fact = readonly [name: string, value: ComponentChildren, tone?: Tone];

/** One part of the way of an event. */
interface Part {
  readonly name: string;
  readonly path: string;
  readonly figure: string;
  readonly unit: string;
  readonly facts: readonly Fact[];
  readonly about?: FindingPart;
}

/** The way of an event from the SDK to a query. A part that has a problem has its color. */
function Way({ status }: { readonly status: StatusOf }) {
  const toneOf = (about: FindingPart | undefined): Tone => {
    const found = status.problems.filter(({ part }) => part !== null && part === about);
    if (found.length === 0) return 'good';
    return found.some(({ severity }) => severity === 'problem') ? 'bad' : 'warning';
  };
  return (
    <ol class="way" aria-label="The way of an event">
      {partsOf(status).map(({ name, path, figure, unit, facts, about }) => (
        <li key={name} class={toneOf(about)}>
          <h2>
            <a href={link(path)}>{name}</a>
          </h2>
          <p>
            <strong>{figure}</strong> {unit}
          </p>
          <dl>
            {facts.map(([fact, value, tone = 'plain']) => (
              <div key={fact} class={tone}>
                <dt>{fact}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ol>
  );
}

function partsOf(status: StatusOf): readonly Part[] {
  const { lastHour, waiting, partitions, tables, at } = status;
  const { count: buffered, oldest } = waiting.buffered;
  const refused = lastHour === null ? undefined : sum(lastHour.refusedBy);
  const missing = partitions?.gaps.length ?? 0;
  const newest = (tables ?? [])
    .flatMap(({ newestRowAt }) => newestRowAt ?? [])
    .sort()
    .at(-1);
  return [
    {
      ...{ name: 'Requests', path: '/live', about: 'collector' },
      figure: count(lastHour?.requests),
      unit: 'in the last hour',
      facts: [
        ['last', ago(status.lastRequestAt, at)],
        ['refused', count(refused), (refused ?? 0) > 0 ? 'bad' : 'plain'],
        ['answered 503', count(lastHour === null ? undefined : sum(lastHour.failedBy))],
      ],
    },
    {
      ...{ name: 'Accepted', path: '/live', about: 'streams' },
      figure: count(lastHour?.landed),
      unit: 'events in the last hour',
      facts: [
        ['in buffers', buffered === null ? ago(oldest, at) : formatCount(buffered)],
        ['oldest', ago(oldest, at)],
        ['quarantined', count(lastHour?.quarantined), (lastHour?.quarantined ?? 0) > 0 ? 'warning' : 'plain'],
        ['last event', ago(status.lastEventAt, at)],
      ],
    },
    {
      ...{ name: 'Waiting', path: '/tables', about: 'partitions' },
      figure: count(waiting.landing?.count),
      unit: 'objects in landing/',
      facts: [
        ['days without partition', count(partitions?.gaps.length), missing > 0 ? 'bad' : 'plain'],
        ...relayFacts(status),
      ],
    },
    {
      ...{ name: 'Queryable', path: '/sql' },
      figure: ago(newest, at),
      unit: 'since the newest row',
      facts: [
        ['rows, last hour', count(tables?.reduce((total, { rowsLastHour }) => total + rowsLastHour, 0))],
      ],
    },
  ];
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}

/** Copies that the target of relay has not accepted. */
function relayFacts({ relay }: StatusOf): readonly Fact[] {
  if (relay === null) return [];
  const refused = relay.refused.reduce((sum, one) => sum + one.count, 0);
  return [
    ['relay waits', formatCount(relay.waiting.count)],
    ['relay refused', formatCount(refused), refused > 0 ? 'bad' : 'plain'],
  ];
}

function Accepted({ status: { tables, at } }: { readonly status: StatusOf }) {
  return (
    <Card title="Accepted">
      <DataTable
        caption="Tables: newest row, and rows of the last hour"
        rows={tables ?? []}
        keyOf={({ table }) => table}
        columns={[
          ['Table', ({ name }) => <a href={link('/tables', { table: name })}>{name}</a>],
          ['Newest row', ({ newestRowAt }) => newestRowAt ?? 'none within 24 hours', 'time'],
          ['Age', ({ newestRowAt }) => ago(newestRowAt, at), 'number'],
          ['Rows, last hour', ({ rowsLastHour }) => rowsLastHour, 'number'],
        ]}
      />
    </Card>
  );
}

function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : formatCount(value);
}

/** `3 min`, by the time of the deployment. */
function ago(at: string | null | undefined, now: string): string {
  if (at === null || at === undefined) return '–';
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 1_000 ? 'now' : formatSpan(ms);
}
