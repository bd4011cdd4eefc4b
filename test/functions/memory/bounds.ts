import { serviceFunctions } from '../../../infra/serverless/service.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { MOST_RAW_FILES } from '../../../lib/curate/limits.ts';
import { MAX_BODY_LENGTH, MAX_OBJECTS } from '../../../lib/drops/limits.ts';
import { MOST_FILE_PAGES } from '../../../lib/export/limits.ts';
import { MAX_PAGES } from '../../../lib/landing/catalog/repairTable.ts';
import { SENT_AT_ONCE } from '../../../lib/relay/limits.ts';
import { MAX_EVENTS } from '../../../lib/wire/limits.ts';

/** A program that works at a limit, the part of the function's heap that this may take, and what it answers. */
interface AtLimit {
  readonly program: string;
  readonly part: number;
  readonly answer: unknown;
}

/** What a function holds most of in its memory: {@link docs/limits.md}, "Memory". */
interface Bound {
  readonly most: number;
  readonly of: string;
  /** The code by which more is refused; null: it never has more, or the next run goes on. */
  readonly code: string | null;
  readonly works: readonly AtLimit[];
}

const work = (program: string, part: number, answer: unknown): AtLimit => ({ program, part, answer });
/** In the file of several works. */
const ofMany = (name: string, part: number, answer: unknown) => work(`worksAtLimits ${name}`, part, answer);
const kept = { batchItemFailures: [] };

/**
 * The bound of each function. Node has some tens of megabytes beside its heap, and a body that is being read is there twice. DuckDB
 * has half of the memory of `write`, `ingest-load` and `curate`, and is a process of its own or not at work then.
 */
export const bounds: Readonly<Record<string, Bound>> = {
  collect: {
    most: MAX_EVENTS,
    of: 'events of a request',
    code: 'SLUICE_BODY_TOO_MANY_EVENTS',
    works: [ofMany('collect', 0.4, [MAX_EVENTS, true])],
  },
  register: {
    most: MAX_PAGES * 1_000,
    of: 'partitions of a table',
    code: 'SLUICE_CATALOG_LISTING_TOO_LONG',
    works: [ofMany('register', 0.4, MAX_PAGES * 1_000)],
  },
  write: {
    most: 100_000,
    of: 'undeleted objects',
    code: null,
    works: [ofMany('write', 0.2, 10_000)],
  },
  'ingest-plan': {
    most: MAX_OBJECTS,
    of: 'objects of a check',
    code: 'SLUICE_SOURCE_TOO_MANY_OBJECTS',
    works: [work('planAtLimits', 0.3, { queued: 3, failed: [] }), ofMany('ingest-plan', 0.3, 2)],
  },
  'ingest-trigger': {
    most: MAX_BODY_LENGTH,
    of: 'characters',
    code: 'SLUICE_TRIGGER_BODY_INVALID',
    works: [],
  },
  'ingest-load': {
    most: MAX_OBJECTS,
    of: 'objects of a day',
    code: 'SLUICE_SOURCE_TOO_MANY_OBJECTS',
    works: [
      work('usualRowsAtLimits', 0.2, 1_000),
      ofMany('ingest-load', 0.2, { removed: 4, kept: 0, failed: 0 }),
    ],
  },
  export: {
    most: MOST_FILE_PAGES * 1_000,
    of: 'files of a day',
    code: 'SLUICE_EXPORT_TOO_MANY_FILES',
    works: [work('exportAtLimits', 0.6, [2, 'succeeded', 2 * MOST_FILE_PAGES * 1_000])],
  },
  'curate-plan': {
    most: MOST_RAW_FILES,
    of: 'files of a day',
    code: 'SLUICE_CURATE_DAY_TOO_LARGE',
    works: [work('curatePlanAtLimits', 0.4, { failed: 0, queued: 4 })],
  },
  curate: { most: MOST_RAW_FILES, of: 'files of a day', code: 'SLUICE_CURATE_DAY_TOO_LARGE', works: [] },
  reconcile: {
    most: 100_000,
    of: 'undeleted objects',
    code: null,
    works: [ofMany('reconcile', 0.4, 192_000)],
  },
  relay: {
    most: SENT_AT_ONCE,
    of: 'requests',
    code: null,
    works: [ofMany('relay', 0.6, kept)],
  },
};

/** The functions of a deployment by name. */
export const functions = serviceFunctions(defineConfig({ bucket: 'acme-experiments' }));

/** Megabytes of a function's memory. */
export const memoryOf = (name: string): number => functions[name]?.memorySize ?? 0;
