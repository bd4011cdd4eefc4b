import { Fragment } from 'preact';
import { sum } from '../../../lib/base/sum.ts';
import { counted } from '../../../lib/base/text.ts';
import { type HourState, hourStates } from '../../../lib/reconcile/judgeHour.ts';
import type { Period } from '../../../observe/facts/flow/overTime.ts';
import { hourStrips, lastJudgedHours, STRIP_LEGEND } from '../../../observe/facts/hourStrips.ts';
import type { FindingPart } from '../../../observe/findings/catalogue/entry.ts';
import type { Status as StatusOf } from '../../../observe/findings/status.ts';
import { useApi } from '../parts/api.ts';
import { useConsole, useEvery } from '../parts/context.ts';
import type { Figure, Tone } from '../parts/figures.ts';
import { firstEventCommand } from '../parts/firstEventCommand.ts';
import { Answered, Badge, Card, Copyable, Empty, Figures, Page, Time } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { formatDay } from '../texts/format.ts';
import { Alarms, Doctor, Findings } from './Health.tsx';
import { OverTime } from './OverTime.tsx';
import { Quarantine } from './Quarantine.tsx';
import { countFigure, type FigureCard, statusCards } from './statusCards.ts';

/** The page Status: what `sluice status` says, and the way of an event with its figures. */
export function Status() {
  const { days = '1' } = useConsole().route.params;
  const asked = useEvery('status');
  const status = useApi<StatusOf>('/api/findings', {}, asked);
  const periods = useApi<readonly Period[]>('/api/over-time', { days }, asked);
  return (
    <Page title="Status" tools={status.answer !== undefined && <Verdict status={status.answer} />}>
      <Answered state={status}>{(answer) => <Known status={answer} />}</Answered>
      {(status.answer === undefined || !isEmpty(status.answer)) && (
        <OverTime state={periods} days={days} usual={status.answer?.lastDay?.usualHours ?? []}>
          <Hours hours={status.answer?.receivedHours} />
        </OverTime>
      )}
      <Way cards={statusCards(status.answer, periods.answer ?? [], days)} />
      <Quarantine />
      <Card title="More">
        <Doctor />
        {status.answer?.alarms && <Alarms alarms={status.answer.alarms} />}
      </Card>
    </Page>
  );
}

/** How many findings there are, also of those that are not listed, and when it was read. */
function Verdict({ status }: { readonly status: StatusOf }) {
  const { problem: problems, warning: warnings, unchecked } = status.found;
  return (
    <>
      {problems > 0 && <Badge tone="bad">{counted(problems, 'problem')}</Badge>}
      {warnings > 0 && <Badge tone="warning">{counted(warnings, 'warning')}</Badge>}
      {unchecked > 0 && <Badge tone="plain">{unchecked} not checked</Badge>}
      {problems + warnings + unchecked === 0 &&
        (isEmpty(status) ? <Badge tone="plain">no event yet</Badge> : <Badge tone="good">All is well</Badge>)}
      <span class="faint">
        as of <Time at={status.at} />
      </span>
    </>
  );
}

/** Whether nothing has ever come. */
function isEmpty({ lastRequestAt, lastEventAt, waiting: { buffered } }: StatusOf): boolean {
  return lastRequestAt === null && lastEventAt === null && !((buffered.count ?? 0) > 0);
}

/** What is wrong; before the first event, how to send one. */
function Known({ status }: { readonly status: StatusOf }) {
  const { deployment } = useConsole();
  return (
    <>
      {isEmpty(status) && (
        <Empty title="No event has come in yet.">
          <p>
            {deployment.collector === null
              ? `Send one as an SDK does. The address is the output CollectorUrl of the stack: npx serverless info --stage ${deployment.stage} --region ${deployment.region}.`
              : 'Send one as an SDK does. It appears here within seconds:'}
          </p>
          <Copyable text={firstEventCommand(deployment)} />
        </Empty>
      )}
      <Findings findings={status.problems} />
      {Object.entries(status.more).map(([code, count]) => (
        <p key={code}>
          {count} more {code}
          <PageOf part={status.problems.find((found) => found.code === code)?.part ?? null} />.
        </p>
      ))}
    </>
  );
}

/** The pages that list all of what findings of a part are about. */
const PAGES: ReadonlyMap<FindingPart | null, readonly [path: string, name: string]> = new Map([
  ['drops', ['/days', 'Days']],
  ['partitions', ['/tables', 'Tables']],
]);

/** Names the page of a part; nothing for a part without one. */
function PageOf({ part }: { readonly part: FindingPart | null }) {
  const [path, name] = PAGES.get(part) ?? [];
  if (path === undefined) return null;
  return (
    <>
      : see <a href={link(path)}>{name}</a>
    </>
  );
}

/** The hours of three days as the nights have judged them. @param hours Null if they could not be read; undefined before the first answer. */
function Hours({ hours: known }: { readonly hours: StatusOf['receivedHours'] | undefined }) {
  const hours = known ?? [];
  const days = lastJudgedHours(hours);
  const states = days.flatMap((judged) => judged.hours.map(({ state }) => state));
  return (
    <figure class="chart">
      <figcaption>
        <strong>Received hours</strong>{' '}
        <span class="faint">
          {known === null && 'could not be read'}
          {known?.length === 0 && 'No night has judged an hour yet.'}
          {hours.length > 0 && 'as nights judged them'}
        </span>
        <Figures
          figures={[
            ...hourStates.map((state): Figure => {
              const count = states.filter((found) => found === state).length;
              return [state, known && count, count > 0 ? HOUR_TONES[state] : 'plain'];
            }),
            countFigure('events missing', known && sum(hours.map(({ missing }) => missing)), 'bad'),
          ]}
        />
      </figcaption>
      <div class="hours" role="img" aria-label={`Hours: ${hourStrips(hours).join('; ')}`}>
        {days.map((judged) => (
          <Fragment key={judged.day}>
            <span>{formatDay(judged.day)}</span>
            {judged.hours.map(({ state, letter }, hour) => (
              <b key={hour} class={HOUR_TONES[state]} title={`${judged.day} ${twoDigits(hour)}:00 ${state}`}>
                {letter}
              </b>
            ))}
          </Fragment>
        ))}
        <span>UTC</span>
        {[0, 3, 6, 9, 12, 15, 18, 21].map((hour) => (
          <small key={hour}>{twoDigits(hour)}</small>
        ))}
      </div>
      <p class="faint">{STRIP_LEGEND}</p>
    </figure>
  );
}

/** `07`: an hour of the day. */
function twoDigits(hour: number): string {
  return String(hour).padStart(2, '0');
}

/** The tone of each state of an hour. */
const HOUR_TONES: Readonly<Record<HourState, Tone>> = {
  whole: 'good',
  open: 'plain',
  unknown: 'warning',
  short: 'bad',
};

/** The way of an event from the SDK to a query: each card says its window. Before the first answer its figures are dashes. */
function Way({ cards }: { readonly cards: readonly FigureCard[] }) {
  return (
    <div class="way">
      {cards.map(({ path, name, span, figures }) => (
        <Card
          key={name}
          title={
            <>
              <a href={link(path)}>{name}</a> <small>{span}</small>
            </>
          }
        >
          <Figures figures={figures} />
        </Card>
      ))}
    </div>
  );
}
