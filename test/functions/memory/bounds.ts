import { serviceFunctions } from '../../../infra/serverless/serviceFunctions.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { MOST_RAW_FILES } from '../../../lib/curate/limits.ts';
import { MAX_BODY_LENGTH, MAX_OBJECTS } from '../../../lib/drops/limits.ts';
import { MOST_FILE_PAGES } from '../../../lib/export/limits.ts';
import { MAX_PAGES } from '../../../lib/landing/catalog/repairTable.ts';
import { SENT_AT_ONCE } from '../../../lib/relay/limits.ts';
import { MAX_EVENTS } from '../../../lib/wire/limits.ts';

/** A program that does a function's work at its limit. */
interface AtLimit {
  /** Its file in this folder, without `.ts`, and its argument. */
  readonly program: string;
  /** The part of the function's memory that it may take. */
  readonly part: number;
  /** What it prints, as JSON. */
  readonly answer: unknown;
}

/** What a function holds most of in its memory: docs/limits.md, "Memory". */
interface Bound {
  /** The most of it that the function ever holds. */
  readonly most: number;
  /** What it is, as the page names it. */
  readonly counted: string;
  /** The code by which more is refused; null: it never has more, or the next run goes on. */
  readonly code: string | null;
  /** Works of which each holds the most of it. */
  readonly works: readonly AtLimit[];
}

/** A work with a program of its own. */
const work = (program: string, part: number, answer: unknown): AtLimit => ({ program, part, answer });
/** One of the works of worksAtLimits.ts. */
const sharedWork = (name: string, part: number, answer: unknown) =>
  work(`worksAtLimits ${name}`, part, answer);
/** The answer of a function that keeps no message in its queue. */
const NO_FAILURES = { batchItemFailures: [] };

/**
 * The bound of each function. Node has some tens of megabytes beside its heap, and a body that is being read is there twice. DuckDB
 * has half of the memory of `write`, `ingest-load` and `curate`, and is a process of its own or not at work then.
 */
export const bounds: Readonly<Record<string, Bound>> = {
  collect: {
    most: MAX_EVENTS,
    counted: 'events of a request',
    code: 'SLUICE_BODY_TOO_MANY_EVENTS',
    works: [sharedWork('collect', 0.4, { events: MAX_EVENTS, isRecord: true })],
  },
  register: {
    most: MAX_PAGES * 1_000,
    counted: 'partitions of a table',
    code: 'SLUICE_CATALOG_LISTING_TOO_LONG',
    works: [sharedWork('register', 0.4, MAX_PAGES * 1_000)],
  },
  write: {
    most: 100_000,
    counted: 'undeleted objects',
    code: null,
    works: [sharedWork('write', 0.2, 10_000)],
  },
  'ingest-plan': {
    most: MAX_OBJECTS,
    counted: 'objects of a check',
    code: 'SLUICE_SOURCE_TOO_MANY_OBJECTS',
    works: [work('planAtLimits', 0.3, { queued: 3, failed: [] }), sharedWork('ingest-plan', 0.3, 2)],
  },
  'ingest-trigger': {
    most: MAX_BODY_LENGTH,
    counted: 'characters',
    code: 'SLUICE_TRIGGER_BODY_INVALID',
    works: [],
  },
  'ingest-load': {
    most: MAX_OBJECTS,
    counted: 'objects of a day',
    code: 'SLUICE_SOURCE_TOO_MANY_OBJECTS',
    works: [
      work('daysAroundAtLimits', 0.2, 1_000),
      sharedWork('ingest-load', 0.2, { removed: 4, kept: 0, failed: 0 }),
    ],
  },
  export: {
    most: MOST_FILE_PAGES * 1_000,
    counted: 'files of a day',
    code: 'SLUICE_EXPORT_TOO_MANY_FILES',
    works: [
      work('exportAtLimits', 0.6, {
        queued: 2,
        outcome: 'succeeded',
        written: 2 * MOST_FILE_PAGES * 1_000,
      }),
    ],
  },
  'curate-plan': {
    most: MOST_RAW_FILES,
    counted: 'files of a day',
    code: 'SLUICE_CURATE_DAY_TOO_LARGE',
    works: [work('curatePlanAtLimits', 0.4, { failed: 0, queued: 4 })],
  },
  curate: { most: MOST_RAW_FILES, counted: 'files of a day', code: 'SLUICE_CURATE_DAY_TOO_LARGE', works: [] },
  reconcile: {
    most: 100_000,
    counted: 'undeleted objects',
    code: null,
    works: [sharedWork('reconcile', 0.4, 192_000)],
  },
  relay: {
    most: SENT_AT_ONCE,
    counted: 'requests',
    code: null,
    works: [sharedWork('relay', 0.6, NO_FAILURES)],
  },
};

/** The functions of a deployment by name. */
export const functions = serviceFunctions(defineConfig({ bucket: 'acme-experiments' }));

/** Megabytes of a function's memory. */
export const memoryOf = (name: string): number => functions[name]?.memorySize ?? 0;
