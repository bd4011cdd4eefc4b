import type { ComponentChildren } from 'preact';
import { counted } from '../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { useAction, useApi } from './parts/api.ts';
import { Badge, DocsLink, Problem } from './parts/parts.tsx';
import { formatSpan } from './texts/format.ts';

/** The members of `/api/local` that this page reads: the API passes on what the local cloud answers. */
interface LocalState {
  /** Its time, ISO 8601, and how far it is ahead of the real one. */
  readonly clock: { readonly now: string; readonly offsetMs: number };
  /** The faults that are on. */
  readonly faults: { readonly faults: readonly unknown[] };
  /** The requests that wait in the buffer of each stream. */
  readonly status: { readonly pending: readonly { readonly stream: string; readonly documents: number }[] };
}

/** How far the clock can be moved at once, milliseconds. */
const STEPS = [HOUR_MS, DAY_MS];
/** Milliseconds after which the local cloud is asked again. */
const STATE_MS = 2_000;
/** A clock that is less than this off, milliseconds, counts as the real one. */
const UNMOVED_MS = MINUTE_MS;

/** The switches of the local cloud: deliver now, and the clock. A moved clock and faults that are on are always visible. */
export function Switches(props: { readonly onChange: () => void }) {
  const state = useApi<LocalState>('/api/local', {}, { every: STATE_MS });
  const flush = useAction<unknown>('/api/local/flush');
  const clock = useAction<unknown>('/api/local/clock');
  const change = async (action: typeof flush, body: unknown) => {
    flush.clear();
    clock.clear();
    await action.run(body);
    state.reload();
    props.onChange();
  };
  const { answer } = state;
  const waiting = answer?.status.pending.reduce((sum, { documents }) => sum + documents, 0) ?? 0;
  const offsetMs = answer?.clock.offsetMs ?? 0;
  const isMoved = Math.abs(offsetMs) >= UNMOVED_MS;
  const faults = answer?.faults.faults ?? [];
  const error = flush.error ?? clock.error ?? (answer === undefined ? state.error : undefined);
  return (
    <section class="tools" aria-label="Local cloud">
      <Switch onUse={() => change(flush, {})} isBusy={flush.isRunning}>
        Deliver now
      </Switch>
      {STEPS.map((ms) => (
        <Switch key={ms} onUse={() => change(clock, { advanceMs: ms })}>
          Clock +{formatSpan(ms)}
        </Switch>
      ))}
      <span class="more">{counted(waiting, 'request')} in buffers</span>
      {isMoved && (
        <>
          <Badge tone="warning">
            clock {offsetMs > 0 ? 'ahead' : 'behind'} by {formatSpan(Math.abs(offsetMs))}
          </Badge>
          <Switch onUse={() => change(clock, { real: true })}>Real time</Switch>
        </>
      )}
      {faults.length > 0 && (
        <span title={JSON.stringify(faults)}>
          <Badge tone="bad">{counted(faults.length, 'fault')} on</Badge>{' '}
          <span class="more">
            <DocsLink page="docs/local.md" section="Faults" />
          </span>
        </span>
      )}
      {error !== undefined && <Problem error={error} />}
    </section>
  );
}

/** A button that changes the local cloud. */
function Switch(props: {
  /** Called when the button is pressed. */
  readonly onUse: () => Promise<void>;
  /** Whether it still works on an earlier press. Default false. */
  readonly isBusy?: boolean;
  /** The button's text. */
  readonly children: ComponentChildren;
}) {
  const { onUse, isBusy = false, children } = props;
  return (
    <button
      type="button"
      class="outline more"
      disabled={isBusy}
      aria-busy={isBusy}
      onClick={() => void onUse()}
    >
      {children}
    </button>
  );
}
