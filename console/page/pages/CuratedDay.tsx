import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import type {
  CuratedDayState,
  CuratedDayStatus,
  CuratedTableStatus,
} from '../../../observe/facts/days/curatedDays.ts';
import type { CurateRequested } from '../../../operate/curate/requests.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { formatNoun } from '../parts/format.ts';
import { Figures, Problem } from '../parts/parts.tsx';

/** A day of a curated table: what views read of it and why, and an action that curates it again. */
export function CuratedDay(props: {
  readonly kind: ForwardedKind;
  readonly day: string;
  /** Undefined of a day without rows. */
  readonly of: CuratedDayStatus | undefined;
  readonly words: (state: CuratedDayState) => string;
  readonly onDone: () => void;
}) {
  const { kind, day, of, words, onDone } = props;
  if (of === undefined) return <p>There are no rows of {day}.</p>;
  return (
    <>
      <p>
        {day}: {words(of.state)}. {of.why}
      </p>
      {of.failure !== null && (
        <Problem
          error={{ ...of.failure, cause: of.failure.message, cure: 'docs/curated.md says what to do.' }}
        />
      )}
      <Figures
        of={[
          ['Raw rows', of.account?.rawRows ?? null],
          ['Curated rows', of.account?.rows ?? null],
          ['Resends left out', of.account?.resends ?? null],
        ]}
      />
      {of.state !== 'too_young' && (
        <DryRun<CurateRequested>
          label={`Curate ${day} again …`}
          path="/api/curate/rebuild"
          body={{ kind, from: day, to: day }}
          wouldDo={({ asked }) => (
            <>
              <p>
                The day is curated again, changed or not. Views read the version that exists until the new one
                is complete.
              </p>
              <Asked asked={asked} />
            </>
          )}
          confirm={(requested) => confirmDays(requested)}
          did={() => <p>Requested. This page shows the result.</p>}
          onDone={onDone}
        />
      )}
    </>
  );
}

/** Curates what is due, as the nightly schedule does. */
export function CurateDue(props: { readonly table: CuratedTableStatus; readonly onDone: () => void }) {
  return (
    <DryRun<CurateRequested>
      label={`Curate ${props.table.kind} now …`}
      path="/api/curate/run"
      body={{ kind: props.table.kind }}
      wouldDo={({ asked }) => (
        <>
          <p>
            A run curates the days that never were, have changed since, or failed, the newest first. Days
            beyond the limit of a run wait for the next night.
          </p>
          <Asked asked={asked} />
        </>
      )}
      confirm={(requested) => confirmDays(requested)}
      did={() => <p>Requested. This page shows the result.</p>}
      onDone={props.onDone}
    />
  );
}

function confirmDays({ asked }: CurateRequested): string | null {
  const days = asked.reduce((sum, one) => sum + one.days, 0);
  return days === 0 ? null : `Curate ${formatNoun(days, 'day')}`;
}

function Asked({ asked }: Pick<CurateRequested, 'asked'>) {
  return (
    <ul>
      {asked.map(({ table, from, to, days }) => (
        <li key={table}>
          <strong>{table}</strong>:{' '}
          {from === null
            ? 'no day is due'
            : from === to
              ? from
              : `${from} to ${to}, ${formatNoun(days, 'day')}`}
        </li>
      ))}
    </ul>
  );
}
