/** The web app's page. Its requests are those of docs/api.md. */
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import './styles.css';
import './parts/answer.css';
import './people/people.css';
import { TextsContext } from './parts/page-context.ts';
import { router } from './router.tsx';
import { textsOf } from './texts/texts.ts';

const texts = textsOf(navigator.languages);
document.documentElement.lang = texts.language;

/** A failure is told at once: the page has a button to try again. */
const queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 30_000 } } });

const root = document.getElementById('page');
if (!root) throw new TypeError('Cannot show the page: expected an element #page');
createRoot(root).render(
  // The server's policy for content allows no style elements, so the variables come from the style sheets alone.
  <MantineProvider
    theme={{ respectReducedMotion: true }}
    defaultColorScheme="auto"
    withCssVariables={false}
    withGlobalClasses={false}
  >
    <TextsContext value={texts}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </TextsContext>
  </MantineProvider>,
);
