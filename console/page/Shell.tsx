import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeploymentAnswer } from '../api/deployment.ts';
import { DeploymentContext } from './deployment.ts';
import { LocalSwitches } from './LocalSwitches.tsx';
import { type ApiState, UNREACHABLE, useApi } from './parts/api.ts';
import { Loading, Page, Problem } from './parts/parts.tsx';
import { link, type Route, useRoute } from './parts/router.ts';

/** The component of a page, with the properties that every page gets. */
type PageOf = ComponentType<{ readonly route: Route; readonly deployment: DeploymentAnswer }>;

/** A page is loaded when it is first shown. */
interface PageEntry {
  readonly path: string;
  readonly name: string;
  /** Whether the navigation lists it. */
  readonly isListed: boolean;
  load(): Promise<PageOf>;
}

const pages: readonly PageEntry[] = [
  { path: '/', name: 'Now', isListed: true, load: async () => (await import('./pages/Now.tsx')).Now },
  { path: '/live', name: 'Live', isListed: true, load: async () => (await import('./pages/Live.tsx')).Live },
  {
    path: '/trace',
    name: 'Trace',
    isListed: true,
    load: async () => (await import('./pages/Trace.tsx')).Trace,
  },
  {
    path: '/experiments',
    name: 'Experiments',
    isListed: true,
    load: async () => (await import('./pages/Experiments.tsx')).Experiments,
  },
  {
    path: '/names',
    name: 'Names',
    isListed: true,
    load: async () => (await import('./pages/Names.tsx')).Names,
  },
  {
    path: '/tables',
    name: 'Tables',
    isListed: true,
    load: async () => (await import('./pages/Tables.tsx')).Tables,
  },
  { path: '/sql', name: 'SQL', isListed: true, load: async () => (await import('./pages/Sql.tsx')).Sql },
  {
    path: '/drops',
    name: 'Drops and exports',
    isListed: true,
    load: async () => (await import('./pages/Drops.tsx')).Drops,
  },
  {
    path: '/quarantine',
    name: 'Quarantine',
    isListed: true,
    load: async () => (await import('./pages/Quarantine.tsx')).Quarantine,
  },
  {
    path: '/health',
    name: 'Health',
    isListed: true,
    load: async () => (await import('./pages/Health.tsx')).Health,
  },
];

/** The page's frame: which deployment it is, the navigation, the switches of the local cloud, and the current page. */
export function Shell() {
  const route = useRoute();
  const deployment = useApi<DeploymentAnswer>('/api/place', {}, { every: 5_000 });
  const found = pages.find(({ path }) => path === route.path);
  useEffect(() => {
    document.title = `${found?.name ?? 'Not found'} · Sluice${deployment.answer === undefined ? '' : ` ${deployment.answer.stage}`}`;
  }, [found, deployment.answer?.stage]);
  const strip = useRef<HTMLElement>(null);
  // On a narrow screen the navigation is a strip, which may hide the current page. The page itself stays where it is.
  useEffect(() => {
    const current = strip.current?.querySelector<HTMLElement>('[aria-current]');
    if (strip.current !== null && current !== null && current !== undefined)
      strip.current.scrollLeft = current.offsetLeft - strip.current.clientWidth / 2;
  }, [route.path]);
  return (
    <DeploymentContext.Provider value={deployment.answer}>
      <button type="button" class="skip" onClick={skip}>
        Skip to the page
      </button>
      <header class="top">
        <a class="brand" href={link('/')}>
          Sluice
        </a>
        <Where deployment={deployment} />
      </header>
      {deployment.answer?.isLocal === true && (
        <LocalSwitches deployment={deployment.answer} onChange={deployment.reload} />
      )}
      <div class="body">
        <nav class="side" aria-label="Pages" ref={strip}>
          <ul>
            {pages
              .filter(({ isListed }) => isListed)
              .map(({ path, name }) => (
                <li key={path}>
                  <a href={link(path)} aria-current={path === route.path ? 'page' : undefined}>
                    {name}
                  </a>
                </li>
              ))}
          </ul>
        </nav>
        <Content found={found} route={route} deployment={deployment} />
      </div>
    </DeploymentContext.Provider>
  );
}

/** Moves the focus to the page, past the navigation. */
function skip(): void {
  document.getElementById('main')?.focus();
}

function Where({ deployment: { answer, error } }: { readonly deployment: ApiState<DeploymentAnswer> }) {
  if (answer === undefined) return <span class="where">{error === undefined ? '' : error.message}</span>;
  return (
    <span class="where">
      <strong>{answer.isLocal ? 'local cloud' : answer.stage}</strong>
      <span class="faint">
        {answer.region} · {answer.bucket} · {answer.version}
      </span>
      {!answer.mayWrite && <span class="badge plain">read-only</span>}
      {error !== undefined && <span class="badge bad">not answering</span>}
    </span>
  );
}

function Content(props: {
  readonly found: PageEntry | undefined;
  readonly route: Route;
  readonly deployment: ApiState<DeploymentAnswer>;
}) {
  const { found, route, deployment } = props;
  const [loaded, setLoaded] = useState<{ readonly path: string; readonly page: PageOf }>();
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    let isLeft = false;
    setFailed(undefined);
    found?.load().then(
      (page) => {
        if (!isLeft) setLoaded({ path: found.path, page });
      },
      () => {
        if (!isLeft) setFailed(found.path);
      },
    );
    return () => {
      isLeft = true;
    };
  }, [found]);
  if (found === undefined)
    return (
      <Page title="Not found" intro="This page does not exist.">
        <a href={link('/')}>Now</a>
      </Page>
    );
  if (deployment.answer === undefined)
    return (
      <Page title={found.name}>{deployment.error ? <Problem error={deployment.error} /> : <Loading />}</Page>
    );
  if (loaded?.path !== found.path)
    return (
      <Page title={found.name}>{failed === found.path ? <Problem error={UNREACHABLE} /> : <Loading />}</Page>
    );
  const Shown = loaded.page;
  return <Shown route={route} deployment={deployment.answer} />;
}
