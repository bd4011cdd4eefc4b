import { compilePattern, type EventTest } from './matchPattern.ts';
import { type CreatedObject, objectCreatedEvent } from './objectCreatedEvent.ts';
import { ruleProperties } from './ruleProperties.ts';

/** The account's default event bus. */
export interface EventBus {
  /**
   * Sets or replaces a rule, given the properties of a template's `AWS::Events::Rule`.
   *
   * @throws AwsError InvalidEventPatternException, InvalidRequest, or NotImplemented for what isn't emulated.
   */
  putRule(name: string, properties: unknown): void;
  /** Hands an event to every target of every enabled rule that it matches. */
  publish(event: object): void;
  /** Publishes "Object Created" as S3 does for a bucket whose EventBridge switch is on. */
  publishObjectCreated(object: CreatedObject): void;
}

interface Rule {
  readonly matches: EventTest;
  readonly enabled: boolean;
  readonly targetArns: readonly string[];
}

/**
 * Opens the default event bus. Rules come from the template at every start, so nothing is kept on disk.
 *
 * @param options.deliver Puts an event, as JSON, before a target: for an SQS queue it is the message's body.
 *
 * @example
 * const bus = openEventBus({ region, account, deliver: (arn, json) => queues.byArn(arn).send(json) });
 * bus.putRule('partitions', rule.Properties);
 * store.onObjectCreated((object) => bus.publishObjectCreated(object));
 */
export function openEventBus(options: {
  readonly region: string;
  readonly account: string;
  readonly deliver: (targetArn: string, eventJson: string) => void;
}): EventBus {
  const rules = new Map<string, Rule>();

  function publish(event: object): void {
    const json = JSON.stringify(event);
    for (const { matches, enabled, targetArns } of rules.values()) {
      if (enabled && matches(event)) for (const arn of targetArns) options.deliver(arn, json);
    }
  }

  return {
    putRule(name, properties) {
      const { EventPattern, State, Targets } = ruleProperties(properties);
      rules.set(name, {
        matches: compilePattern(EventPattern),
        enabled: State === 'ENABLED',
        targetArns: Targets.map(({ Arn }) => Arn),
      });
    },
    publish,
    publishObjectCreated: (object) => publish(objectCreatedEvent(object, options)),
  };
}
