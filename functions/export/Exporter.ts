import type { Ledger } from '../../lib/drops/ledger/Ledger.ts';
import type { DayExporter, TargetBucket } from '../../lib/export/exportDay.ts';
import type { PlanExportsPorts } from '../../lib/export/planExports.ts';
import type { Export } from '../../lib/schema/exports.ts';

/** Ports for one export, with a session of the function's role that may do no more (docs/export.md). */
export interface ApartExporter extends Pick<Exporter, 'ledger' | 'tableOf' | 'targetOf'> {
  /** Closes their connections. */
  close(): void;
}

/** All that one invocation of the export works with. */
export interface Exporter
  extends Omit<PlanExportsPorts, 'ledger'>,
    Pick<DayExporter, 'deadline' | 'leaseUntil' | 'log'> {
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued' | 'claim' | 'renew' | 'settle'>;
  readonly targetOf: (exported: Export) => TargetBucket;
  /** Makes ports that reach one export and nothing else, for its task. Default: those above. */
  readonly apart?: (exported: Export) => Promise<ApartExporter>;
  /** A text that never comes twice. */
  readonly newOwner: () => string;
  /** `--stage` of the deployment. */
  readonly stage: string;
}
