import type { ObjectStore } from '../base/ObjectStore.ts';
import type { Clock } from '../base/time.ts';
import type { Target } from './Target.ts';

/** A message of relay's queue. */
export interface RelayMessage {
  /** SQS's ID of the message. */
  readonly messageId: string;
  /** Names this receive of the message to SQS. */
  readonly receipt: string;
  /** Its text as it was sent. */
  readonly body: string;
  /** How often SQS has delivered it, this time included. */
  readonly receives: number;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
}

/** The queues, as far as relay changes them. */
export interface RelayQueues {
  /** Hides a message for so many milliseconds from now, rounded up to seconds. */
  hide(message: RelayMessage, ms: number): Promise<void>;
  /** Puts a body on the dead-letter queue. */
  bury(body: string): Promise<void>;
}

/** Dependencies of one invocation of `relay`. */
export interface Relayer {
  /** Where copies are sent. */
  readonly target: Target;
  /** Hides messages, and takes those that are given up. */
  readonly queues: RelayQueues;
  /** The store whose objects are under `relay/`. */
  readonly store: ObjectStore;
  /** The time that is compared with the deadline. */
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
  /** The stage of the deployment: a dimension of its metrics. */
  readonly stage: string;
  /** Epoch milliseconds after which nothing is begun. */
  readonly deadline: number;
}
