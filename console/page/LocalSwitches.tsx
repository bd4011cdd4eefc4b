import { useState } from 'preact/hooks';
import type { DeploymentAnswer } from '../api/deployment.ts';
import { useAction, useApi } from './parts/api.ts';
import { formatNoun, formatSpan } from './parts/format.ts';
import { Badge, Problem } from './parts/parts.tsx';

/** The state of the local cloud as `/api/local` answers it. */
interface LocalState {
  readonly clock: { readonly now: string; readonly offsetMs: number };
  readonly faults: { readonly faults: readonly unknown[] };
  readonly status: { readonly pending: readonly { readonly stream: string; readonly documents: number }[] };
}

/** Faults that the bar offers; the control API has more: docs/local.md. */
const FAULTS: readonly { readonly name: string; readonly body: unknown }[] = [
  {
    name: 'Firehose throttles',
    body: {
      firehose: [
        {
          fault: 'failCalls',
          operations: ['PutRecordBatch'],
          code: 'ServiceUnavailableException',
          calls: 'all',
        },
      ],
    },
  },
  {
    name: 'Firehose refuses every second record',
    body: { firehose: [{ fault: 'failRecords', every: 2, calls: 'all' }] },
  },
  {
    name: 'S3 and Firehose fail',
    body: {
      s3: [{ fault: 'failCalls', operations: ['PutObject'], code: 'SlowDown', calls: 'all' }],
      firehose: [
        {
          fault: 'failCalls',
          operations: ['PutRecordBatch'],
          code: 'ServiceUnavailableException',
          calls: 'all',
        },
      ],
    },
  },
  {
    name: 'Glue fails',
    body: { glue: [{ fault: 'failCalls', code: 'InternalServiceException', calls: 'all' }] },
  },
];

/** Hours by which the clock can be moved. */
const STEPS = [
  { name: '1 hour on', ms: 3_600_000 },
  { name: '1 day on', ms: 86_400_000 },
];

/** The switches of the local cloud: deliver now, clock and faults. What is on is always visible. */
export function LocalSwitches(props: {
  readonly deployment: DeploymentAnswer;
  readonly onChange: () => void;
}) {
  const state = useApi<LocalState>('/api/local', {}, { every: 2_000 });
  const [isOpen, setOpen] = useState(false);
  const flush = useAction<unknown>('/api/local/flush');
  const clock = useAction<unknown>('/api/local/clock');
  const faults = useAction<unknown>('/api/local/faults');
  const clear = useAction<unknown>('/api/local/faults/clear');
  const change = async (action: { run: (body: unknown) => Promise<unknown> }, body: unknown) => {
    for (const one of [flush, clock, faults, clear]) one.clear();
    await action.run(body);
    state.reload();
    props.onChange();
  };
  const buffered = state.answer?.status.pending.reduce((sum, { documents }) => sum + documents, 0);
  const offsetMs = state.answer?.clock.offsetMs ?? 0;
  const isMoved = Math.abs(offsetMs) > 60_000;
  const set = state.answer?.faults.faults ?? [];
  const error =
    flush.error ??
    clock.error ??
    faults.error ??
    clear.error ??
    (state.answer === undefined ? state.error : undefined);
  return (
    <section class="switches" aria-label="Local cloud">
      <div class="switch-row">
        <button
          type="button"
          class="primary"
          disabled={flush.isRunning}
          onClick={() => void change(flush, {})}
        >
          {flush.isRunning ? 'Delivering …' : 'Deliver now'}
        </button>
        <span>
          {buffered === undefined
            ? 'Requests in buffers: not known yet'
            : `${formatNoun(buffered, 'request')} ${buffered === 1 ? 'waits' : 'wait'} in buffers`}
        </span>
        {isMoved && (
          <Badge tone="warning">
            clock {offsetMs > 0 ? 'ahead' : 'behind'} by {formatSpan(Math.abs(offsetMs))}
          </Badge>
        )}
        {set.length > 0 && (
          <Badge tone="bad">
            {set.length} {set.length === 1 ? 'fault is' : 'faults are'} on
          </Badge>
        )}
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Clock and faults
        </button>
      </div>
      {isOpen && (
        <div class="switch-row">
          {STEPS.map(({ name, ms }) => (
            <button key={name} type="button" onClick={() => void change(clock, { advanceMs: ms })}>
              {name}
            </button>
          ))}
          <button type="button" disabled={!isMoved} onClick={() => void change(clock, { real: true })}>
            Real time
          </button>
          {FAULTS.map(({ name, body }) => (
            <button key={name} type="button" onClick={() => void change(faults, body)}>
              {name}
            </button>
          ))}
          <button type="button" disabled={set.length === 0} onClick={() => void change(clear, {})}>
            No faults
          </button>
        </div>
      )}
      {isOpen && set.length > 0 && (
        <ul class="faults">
          {set.map((fault, i) => (
            <li key={i}>
              <code>{JSON.stringify(fault)}</code>
            </li>
          ))}
        </ul>
      )}
      {error !== undefined && <Problem error={error} />}
    </section>
  );
}
