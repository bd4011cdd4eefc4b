import type { LocalClock } from '../base/clock.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { Faults } from '../faults/Faults.ts';
import { assertCanFire } from './assertCanFire.ts';
import { Deliveries, type RuleTarget } from './Deliveries.ts';
import { compilePattern, type EventTest } from './eventPattern.ts';
import { type CreatedObject, objectCreatedEvent } from './objectCreatedEvent.ts';
import type { EventOwner, PublishedEvents } from './publishedEvents.ts';
import { ruleProperties } from './ruleProperties.ts';

export type { RuleTarget } from './Deliveries.ts';
export { objectCreatedEvent } from './objectCreatedEvent.ts';

/** An event that a service of the local cloud publishes. */
type PublishedEvent = PublishedEvents[keyof PublishedEvents];

/** The account's default event bus. */
export interface EventBus {
  /**
   * Sets or replaces a rule, given the properties of a template's `AWS::Events::Rule`.
   *
   * @throws AwsError InvalidEventPatternException, ValidationException, InvalidRequest, or NotImplemented for what isn't
   * emulated: a pattern, too, that no event of the local cloud can match.
   */
  putRule(name: string, properties: unknown): void;
  /**
   * Names the buckets of the deployment that send no events, in place of those that were named before. A rule on such buckets
   * alone is refused when it is put: it could never fire.
   */
  nameSilentBuckets(names: Iterable<string>): void;
  /** Names of all rules. */
  rules(): readonly string[];
  /** Hands an event to every target of every enabled rule that it matches. */
  publish(event: PublishedEvent): void;
  /** Publishes "Object Created" as S3 does for a bucket whose EventBridge switch is on. Never throws. */
  publishObjectCreated(object: CreatedObject): void;
  /** Delivers nothing any more of what comes late or is tried again. */
  close(): void;
}

/** A rule whose properties are valid. */
interface Rule {
  /** Whether an event fits the rule's pattern. */
  readonly matches: EventTest;
  /** Whether the rule sends events at all. */
  readonly enabled: boolean;
  /** Where the events are sent. */
  readonly targets: readonly RuleTarget[];
}

/** Options of {@link openEventBus}. */
export interface EventBusOptions extends EventOwner {
  /** Sends an event, as JSON, to a target: for an SQS queue it is the message's body. */
  readonly deliver: (target: RuleTarget, eventJson: string) => void;
  /** Faults of deliveries: events that are lost, come twice or late. Default: none. */
  readonly faults?: Faults;
  /** The clock that delays late events and retries. Without a clock, events are never late and nothing is tried again. */
  readonly clock?: Pick<LocalClock, 'after'>;
  /** Is called with why a delivery failed: the writer of an object has its answer already. Default: writes to stderr. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Opens the default event bus. Rules come from the deployed stack at every start, so nothing is kept on disk.
 *
 * @example
 * const bus = openEventBus({ region, account, deliver: ({ arn }, json) => queues.byArn(arn).send(json) });
 * bus.putRule('partitions', rule.Properties);
 * store.onObjectCreated((object) => bus.publishObjectCreated(object));
 */
export function openEventBus(options: EventBusOptions): EventBus {
  const { region, account, partition = 'aws', deliver, clock, faults, onFailure } = options;
  const owner = { region, account, partition };
  const rules = new Map<string, Rule>();
  let silentBuckets: ReadonlySet<string> = new Set();
  const deliveries = new Deliveries({
    deliver,
    clock,
    faults: faults ?? new Faults(),
    onFailure: onFailure ?? reportDefect,
  });

  function publish(event: PublishedEvent): void {
    const json = JSON.stringify(event);
    for (const [name, { matches, enabled, targets }] of rules) {
      if (enabled && matches(event)) for (const target of targets) deliveries.send(name, target, json);
    }
  }

  return {
    putRule(name, properties) {
      const { EventPattern, State, Targets } = ruleProperties(properties);
      const matches = compilePattern(EventPattern);
      assertCanFire(Object(EventPattern), owner, (bucket) => silentBuckets.has(bucket));
      rules.set(name, {
        matches,
        enabled: State === 'ENABLED',
        targets: Targets.map(({ Arn, DeadLetterConfig }) => ({
          ruleArn: `arn:${partition}:events:${region}:${account}:rule/${name}`,
          arn: Arn,
          deadLetterArn: DeadLetterConfig?.Arn,
        })),
      });
    },
    nameSilentBuckets(names) {
      silentBuckets = new Set(names);
    },
    rules: () => [...rules.keys()],
    publish,
    publishObjectCreated: (object) => publish(objectCreatedEvent(object, owner)),
    close: () => deliveries.close(),
  };
}
