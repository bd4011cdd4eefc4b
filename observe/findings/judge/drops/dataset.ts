import { DAY_MS } from '../../../../lib/base/time.ts';
import { daysWords } from '../../../commands.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { functionLog } from '../../../readLog.ts';
import { type Customer, deniedCallText, deniedPolicy } from '../customers.ts';
import type { Place } from '../place.ts';

/** How a dataset is named, and commands about its days. */
export interface NamedDataset {
  /** `acme/events` */
  readonly name: string;
  /** What judges know besides facts. */
  readonly place: Place;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The commands of the deployment. */
  readonly commands: Place['commands'];
  /** As {@link Place.isUnrestorable}. */
  readonly isUnrestorable: Place['isUnrestorable'];
  /** What says why a call of its bucket failed. */
  readonly customer: Customer;
  /** Lists its folder and loads what is due. */
  readonly run: () => string;
  /** Prints the source's policy. */
  readonly policies: () => string;
  /** {@link policies}, if a code is of a denied call; none of others. */
  readonly policy: (code: string | null) => readonly string[];
  /** Which role needs which call, if a code is of a denied call, as a sentence; empty of others. */
  readonly needs: (work: 'list' | 'load' | 'receipt', code: string | null, message?: string | null) => string;
  /** Shows the log of a function since a day. */
  readonly log: (part: string) => string;
  /** Shows the calendar, from a day on. */
  readonly status: (day: string | undefined) => string;
  /** Shows why a day is as it is. */
  readonly explain: (day: string) => string;
  /** Loads days again. @param to Default: the first day. */
  readonly backfill: (from: string, to?: string) => string;
  /** Accepts that days have no files: their rows stay, or go. @param to Default: the first day. */
  readonly accept: (what: 'keep' | 'empty', from: string, to?: string) => string;
}

/** A dataset with what is known of the functions that load it. */
export interface Dataset extends NamedDataset, Pick<StatusFacts, 'archivedDays' | 'deployedAt'> {
  /** Whether `ingest-plan` fails. */
  readonly isPlanFailing: boolean;
  /** Whether no run of `ingest-plan` begins: another finding tells that its folders are not listed. */
  readonly isPlanIdle: boolean;
  /** Whether the note of its last listing has no valid entry. */
  readonly isLookDamaged: boolean;
}

/** Names a dataset, and makes commands about its days. */
export function datasetOf({ source, dataset }: DatasetDays, place: Place): NamedDataset {
  const { now, commands, config, stack, isUnrestorable } = place;
  const configured = config.sources.find(({ name }) => name === source);
  const customersRole = configured?.role?.arn;
  const key = { field: '`kmsKeyArn` of the source', arn: configured?.kmsKeyArn };
  const words = ['--source', source, '--dataset', dataset];
  const ofPolicy = ['--for', 'ingest-source', '--source', source];
  const ingest = (action: string, ...more: readonly string[]) =>
    commands.sluice('ingest', action, ...words, ...more);
  return {
    name: `${source}/${dataset}`,
    place,
    now,
    commands,
    isUnrestorable,
    customer: { stack, key, name: source, place: configured },
    run: () => ingest('run'),
    policies: () => commands.sluice('policy', 'print', ...ofPolicy),
    policy: (code) => deniedPolicy(code, ofPolicy, commands),
    needs: (work, code, message = null) => deniedCallText(work, code, message, { stack, customersRole }),
    log: (part) => commands.log(functionLog(stack, part), now - DAY_MS),
    status: (day) => ingest('status', ...daysWords(day, now)),
    explain: (day) => ingest('explain', '--day', day),
    backfill: (from, to = from) => ingest('backfill', '--from', from, '--to', to),
    accept(what, from, to = from) {
      const until = from === to ? [] : ['--to', to];
      return commands.sluice('ingest', 'accept', what, ...words, '--from', from, ...until);
    },
  };
}
