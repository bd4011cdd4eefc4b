import { STATUS_CODES } from 'node:http';
import { seededRandom } from '../base/seededRandom.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { FaultEffect } from './faultEffect.ts';
import {
  type CallFault,
  type Fault,
  type FaultsInput,
  type FaultyService,
  faultsSchema,
  isOwnFault,
  isPartitionFault,
  type OwnFault,
} from './faultsSchema.ts';
import { isAwsService, serviceError } from './serviceErrors.ts';

/** Effects of faults on one call, before the service handles it and after. */
export interface CallFaultEffects {
  /** What happens before the service handles the call. */
  readonly before: FaultEffect;
  /** What happens before the call is answered. */
  readonly after: FaultEffect;
}

/** A call, as a service knows it just before the work. */
interface AnnouncedCall {
  /** The service in the terms of faults: its signing name, or `gateway`. */
  readonly service: string;
  /** AWS's name of the operation; the method of a request to the gateway. */
  readonly operation: string;
  /** The resource of the call: a stream's, table's, queue's or workgroup's name, `bucket/key`, a path. */
  readonly resource?: string | undefined;
}

/** A fault that is set, and how often it has struck. */
type FaultReport = Fault & {
  /** The service whose calls it strikes. */
  readonly service: FaultyService;
  /** Calls that matched the fault, whether it struck them or not. */
  readonly seen: number;
  /** Calls that it has struck. */
  readonly struck: number;
  /** Calls that it will still strike. */
  readonly left: number | 'all';
};

/** A fault that is set. Its counts are those of {@link FaultReport}. */
interface ActiveFault {
  /** The service in the terms of faults. */
  readonly service: FaultyService;
  /** The fault as it was set. */
  readonly fault: Fault;
  /** Decides for a fault with a `rate`. */
  readonly random: () => number;
  /** Calls that it will still strike; infinite for all. */
  left: number;
  /** Calls that matched it. */
  seen: number;
  /** Calls that it has struck. */
  struck: number;
}

/** The effects on a call that no fault strikes. */
const NO_EFFECTS: CallFaultEffects = { before: { delayMs: 0 }, after: { delayMs: 0 } };

/**
 * Failures on demand, for every service of the emulator: errors, delays, lost answers, and partial failures (a batch
 * call that answers 200 and fails single items).
 *
 * Faults apply in the order in which they were set. If several faults would end a call, the first ends it, and the others
 * do not count the call. Delays add up.
 *
 * @example
 * faults.set({ glue: [{ fault: 'failPartitions', code: 'InternalServiceException', calls: 2 }] });
 * faults.set({ s3: [{ fault: 'loseResponse', operations: ['PutObject'], rate: 0.2, seed: 7 }] });
 */
export class Faults {
  /** In the order in which they were set. */
  #active: ActiveFault[] = [];
  /** Aborted when the faults are cleared. */
  #clearing = new AbortController();

  /** Adds faults. @throws ZodError if one of them is not a valid fault; then no fault is added. */
  set(input: FaultsInput): void {
    const byService = faultsSchema.parse(input);
    const added = services.flatMap((service) =>
      byService[service].map((fault) => activateFault(service, fault)),
    );
    this.#active = [...this.#active, ...added];
  }

  /** Removes every fault with its counts, and ends delays that are under way. */
  clear(): void {
    this.#active = [];
    this.#clearing.abort();
    this.#clearing = new AbortController();
  }

  /** Lists all faults that are set, used up or not, in the order in which they were set. */
  list(): FaultReport[] {
    return this.#active.map(({ service, fault, seen, struck, left }) => ({
      service,
      ...fault,
      seen,
      struck,
      left: Number.isFinite(left) ? left : 'all',
    }));
  }

  /** Returns the effects of faults on a call, and uses up one call of each fault that applies. */
  takeCall(call: AnnouncedCall): CallFaultEffects {
    if (this.#active.length === 0) return NO_EFFECTS;
    const delays = { before: 0, after: 0 };
    let end: { readonly side: 'before' | 'after'; readonly with: AwsError | 'reset' } | undefined;
    for (const active of this.#active) {
      const { fault } = active;
      if (!isCallFault(fault) || !isMeant(active, call)) continue;
      if (fault.fault === 'delayCalls') {
        if (strikes(active, fault)) delays[fault.afterwards ? 'after' : 'before'] += fault.ms;
      } else if (end === undefined && strikes(active, fault)) {
        end = faultEnding(active.service, fault);
      }
    }
    const effectOn = (side: 'before' | 'after'): FaultEffect => ({
      delayMs: delays[side],
      cleared: this.#clearing.signal,
      ...(end?.side === side ? { end: end.with } : {}),
    });
    return { before: effectOn('before'), after: effectOn('after') };
  }

  /**
   * Returns the faults that apply to one piece of a service's own work, such as an invocation, and uses up one call of
   * each. Of two faults of one name, only the first counts it.
   *
   * @param names Every name under which a fault may be meant for its resource.
   * @param side Of faults that may come `afterwards`: only those that do, or only others. Default: all.
   */
  take<Name extends OwnFault['fault']>(
    service: FaultyService,
    faults: readonly Name[],
    names: readonly string[],
    side?: 'meanwhile' | 'afterwards',
  ): { readonly [N in Name]?: Extract<OwnFault, { readonly fault: N }> } {
    const struck: Partial<Record<string, OwnFault>> = {};
    for (const active of this.#active) {
      const { fault } = active;
      if (active.service !== service || !isOwnFault(fault)) continue;
      if (!faults.some((name) => name === fault.fault) || struck[fault.fault] !== undefined) continue;
      if (side !== undefined && 'afterwards' in fault && fault.afterwards !== (side === 'afterwards'))
        continue;
      if (
        names.some((resource) => isMeant(active, { service, operation: '', resource })) &&
        strikes(active, fault)
      )
        struck[fault.fault] = fault;
    }
    return struck as { readonly [N in Name]?: Extract<OwnFault, { readonly fault: N }> };
  }

  /**
   * Partial failure: which partitions of a batch call on a table fail. Uses up one call of each fault of partitions. The
   * returned function takes a partition's values, and returns the error code that it fails with, if it fails.
   */
  takePartitions(resource: string): (values: string) => string | undefined {
    const hits = this.#active.flatMap((active) => {
      const { fault } = active;
      if (!isPartitionFault(fault) || active.left <= 0) return [];
      if (!isMeant(active, { service: 'glue', operation: '', resource })) return [];
      active.seen += 1;
      active.struck += 1;
      active.left -= 1;
      return [fault];
    });
    return (values) => hits.find((fault) => fault.values?.includes(values) !== false)?.code;
  }
}

