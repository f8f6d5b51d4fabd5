/** Entry of the window: trade a login token if the address has one, start the feed, draw. */
import { createRoot } from 'react-dom/client';
import { startBrowserNotices } from './api/browser-notices.ts';
import { startFeed } from './api/feed.ts';
import { exchangeTokenFromAddress } from './api/login.ts';
import { useEngine } from './api/store.ts';
import { App } from './app/app.tsx';
import { listenToDesktop } from './app/desktop-news.ts';
import './ui/mantine.css';
import './ui/tokens.css';
import './ui/base.css';
import './app/app.css';
import './features/queue/queue.css';
import './features/finished/finished.css';
import './features/gpus/gpus.css';
import './features/trial/trial.css';
import './features/settings/settings.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root element.');
createRoot(root).render(<App />);
listenToDesktop();

// A refused token ends in the same place as none: the page that says how to get a link.
await exchangeTokenFromAddress().catch(() => useEngine.setState({ connection: 'login' }));
startBrowserNotices();
startFeed();
