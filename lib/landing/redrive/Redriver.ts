import type { Redrive } from './Redrive.ts';

/** All that one invocation of redrive works with. */
export interface Redriver extends Redrive {
  /** Objects of any other bucket are ignored. */
  readonly bucket: string;
  /** How often the queue hands a message out. */
  readonly tries: number;
  /** Epoch milliseconds after which nothing more is begun. */
  readonly deadline: number;
  /** Epoch milliseconds until which what is begun is claimed. */
  readonly claimUntil: number;
  readonly log: (fields: Record<string, unknown>) => void;
}
