import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeploymentAnswer } from '../api/deployment.ts';
import { Days } from './pages/Days.tsx';
import { Live } from './pages/Live.tsx';
import { Sql } from './pages/Sql.tsx';
import { Status } from './pages/Status.tsx';
import { Tables } from './pages/Tables.tsx';
import { Trace } from './pages/Trace.tsx';
import { type ApiState, useApi } from './parts/api.ts';
import { ConsoleContext } from './parts/context.ts';
import { Badge, Loading, Page, Problem } from './parts/parts.tsx';
import { link, useRoute } from './parts/router.ts';
import { Switches } from './Switches.tsx';

/** All pages, in the order of the navigation. */
const pages: readonly (readonly [path: string, name: string, shown: ComponentType])[] = [
  ['/', 'Status', Status],
  ['/live', 'Live', Live],
  ['/trace', 'Trace', Trace],
  ['/tables', 'Tables', Tables],
  ['/days', 'Days', Days],
  ['/sql', 'SQL', Sql],
];

/** Milliseconds after which the frame asks again whether the console still answers, and as what. */
const DEPLOYMENT_MS = 5_000;

/** The page's frame: which deployment it is, the navigation, the switches of the local cloud, and the current page. */
export function Shell() {
  const route = useRoute();
  const deployment = useApi<DeploymentAnswer>('/api/deployment', {}, { every: DEPLOYMENT_MS });
  const { answer } = deployment;
  const [, name, Shown] = pages.find(([path]) => path === route.path) ?? ['', 'Not found', undefined];
  useEffect(() => {
    const ofStage = answer === undefined ? '' : ` ${answer.stage}`;
    document.title = `${name} · Sluice${ofStage}`;
  }, [name, answer?.stage]);
  // Another page begins at its top, and whoever uses the keyboard begins at its heading.
  const before = useRef(route.path);
  useEffect(() => {
    if (before.current === route.path) return;
    before.current = route.path;
    window.scrollTo({ top: 0 });
    focusHeading();
  }, [route.path]);
  return (
    <>
      <button type="button" class="hidden" onClick={focusHeading}>
        Skip to the page
      </button>
      <header class="top">
        <Navigation current={route.path} />
        <Deployed deployment={deployment} />
      </header>
      {Shown === undefined && (
        <Page title="Not found" intro="This page does not exist.">
          <a href={link('/')}>Status</a>
        </Page>
      )}
      {Shown !== undefined && answer === undefined && (
        <Page title={name}>{deployment.error ? <Problem error={deployment.error} /> : <Loading />}</Page>
      )}
      {Shown !== undefined && answer !== undefined && (
        <ConsoleContext.Provider value={{ route, deployment: answer }}>
          <Shown />
        </ConsoleContext.Provider>
      )}
    </>
  );
}

/** The links to all pages. */
function Navigation({ current }: { readonly current: string }) {
  return (
    <nav aria-label="Pages">
      <ul>
        <li>
          <strong>Sluice</strong>
        </li>
        {pages.map(([path, page]) => (
          <li key={path}>
            <a href={link(path)} aria-current={path === current ? 'page' : undefined}>
              {page}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Which deployment it is, and the switches of the local cloud. A narrow page has one line for it until somebody asks. */
function Deployed({ deployment }: { readonly deployment: ApiState<DeploymentAnswer> }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div data-open={isOpen}>
      <Where deployment={deployment} />
      {deployment.answer?.isLocal === true && <Switches onChange={deployment.reload} />}
      <button
        type="button"
        class="outline toggle"
        aria-expanded={isOpen}
        aria-label="More of the deployment"
        onClick={() => setOpen(!isOpen)}
      >
        …
      </button>
    </div>
  );
}

/** Moves the focus to the heading of the page. */
function focusHeading(): void {
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
}

/** The deployment in a line: where it is, and what it does not do. */
function Where({ deployment: { answer, error } }: { readonly deployment: ApiState<DeploymentAnswer> }) {
  if (answer === undefined) return null;
  const { isLocal, stage, region, bucket, version, mayWrite } = answer;
  return (
    <p class="where">
      <strong>{isLocal ? 'local cloud' : stage}</strong>{' '}
      <span class="more">
        {region} · {bucket} · {version} · UTC
      </span>{' '}
      {!mayWrite && <Badge tone="plain">read-only</Badge>}
      {error !== undefined && <Badge tone="bad">not answering</Badge>}
    </p>
  );
}
