import { z } from 'zod';
import { type AwsServiceName, isKnownError } from './serviceErrors.ts';

/** The longest latency, milliseconds: no client waits longer for anything. */
const LONGEST_DELAY_MS = 15 * 60_000;

const text = z.string().min(1);
const calls = z.union([z.int().min(1), z.literal('all')]);
const seed = z.int().default(1);
const rate = z.number().min(0).max(1);

/** Which of the calls that it is meant for a fault strikes. */
const which = {
  /** The first that it strikes: 3 lets two pass. */
  nth: z.int().min(1).optional(),
  every: z.int().min(1).optional(),
  rate: rate.optional(),
  seed,
  /** How many it strikes at the most. Default 1; with `every` or `rate` all. */
  calls: calls.optional(),
};

function oneOf(fault: { nth?: unknown; every?: unknown; rate?: unknown }): boolean {
  return [fault.nth, fault.every, fault.rate].filter((member) => member !== undefined).length <= 1;
}
const ONE_OF = { error: 'At most one of nth, every and rate.' };

function hasStatus(service: AwsServiceName) {
  return ({ code, status }: { code?: unknown; status?: unknown }) =>
    status !== undefined || typeof code !== 'string' || isKnownError(service, code);
}

/** The faults of whole calls, which every service has; `target` are the members that narrow them down. */
function callFaults<Target extends z.ZodRawShape>(service: AwsServiceName, target: Target) {
  return [
    z
      .strictObject({
        fault: z.literal('failCalls'),
        code: text.optional(),
        status: z.int().min(400).max(599).optional(),
        afterwards: z.boolean().default(false),
        ...which,
        ...target,
      })
      .refine(oneOf, ONE_OF)
      .refine(hasStatus(service), {
        error: `No code whose status is known for ${service}: give a status too.`,
        path: ['code'],
      }),
    ...connectionFaults(target),
  ] as const;
}

/** The faults that need no words of a service. */
function connectionFaults<Target extends z.ZodRawShape>(target: Target) {
  return [
    z
      .strictObject({
        fault: z.literal('delayCalls'),
        ms: z.int().min(1).max(LONGEST_DELAY_MS),
        afterwards: z.boolean().default(false),
        ...which,
        ...target,
      })
      .refine(oneOf, ONE_OF),
    z.strictObject({ fault: z.literal('resetConnection'), ...which, ...target }).refine(oneOf, ONE_OF),
    z.strictObject({ fault: z.literal('loseResponse'), ...which, ...target }).refine(oneOf, ONE_OF),
  ] as const;
}

const operations = z.array(text).min(1).optional();
const target = text.optional();

/**
 * The body of `POST …/faults` of the control API: faults to add, by service. An unknown service or member is refused.
 */
export const faultsSchema = z.strictObject({
  s3: z.array(z.discriminatedUnion('fault', callFaults('s3', { operations, key: target }))).default([]),
  firehose: z
    .array(
      z.discriminatedUnion('fault', [
        ...callFaults('firehose', { operations, stream: target }),
        z.strictObject({
          fault: z.literal('failRecords'),
          stream: target,
          indexes: z.array(z.int().min(0)).optional(),
          every: z.int().min(1).optional(),
          rate: rate.optional(),
          seed,
          code: z
            .enum(['ServiceUnavailableException', 'InternalFailure'])
            .default('ServiceUnavailableException'),
          calls: calls.default(1),
        }),
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
          rate: rate.optional(),
          seed,
          code: text,
          calls: calls.default(1),
        }),
      ]),
    )
    .default([]),
  sqs: z.array(z.discriminatedUnion('fault', callFaults('sqs', { operations, queue: target }))).default([]),
  secretsmanager: z
    .array(z.discriminatedUnion('fault', callFaults('secretsmanager', { operations, secret: target })))
    .default([]),
  athena: z
    .array(z.discriminatedUnion('fault', callFaults('athena', { operations, workgroup: target })))
    .default([]),
  gateway: z
    .array(
      z.discriminatedUnion('fault', [
        z
          .strictObject({
            fault: z.literal('failCalls'),
            status: z.int().min(400).max(599).default(503),
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

/** Faults as they are set, by service; what has a default may be left out. */
export type FaultsInput = z.input<typeof faultsSchema>;

/** What faults can be set for. */
export type FaultyService = keyof FaultsInput;

type Parsed = z.output<typeof faultsSchema>;

/** A fault with its defaults. */
export type Fault = Parsed[FaultyService][number];

/** A fault of single items of a call that succeeds. */
export type ItemFault = Extract<Fault, { readonly fault: 'failRecords' | 'failPartitions' }>;

/** A fault of whole calls. */
export type CallFault = Exclude<Fault, ItemFault>;
