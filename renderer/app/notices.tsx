/** Slim banners: the engine cannot be reached, Docker is down, the disk is nearly full. */
import { IconAlertTriangle, IconInfoCircle, IconPlugConnectedX } from '@tabler/icons-react';
import { sayDuration } from '../../electron/text/say.ts';
import { useEngine } from '../api/store.ts';
import { useNow } from '../shared/clock.ts';

export function ConnectionBanner() {
  const connection = useEngine((state) => state.connection);
  const sinceMs = useEngine((state) => state.lostSinceMs);
  const skewMs = useEngine((state) => state.skewMs);
  const now = useNow(1_000);
  if (sinceMs === null || (connection !== 'lost' && connection !== 'loading')) return null;
  const spell = sayDuration(now - skewMs - sinceMs);
  return (
    <div className="banner banner-error" role="alert">
      <IconPlugConnectedX size={15} aria-hidden="true" />
      <span>
        <b>The engine cannot be reached</b> for {spell}.{' '}
        {connection === 'lost' ? 'What you see is the last it said. Running trials go on without it.' : ''} This window
        reconnects by itself; to start it: <code>switchyard serve</code>
      </span>
    </div>
  );
}

export function Notices() {
  const notices = useEngine((state) => state.notices);
  return notices.map((notice) => {
    const Icon = notice.level === 'info' ? IconInfoCircle : IconAlertTriangle;
    return (
      <div
        key={notice.id}
        className={`banner banner-${notice.level}`}
        role={notice.level === 'error' ? 'alert' : 'status'}
      >
        <Icon size={15} aria-hidden="true" />
        <span>
          {notice.text}
          {notice.remedy !== null && <span className="dim"> {notice.remedy}</span>}
        </span>
      </div>
    );
  });
}
