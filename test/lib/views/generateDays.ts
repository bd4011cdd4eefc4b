import { addDays } from '../../../lib/base/time.ts';
import { byName, type Drawing, drawing, event, exposure } from './generateRows.ts';
import type { RawRow } from './openData.ts';

/** Begin of the IDs of events with copies of which views may show either: see COPY_ORDER. */
export const EITHER_ID = 'either-';

/** Changes of a copy that say something else of the event: by a version or a configuration in between, or by hand. */
const OTHERS: readonly ((draw: Drawing) => Readonly<Record<string, string | boolean | null>>)[] = [
  (draw) => ({ environment: draw.pick(['staging', 'production']) }),
  (draw) => ({ is_assignment: draw.chance(0.5) }),
  (draw) => ({ group_name: draw.pick([null, 'Another name']) }),
  // A unit ID, or a column, that was added in between.
  (draw) => ({ company_id: draw.pick([null, 'c1', 'c9']) }),
  (draw) => ({ user_id: draw.pick([null, 'u9']) }),
  () => ({ reason: 'LocalOverride:Recognized' }),
  () => ({ secondary_exposures: '[{"gate":"spring_holdout","gateValue":"true","ruleID":"r9"}]' }),
  () => ({ user_dimensions: '{"country":"IT"}', user_object: '{"country":"IT"}' }),
  () => ({ event_value: '7.', company_metadata: '{"sku":"other"}' }),
  () => ({ client_timestamp: '2026-01-01 00:00:00.001' }),
];

/** The copies of a row as they may land, the row among them. */
function copiesOf(row: RawRow, draw: Drawing): RawRow[] {
  const at = String(row['received_at']);
  const day = row.ds;
  const sender = () => ({
    statsig_metadata: draw.pick([
      null,
      '{"again":1}',
      '{"locale":"it_IT","appVersion":"1","currentPage":"/again"}',
    ]),
    session_id: draw.pick([null, 'session', 'another']),
  });
  let n = 0;
  const later = () => {
    n += 1;
    return `${day} 12:00:0${n % 10}.${101 + draw.below(8)}`;
  };
  const resend = () => ({
    ...row,
    ...sender(),
    received_at: later(),
    sdk_version: draw.pick([null, '1', '2']),
  });
  const other = () => ({
    ...row,
    ...(draw.chance(0.5) ? sender() : {}),
    received_at: later(),
    ...changes(row, draw),
  });
  const tied = () =>
    draw.pick<RawRow[]>([
      // The earlier by its own clock.
      [{ ...row, timestamp: `${day} 09:59:59.991`, ...(draw.chance(0.5) ? sender() : changes(row, draw)) }],
      [
        {
          ...row,
          sdk_type: draw.pick(['a-client', 'z-client', null]),
          ...(draw.chance(0.5) ? sender() : {}),
        },
      ],
      [
        { ...row, sdk_version: '1', ...sender() },
        { ...row, sdk_version: '2', ...sender() },
      ],
    ]);
  return draw.pick<RawRow[]>([
    [row, resend()],
    [byName(resend()), row],
    [resend(), row, resend()],
    [row, row],
    [row, row, row, resend()],
    [row, ...tied()],
    [...tied(), row, other()],
    [row, other()],
    [other(), row, other(), resend()],
    [row, { ...row, ds: addDays(day, 1), received_at: `${addDays(day, 1)} 00:00:01.001`, ...sender() }],
    // The same ID under another name: neither is a copy of the other.
    [
      row,
      {
        ...row,
        ...(row['event_name'] === undefined ? { experiment_id: 'copied' } : { event_name: 'copied' }),
      },
    ],
    either(row, sender),
    [...either(row, sender), { ...other(), event_id: `${EITHER_ID}${String(row['event_id'])}` }],
  ]);

  function either(landed: RawRow, make: typeof sender): RawRow[] {
    const named = { ...landed, event_id: `${EITHER_ID}${String(landed['event_id'])}`, received_at: at };
    return [
      { ...named, ...make() },
      { ...named, ...make() },
    ];
  }
}

function changes(row: RawRow, draw: Drawing): Readonly<Record<string, string | boolean | null>> {
  const made = OTHERS[draw.below(OTHERS.length)]?.(draw) ?? {};
  return Object.fromEntries(Object.entries(made).filter(([name]) => name in row));
}

/** Rows of days that follow one another, some of them without any. */
export function generateDays(seed: number, from: string, days: number) {
  const draw = drawing(seed);
  const many = (make: typeof exposure) =>
    Array.from({ length: days }, (_, n) => addDays(from, n)).flatMap((day) =>
      Array.from({ length: draw.below(8) }, (_, id): RawRow[] => {
        const row = make(draw, id, [day]);
        const named = { ...row, event_id: draw.chance(0.02) ? null : `${day}-${id}` };
        return named.event_id !== null && draw.chance(0.5) ? copiesOf(named, draw) : [named];
      }).flat(),
    );
  return { exposures: many(exposure), events: many(event) };
}
