import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import type { CuratedDayState, CuratedDayStatus } from '../../../observe/facts/days/curatedCalendar.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { Figures } from '../parts/parts.tsx';

/** A day of a curated table: what views read of it and why, and an action that curates it again. */
export function CuratedDay(props: {
  /** The kind of the curated table. */
  readonly kind: ForwardedKind;
  /** The day. */
  readonly day: string;
  /** Undefined of a day without rows. */
  readonly curatedDay: CuratedDayStatus | undefined;
  /** The words for a state. */
  readonly words: (state: CuratedDayState) => string;
  /** Called after something was requested. */
  readonly onDone: () => void;
}) {
  const { kind, day, curatedDay, words, onDone } = props;
  if (curatedDay === undefined) return <p>There are no rows of {day}.</p>;
  return (
    <>
      <p>
        {day}: {words(curatedDay.state)}. {curatedDay.why}
      </p>
      <Figures
        figures={[
          ['Raw rows', curatedDay.account?.rawRows ?? null],
          ['Curated rows', curatedDay.account?.rows ?? null],
          ['Resends left out', curatedDay.account?.resends ?? null],
        ]}
      />
      {curatedDay.state !== 'too_young' && curatedDay.state !== 'off' && (
        <DryRun<unknown>
          label={`Curate ${day} again …`}
          path="/api/curate/rebuild"
          body={{ kind, from: day }}
          about="Views read the version that exists until the new one is complete."
          confirm={() => `Curate ${day}`}
          onDone={onDone}
        />
      )}
    </>
  );
}
