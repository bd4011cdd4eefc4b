import { useState } from 'preact/hooks';
import type { AlarmState } from '../../../observe/facts/flow/alarms.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';
import { detailBesideTitle } from '../../../observe/findings/detailBesideTitle.ts';
import type { DoctorAnswer } from '../../api/status.ts';
import { useApi } from '../parts/api.ts';
import type { Tone } from '../parts/figures.ts';
import { Answered, Badge, Copyable, DocsLink, Folded, Prose } from '../parts/parts.tsx';
import { DataTable } from '../parts/tables.tsx';
import { formatTimesIn } from '../texts/format.ts';

/** The look and the word of each severity. */
const SEVERITIES: Readonly<Record<Finding['severity'], readonly [tone: Tone, word: string]>> = {
  problem: ['bad', 'problem'],
  warning: ['warning', 'warning'],
  unchecked: ['plain', 'not checked'],
};

/** So few findings leave room for the first problem's cure before somebody opens one. */
const FEW = 3;

/** Findings, a line each with since when; the one that is open has its figures, cause, cure and commands. */
export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  const [chosen, choose] = useState<string>();
  // Figures of a finding change; its place among those of its code does so seldom.
  const keys = findings.map(
    ({ code }, i) => `${code} ${findings.slice(0, i).filter((other) => other.code === code).length}`,
  );
  const first = findings.findIndex(({ severity }) => severity === 'problem');
  const open = chosen ?? (findings.length <= FEW ? keys[first] : undefined);
  return (
    <div class="findings">
      {findings.map((found, i) => {
        const { code, severity, title, since, firstSeen, lastSeenAt, cause, cure, commands, section } = found;
        const key = keys[i] ?? '';
        const [tone, word] = SEVERITIES[severity];
        const when = since === null ? 'seen now' : `since ${since}`;
        const detail = detailBesideTitle(found);
        // What is not only seen now has in its title when it was seen.
        const isTimed = since !== null || (firstSeen === undefined && lastSeenAt === undefined);
        return (
          <div key={key} class={`note ${tone}`}>
            <button
              type="button"
              class="fold"
              aria-expanded={key === open}
              onClick={() => choose(key === open ? '' : key)}
            >
              <Badge tone={tone}>{word}</Badge>
              <span class="what">
                <Prose text={formatTimesIn(title.replace(`, ${when}`, ''))} />
              </span>
              {isTimed && <small>{formatTimesIn(when)}</small>}
            </button>
            <div class="cure" hidden={key !== open}>
              {detail !== null && (
                <p>
                  <Prose text={formatTimesIn(detail)} />
                </p>
              )}
              {(severity !== 'unchecked' || commands.length > 0) && (
                <p>
                  <Prose text={`${cause} ${cure}`} />
                </p>
              )}
              {commands.map((command) => (
                <Copyable key={command} text={command} />
              ))}
              <p class="faint">
                <span class="mono">{code}</span>{' '}
                {section !== null && <DocsLink page="docs/operate.md" section={section} />}
              </p>
            </div>
          </div>
        );
      })}
    </div>
  );
}

/** Shows every check of `sluice doctor`, when somebody asks for them: they make many calls. */
export function Doctor() {
  return (
    <Folded title="Check every setting of the deployment, as sluice doctor does">{() => <Checks />}</Folded>
  );
}

/** The findings of all checks, and which checks found nothing. */
function Checks() {
  const checked = useApi<DoctorAnswer>('/api/findings', { depth: 'full' });
  return (
    <Answered state={checked}>
      {({ checks }) => {
        const fine = checks.filter(({ verdict }) => verdict === 'fine');
        return (
          <>
            <Findings findings={checks.flatMap(({ findings }) => findings)} />
            <p>
              <Badge tone="good">{fine.length} fine</Badge>{' '}
              <span class="faint">{fine.map(({ check }) => check).join(', ')}</span>
            </p>
            <button type="button" class="outline" aria-busy={checked.isLoading} onClick={checked.reload}>
              Check again
            </button>
          </>
        );
      }}
    </Answered>
  );
}

/** The look and the word of each state of an alarm. */
const STATES: Readonly<Record<AlarmState['state'], readonly [tone: Tone, word: string]>> = {
  ALARM: ['bad', 'on'],
  OK: ['good', 'off'],
  INSUFFICIENT_DATA: ['plain', 'no data'],
};

/** The alarms of the stack, those that are on first. */
export function Alarms({ alarms }: { readonly alarms: readonly AlarmState[] }) {
  const isOn = ({ state }: AlarmState) => state === 'ALARM';
  return (
    <Folded title={`Alarms that are on: ${alarms.filter(isOn).length} of ${alarms.length}`}>
      {() => (
        <DataTable
          caption="Alarms"
          rows={alarms.toSorted((a, b) => Number(isOn(b)) - Number(isOn(a)))}
          keyOf={({ name }) => name}
          columns={[
            ['State', ({ state }) => <Badge tone={STATES[state][0]}>{STATES[state][1]}</Badge>],
            ['Alarm', ({ name }) => name, 'mono'],
            ['What it means', ({ description }) => <Prose text={description} />],
            ['Since', ({ since }) => since, 'time'],
          ]}
        />
      )}
    </Folded>
  );
}
