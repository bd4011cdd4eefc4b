import { z } from 'zod';
import { type AwsServiceName, isKnownError } from './serviceErrors.ts';

/** The longest latency, milliseconds. No client waits longer for an answer. */
const LONGEST_DELAY_MS = 15 * 60_000;
/** The longest delay of an event, milliseconds: EventBridge tries for a day. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
const LONGEST_EVENT_DELAY_MS = 24 * 3_600_000;

/** An HTTP status of an error. */
const errorStatus = z.int().min(400).max(599);
/** A text that is not empty. */
const text = z.string().min(1);
/** A number of calls, or all of them. */
const calls = z.union([z.int().min(1), z.literal('all')]);
/** The members that say which of the calls that a fault is meant for it strikes. */
const which = {
  /** The number of the first call that the fault strikes: with 3, two calls pass. */
  nth: z.int().min(1).optional(),
  /** With 3, every third call is struck. */
  every: z.int().min(1).optional(),
  /** The share of calls that are struck, drawn by the seed. */
  rate: z.number().min(0).max(1).optional(),
  seed: z.int().default(1),
  /** The most calls that the fault strikes. Default: 1; with `every` or `rate` it strikes all. */
  calls: calls.optional(),
};

/** Whether a fault has at most one of these members. */
function oneOf(fault: { nth?: unknown; every?: unknown; rate?: unknown }): boolean {
  return [fault.nth, fault.every, fault.rate].filter((member) => member !== undefined).length <= 1;
}
/** The message for a fault that says in two ways which calls it strikes. */
const ONE_OF = { error: 'At most one of nth, every and rate.' };

/** Whether the status of a fault is stated, or known by its code. */
function hasStatus(service: AwsServiceName) {
  return ({ code, status }: { code?: unknown; status?: unknown }) =>
    status !== undefined || typeof code !== 'string' || isKnownError(service, code);
}

/** The faults of whole calls, which every service has; `shape` are the members that narrow them down. */
function callFaults<Target extends z.ZodRawShape>(service: AwsServiceName, shape: Target) {
  return [
    z
      .strictObject({
        fault: z.literal('failCalls'),
        code: text.optional(),
        status: errorStatus.optional(),
        afterwards: z.boolean().default(false),
        ...which,
        ...shape,
      })
      .refine(oneOf, ONE_OF)
      .refine(hasStatus(service), {
        error: `No code whose status is known for ${service}: give a status too.`,
        path: ['code'],
      }),
    ...connectionFaults(shape),
  ] as const;
}

/** The faults that have no error of a service. */
function connectionFaults<Target extends z.ZodRawShape>(shape: Target) {
  return [
    z
      .strictObject({
        fault: z.literal('delayCalls'),
        ms: z.int().min(1).max(LONGEST_DELAY_MS),
        afterwards: z.boolean().default(false),
        ...which,
        ...shape,
      })
      .refine(oneOf, ONE_OF),
    z.strictObject({ fault: z.literal('resetConnection'), ...which, ...shape }).refine(oneOf, ONE_OF),
    z.strictObject({ fault: z.literal('loseResponse'), ...which, ...shape }).refine(oneOf, ONE_OF),
  ] as const;
}

/** The operations that a fault strikes. Default: all of the service. */
const operations = z.array(text).min(1).optional();
/** The resource that a fault is about. Default: any. */
const target = text.optional();

/** A fault of what a service does by itself, or of a function's invocations; `members` are its own. */
function ownFault<Name extends string, Members extends z.ZodRawShape>(fault: Name, members: Members) {
  return z.strictObject({ fault: z.literal(fault), ...which, ...members }).refine(oneOf, ONE_OF);
}

/** How long after the start of the invocation an environment ends, milliseconds by the machine's clock. */
const afterMs = z.int().min(0).max(LONGEST_DELAY_MS).optional();

/**
 * The body of `POST …/faults` of the control API: faults to add, by service. An unknown service or member is refused.
 */
