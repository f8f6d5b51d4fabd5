/** The whole window: providers around the shell, or the explanation of how to get in. */
import { MantineProvider } from '@mantine/core';
import { useColorScheme } from '@mantine/hooks';
import { Notifications } from '@mantine/notifications';
import { useEffect } from 'react';
import { useEngine } from '../api/store.ts';
import { Announcer } from '../ui/announce.tsx';
import { readStyleNonce } from '../ui/nonce.ts';
import { LoginNeeded } from './login-needed.tsx';
import { Shell } from './shell.tsx';
import { theme } from './theme.ts';

/** A little narrower than the column of pools. */
const TOAST_PX = 200;
/** What was left out of a snapshot takes many lines in so narrow a column, and all of them are to be read. */
const TOAST_TALLEST = '80vh';
const THEME_KEY = 'switchyard.theme';

/** The engine's setting; before it is known, what it was last time. */
function useTheme(): 'light' | 'dark' {
  const chosen = useEngine((state) => state.settings?.theme);
  const system = useColorScheme('light', { getInitialValueInEffect: false });
  useEffect(() => {
    if (chosen !== undefined) window.localStorage.setItem(THEME_KEY, chosen);
  }, [chosen]);
  const wanted = chosen ?? window.localStorage.getItem(THEME_KEY);
  return wanted === 'light' || wanted === 'dark' ? wanted : system;
}

export function App() {
  const scheme = useTheme();
  const connection = useEngine((state) => state.connection);
  return (
    <MantineProvider
      theme={theme}
      forceColorScheme={scheme}
      getStyleNonce={readStyleNonce}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      {connection === 'login' ? <LoginNeeded /> : <Shell />}
      {/* Over the foot of the pools, where there are no rows. */}
      <Notifications
        position="bottom-left"
        limit={3}
        containerWidth={TOAST_PX}
        notificationMaxHeight={TOAST_TALLEST}
        transitionDuration={120}
        zIndex={400}
      />
      <Announcer />
    </MantineProvider>
  );
}