/** The names of the services that can have faults. */
const services = faultsSchema.keyof().options;

/** A fault that has struck no call yet. By default it strikes one call, and one that repeats strikes all. */
function activateFault(service: FaultyService, fault: Fault): ActiveFault {
  const repeats =
    fault.fault === 'disableKey' ||
    ('every' in fault && fault.every !== undefined) ||
    ('rate' in fault && fault.rate !== undefined);
  const calls = fault.calls ?? (repeats ? 'all' : 1);
  const left = calls === 'all' ? Number.POSITIVE_INFINITY : calls;
  const random = seededRandom('seed' in fault ? fault.seed : 1);
  return { service, fault, random, left, seen: 0, struck: 0 };
}

/** Whether a fault strikes calls, not partitions or what a service does by itself. */
function isCallFault(fault: Fault): fault is CallFault {
  return !isPartitionFault(fault) && !isOwnFault(fault);
}

/** Whether a fault is for a call, by its service, operation and resource. */
function isMeant({ service, fault }: ActiveFault, call: AnnouncedCall): boolean {
  if (service !== call.service) return false;
  if ('operations' in fault && fault.operations?.includes(call.operation) === false) return false;
  const wanted = targetOf(fault);
  if (wanted === undefined) return true;
  const { resource = '' } = call;
  return wanted.endsWith('*') ? resource.startsWith(wanted.slice(0, -1)) : resource === wanted;
}

/** The name to which a fault is limited. Each service calls it differently. */
function targetOf(fault: Fault): string | undefined {
  if ('stream' in fault) return fault.stream;
  if ('table' in fault) return fault.table;
  if ('key' in fault) return fault.key;
  if ('queue' in fault) return fault.queue;
  if ('secret' in fault) return fault.secret;
  if ('workgroup' in fault) return fault.workgroup;
  if ('function' in fault) return fault.function;
  if ('rule' in fault) return fault.rule;
  if ('keyId' in fault) return fault.keyId;
  return 'path' in fault ? fault.path : undefined;
}

/** Counts a call that a fault is meant for. Returns whether the fault strikes it. */
function strikes(active: ActiveFault, which: CallFault | OwnFault): boolean {
  if (active.left <= 0) return false;
  active.seen += 1;
  const hit = isChosen(active, which);
  if (hit) {
    active.struck += 1;
    active.left -= 1;
  }
  return hit;
}

/** Whether a fault strikes the call that was counted last. */
function isChosen({ seen, random }: ActiveFault, { nth, every, rate }: CallFault | OwnFault): boolean {
  if (nth !== undefined) return seen >= nth;
  if (every !== undefined) return seen % every === 0;
  return rate === undefined || random() < rate;
}

/** API Gateway's messages for statuses that it words differently from HTTP's registry. */
const GATEWAY_MESSAGES: Readonly<Record<number, string>> = { 413: 'Request Entity Too Large' };

/** The answer of API Gateway to a call that fails. */
function gatewayFault(status: number): AwsError {
  return new AwsError('GatewayFault', status, GATEWAY_MESSAGES[status] ?? STATUS_CODES[status] ?? '');
}

/** How a fault ends a call, and on which side of the service's work. */
function faultEnding(service: FaultyService, fault: Exclude<CallFault, { readonly fault: 'delayCalls' }>) {
  if (fault.fault === 'resetConnection') return { side: 'before', with: 'reset' } as const;
  if (fault.fault === 'loseResponse') return { side: 'after', with: 'reset' } as const;
  const error = isAwsService(service)
    ? serviceError(service, { code: 'code' in fault ? fault.code : undefined, status: fault.status })
    : gatewayFault(fault.status ?? 503);
  return { side: fault.afterwards ? 'after' : 'before', with: error } as const;
}
