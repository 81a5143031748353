/** The page of the local Discord: a channel as a person sees it, spoken over page-protocol.ts. */
import { createRoot } from 'react-dom/client';
import './elements.ts';
import './styles/frame.css';
import './styles/message.css';
import './styles/components.css';
import './styles/composer.css';
import { App } from './app.tsx';

const root = document.getElementById('page');
if (!root) throw new TypeError('Cannot show the page: expected an element #page');
createRoot(root).render(<App />);
