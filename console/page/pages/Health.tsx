import type { costJson } from '../../../observe/cost/cost.ts';
import type { monitorsJson } from '../../../observe/monitors/monitors.ts';
import type { AlarmState } from '../../../observe/status/alarms.ts';
import type { Status } from '../../../observe/status/status.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import type { DoctorAnswer, DoctorCheck } from '../../api/doctorRun.ts';
import { useAction, useApi } from '../parts/api.ts';
import { formatCount, formatShare, formatUsd } from '../parts/format.ts';
import {
  Badge,
  Card,
  DataTable,
  Empty,
  Figure,
  Loading,
  Page,
  Problem,
  Time,
  type Tone,
} from '../parts/parts.tsx';
import { Problems } from './status/Problems.tsx';

type Cost = ReturnType<typeof costJson>;
type MonitorsAnswer = ReturnType<typeof monitorsJson>;

/** The page Health: what needs attention, monitors, the doctor, alarms, and the cost of the month. */
export function Health({ deployment }: { readonly deployment: DeploymentAnswer }) {
  return (
    <Page title="Health" intro="Problems, their causes, and how to fix them.">
      <Attention deployment={deployment} />
      <Monitors deployment={deployment} />
      <Doctor />
      <Alarms deployment={deployment} />
      <CostOfMonth />
    </Page>
  );
}

function Attention({ deployment }: { readonly deployment: DeploymentAnswer }) {
  const status = useApi<Status>('/api/status', {}, { every: deployment.isLocal ? 15_000 : 60_000 });
  return (
    <Card
      title="Needs attention"
      tools={
        status.answer !== undefined && (
          <span class="faint">
            as of <Time at={status.answer.at} />
          </span>
        )
      }
    >
      {status.error !== undefined && <Problem error={status.error} />}
      {status.answer === undefined ? (
        status.error === undefined && <Loading />
      ) : status.answer.problems.length === 0 ? (
        <p>
          <Badge tone="good">All is well</Badge> Nothing is refused, no row waits, nothing is late, and every
          day has its partition.
        </p>
      ) : (
        <Problems problems={status.answer.problems} />
      )}
    </Card>
  );
}

/** Findings of monitors, with why and how to look closer, and their history. */
function Monitors({ deployment }: { readonly deployment: DeploymentAnswer }) {
  const { answer, error } = useApi<MonitorsAnswer>(
    '/api/monitors',
    {},
    { every: deployment.isLocal ? 15_000 : 60_000 },
  );
  const open = answer?.open ?? [];
  const failed = answer?.monitors.filter((one) => one.failed !== null) ?? [];
  return (
    <Card
      title="Monitors"
      tools={
        answer?.on === true && (
          <Badge tone={open.length > 0 ? 'bad' : 'good'}>{formatCount(open.length)} open</Badge>
        )
      }
    >
      {error !== undefined && <Problem error={error} />}
      {answer?.on === false && (
        <p class="faint">
          Nothing is checked on a schedule: the configuration has no <code>monitors</code> (docs/monitors.md).
        </p>
      )}
      {failed.map((one) => (
        <p key={one.monitor}>
          <Badge tone="warning">{one.monitor}</Badge> could not look: {one.failed}
        </p>
      ))}
      {open.map((one) => (
        <section key={one.id}>
          <h3>
            {one.subject} <span class="faint">{one.code}</span>{' '}
            {one.acknowledged !== null && <Badge tone="plain">acknowledged</Badge>}
          </h3>
          <p>
            {one.text} <span class="faint">since</span> <Time at={one.since} />
          </p>
          <p class="faint">
            {one.cause} {one.cure}
          </p>
          <pre>{one.command}</pre>
        </section>
      ))}
      {answer !== undefined && answer.history.length > 0 && (
        <DataTable
          caption="What monitors told"
          rows={answer.history}
          keyOf={({ id, what }) => `${id} ${what}`}
          columns={[
            { name: 'At', show: ({ at }) => <Time at={at} /> },
            { name: '', show: ({ what }) => <Badge tone={what === 'began' ? 'bad' : 'plain'}>{what}</Badge> },
            { name: 'About', show: ({ subject }) => subject },
            { name: 'Why', show: ({ text }) => text },
          ]}
        />
      )}
    </Card>
  );
}

const VERDICTS: Readonly<
  Record<NonNullable<DoctorCheck['verdict']>, { readonly tone: Tone; readonly word: string }>
> = {
  problem: { tone: 'bad', word: 'problem' },
  warning: { tone: 'warning', word: 'warning' },
  unchecked: { tone: 'plain', word: 'not checked' },
  fine: { tone: 'good', word: 'fine' },
};
const ORDER = ['problem', 'warning', 'unchecked', 'fine'] as const;

/** The doctor runs when somebody asks, because it makes many calls. */
function Doctor() {
  const start = useAction<DoctorAnswer>('/api/doctor');
  const run = useApi<DoctorAnswer>('/api/doctor', {}, { every: 1_000 });
  const { answer } = run;
  const made = answer?.checks.filter(({ verdict }) => verdict !== null) ?? [];
  const current = answer?.checks.find(({ verdict }) => verdict === null);
  const isRunning = answer?.isRunning === true || start.isRunning;
  const error = start.error ?? run.error ?? answer?.error ?? undefined;
  return (
    <Card
      title="Doctor"
      tools={
        <>
          {answer?.startedAt != null && !isRunning && (
            <span class="faint">
              run at <Time at={answer.startedAt} />
            </span>
          )}
          <button
            type="button"
            class="primary"
            disabled={isRunning}
            onClick={() => void start.run({}).then(run.reload)}
          >
            {isRunning ? 'Checking …' : answer?.startedAt == null ? 'Run the doctor' : 'Run it again'}
          </button>
        </>
      }
    >
      {error !== undefined && <Problem error={error} />}
      {answer?.startedAt == null && !isRunning && (
        <p>
          The doctor compares every setting of the deployment with what Sluice needs:{' '}
          {answer?.checks.length ?? ''} checks. It changes nothing.
        </p>
      )}
      {isRunning && (
        <p role="status">
          <progress max={answer?.checks.length ?? 1} value={made.length} aria-label="Checks that were made" />{' '}
          {made.length} of {answer?.checks.length ?? 0}
          {current === undefined ? '' : `: ${current.check}`}
        </p>
      )}
      {ORDER.map((verdict) => {
        const found = made.filter((check) => check.verdict === verdict);
        return found.length === 0 ? null : <Checks key={verdict} verdict={verdict} checks={found} />;
      })}
    </Card>
  );
}