export const faultsSchema = z.strictObject({
  s3: z.array(z.discriminatedUnion('fault', callFaults('s3', { operations, key: target }))).default([]),
  firehose: z
    .array(
      z.discriminatedUnion('fault', [
        ...callFaults('firehose', { operations, stream: target }),
        ownFault('failDeliveries', { stream: target, afterwards: z.boolean().default(false) }),
        ownFault('expireDeliveries', { stream: target }),
      ]),
    )
    .default([]),
  glue: z
    .array(
      z.discriminatedUnion('fault', [
        ...callFaults('glue', { operations, table: target }),
        z.strictObject({
          fault: z.literal('failPartitions'),
          table: target,
          values: z.array(z.string()).optional(),
          code: text,
          calls: calls.default(1),
        }),
      ]),
    )
    .default([]),
  sqs: z
    .array(
      z.discriminatedUnion('fault', [
        ...callFaults('sqs', { operations, queue: target }),
        ownFault('repeatMessages', { queue: target, afterwards: z.boolean().default(false) }),
      ]),
    )
    .default([]),
  secretsmanager: z
    .array(z.discriminatedUnion('fault', callFaults('secretsmanager', { operations, secret: target })))
    .default([]),
  athena: z
    .array(z.discriminatedUnion('fault', callFaults('athena', { operations, workgroup: target })))
    .default([]),
  lambda: z
    .array(
      z.discriminatedUnion('fault', [
        ownFault('killInvocations', { function: target, afterMs }),
        ownFault('timeOutInvocations', { function: target, afterMs }),
        ownFault('throttleInvocations', { function: target }),
        ownFault('freezeAfterAnswer', { function: target }),
        ownFault('startCold', { function: target }),
      ]),
    )
    .default([]),
  events: z
    .array(
      z.discriminatedUnion('fault', [
        ownFault('loseEvents', { rule: target }),
        ownFault('repeatEvents', { rule: target }),
        ownFault('delayEvents', { rule: target, ms: z.int().min(1).max(LONGEST_EVENT_DELAY_MS) }),
      ]),
    )
    .default([]),
  kms: z.array(z.discriminatedUnion('fault', [ownFault('disableKey', { keyId: target })])).default([]),
  gateway: z
    .array(
      z.discriminatedUnion('fault', [
        z
          .strictObject({
            fault: z.literal('failCalls'),
            status: errorStatus.default(503),
            afterwards: z.boolean().default(false),
            ...which,
            path: target,
          })
          .refine(oneOf, ONE_OF),
        ...connectionFaults({ path: target }),
      ]),
    )
    .default([]),
});

/** Faults as they are set, by service. Members with a default may be left out. */
export type FaultsInput = z.input<typeof faultsSchema>;

/** Services that faults can be set for. */
export type FaultyService = keyof FaultsInput;

/** Faults with their defaults, by service. */
type Parsed = z.output<typeof faultsSchema>;

/** A fault with its defaults. */
export type Fault = Parsed[FaultyService][number];

/** A fault of single partitions of a call that succeeds. */
type PartitionFault = Extract<Fault, { readonly fault: 'failPartitions' }>;

/** Whether a fault is of single partitions. */
export function isPartitionFault(fault: Fault): fault is PartitionFault {
  return fault.fault === 'failPartitions';
}

/** The faults of services' own work: invocations, events, messages, deliveries, the use of a key. */
const OWN_FAULTS = [
  'killInvocations',
  'timeOutInvocations',
  'throttleInvocations',
  'freezeAfterAnswer',
  'startCold',
  'loseEvents',
  'repeatEvents',
  'delayEvents',
  'repeatMessages',
  'failDeliveries',
  'expireDeliveries',
  'disableKey',
] as const;

/** A fault of what a service does by itself, not of a call. */
export type OwnFault = Extract<Fault, { readonly fault: (typeof OWN_FAULTS)[number] }>;

/** Whether a fault is of a service's own work. */
export function isOwnFault(fault: Fault): fault is OwnFault {
  return OWN_FAULTS.some((name) => name === fault.fault);
}

/** A fault of whole calls. */
export type CallFault = Exclude<Fault, PartitionFault | OwnFault>;
