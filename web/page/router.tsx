/** Addresses and their pages. Each page is a file of its own that is loaded when it is first opened. The server answers each
 *  address with the same index.html: src/web/routes/page.ts lists them. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Frame } from './frame.tsx';
import { readLibrarySearch } from './library-search.ts';
import { NotFoundPage } from './parts/not-found.tsx';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFoundPage });

const ask = createRoute({
  ...{ getParentRoute: () => root, path: '/' },
  component: lazyRouteComponent(() => import('./pages/ask.tsx'), 'AskPage'),
});
const answer = createRoute({
  ...{ getParentRoute: () => root, path: '/answers/$id' },
  component: lazyRouteComponent(() => import('./pages/ask.tsx'), 'AnswerAddressPage'),
});
const library = createRoute({
  ...{ getParentRoute: () => root, path: '/library', validateSearch: readLibrarySearch },
  component: lazyRouteComponent(() => import('./pages/library.tsx'), 'LibraryPage'),
});
const track = createRoute({
  ...{ getParentRoute: () => root, path: '/tracks/$id' },
  component: lazyRouteComponent(() => import('./pages/track.tsx'), 'TrackPage'),
});
const admin = createRoute({
  ...{ getParentRoute: () => root, path: '/admin' },
  component: lazyRouteComponent(() => import('./pages/admin.tsx'), 'AdminPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([ask, answer, library, track, admin]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface HistoryState {
    /** Of an answer to a query with a track of the library. */
    trackId?: number | null;
  }
}
