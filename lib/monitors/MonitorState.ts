import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import type { StoredText } from '../base/ObjectStore.ts';
import { isoTimestamp } from '../base/time.ts';
import { MONITORS_FOLDER } from '../tables/ledgerKeys.ts';
import { MonitorError } from './MonitorError.ts';
import {
  type Look,
  type MonitorCode,
  type MonitorName,
  monitorFindings,
  monitorNames,
} from './monitorFindings.ts';

/** Key of the one object that has what monitors found. */
export const STATE_KEY = `${MONITORS_FOLDER}state.json`;
/** Key of the claim of a run. */
export const RUN_CLAIM = `${MONITORS_FOLDER}run.json`;
/** Entries of the history, the newest. */
const MOST_HISTORY = 500;
/** Writes that are tried again because another came first. */
const WRITES = 5;

const codes = Object.keys(monitorFindings) as [MonitorCode, ...MonitorCode[]];
const time = z.iso.datetime();

const findingSchema = z.object({
  /** Names it for people: `m12`. It is never used again. */
  id: z.string(),
  code: z.enum(codes),
  monitor: z.enum(monitorNames),
  subject: z.string(),
  text: z.string(),
  command: z.array(z.string()),
  since: time,
  /** Since when nothing more is told of it; null: it was not acknowledged. */
  acknowledged: time.nullable(),
});

const historySchema = findingSchema
  .pick({ id: true, code: true, subject: true, text: true, command: true })
  .extend({
    what: z.enum(['began', 'ended', 'acknowledged']),
    at: time,
  });

const stateSchema = z.object({
  /** The number of the next finding. */
  next: z.int().min(1),
  open: z.array(findingSchema),
  /** Events that the topic has not taken yet. */
  untold: z.array(historySchema),
  /** The newest first. */
  history: z.array(historySchema),
  /** When each monitor last looked, and why the last look failed; null if it did not. */
  looks: z.partialRecord(
    z.enum(monitorNames),
    z.object({ at: time.nullable(), failed: z.string().nullable() }),
  ),
});

/** A finding that goes on. */
export type OpenFinding = z.output<typeof findingSchema>;
/** Something that was told, or acknowledged. */
export type MonitorEvent = z.output<typeof historySchema>;
/** The open findings, their history, and events that are to be told. */
export type MonitorState = z.output<typeof stateSchema>;

/** Before the first run. */
const NO_STATE: MonitorState = { next: 1, open: [], untold: [], history: [], looks: {} };

/**
 * Applies a look: findings begin and end, each once. Both are told, the end of an acknowledged one apart.
 *
 * @param now Epoch milliseconds.
 */
export function takeLook(state: MonitorState, look: Look, now: number): MonitorState {
  const at = isoTimestamp(now);
  const keyOf = ({ code, subject }: Pick<OpenFinding, 'code' | 'subject'>) => JSON.stringify([code, subject]);
  const found = new Map(look.found.map((finding) => [keyOf(finding), finding]));
  const own = state.open.filter(({ monitor }) => monitor === look.monitor);
  const known = new Set(own.map(keyOf));
  const ended = own.filter((finding) => !found.has(keyOf(finding)) && !look.isUnknown(finding));
  const begun = [...found.values()]
    .filter((finding) => !known.has(keyOf(finding)))
    .map(
      (finding, i): OpenFinding => ({
        id: `m${state.next + i}`,
        ...finding,
        command: [...finding.command],
        since: at,
        acknowledged: null,
      }),
    );
  const goneOn = state.open
    .filter((finding) => !ended.includes(finding))
    .map((finding) => ({
      ...finding,
      text: (finding.monitor === look.monitor && found.get(keyOf(finding))?.text) || finding.text,
    }));
  const events = [
    ...begun.map((finding) => eventOf(finding, 'began', at)),
    ...ended.map((finding) => eventOf(finding, 'ended', at)),
  ];
  const silent = new Set(ended.flatMap(({ id, acknowledged }) => (acknowledged === null ? [] : [id])));
  return {
    next: state.next + begun.length,
    open: [...goneOn, ...begun],
    untold: [...state.untold, ...events.filter(({ id, what }) => what === 'began' || !silent.has(id))],
    history: [...events, ...state.history].slice(0, MOST_HISTORY),
    looks: { ...state.looks, [look.monitor]: { at, failed: null } },
  };
}

/** Notes that a look failed: open findings go on. @param why A code or a sentence. */
export function missLook(state: MonitorState, monitor: MonitorName, why: string): MonitorState {
  return {
    ...state,
    looks: { ...state.looks, [monitor]: { at: state.looks[monitor]?.at ?? null, failed: why } },
  };
}

/** Findings of monitors that are turned off go without a word. */
export function keepMonitors(state: MonitorState, monitors: readonly MonitorName[]): MonitorState {
  const isOn = ({ monitor }: OpenFinding) => monitors.includes(monitor);
  return state.open.every(isOn) ? state : { ...state, open: state.open.filter(isOn) };
}

/** Acknowledges an open finding: nothing more is told of it. Null if there is none with this ID. */
export function acknowledge(state: MonitorState, id: string, now: number): MonitorState | null {
  const at = isoTimestamp(now);
  const finding = state.open.find((one) => one.id === id);
  if (finding === undefined) return null;
  if (finding.acknowledged !== null) return state;
  return {
    ...state,
    open: state.open.map((one) => (one.id === id ? { ...one, acknowledged: at } : one)),
    untold: state.untold.filter((event) => event.id !== id),
    history: [eventOf(finding, 'acknowledged', at), ...state.history].slice(0, MOST_HISTORY),
  };
}

/** Takes away what was told. Others may have been added meanwhile. */
export function afterTelling(state: MonitorState, told: readonly MonitorEvent[]): MonitorState {
  const isTold = (event: MonitorEvent) => told.some(({ id, what }) => id === event.id && what === event.what);
  return { ...state, untold: state.untold.filter((event) => !isTold(event)) };
}

function eventOf({ id, code, subject, text, command }: OpenFinding, what: MonitorEvent['what'], at: string) {
  return { id, code, subject, text, command, what, at };
}

/** Reads what monitors found. @throws MonitorError SLUICE_MONITOR_STATE_UNREADABLE; the store's errors. */
export async function readState(object: StoredText): Promise<MonitorState> {
  return (await readStored(object)).state;
}

/**
 * Changes what monitors found, again if another write came first.
 *
 * @param change Returns the new state; the same object to write nothing.
 * @returns What is stored then.
 * @throws MonitorError; the store's errors, after which it may be written.
 */
export async function changeState(
  object: StoredText,
  change: (state: MonitorState) => MonitorState,
): Promise<MonitorState> {
  for (let write = 0; write < WRITES; write += 1) {
    const { state, eTag } = await readStored(object);
    const changed = change(state);
    if (changed === state) return state;
    const text = JSON.stringify(changed);
    if ((await object.write(text, eTag)) !== null) return changed;
    // The client repeats a call: the first attempt may have succeeded, and its answer was lost.
    if ((await object.read())?.text === text) return changed;
  }
  throw new MonitorError('SLUICE_MONITOR_STATE_BUSY');
}

async function readStored(object: StoredText) {
  const read = await object.read();
  if (read === null) return { state: NO_STATE, eTag: null };
  const parsed = stateSchema.safeParse(parseJson(read.text));
  if (!parsed.success) throw new MonitorError('SLUICE_MONITOR_STATE_UNREADABLE', `${STATE_KEY}.`);
  return { state: parsed.data, eTag: read.eTag };
}
