import { systemTiming } from '../../../../lib/base/retry.ts';
import type { Collector } from '../../../../lib/collect/answer.ts';
import { collectPlan } from '../../../../lib/collect/rows/plan.ts';
import { GroupsCache } from '../../../../lib/groups/GroupsCache.ts';
import { quarantineWriter } from '../../../../lib/landing/quarantineWriter.ts';
import { CopyKeeper } from '../../../../lib/relay/CopyKeeper.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import { KeyCache } from '../../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../../lib/wire/keys/KeyGate.ts';

/** Callbacks that receive the output of a collector without AWS. */
export interface OfflineSinks {
  /** A record of a request. */
  readonly putRecord: (record: Uint8Array) => void;
  /** A copy for relay, as the collector writes it. Default ignored. */
  readonly keepCopy?: (text: string) => void;
  /** A body or event that is too large for a row of quarantine. Default ignored. */
  readonly putQuarantineLarge?: (bytes: number) => void;
  /** Fields of a log line. Default ignored. */
  readonly log?: (fields: Readonly<Record<string, unknown>>) => void;
  /** Whether the next successful request is logged. Default no. */
  readonly logSuccess?: () => boolean;
  /** An EMF line. Default ignored. */
  readonly writeMetrics?: (line: Readonly<Record<string, unknown>>) => void;
}

/** Copies and records go nowhere, so they may have equal IDs. */
const NONCE = '0'.repeat(24);

/** Requests a second that no test exceeds. */
const NO_LIMIT = 1_000_000;

/** A collector of a configuration that accepts any key, and whose streams and bucket accept everything. */
export function offlineCollector(config: Config, sinks: OfflineSinks): Collector {
  const { log = () => {}, logSuccess = () => false, writeMetrics = () => {} } = sinks;
  const { clock, random } = systemTiming;
  const stream = { putRecord: async (record: Uint8Array) => sinks.putRecord(record) };
  const plan = collectPlan(config);
  return {
    plan,
    groups: new GroupsCache({
      read: async () => 'none',
      clock,
      random,
      log: () => {},
      countFailure: () => {},
    }),
    keys: new KeyGate({
      configured: [],
      cache: new KeyCache({ read: async () => '{"keys":[]}', clock, random, log: () => {} }),
      allowAnyKey: true,
      limit: { perSecond: NO_LIMIT, burst: NO_LIMIT },
      clock,
    }),
    stream,
    putObject: async ({ body }) => sinks.putRecord(body),
    relay:
      config.relay === undefined
        ? undefined
        : new CopyKeeper({
            choice: config.relay,
            redaction: plan.redaction,
            send: async (text) => sinks.keepCopy?.(text),
            put: async (_key, text) => sinks.keepCopy?.(text),
            nonce: () => NONCE,
            ...{ clock, random, log: () => {} },
          }),
    writeQuarantine: quarantineWriter(config),
    putQuarantineLarge: async ({ body }) => sinks.putQuarantineLarge?.(body.length),
    clock,
    alarm: () => () => {},
    log,
    logSuccess,
    writeMetrics,
    stage: 'offline',
  };
}
