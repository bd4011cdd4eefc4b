import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import type { CuratedDayState, CuratedDayStatus } from '../../../observe/facts/days/curatedDays.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { Figures } from '../parts/parts.tsx';

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
      <Figures
        of={[
          ['Raw rows', of.account?.rawRows ?? null],
          ['Curated rows', of.account?.rows ?? null],
          ['Resends left out', of.account?.resends ?? null],
        ]}
      />
      {of.state !== 'too_young' && of.state !== 'off' && (
        <DryRun<unknown>
          label={`Curate ${day} again …`}
          path="/api/curate/rebuild"
          body={{ kind, from: day }}
          about="The day is curated again, changed or not. Views read the version that exists until the new one is complete."
          confirm={() => `Curate ${day}`}
          onDone={onDone}
        />
      )}
    </>
  );
}
