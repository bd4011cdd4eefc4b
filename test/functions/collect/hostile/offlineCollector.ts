import { systemTiming } from '../../../../lib/base/retry.ts';
import type { Collector } from '../../../../lib/collect/answer.ts';
import { collectPlan } from '../../../../lib/collect/rows/plan.ts';
import { GroupsCache } from '../../../../lib/groups/GroupsCache.ts';
import { quarantineWriter } from '../../../../lib/landing/quarantineWriter.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import { KeyCache } from '../../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../../lib/wire/keys/KeyGate.ts';

/** Callbacks that receive the output of a collector without AWS. */
export interface OfflineSinks {
  /** A record of a request. */
  readonly putRecord: (record: Uint8Array) => void;
  /** A body or event that is too large for a row of quarantine. */
  readonly putQuarantineLarge: (bytes: number) => void;
}

/** A collector of a configuration that accepts any key, and whose streams and bucket accept everything. */
export function offlineCollector(
  config: Config,
  sinks: OfflineSinks,
  { clock, random }: Pick<typeof systemTiming, 'clock' | 'random'> = systemTiming,
): Collector {
  const log = () => {};
  return {
    plan: collectPlan(config),
    groups: new GroupsCache({ read: async () => 'none', clock, random, log, countFailure: () => {} }),
    keys: new KeyGate({
      configured: [],
      cache: new KeyCache({ read: async () => '{"keys":[]}', clock, random, log }),
      allowAnyKey: true,
    }),
    stream: { putRecord: async (record) => sinks.putRecord(record) },
    // A request with more rows than a record of the stream takes.
    putObject: async ({ body }) => sinks.putRecord(body),
    writeQuarantine: quarantineWriter(config),
    putQuarantineLarge: async ({ body }) => sinks.putQuarantineLarge(body.length),
    clock,
    alarm: () => () => {},
    log,
    logSuccess: () => false,
    writeMetrics: () => {},
    stage: 'offline',
  };
}