function Checks({
  verdict,
  checks,
}: {
  readonly verdict: (typeof ORDER)[number];
  readonly checks: readonly DoctorCheck[];
}) {
  const { tone, word } = VERDICTS[verdict];
  const isOpen = verdict === 'problem' || verdict === 'warning';
  return (
    <details class="checks" open={isOpen}>
      <summary>
        <Badge tone={tone}>
          {checks.length} {word}
        </Badge>{' '}
        <span class="faint">{checks.map(({ check }) => check).join(', ')}</span>
      </summary>
      {checks.map(({ check, expects, findings }) => (
        <section key={check}>
          <h3>
            {check} <span class="faint">{expects}</span>
          </h3>
          {findings.length > 0 && <Problems problems={findings} />}
        </section>
      ))}
    </details>
  );
}

const STATES: Readonly<Record<AlarmState['state'], { readonly tone: Tone; readonly word: string }>> = {
  ALARM: { tone: 'bad', word: 'on' },
  OK: { tone: 'good', word: 'off' },
  INSUFFICIENT_DATA: { tone: 'plain', word: 'no data' },
};

function Alarms({ deployment }: { readonly deployment: DeploymentAnswer }) {
  const { answer, error } = useApi<{ readonly alarms: readonly AlarmState[] }>(
    '/api/alarms',
    {},
    { every: deployment.isLocal ? 10_000 : 60_000 },
  );
  const on = answer?.alarms.filter(({ state }) => state === 'ALARM') ?? [];
  return (
    <Card
      title="Alarms"
      tools={
        answer !== undefined && (
          <Badge tone={on.length > 0 ? 'bad' : 'good'}>
            {on.length} of {answer.alarms.length} on
          </Badge>
        )
      }
    >
      {error !== undefined && <Problem error={error} />}
      {deployment.isLocal && (
        <p class="faint">
          The local cloud evaluates alarms on metrics of functions, streams and invocations. The others have
          no data.
        </p>
      )}
      {answer !== undefined && (
        <DataTable
          caption="Alarms"
          rows={[...answer.alarms].sort((a, b) => Number(b.state === 'ALARM') - Number(a.state === 'ALARM'))}
          keyOf={({ name }) => name}
          columns={[
            {
              name: 'state',
              show: ({ state }) => <Badge tone={STATES[state].tone}>{STATES[state].word}</Badge>,
            },
            { name: 'alarm', show: ({ name }) => <span class="mono">{name}</span> },
            { name: 'what it means', show: ({ description }) => description },
            { name: 'since', show: ({ since }) => <Time at={since} /> },
            {
              name: 'notifies',
              show: ({ notifies }) => (notifies ? 'the topic' : <span class="faint">nobody</span>),
            },
          ]}
        />
      )}
    </Card>
  );
}

function CostOfMonth() {
  const { answer, error } = useApi<Cost>('/api/cost', { days: 7 });
  return (
    <Card title="Cost of a month">
      {error?.code === 'SLUICE_COST_NO_TRAFFIC' ? (
        <Empty title="There was no request in the last seven days.">
          <p>{error.cure}</p>
        </Empty>
      ) : (
        error !== undefined && <Problem error={error} />
      )}
      {answer === undefined ? error === undefined && <Loading /> : <CostParts cost={answer} />}
    </Card>
  );
}

function CostParts({ cost }: { readonly cost: Cost }) {
  const levers: Readonly<Record<string, string | undefined>> = cost.levers;
  const parts = Object.entries(cost.parts)
    .map(([part, usd]) => ({ part, usd }))
    .sort((a, b) => b.usd - a.usd);
  return (
    <>
      <div class="figures">
        <Figure name="a month">{formatUsd(cost.usd_per_month)}</Figure>
        {cost.usd_per_million !== null && (
          <Figure name="a million events">{formatUsd(cost.usd_per_million)}</Figure>
        )}
        <Figure name="events a month">{formatCount(Math.round(cost.usage.events))}</Figure>
        <Figure name="requests a month">{formatCount(Math.round(cost.usage.requests))}</Figure>
      </div>
      <p class="faint">List prices of us-east-1, by the metrics of the last seven days.</p>
      <DataTable
        caption="Cost by part"
        rows={parts}
        keyOf={({ part }) => part}
        columns={[
          { name: 'part', show: ({ part }) => part.replaceAll('_', ' ') },
          { name: 'USD a month', isNumber: true, show: ({ usd }) => formatUsd(usd) },
          {
            name: 'share',
            isNumber: true,
            show: ({ usd }) => (cost.usd_per_month === 0 ? '' : formatShare(usd / cost.usd_per_month)),
          },
          { name: 'what changes it', show: ({ part }) => levers[part] ?? '' },
        ]}
      />
      <details>
        <summary>Not included</summary>
        <ul>
          {cost.not_included.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </details>
    </>
  );
}
