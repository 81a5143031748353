/** The web app's page. Its requests are those of docs/api.md. */
import { MantineProvider } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import './styles.css';
import { App } from './app.tsx';
import { TextsContext } from './parts/page-context.ts';
import { textsOf } from './texts/texts.ts';

const texts = textsOf(navigator.languages);
document.documentElement.lang = texts.language;

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
      <App />
    </TextsContext>
  </MantineProvider>,
);
