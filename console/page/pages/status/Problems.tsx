import type { Finding } from '../../../../observe/findings.ts';
import { Badge, Copyable } from '../../parts/parts.tsx';

const WORDS = { problem: 'problem', warning: 'warning', unchecked: 'not checked' } as const;
const TONES = { problem: 'bad', warning: 'warning', unchecked: 'plain' } as const;

/** Findings of `sluice status` and of the doctor, with cause, cure and the commands that heal them. */
export function Problems({ problems }: { readonly problems: readonly Finding[] }) {
  return (
    <ul class="findings">
      {problems.map(({ code, severity, cause, detail, cure, commands, section }) => (
        <li key={`${code} ${detail}`} class={severity}>
          <p>
            <Badge tone={TONES[severity]}>{WORDS[severity]}</Badge> <strong>{cause}</strong>
          </p>
          <p>{detail}</p>
          {(severity !== 'unchecked' || commands.length > 0) && <p>{cure}</p>}
          {commands.map((command) => (
            <Copyable key={command} text={command} />
          ))}
          <p class="code">
            {code}
            {section !== null && `, docs/operate.md: ${section}`}
          </p>
        </li>
      ))}
    </ul>
  );
}
