import { counted, listed } from '../../../../lib/base/text.ts';
import type { FaultyReader, StackFault } from '../../../facts/stackFaults.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { isUnreadBy } from './unread.ts';

/** What is told with a fault of the stack. */
interface Beside {
  /** Commands that repair it. */
  readonly shown: readonly string[];
  /** What nobody can read because of it, a text each. */
  readonly unread: readonly string[];
}

/** What somebody, or a crawler, has changed or deleted of the stack. */
export function* stackFaultFindings(
  { stackFaults, unknown = [] }: Pick<StatusFacts, 'stackFaults'> & Partial<Pick<StatusFacts, 'unknown'>>,
  { commands, config }: Pick<Place, 'commands' | 'config'>,
): Findings {
  for (const fault of stackFaults ?? []) {
    const { what, differs, isOtherRelease, isRegistered, repair } = fault;
    // The deployment repairs what another release has.
    const isOfRelease = differs !== null && isOtherRelease;
    const repairs = isOfRelease ? [] : repair.map((words) => commands.aws(...words));
    const register = isRegistered === true && repairs.length > 0 ? [commands.register] : [];
    const unread = unknown
      .filter((read) => isUnreadBy(fault, read, config))
      .map(({ part, why }) => `${part}: ${why}`);
    const beside = { shown: [...repairs, ...register], unread };
    if (differs === null) {
      const connect = connectWords(fault).map((words) => commands.sluice(...words));
      yield missingFinding(fault, { ...beside, shown: [...beside.shown, ...connect] });
    } else if (what === 'workgroup' || what === 'queue')
      yield driftFinding({ ...fault, what }, differs, beside);
    else yield tableFinding(fault, differs, beside);
  }
}

/** Something that is gone. */
function missingFinding(fault: StackFault, { shown, unread }: Beside): Finding {
  const { what, name, part, isDeployed, deployedAt, keptUntil, others = 0, reader } = fault;
  const of = deployedAt === null || !isDeployed ? '' : ` of the deployment of ${deployedAt}`;
  const kindOfIdentity = what === 'identity of a reader' ? reader?.as : undefined;
  const missing =
    reader === undefined
      ? `The ${what} ${name}`
      : `The ${kindOfIdentity ?? 'secret'} ${name} of the reader ${reader.name}`;
  const nor = others === 0 ? '' : `, and neither ${others === 1 ? 'does' : 'do'} ${counted(others, 'other')}`;
  const title =
    keptUntil === undefined
      ? `${missing}${of} does not exist${nor}`
      : `${missing} is deleted, and can be brought back until ${keptUntil}`;
  const without = unread.length === 0 ? '' : ` Without it nobody can read ${listed(unread, '; ')}`;
  const detail = reader === undefined ? `${missing}.${without}` : stoppedText(fault, reader);
  const told = seenNow(title, detail);
  const judgedBy = ['the stack', part] as const;
  return finding('SLUICE_FINDING_RESOURCE_MISSING', { case: missingCase(fault), judgedBy, ...told }, shown);
}

/** The words of the command that prints what the form of a reader takes; none of what is no role or user that the commands before it make again. */
function connectWords({ what, repair, reader }: StackFault): readonly (readonly string[])[] {
  if (reader === undefined || what !== 'identity of a reader' || repair.length === 0) return [];
  return [['connect', reader.kind, '--reader', reader.name]];
}

/** The products that read, by the kind of the reader. */
const PRODUCTS: Readonly<Record<FaultyReader['kind'], string>> = {
  statsig: 'Statsig',
  owox: 'OWOX Data Marts',
  metabase: 'Metabase',
};

/** What stops with the role, the user or the secret of a reader. */
function stoppedText({ what, keptUntil }: StackFault, { kind, as }: FaultyReader): string {
  const product = PRODUCTS[kind];
  if (what === 'secret of a reader') {
    const gone = keptUntil === undefined ? 'no longer has them' : 'does not show them while it is deleted';
    return `${product} reads with the access keys that it was given: the secret ${gone}.`;
  }
  const how = as === 'role' ? 'it cannot assume the role' : 'AWS knows its access keys no longer';
  return `${product} cannot read any table since it was deleted: ${how}. All that Sluice does goes on.`;
}

/** A workgroup or a queue that differs. SQS keeps when a queue was changed last. */
function driftFinding(
  {
    what,
    name,
    part,
    changedAt,
    keyPoint,
    isOtherRelease,
    repair,
  }: StackFault & { readonly what: 'workgroup' | 'queue' },
  differs: readonly string[],
  { shown }: Beside,
): Finding {
  const when = changedAt === null ? '' : `, changed last at ${changedAt}`;
  const ofQueue = keyPoint === undefined ? 'queue' : 'key';
  const byHand = what === 'queue' ? ofQueue : what;
  const changed = repair.length === 0 ? 'local' : byHand;
  const told = {
    case: isOtherRelease ? 'release' : changed,
    judgedBy: ['the stack', part],
    // Several queues are judged by one part.
    ...(what === 'queue' ? { subject: name } : {}),
    ...seenNow(
      `The ${what} ${name} ${pointsText(differs)}${when}`,
      `${what} ${name}: ${differs.join('; ')}.`,
    ),
  } as const;
  return finding('SLUICE_FINDING_DRIFT', told, shown);
}

/** A table or view that differs. Glue keeps when it was changed last. */
function tableFinding(
  { what, name, part, changedAt, isOtherRelease }: StackFault,
  differs: readonly string[],
  { shown, unread }: Beside,
): Finding {
  const when = changedAt === null ? '' : `, changed last at ${changedAt}`;
  const deployed = what === 'view' ? 'view' : 'table';
  const cause = shown.length === 0 ? 'local' : deployed;
  const without = unread.length === 0 ? '' : ` For it nobody can read ${listed(unread, '; ')}`;
  const told = {
    case: isOtherRelease ? 'release' : cause,
    judgedBy: ['the stack', part],
    title: `The ${what} ${name} ${pointsText(differs)}${when}`,
    since: changedAt,
    detail: `${name}: ${differs.join('; ')}.${without}`,
  } as const;
  return finding('SLUICE_FINDING_TABLE_DIFFERS', told, shown);
}

/** `differs from its definition in 2 points: column price is missing, and others` */
function pointsText(differs: readonly string[]): string {
  const [first = ''] = differs;
  const more = differs.length === 1 ? '' : ', and others';
  return `differs from its definition in ${counted(differs.length, 'point')}: ${first.replaceAll('`', '')}${more}`;
}

/** Why something of the stack is gone. */
function missingCase({
  what,
  repair,
  isDeployed,
  keptUntil,
  reader,
}: StackFault): CaseOf<'SLUICE_FINDING_RESOURCE_MISSING'> {
  if (!isDeployed) return 'new';
  if (keptUntil !== undefined) return 'secret';
  if (repair.length === 0) return 'local';
  if (what === 'identity of a reader' && reader !== undefined) return reader.as;
  return what === 'table' || what === 'view' || what === 'database' ? what : 'stack';
}
