import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import { DAY_MS, isUtcDay, type UtcDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import type { LandingBucket } from './LandingBucket.ts';

/** Attempts of a note that loses to other writers. Without it, the next run looks at the same days again. */
const NOTE_RETRIES = { tries: 8, baseMs: 50, capMs: 1_000 } as const;

/** What the last look at a day found, as it is stored. */
const dayLookSchema = z.object({
  /** When the run began that looked at the day, epoch milliseconds. */
  at: z.number(),
  /**
   * What listings showed of the day then, in any words; empty if the look found something to do, {@link OPEN} until it
   * is done.
   */
  mark: z.string(),
  /** The version that queries read, as the ledger had it; absent without one. */
  version: z.string().optional(),
  /** Names of the version's files, as the ledger had them; absent without a version. */
  files: z.array(z.string()).optional(),
  /** Since when looks have seen archived files of it, which queries skip, epoch milliseconds; absent without any. */
  archivedSince: z.number().optional(),
});

/** The looks at all days, as they are stored. */
const looksSchema = z.record(
  z.string().refine((text) => isUtcDay(text), 'a day, YYYY-MM-DD'),
  dayLookSchema,
);

/**
 * Milliseconds after which a run notes the days that it has looked at so far: one that is killed has done no more than
 * these in vain.
 */
export const NOTE_EVERY_MS = 30_000;
/**
 * The mark of a day with something to do that is not done yet: every run looks at it, after those that were looked at
 * before.
 */
export const OPEN = 'open';

/** What the last look at a day found. */
export type DayLook = Readonly<z.output<typeof dayLookSchema>>;
/** When days were looked at last: one object in the ledger for each table and question. */
export type Looks = Readonly<Record<UtcDay, DayLook>>;

/** A day that a run may look at. */
export interface KnownDay {
  /** The day. */
  readonly day: UtcDay;
  /** Whether every run looks at it. */
  readonly isAlways: boolean;
  /** Whether something tells of it: the run looks at it, too. */
  readonly isNamed: boolean;
}

/** The settings that say within which time every day is looked at. */
export interface TurnConfig {
  /** How long S3 keeps what was deleted. */
  readonly retention: Pick<Config['retention'], 'dataVersionDays'>;
}

/** Milliseconds within which every day is looked at: half of the time for which S3 keeps what was deleted. */
export function turnMs({ retention }: TurnConfig): number {
  return (retention.dataVersionDays * DAY_MS) / 2;
}

/**
 * The days that a run looks at, in the order in which it does: those of every run, then the others that were looked at
 * longest ago, the newest first among equals. The rest takes turns. A run takes as many of it as the time since the
 * last of them was looked at is of the whole turn, and those whose turn would be over before another run that comes as
 * late.
 *
 * A look whose time is in the future does not count: the clock was wrong then, or is wrong now.
 *
 * @param within Milliseconds of the whole turn.
 * @param every Milliseconds between two runs that take of the rest, where many days together cost little more than
 *   one. A run before takes none, unless a turn would be over. Default: every run does.
 */
export function daysToLookAt(
  known: readonly KnownDay[],
  looks: Looks,
  { now, within, every = 0 }: { readonly now: number; readonly within: number; readonly every?: number },
): readonly UtcDay[] {
  const lookedAt = (day: UtcDay): number => {
    const { at = Number.POSITIVE_INFINITY } = looks[day] ?? {};
    return at > now ? Number.NEGATIVE_INFINITY : at;
  };
  const isEarlier = (left: KnownDay, right: KnownDay): number => {
    if (left.isAlways !== right.isAlways) return left.isAlways ? -1 : 1;
    const first = lookedAt(left.day);
    const second = lookedAt(right.day);
    if (first !== second) return first < second ? -1 : 1;
    return left.day > right.day ? -1 : 1;
  };
  const inOrder = known.toSorted(isEarlier);
  const rest = inOrder.flatMap(({ day, isAlways, isNamed }) => (isAlways || isNamed ? [] : [day]));
  const last = rest.reduce((latest, day) => Math.max(latest, lookedAt(day)), 0);
  const elapsed = now - last;
  const isDue = (day: UtcDay, before: number) => lookedAt(day) + within <= now + before;
  const isTurn = elapsed >= every || rest.some((day) => isDue(day, elapsed));
  const span = Math.max(elapsed, every);
  const share = Math.ceil((rest.length * span) / within);
  const turn = new Set(isTurn ? rest.filter((day, i) => i < share || isDue(day, span)) : []);
  return inOrder.flatMap((dayInTurn) =>
    dayInTurn.isAlways || dayInTurn.isNamed || turn.has(dayInTurn.day) ? [dayInTurn.day] : [],
  );
}

/** Reads when days were looked at. None, and a note that can't be read, says nothing: every day is looked at. */
export async function readLooks(landing: Pick<LandingBucket, 'text'>, key: string): Promise<Looks> {
  return parseLooks((await landing.text(key).read())?.text);
}

/**
 * Notes looks beside those of other runs: of two at one day, the later.
 *
 * @param isKnown Whether a day is still there. Default all are.
 */
export async function noteLooks(
  { landing, wait, random }: { readonly landing: Pick<LandingBucket, 'text'> } & RetryPorts,
  key: string,
  looked: Looks,
  now: number,
  isKnown: (day: UtcDay) => boolean = () => true,
): Promise<void> {
  if (Object.keys(looked).length === 0) return;
  const note = landing.text(key);
  for await (const _ of eachAttempt({ ...NOTE_RETRIES, wait, random })) {
    const stored = await note.read();
    const before = Object.entries(parseLooks(stored?.text)).filter(
      ([day, { at }]) => isKnown(day) && at <= now,
    );
    const next = new Map(before);
    for (const [day, look] of Object.entries(looked))
      if ((next.get(day)?.at ?? 0) <= look.at) next.set(day, look);
    const text = JSON.stringify(Object.fromEntries(next));
    if ((await note.write(text, stored?.eTag ?? null)) !== null) return;
  }
}

/** Reads a note of looks; one that can't be read says nothing. */
export function parseLooks(text = ''): Looks {
  return looksSchema.safeParse(parseJson(text)).data ?? {};
}
