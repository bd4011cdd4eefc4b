import { DAY_MS } from '../../../../lib/base/time.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { functionLog } from '../../../readLog.ts';
import { type Customer, deniedCallText, deniedPolicy } from '../customers.ts';
import { type DatasetCommands, datasetCommands } from '../days/dayCommands.ts';
import type { Place } from '../place.ts';

/** How a dataset is named, and commands about its days. */
interface NamedDataset extends DatasetCommands {
  /** `acme/events` */
  readonly name: string;
  /** What judges know besides facts. */
  readonly place: Place;
  /** What says why a call of its bucket failed. */
  readonly customer: Customer;
  /** Prints the source's policy. */
  readonly policies: () => string;
  /** {@link policies}, if a code is of a denied call; none of others. */
  readonly policy: (code: string | null) => readonly string[];
  /** Which role needs which call, if a code is of a denied call, as a sentence; empty of others. */
  readonly needs: (work: 'list' | 'load' | 'receipt', code: string | null, message?: string | null) => string;
  /** Shows the log of a function since a day. */
  readonly log: (part: string) => string;
}

/** A dataset with what is known of the functions that load it. */
export interface Dataset extends NamedDataset, Pick<StatusFacts, 'archivedDays' | 'deployedAt'> {
  /** Whether `ingest-plan` fails. */
  readonly isPlanFailing: boolean;
  /** Whether no run of `ingest-plan` begins: another finding tells that its folders are not listed. */
  readonly isPlanIdle: boolean;
  /** Whether a finding of its source tells that its folder is denied. */
  readonly isDeniedTogether: boolean;
  /** Whether the note of its last listing has no valid entry. */
  readonly isLookDamaged: boolean;
}

/** Names a dataset, and makes commands about its days. */
export function datasetOf(drops: DatasetDays, place: Place): NamedDataset {
  const { source, dataset } = drops;
  const { now, commands, config, stack } = place;
  const configured = config.sources.find(({ name }) => name === source);
  const customersRole = configured?.role?.arn;
  const key = { field: '`kmsKeyArn` of the source', arn: configured?.kmsKeyArn };
  const ofPolicy = ['--for', 'ingest-source', '--source', source];
  return {
    ...datasetCommands(drops, place),
    name: `${source}/${dataset}`,
    place,
    customer: { stack, key, name: source, place: configured },
    policies: () => commands.sluice('policy', 'print', ...ofPolicy),
    policy: (code) => deniedPolicy(code, ofPolicy, commands),
    needs: (work, code, message = null) => deniedCallText(work, code, message, { stack, customersRole }),
    log: (part) => commands.log(functionLog(stack, part), now - DAY_MS),
  };
}
