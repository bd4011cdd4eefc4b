import type { LargeRaw } from './quarantineWriter.ts';

/** Keeps one event or body that is too large for a row. Throws what the store throws when it could not in time. */
export type PutQuarantineLarge = (large: LargeRaw, timeoutMs: number) => Promise<void>;
