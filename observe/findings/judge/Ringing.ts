import { partName } from '../../../infra/template/Stack.ts';
import { dueDay } from '../../../lib/reconcile/lastNight.ts';
import type { Deployment } from '../../deployment.ts';
import type { DeploymentCommands } from '../../deploymentCommands.ts';
import type { AlarmState } from '../../facts/flow/alarms.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { alarmsOf, type Finding, type FindingCode, finding } from '../catalogue.ts';

/** Alarms on what a run of the plan has found, all of which the ledger and its notes have; or that end minutes after a load. */
const OF_RUNS = /-ingest-(load-)?(failed|late|left-out|stopped|unreadable)\b/;

/** These also count exports that could not be planned, which no ledger has. */
const OF_EXPORTS = /-export-failed\b/;

/** Alarms on answers whoever gave them: with the findings on those of the collector first, and then with these, also once they are over. */
const OF_ANSWERS: Readonly<Partial<Record<FindingCode, readonly string[]>>> = {
  SLUICE_FINDING_UNREACHED: ['api-4xx', 'url-4xx', 'api-5xx', 'url-5xx'],
};

/** {@link OF_ANSWERS} of a finding. */
export function answerAlarms({ code }: Finding): readonly string[] {
  return OF_ANSWERS[code] ?? [];
}

/** What says that the cause of an alarm is gone: days, queues and nights. */
type OverFacts = Pick<StatusFacts, 'datasets' | 'exports' | 'deadLetters' | 'lastNight' | 'undeployed'>;

/** The alarms that are on. Each is told with the first finding that it rings for, else by itself. */
export class Ringing {
  /** The alarms by their names, without the stack's name at the beginning. */
  readonly #left: Map<string, AlarmState>;
  /** The names of those that were told, by the code and the subject of their findings. */
  readonly #told = new Map<string, readonly string[]>();

  constructor(alarms: StatusFacts['alarms'], { stack }: Pick<Deployment, 'stack'>) {
    const prefix = partName(stack, '');
    const on = (alarms ?? []).filter(({ state }) => state === 'ALARM');
    this.#left = new Map(on.map((alarm) => [alarm.name.slice(prefix.length), alarm]));
  }

  /**
   * A finding with its alarms. How serious it is says its state alone: an alarm turns on and off later, and stands with one finding of several.
   *
   * @param names Of its alarms. Default: the catalogue's, of each schedule; those of datasets stand with the dataset alone.
   */
  tell(
    found: Finding,
    names: readonly string[] = scheduled(found, 'daily', 'hourly').filter(
      (name) => !OF_RUNS.test(`-${name}`),
    ),
  ): Finding {
    const ownAlarms = names.flatMap((name) => this.#left.get(name) ?? []);
    for (const name of names) this.#left.delete(name);
    if (ownAlarms.length === 0) return found;
    this.#told.set(toldKey(found), [...this.toldWith(found), ...ownAlarms.map(({ name }) => name)]);
    return {
      ...found,
      detail: [found.detail, ...ownAlarms.map((alarm) => `Alarm ${alarmText(alarm)}`)].join(' '),
    };
  }

  /** The names of the alarms that were told with a finding. */
  toldWith(found: Pick<Finding, 'code' | 'subject'>): readonly string[] {
    return this.#told.get(toldKey(found)) ?? [];
  }

  /** The alarms that ring and that no finding names: those of what is over as warnings, which say what ends them. */
  *alone(
    { commands, now }: { readonly commands: DeploymentCommands; readonly now: number },
    facts: OverFacts,
  ): Generator<Finding> {
    for (const alarm of this.#left.values()) {
      const over = overText(alarm, facts, now);
      const isOfExports = over === null && facts.exports !== null && OF_EXPORTS.test(alarm.name);
      const [watched = '', section = null] = alarm.description.split(/: see docs\/operate\.md, "|"$/);
      const texts = [
        ...(over === null ? [] : [over]),
        alarmText(alarm),
        ...(isOfExports
          ? ['No day has failed. The log of `export` names what was not planned; else the next run ends it.']
          : []),
        ...(alarm.reason === '' ? [] : [`CloudWatch: ${alarm.reason}`]),
      ];
      const isFor = over === null ? '' : ' for what is over';
      const told = {
        case: over === null ? ('alone' as const) : ('over' as const),
        title: `The alarm ${alarm.name} is on${isFor}: ${watched.replaceAll('`', '')}`,
        since: alarm.since,
        detail: texts.join(' '),
      };
      const shown = [commands.aws('cloudwatch', 'describe-alarms', '--alarm-names', alarm.name)];
      const severity = isOfExports || over !== null ? 'warning' : 'problem';
      yield { ...finding('SLUICE_FINDING_ALARM', told, shown, severity), section };
    }
  }
}

/** What of an alarm is not there any more, and what turns it off; null if nothing says that it is over. */
function overText({ name }: AlarmState, facts: OverFacts, now: number): string | null {
  const { datasets, exports, deadLetters, lastNight } = facts;
  if (name.endsWith('-dead-letters')) {
    const isEmpty = deadLetters?.every(({ queue }) => queue !== name) === true;
    return isEmpty ? 'The queue has no message now: the alarm ends within some minutes.' : null;
  }
  // Its metric comes each hour.
  if (name.endsWith('-night-missing'))
    return lastNight === null || lastNight.day < dueDay(now)
      ? null
      : `${lastNight.day}, the newest day that is due, was judged at ${lastNight.at}: the alarm ends within an hour.`;
  if (datasets === null || exports === null || !OF_RUNS.test(name)) return null;
  // What no run has looked at since, or no finding has judged, may be as it was.
  const isLooked = datasets.every(({ isLookOld, lastLook }) => !isLookOld && lastLook?.failure === undefined);
  if (!isLooked || areSourcesOther(facts)) return null;
  const ends = name.endsWith('-ingest-load-failed') ? 'it ends within some minutes' : 'the next run ends it';
  return `No dataset has what the alarm counts now: ${ends}.`;
}

/** Whether other sources may be deployed than those that are judged. */
function areSourcesOther({ undeployed }: Pick<OverFacts, 'undeployed'>): boolean {
  return undeployed?.settings.some((setting) => /^sources\b/.test(setting)) === true;
}

/** What tells findings of a look apart by which alarms are told. */
function toldKey({ code, subject = '' }: Pick<Finding, 'code' | 'subject'>): string {
  return `${code} ${subject}`;
}

/** The names of the alarms that ring for a finding, of such schedules. */
export function scheduled({ code }: Finding, ...schedules: readonly string[]): readonly string[] {
  return scheduleNames(alarmsOf(code), ...schedules);
}

/** Names of alarms, each also with every schedule at its end. */
export function scheduleNames(names: readonly string[], ...schedules: readonly string[]): readonly string[] {
  return names.flatMap((name) => [name, ...schedules.map((schedule) => `${name}-${schedule}`)]);
}

/** An alarm as a sentence. */
function alarmText({ name, since, description }: AlarmState): string {
  const started = since === null ? '' : `, since ${since}`;
  return `${name}${started}: ${description}.`;
}
