import type { costJson } from '../../../observe/cost/cost.ts';
import type { AlarmState } from '../../../observe/status/alarms.ts';
import type { Status } from '../../../observe/status/status.ts';
import type { DoctorAnswer, DoctorCheck } from '../../api/doctorRun.ts';
import type { PlaceAnswer } from '../../api/place.ts';
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

/** The page Health: what needs attention, the doctor, alarms, and the cost of the month. */
export function Health({ place }: { readonly place: PlaceAnswer }) {
  return (
    <Page title="Health" intro="What is wrong, why, and what heals it.">
      <Attention place={place} />
      <Doctor />
      <Alarms place={place} />
      <CostOfMonth />
    </Page>
  );
}

function Attention({ place }: { readonly place: PlaceAnswer }) {
  const status = useApi<Status>('/api/status', {}, { every: place.isLocal ? 15_000 : 60_000 });
  return (
    <Card
      title="What needs attention"
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
          <Badge tone="good">All is well</Badge> No row waits, nothing is late, and every day has its
          partition.
        </p>
      ) : (
        <Problems problems={status.answer.problems} />
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

function Alarms({ place }: { readonly place: PlaceAnswer }) {
  const { answer, error } = useApi<{ readonly alarms: readonly AlarmState[] }>(
    '/api/alarms',
    {},
    { every: place.isLocal ? 10_000 : 60_000 },
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
      {place.isLocal && (
        <p class="faint">
          The local cloud evaluates alarms on metrics that the functions print, on what streams tell and on
          invocations. The others have no data.
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
